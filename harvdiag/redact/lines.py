"""Redaction of a log as a stream of lines: however long it is, little of it is held."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from harvdiag.core.secrets import MASK

__all__ = ["PERCENT", "SERIAL", "SYSLOG", "redact_lines", "replace_people"]

PERCENT = re.compile(
    r"(?<![\w.~+@:/=&?%-])(?P<lead>(?<=\\)(?:[uU][0-9a-fA-F]{4}|[xX][0-9a-fA-F]{2}|[abefnrtv0])"
    r"|(?<=\x1b\[)[\d;]*[A-Za-z])?"
    r"(?P<word>[\w.~+@:/=&?-]*+(?:%[0-9A-Fa-f]{2}[\w.~+@:/=&?-]*+)+)"
)
"""A word with characters that are escaped for a URL; `lead` is the rest of an escaped character or colour before it."""
SYSLOG = re.compile(
    r"(?m)^(?P<head>(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-][\d:]+)) )(?P<name>[\w.-]+)"
    r"(?= [\w./@-]+(?:\[\d+\])?: )"
)
"""How a line of a journal begins, up to the host."""
SERIAL = re.compile(
    r"(\b[Ss]erial(?:[ _-]?[Nn](?:umber|o))?\\?[\"']?[:= ]{1,3}\\?[\"']?)"
    r"((?=[A-Z0-9_-]*\d)[A-Z0-9][A-Z0-9_-]{5,}(?!\w))"
)
"""The serial number of a device."""
_HINTS = ("/home/", "user ", "Accepted ", "sudo", "USER=", "://", "ssh-", "ecdsa-", "SHA256:")
_PERSON = re.compile(
    r"((?:/home/|\bsession (?:opened|closed) for user |\bsession \S{1,20} of user |\b[Ii]nvalid user |\bUSER="
    r"|\b(?:Accepted|Failed) \S{1,40} for |\bsudo(?:\[\d+\])?: +(?=\S+ : )|://(?=[^\s/:@*]*:\*\*\*@)))([A-Za-z_][\w.-]*\w)"
)
"""Where a name is that of a user."""
_COMMENT = re.compile(r"(\b(?:ssh|ecdsa|sk)-[\w@.-]+[^\S\n]+\*\*\*)[^\S\n]+[^\s\"'\\,]+")
"""A key of SSH that is masked, and whose it is."""
_PRINT = re.compile(r"\bSHA256:[A-Za-z0-9+/]{43}")

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


def replace_people(text: str, name_user: Callable[[str], str]) -> str:
    """Replace users where only their place tells that they are some: in logs, paths, URLs and keys of SSH."""
    if not any(hint in text for hint in _HINTS):
        return text
    text = _PRINT.sub(f"SHA256:{MASK}", _COMMENT.sub(r"\1", text))
    return _PERSON.sub(lambda match: f"{match[1]}{name_user(match[2])}", text)


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
