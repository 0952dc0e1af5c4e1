"""Users: the entry of a kubeconfig that says who asks, as the credential that is shown; and its certificates."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from harvdiag.core.errors import AccessError
from harvdiag.io.api.credential import Credential, Held, TokenFile, basic, bearer
from harvdiag.io.api.kubeconfig import Chosen, Entry
from harvdiag.io.api.plugin import Plugin

__all__ = ["certificate", "credential_of", "encoded"]

EXEC = "client.authentication.k8s.io/exec"
TOLD = ("server", "tls-server-name", "proxy-url")
FLAGS = ("insecure-skip-tls-verify", "disable-compression")


def credential_of(chosen: Chosen, certified: bool) -> Credential:
    """What the user of a context shows: as for kubectl a token counts before a password, and that before the rest."""
    user = chosen.user
    token, password = user.text("token"), user.text("password")
    if path := user.path("tokenFile"):
        return _token_file(user, path, token)
    if token:
        return Credential("token", bearer(token))
    if password:
        return Credential("user name and password", [("authorization", basic(user.text("username"), password))])
    return _got(chosen) or _bare(user, certified)


def _got(chosen: Chosen) -> Credential | None:
    """What others got, or get, for the user."""
    if "auth-provider" in chosen.user:
        return _held(chosen)
    if "exec" in chosen.user:
        return Plugin(chosen.user.below("exec"), chosen.name, _told(chosen.cluster))
    return None


def _bare(user: Entry, certified: bool) -> Credential:
    if certified:
        return Credential("client certificate")
    if user.text("username"):
        raise user.error("it has a user name but no password, and harvdiag does not ask for one")
    return Credential()


def _token_file(user: Entry, path: Path, token: str) -> Credential:
    found = TokenFile(path, token)
    if not found.headers():
        user.bytes("tokenFile")  # says why it cannot be read
        raise user.error("the file that its tokenFile names holds no token")
    return found


def _held(chosen: Chosen) -> Credential:
    found = Held(chosen.user.below("auth-provider"))
    try:
        found.headers()
    except AccessError as error:
        raise AccessError(f"context {chosen.name}: {error}; {found.again}") from None
    return found


def _told(cluster: Entry) -> dict[str, Any]:
    """What a plugin may be told of its cluster."""
    found: dict[str, Any] = {key: text for key in TOLD if (text := cluster.text(key))}
    found |= {key: True for key in FLAGS if cluster.flag(key)}
    data = cluster.text("certificate-authority-data") or _base64(cluster.bytes("certificate-authority"))
    found |= {"certificate-authority-data": data} if data else {}
    own = [row.raw("extension") for row in cluster.rows("extensions") if row.text("name") == EXEC]
    return found | ({"config": own[0]} if own else {})


def certificate(entry: Entry, key: str) -> dict[str, str]:
    """A certificate or a key as the client takes it: data, or a file; data that is empty does not count."""
    data = "".join(entry.text(f"{key}-data").split())
    if not data:
        return _file(entry, key)
    try:
        base64.b64decode(data, validate=True)
    except ValueError:
        raise entry.error(f"its {key}-data is no base64") from None
    return {f"{key}-data": data}


def _file(entry: Entry, key: str) -> dict[str, str]:
    path, content = entry.path(key), entry.bytes(key)
    if path and not content:
        raise entry.error(f"the file that its {key} names is empty")
    if not path or path.is_file():  # which the client reads again with each connection, and may find a new one
        return {key: str(path)} if path else {}
    return {f"{key}-data": _base64(content)}


def encoded(pair: tuple[bytes, bytes] | None) -> dict[str, str]:
    """A plugin's certificate, as if the kubeconfig had it."""
    names = ("client-certificate-data", "client-key-data")
    return {name: _base64(pem) for name, pem in zip(names, pair or (), strict=False)}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
