"""The key that identifies an object in a picture, a page and a table."""

from __future__ import annotations

import re

from harvdiag.core.model import ObjectRef

__all__ = ["object_key", "quote_key"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def object_key(ref: ObjectRef) -> str:
    """Return the key of an object: kind, namespace and name, percent-encoded, joined by slashes."""
    return "/".join(map(quote_key, ref))


def quote_key(text: str) -> str:
    """Percent-encode every character except letters, digits, ``.``, ``_`` and ``-``.

    A lone surrogate, which JSON can contain and UTF-8 cannot, becomes ``%2EuD800%2E``: two different texts never have
    the same key.
    """
    return _UNSAFE.sub(lambda match: _percent_encode(match[0]), text)


def _percent_encode(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return f"%2Eu{ord(character):X}%2E"
    return "".join(f"%{byte:02X}" for byte in character.encode())
