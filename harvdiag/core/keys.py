"""The key by which a picture, a page and a table know an object."""

from __future__ import annotations

import re

from harvdiag.core.model import ObjectRef

__all__ = ["object_key", "quote_key"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def object_key(ref: ObjectRef) -> str:
    """The key of an object in a picture: kind, namespace and name between slashes, without blanks."""
    return "/".join(map(quote_key, ref))


def quote_key(text: str) -> str:
    """A text with every sign but letters, digits, ``.``, ``_`` and ``-`` written as ``%`` and its bytes.

    Half of a surrogate pair, which JSON can hold and UTF-8 cannot, is written as ``.uD800.``: no two texts are one.
    """
    return _UNSAFE.sub(lambda sign: _percent_encode(sign[0]), text)


def _percent_encode(sign: str) -> str:
    if "\ud800" <= sign <= "\udfff":
        return f"%2Eu{ord(sign):X}%2E"
    return "".join(f"%{byte:02X}" for byte in sign.encode())
