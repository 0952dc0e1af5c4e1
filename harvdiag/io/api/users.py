"""Users of a kubeconfig: their credentials and certificates."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from harvdiag.core.errors import AccessError
from harvdiag.io.api.credential import CachedToken, Credential, TokenFile, basic_auth, bearer_headers
from harvdiag.io.api.kubeconfig import Entry, ResolvedContext
from harvdiag.io.api.plugin import Plugin

__all__ = ["build_credential", "certificate_settings", "encode_pair"]

EXEC = "client.authentication.k8s.io/exec"
CLUSTER_KEYS = ("server", "tls-server-name", "proxy-url")
CLUSTER_FLAGS = ("insecure-skip-tls-verify", "disable-compression")


def build_credential(context: ResolvedContext, certified: bool) -> Credential:
    """Return the credential of a context's user; as in kubectl, a token precedes a password, and that the rest."""
    user = context.user
    token, password = user.get_text("token"), user.get_text("password")
    if path := user.get_path("tokenFile"):
        return _open_token_file(user, path, token)
    if token:
        return Credential("token", bearer_headers(token))
    if password:
        return Credential(
            "user name and password", [("authorization", basic_auth(user.get_text("username"), password))]
        )
    return _delegated_credential(context) or _implicit_credential(user, certified)


def _delegated_credential(context: ResolvedContext) -> Credential | None:
    """A credential that another program got, or gets, for the user."""
    if "auth-provider" in context.user:
        return _cached_token(context)
    if "exec" in context.user:
        return Plugin(context.user.get_entry("exec"), context.name, _cluster_info(context.cluster))
    return None


def _implicit_credential(user: Entry, certified: bool) -> Credential:
    if certified:
        return Credential("client certificate")
    if user.get_text("username"):
        raise user.error("it has a user name but no password, and harvdiag does not ask for one")
    return Credential()


def _open_token_file(user: Entry, path: Path, token: str) -> Credential:
    credential = TokenFile(path, token)
    if not credential.headers():
        user.read_file("tokenFile")  # raises the reason if it cannot be read
        raise user.error("the file in its tokenFile contains no token")
    return credential


def _cached_token(context: ResolvedContext) -> Credential:
    credential = CachedToken(context.user.get_entry("auth-provider"))
    try:
        credential.headers()
    except AccessError as error:
        raise AccessError(f"context {context.name}: {error}; {credential.login_hint}") from None
    return credential


def _cluster_info(cluster: Entry) -> dict[str, Any]:
    """The fields of the cluster that are passed to a plugin."""
    info: dict[str, Any] = {key: text for key in CLUSTER_KEYS if (text := cluster.get_text(key))}
    info |= {key: True for key in CLUSTER_FLAGS if cluster.get_flag(key)}
    data = cluster.get_text("certificate-authority-data") or _encode_base64(cluster.read_file("certificate-authority"))
    info |= {"certificate-authority-data": data} if data else {}
    own = [row.get_value("extension") for row in cluster.get_entries("extensions") if row.get_text("name") == EXEC]
    return info | ({"config": own[0]} if own else {})


def certificate_settings(entry: Entry, key: str) -> dict[str, str]:
    """Return a certificate or key as the client expects it: data, or a file; empty data is ignored."""
    data = "".join(entry.get_text(f"{key}-data").split())
    if not data:
        return _certificate_file(entry, key)
    try:
        base64.b64decode(data, validate=True)
    except ValueError:
        raise entry.error(f"its {key}-data is not base64") from None
    return {f"{key}-data": data}


def _certificate_file(entry: Entry, key: str) -> dict[str, str]:
    path, content = entry.get_path(key), entry.read_file(key)
    if path and not content:
        raise entry.error(f"the file in its {key} is empty")
    if not path or path.is_file():  # which the client re-reads with each connection, so that a new one is used
        return {key: str(path)} if path else {}
    return {f"{key}-data": _encode_base64(content)}


def encode_pair(pair: tuple[bytes, bytes] | None) -> dict[str, str]:
    """Return a plugin's certificate and key in the form of a kubeconfig."""
    names = ("client-certificate-data", "client-key-data")
    return {name: _encode_base64(pem) for name, pem in zip(names, pair or (), strict=False)}


def _encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
