"""Text within text: base64, and gzip in base64, in which objects and outputs are kept."""

from __future__ import annotations

import binascii
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from harvdiag.core.secrets import MASK

__all__ = ["Encoded", "decode_word", "find_encoded", "is_encoded", "replace_encoded"]

RUN = re.compile(
    r"(?<![A-Za-z0-9+/_.-])(?:(?:[A-Za-z0-9+/]{40,}(?:\\r)?(?:\\n|\r?\n)\s*)+[A-Za-z0-9+/]{4,}|[A-Za-z0-9+/]{16,}|[A-Za-z0-9_-]{16,})={0,2}(?![\w+/-]|\.\w)"
)
"""What may be base64: one word, or lines of it."""
_BREAK = re.compile(r"(?:\\r)?\\n\s*|\s+")
_DARK = b"\xff"
_MAGIC = b"\x1f\x8b"
LARGEST = 64 << 20
"""Bytes of what one text may expand to."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd\udc80-\udcff]")

Redact = Callable[[str], str]


class Encoded(NamedTuple):
    """A piece of text that encodes another, None where that cannot be looked into; and whether it is packed."""

    start: int
    end: int
    text: str | None
    packed: bool
    written: str


WORDS = 256
"""Letters of a piece up to which it may be names all the same."""


def replace_encoded(text: str, inside: Redact, outside: Redact) -> str:
    """Return the text with everything that is encoded in it replaced by `inside`, in the same encoding.

    All between goes through `outside`. What cannot be looked into, as it is damaged, too large or no text, is masked if
    it is packed.
    """
    out, done = [], 0
    for part in find_encoded(text):
        inner = MASK if part.text is None else inside(part.text)
        if inner == part.text and len(part.written) <= WORDS:
            continue  # perhaps it only looks encoded, as names with what is beside them do
        made = part.written if inner == part.text else MASK if inner == MASK else _encode(inner, part)
        out += [outside(text[done : part.start]), made]
        done = part.end
    return "".join((*out, outside(text[done:])))


def decode_word(word: str) -> str | None:
    """Return the text that a word encodes; empty where that cannot be looked into, None where it encodes none."""
    found = _decode(word)
    return None if found is None else found[0] or ""


def is_encoded(text: str) -> bool:
    """Whether a text as a whole encodes another."""
    part = next(find_encoded(text), None)
    return part is not None and part.start == 0 and part.end == len(text)


def find_encoded(text: str) -> Iterator[Encoded]:
    """Find the pieces of a text that encode readable text, or that are packed."""
    if len(text) < 16:
        return
    for match in RUN.finditer(text):
        # What encodes text has letters of both cases.
        found = None if match[0].islower() or match[0].isupper() or match[0].isdigit() else _decode(match[0])
        if found is not None:
            yield Encoded(match.start(), match.end(), found[0], found[1], match[0])


def _decode(written: str) -> tuple[str | None, bool] | None:
    """What a word encodes, and whether it is packed; None where it encodes none."""
    bare = _BREAK.sub("", written).rstrip("=")
    if len(bare) % 4 == 1:
        return None
    try:
        data = binascii.a2b_base64(bare.translate(_URL) + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return None
    packed = data.startswith(_MAGIC)
    if packed:
        data = _unpack(data)
    found = data.decode("utf-8", "surrogateescape")
    if len(_CONTROL.findall(found)) * 3 > len(found):  # a picture, a key, or a word that happens to be base64
        return (None, True) if packed else None
    return found, packed


_URL = str.maketrans("-_", "+/")


def _unpack(data: bytes) -> bytes:
    """Unpack gzip; what is damaged or too large gives bytes that are no text, so that it is masked."""
    try:
        engine = zlib.decompressobj(31)
        found = engine.decompress(data, LARGEST)
        return _DARK if engine.unconsumed_tail else found
    except zlib.error:
        return _DARK


def _encode(text: str, part: Encoded) -> str:
    data = text.encode("utf-8", "surrogateescape")
    if part.packed:
        data = gzip.compress(data, 6, mtime=0)
    made = binascii.b2a_base64(data, newline=False).decode()
    if "-" in part.written or "_" in part.written:
        made = made.translate(str.maketrans("+/", "-_"))
    return made if part.written.endswith("=") or len(part.written) % 4 == 0 else made.rstrip("=")
