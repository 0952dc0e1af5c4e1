"""A kubeconfig for the server, with any way to log in. It is JSON, which is YAML too."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from tests.api.certs import certificates
from tests.api.login import PASSWORD, TOKEN, USER

LOGINS = ("token", "bad token", "token file", "certificate", "exec", "failing exec", "password", "none")
_EXEC = "client.authentication.k8s.io/v1"


def kubeconfig(
    path: Path,
    url: str,
    *,
    login: str = "token",
    ca: str = "data",
    context: str = "lab",
    current: str | None = None,
    others: Collection[str] = (),
    namespace: str = "",
    token: str = TOKEN,
    cluster: dict[str, Any] | None = None,
    user: dict[str, Any] | None = None,
) -> Path:
    """Write it and give back its path.

    `login` is one of `LOGINS`. `ca` is ``data``, ``file``, ``insecure``, ``other`` (a CA that did not sign) or
    ``none``. `others` are contexts beside, of a server that is not there. `cluster` and `user` add to these entries.
    """
    at = {"server": url} | ({} if url.startswith("http:") else _ca(ca)) | (cluster or {})
    clusters = [{"name": f"{context}-cluster", "cluster": at}]
    users = [{"name": f"{context}-user", "user": _login(login, token, path) | (user or {})}]
    contexts = [_context(context, namespace)]
    for name in others:
        clusters.append({"name": f"{name}-cluster", "cluster": {"server": "http://127.0.0.1:1"}})
        users.append({"name": f"{name}-user", "user": {}})
        contexts.append(_context(name, ""))
    head = {"apiVersion": "v1", "kind": "Config", "preferences": {}}
    head |= {"current-context": context if current is None else current}
    path.write_text(json.dumps(head | {"clusters": clusters, "users": users, "contexts": contexts}, indent=1))
    return path


def _context(name: str, namespace: str) -> dict[str, Any]:
    where = {"cluster": f"{name}-cluster", "user": f"{name}-user"}
    return {"name": name, "context": where | ({"namespace": namespace} if namespace else {})}


def _ca(how: str) -> dict[str, Any]:
    made = certificates()
    if how == "none":
        return {}
    if how == "insecure":
        return {"insecure-skip-tls-verify": True}
    if how == "file":
        return {"certificate-authority": str(made.ca.certificate)}
    pair = {"data": made.ca, "other": made.other_ca}[how]
    return {"certificate-authority-data": _encoded(pair.certificate)}


def _login(how: str, token: str, path: Path) -> dict[str, Any]:
    if how == "none":
        return {}
    if how in ("token", "bad token"):
        return {"token": token if how == "token" else "token-that-expired"}
    if how == "token file":
        held = path.with_suffix(".token")
        held.write_text(token)
        return {"tokenFile": str(held)}
    if how == "password":
        return {"username": USER, "password": PASSWORD}
    if how == "certificate":
        pair = certificates().client
        return {"client-certificate-data": _encoded(pair.certificate), "client-key-data": _encoded(pair.key)}
    return {"exec": _plugin(path, token if how == "exec" else None)}


def _plugin(path: Path, token: str | None) -> dict[str, Any]:
    """A plugin that gives a token, or that fails as one does whose session has ended."""
    script = path.with_suffix(".plugin.py")
    told = {"apiVersion": _EXEC, "kind": "ExecCredential", "status": {"token": token}}
    fails = "import sys\nsys.exit('your session has ended: run `lab-login` again')\n"
    script.write_text(f"print({json.dumps(told)!r})\n" if token else fails)
    how = {"apiVersion": _EXEC, "command": sys.executable, "args": [str(script)], "env": None}
    return how | {"interactiveMode": "Never", "provideClusterInfo": False}


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
