"""Users of a kubeconfig: which of their credentials is sent, by kubectl's rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harvdiag.core.errors import AccessError
from harvdiag.io.api.certpair import ClientPair, encode_base64, read_pem
from harvdiag.io.api.credential import CachedToken, Credential, TokenFile, basic_auth, bearer_headers
from harvdiag.io.api.kubeconfig import Entry, ResolvedContext
from harvdiag.io.api.plugin import Plugin

__all__ = ["build_credential", "plain_credential"]

EXEC = "client.authentication.k8s.io/exec"
CLUSTER_KEYS = ("server", "tls-server-name", "proxy-url")
CLUSTER_FLAGS = ("insecure-skip-tls-verify", "disable-compression")
OWN = ("token", "tokenFile", "username", "password", "exec", "auth-provider", "client-certificate", "client-key")
"""Fields of a user that are a credential, or a part of one."""


def build_credential(context: ResolvedContext, pair: ClientPair) -> Credential:
    """Return the credential of a context's user; as in kubectl, a token precedes a password, and that the rest."""
    user = context.user
    _refuse_several(user)
    token, password = user.get_text("token"), user.get_text("password")
    if path := user.get_path("tokenFile"):
        return _open_token_file(user, path, token)
    if token:
        return Credential("token", bearer_headers(token))
    if password:
        return Credential(
            "user name and password", [("authorization", basic_auth(user.get_text("username"), password))]
        )
    return _delegated_credential(context) or _implicit_credential(user, pair)


def plain_credential(user: Entry) -> Credential:
    """Return what is sent to a plain http:// server: nothing, as by kubectl, whatever the user has."""
    _refuse_several(user)
    if not any(key in user or f"{key}-data" in user for key in OWN):
        return Credential()
    return Credential(login_hint="credentials are sent to an https:// server only, as by kubectl")


def _refuse_several(user: Entry) -> None:
    """Raise AccessError for credentials that kubectl does not take together."""
    named = [key for key in ("token", "tokenFile") if user.get_text(key)]
    basic = [key for key in ("username", "password") if user.get_text(key)]
    if named and basic:
        both = f"{' and '.join(named)} beside {' and '.join(basic)}"
        raise user.error(f"it has {both}, and kubectl takes only one of these credentials: remove the other")
    if "exec" in user and "auth-provider" in user:
        raise user.error("it has exec and auth-provider, of which kubectl takes only one: remove the other")


def _delegated_credential(context: ResolvedContext) -> Credential | None:
    """A credential that another program got, or gets, for the user."""
    if "auth-provider" in context.user:
        return _cached_token(context)
    if "exec" in context.user:
        return Plugin(context.user.get_entry("exec"), context.name, _cluster_info(context.cluster))
    return None


def _implicit_credential(user: Entry, pair: ClientPair) -> Credential:
    if pair.complete:
        pair.refuse_expired()
        return Credential("client certificate")
    pair.refuse_half()
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
    authority = read_pem(cluster, "certificate-authority")
    info |= {"certificate-authority-data": encode_base64(authority.content)} if authority else {}
    own = [row.get_value("extension") for row in cluster.get_entries("extensions") if row.get_text("name") == EXEC]
    return info | ({"config": own[0]} if own else {})
