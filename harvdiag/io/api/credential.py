"""Credentials: what a user of a kubeconfig shows to the server. None of them shows itself anywhere else."""

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
from harvdiag.io.api.kubeconfig import Entry

__all__ = ["Credential", "Headers", "Held", "TokenFile", "basic", "bearer", "impersonation", "moment", "now"]

MINUTE = 60.0
ESCAPED = re.compile(rb"[^A-Za-z0-9!#$&'*+.^_`|~-]")
"""What cannot stand in the name of a header as it is, and the sign that is put before it."""
PROVIDERS = {"oidc": "id-token", "gcp": "access-token", "azure": "access-token", "openstack": "access-token"}
Headers = list[tuple[str, str]]


def now() -> datetime:
    """The time by which a login runs out; nothing else is judged by our clock."""
    return datetime.now(UTC)


class Credential:
    """What shows who asks: headers, and a certificate with its key (PEM) where it is not the kubeconfig's own.

    `way` says what kind it is, `again` how to get a new one where that depends on the kind. Of itself it is one that
    does not change.
    """

    def __init__(self, way: str = "nothing", shown: Headers | None = None, again: str = "") -> None:
        self.way = way
        self.again = again
        self.certificate: tuple[bytes, bytes] | None = None
        self._shown = shown or []

    def __repr__(self) -> str:
        return f"Credential({self.way})"

    def headers(self) -> Headers:
        """The headers, renewed where they have run out. Raises AccessError where that fails."""
        return self._shown

    def renew(self) -> None:
        """Get another one, as the server does not take this one (any longer), if there is a way. Raises AccessError."""


class TokenFile(Credential):
    """A token in a file that somebody else renews: read again once it changed, and once a minute in any case.

    `token` is shown as long as the file cannot be read.
    """

    def __init__(self, path: Path, token: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("token", bearer(token) if token else [])
        self._path = path
        self._clock = clock
        self._seen = (0, 0)
        self._read_at = 0.0

    def headers(self) -> Headers:
        """The token that the file has now."""
        try:
            about = self._path.stat()
            seen = (about.st_mtime_ns, about.st_size)
            if seen != self._seen or self._clock() - self._read_at >= MINUTE:
                self._read(seen)
        except (OSError, ValueError):  # it is being replaced, perhaps: the last one may still be good
            pass
        return self._shown

    def renew(self) -> None:
        """Read it now."""
        self._seen = (0, 0)
        self.headers()

    def _read(self, seen: tuple[int, int]) -> None:
        token = self._path.read_text(encoding="utf-8").strip()
        self._seen, self._read_at = seen, self._clock()
        if token:
            self._shown = bearer(token)


class Held(Credential):
    """The token that kubectl got from an auth provider and keeps in the kubeconfig. It is never renewed here.

    That would take a refresh token that may be good only once, and nobody would store the new one.
    """

    def __init__(self, provider: Entry, clock: Callable[[], datetime] = now) -> None:
        name = provider.text("name")
        self._kind = PROVIDERS.get(name, "id-token")
        way = f"auth provider {name}" if name in PROVIDERS else "auth provider"
        config = provider.below("config")
        token = config.text(self._kind) or config.text("access-token")
        super().__init__(way, bearer(token), "log in again with kubectl, then repeat")
        if not token:
            raise provider.error(f"it holds no {self._kind}; {self.again}")
        expiry = config.raw("expiry")
        self._until = _ends(token) or moment(config.raw("expires-on") if expiry is None else expiry)
        self._clock = clock

    def headers(self) -> Headers:
        """The token while it is good."""
        if self._until and self._clock() >= self._until:
            raise AccessError(f"the {self._kind} of the {self.way} ran out at {self._until:%Y-%m-%dT%H:%M:%SZ}")
        return self._shown


def bearer(token: str) -> Headers:
    """A token as a header."""
    return [("authorization", f"Bearer {token.strip()}")]


def basic(name: str, password: str) -> str:
    """A name and its password as the value of a header."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def impersonation(user: Entry) -> Headers:
    """What `as` in a kubeconfig asks for; the client does not know it, kubectl does. A header for each value."""
    name = user.text("as")
    found = [("Impersonate-Group", group) for group in user.texts("as-groups")]
    found += [("Impersonate-Uid", uid)] if (uid := user.text("as-uid")) else []
    extra = user.below("as-user-extra")
    for key in extra.fields():
        found += [(f"Impersonate-Extra-{_escaped(key)}", value) for value in extra.texts(key)]
    if found and not name:
        raise user.error("as-groups, as-uid and as-user-extra need an `as`")
    found = [("Impersonate-User", name), *found] if name else []
    if any(not (value.isascii() and value.isprintable()) for _, value in found):
        raise user.error("what it impersonates is no plain ASCII text")
    return found


def moment(value: Any) -> datetime | None:
    """A time as kubeconfigs, plugins and tokens write it; None for what is none."""
    try:
        if isinstance(value, int | float) or (isinstance(value, str) and value.isdecimal()):
            return datetime.fromtimestamp(float(value), UTC)
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _escaped(key: str) -> str:
    return ESCAPED.sub(lambda found: b"%%%02X" % found[0][0], key.encode()).decode()


def _ends(token: str) -> datetime | None:
    """When a token runs out, if it is one that says so (JWT)."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "==")) if len(parts) == 3 else None
    except (ValueError, RecursionError):
        return None
    return moment(claims.get("exp")) if isinstance(claims, dict) else None
