"""Redaction of a log as a stream of lines: however long it is, little of it is held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from harvdiag.core.secrets import MASK

__all__ = ["redact_lines"]

LONGEST = 1 << 20
"""Bytes of a line that are looked at; the rest of a longer one, which is not made for reading, is left out."""
BLOCK = 1 << 16
"""Bytes that are given on at once, about."""
_BEGIN, _END = b"-----BEGIN ", b"-----END "
_MOST = 400
"""Lines of a key or certificate at most: after them, the next line is one of the log again."""


def redact_lines(pieces: Iterable[bytes], redact: Callable[[str], str]) -> Iterator[bytes]:
    """Redact a log line by line; a key or certificate of several lines is left out as a whole.

    Raises what reading the pieces raises.
    """
    made, size = [], 0
    for line in _without_blocks(_split_lines(pieces)):
        text = redact(line.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        made.append(text)
        size += len(text)
        if size >= BLOCK:
            yield b"".join(made)
            made, size = [], 0
    yield b"".join(made)


def _split_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines with their ends; of one that is too long, the beginning."""
    rest, skipping = b"", False
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if not skipping:
                yield _shorten(line) + b"\n"
            skipping = False
        if len(rest) > LONGEST:
            if not skipping:
                yield _shorten(rest) + b"\n"
            rest, skipping = b"", True
    if rest and not skipping:
        yield _shorten(rest)


def _shorten(line: bytes) -> bytes:
    return line if len(line) <= LONGEST else line[:LONGEST].rpartition(b" ")[0] + b" ..."


def _without_blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines but those within a key or certificate: its first line stays, and is masked with what it holds."""
    left = 0
    for line in lines:
        if left:
            left -= 1
            left = 0 if _END in line else left
            continue
        at = line.find(_BEGIN)
        if at >= 0 and _END not in line[at:]:
            left = _MOST
            yield line[:at] + MASK.encode() + b"\n"
        else:
            yield line
