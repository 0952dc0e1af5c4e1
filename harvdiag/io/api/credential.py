"""Credentials of a kubeconfig user, as headers or certificates. No repr or error contains one."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harvdiag.core.errors import AccessError
from harvdiag.io.api.configfiles import read_bounded
from harvdiag.io.api.kubeconfig import Entry

__all__ = [
    "CachedToken",
    "Credential",
    "Headers",
    "TokenFile",
    "basic_auth",
    "bearer_headers",
    "impersonation_headers",
    "parse_time",
    "utc_now",
]

MINUTE = 60.0
LARGEST = 1 << 20
"""Bytes of a file with a token."""
ESCAPED = re.compile(rb"[^A-Za-z0-9!#$&'*+.^_`|~-]")
"""Bytes that have to be percent-encoded in the name of a header."""
OIDC, ID_TOKEN = "oidc", "id-token"
"""The only auth provider that kubectl still has, and the field with its token."""
RENEWAL = "log in again with kubectl (`kubectl get nodes` renews it while its refresh-token is valid), then repeat"
DROPPED = {
    "gcp": "kubectl 1.26 and later has no provider gcp: install gke-gcloud-auth-plugin and fetch a new kubeconfig "
    "(`gcloud container clusters get-credentials CLUSTER`)",
    "azure": "kubectl 1.26 and later has no provider azure: install kubelogin and fetch a new kubeconfig "
    "(`az aks get-credentials`, then `kubelogin convert-kubeconfig`)",
}
"""What to do about a provider that kubectl had; a token that it left is not used, as by kubectl."""
REPLACED = "kubectl has no provider of this name any more: fetch a new kubeconfig, with an exec plugin"
Headers = list[tuple[str, str]]


def utc_now() -> datetime:
    """Return the local time, by which credentials expire; nothing else depends on the local clock."""
    return datetime.now(UTC)


class Credential:
    """Proof of identity: headers, and a certificate with its key (PEM) if it is not the kubeconfig's own.

    `auth_method` says what kind it is, `login_hint` how to get a new one if that depends on the kind. The base class
    holds fixed headers.
    """

    def __init__(self, auth_method: str = "nothing", headers: Headers | None = None, login_hint: str = "") -> None:
        self.auth_method = auth_method
        self.login_hint = login_hint
        self.certificate: tuple[bytes, bytes] | None = None
        self._headers = headers or []

    def __repr__(self) -> str:
        return f"Credential({self.auth_method})"

    def headers(self) -> Headers:
        """Return the headers, renewed if they have expired. Raises AccessError if that fails."""
        return self._headers

    def renew(self) -> None:
        """Get a new credential after the server refused this one, if the kind allows it. Raises AccessError."""


class TokenFile(Credential):
    """A token in a file that another program renews: re-read when it changes, and at least once a minute.

    `token` is used while the file cannot be read.
    """

    def __init__(self, path: Path, token: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("token", bearer_headers(token) if token else [])
        self._path = path
        self._clock = clock
        self._seen = (0, 0)
        self._read_at = 0.0

    def headers(self) -> Headers:
        """Return the current token of the file."""
        try:
            about = self._path.stat()
            seen = (about.st_mtime_ns, about.st_size)
            if seen != self._seen or self._clock() - self._read_at >= MINUTE:
                self._read_token(seen)
        except (OSError, ValueError):  # perhaps it is being replaced: the last token may still be valid
            pass
        return self._headers

    def renew(self) -> None:
        """Read the file now."""
        self._seen = (0, 0)
        self.headers()

    def _read_token(self, seen: tuple[int, int]) -> None:
        token = read_bounded(self._path, LARGEST).decode().strip()
        self._seen, self._read_at = seen, self._clock()
        if token:
            self._headers = bearer_headers(token)


class CachedToken(Credential):
    """The token of an auth provider that kubectl keeps in the kubeconfig. It is never renewed here.

    That would use up a refresh token that may be valid only once, without storing the new one.
    """

    def __init__(self, provider: Entry, clock: Callable[[], datetime] = utc_now) -> None:
        name, config = provider.get_text("name"), provider.get_entry("config")
        if name != OIDC:
            raise provider.error(DROPPED.get(name, REPLACED))
        token = config.get_text(ID_TOKEN)
        super().__init__(f"auth provider {OIDC}", bearer_headers(token), RENEWAL)
        if not token:
            raise provider.error(f"it holds no {ID_TOKEN}; {self.login_hint}")
        self._expires_at = _token_expiry(token)
        self._clock = clock

    def headers(self) -> Headers:
        """Return the token while it is valid."""
        if self._expires_at and self._clock() >= self._expires_at:
            raise AccessError(
                f"the {ID_TOKEN} of the {self.auth_method} expired at {self._expires_at:%Y-%m-%dT%H:%M:%SZ}"
            )
        return self._headers


def bearer_headers(token: str) -> Headers:
    """Return a token as a header."""
    return [("authorization", f"Bearer {token.strip()}")]


def basic_auth(name: str, password: str) -> str:
    """Return a user name and password as the value of a header."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def impersonation_headers(user: Entry) -> Headers:
    """Return the headers for `as` in a kubeconfig, one for each value; the client ignores `as`, kubectl does not."""
    name = user.get_text("as")
    headers = [("Impersonate-Group", group) for group in user.get_texts("as-groups")]
    headers += [("Impersonate-Uid", uid)] if (uid := user.get_text("as-uid")) else []
    extra = user.get_entry("as-user-extra")
    for key in extra.field_names():
        headers += [(f"Impersonate-Extra-{_percent_encode(key)}", value) for value in extra.get_texts(key)]
    if headers and not name:
        raise user.error("as-groups, as-uid and as-user-extra need an `as`")
    headers = [("Impersonate-User", name), *headers] if name else []
    if any(not (value.isascii() and value.isprintable()) for _, value in headers):
        raise user.error("the impersonated names must be printable ASCII")
    return headers


def parse_time(value: Any) -> datetime | None:
    """Parse a time as kubeconfigs, plugins and tokens write it; None if it is not a time."""
    try:
        if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
            return datetime.fromtimestamp(float(value), UTC)
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _percent_encode(key: str) -> str:
    return ESCAPED.sub(lambda match: b"%%%02X" % match[0][0], key.encode()).decode()


def _token_expiry(token: str) -> datetime | None:
    """When a token expires, if it contains that (JWT)."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "==")) if len(parts) == 3 else None
    except (ValueError, RecursionError):
        return None
    return parse_time(claims.get("exp")) if isinstance(claims, dict) else None
