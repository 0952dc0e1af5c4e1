"""Who asks: bearer tokens, a password, a client certificate. A wrong login is refused whatever is allowed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from tests.api.answers import unauthorized

USER = "reader"
TOKEN = "token-of-the-reader"  # noqa: S105
PASSWORD = "password-of-the-reader"  # noqa: S105


class Logins:
    """The logins that are good. `required`: a request without any is refused, instead of taken for the reader's."""

    def __init__(self, tokens: Mapping[str, str] | None = None, required: bool = False) -> None:
        self.tokens = dict({TOKEN: USER} if tokens is None else tokens)
        self.passwords = {USER: PASSWORD}
        self.required = required

    def user(self, headers: Mapping[str, str], certificate: Mapping[str, Any] | None) -> str:
        """The name of who asks."""
        scheme, _, value = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._known(self.tokens.get(value.strip()))
        if scheme.lower() == "basic":
            name, _, word = _decoded(value).partition(":")
            return self._known(name if self.passwords.get(name) == word else None)
        if scheme:
            raise unauthorized()
        if certificate:
            return self._known(_common_name(certificate))
        return self._known(None if self.required else USER)

    def _known(self, user: str | None) -> str:
        if user is None:
            raise unauthorized()
        return user


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _common_name(certificate: Mapping[str, Any]) -> str | None:
    names = {key: value for part in certificate.get("subject", ()) for key, value in part}
    return names.get("commonName")
