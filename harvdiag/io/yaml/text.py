"""Checks of a text before it is parsed, and the error for one that cannot be."""

from __future__ import annotations

import codecs
import re

from harvdiag.core.errors import HarvdiagError

__all__ = ["ANCHORS", "DEPTH", "TextError", "check_text", "decode_text", "line_at", "may_be_deep"]

DEPTH = 200
"""How deep collections may nest: far more than any Kubernetes object, far less than a parser's stack allows."""


ANCHORS = "uses YAML anchors"
"""The problem of a text in which an alias repeats a collection: expanded, a few lines could fill the memory."""

# A line that opens very many collections fills a sample of its bytes with these.
_STRIDE = 128
_steep = re.compile(rb"[ ?:-]{16}").search
_MANY = 1000


class TextError(HarvdiagError):
    """A text is not usable YAML: what is wrong, in which line (from 1, if known), and what that means."""

    def __init__(self, problem: str, line: int | None = None, detail: str = "") -> None:
        super().__init__(f"{problem} (line {line}){detail}" if line else f"{problem}{detail}")
        self.problem = problem
        self.line = line
        self.detail = detail

    def shift_lines(self, lines: int) -> TextError:
        """Return the same error for a text that begins that many lines down its file."""
        return TextError(self.problem, self.line + lines, self.detail) if self.line else self


def line_at(data: bytes, offset: int) -> int:
    """Return the number of the line, from 1, of the byte at `offset`."""
    return data.count(b"\n", 0, offset) + 1


_DAMAGED = ", so it is not text or was damaged"
_REMEDY = f"{_DAMAGED}; save it as UTF-8 (PowerShell: `| Out-File -Encoding utf8`)"


def check_text(data: bytes, told: str = _DAMAGED) -> None:
    """Raise TextError, which ends with what is `told`, unless the bytes are UTF-8 without a NUL."""
    zero = data.find(b"\0")
    if zero >= 0:
        raise TextError("holds a NUL byte", line_at(data, zero), told)
    if data.isascii():
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise TextError("is not UTF-8", line_at(data, error.start), told) from None


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 4096


def decode_text(data: bytes) -> str:
    """Return the text of UTF-8, UTF-16 or UTF-32, with or without a byte order mark, which is left out.

    Windows tools write the latter two. Raises TextError for what is none of them.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", ""))
    encoding = encoding or _guess_wide(data[:_SAMPLE]) or "utf-8"
    if encoding == "utf-8":
        at = _find_appended(data)
        if at:
            return decode_text(data[:at]) + decode_text(data[at:])
        check_text(data, _REMEDY)
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        at = data.count("\n".encode(encoding), 0, error.start) + 1
        what = f"is {encoding[:6].upper()} that ends or breaks off within a character"
        raise TextError(what, at, ", so it was damaged; write or copy it again") from None
    if "\0" in text:
        raise TextError("holds a NUL byte", text.count("\n", 0, text.find("\0")) + 1, _REMEDY)
    return text


def _guess_wide(sample: bytes) -> str:
    """UTF-16 or UTF-32 without a mark: in Latin text one byte of two or four is not zero; empty for other text."""
    quarter = len(sample) // 4
    first, second, third, fourth = (sample[n : quarter * 4 : 4].count(0) for n in range(4))
    if quarter > 1 and min(third, fourth) * 10 > quarter * 9 and first * 10 < quarter:
        return "utf-32-le"
    if quarter > 1 and min(first, second) * 10 > quarter * 9 and fourth * 10 < quarter:
        return "utf-32-be"
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if half < 2 or max(even, odd) * 2 < half or min(even, odd) * 10 > half:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _find_appended(data: bytes) -> int:
    """Where UTF-16 begins that PowerShell appended to UTF-8, at the start of a line; 0 if nowhere."""
    zero = data.find(0)
    start = zero - 1
    begins = start > 0 and data[start - 1 : start] == b"\n"
    return start if begins and _guess_wide(data[start : start + _SAMPLE]) == "utf-16-le" else 0


def may_be_deep(data: bytes) -> bool:
    """Whether collections could nest by the thousand: parsers in C or Rust would overflow their stack and crash."""
    if len(data) < _MANY:
        return False
    return _steep(data[::_STRIDE]) is not None or _count_up(data, b"[") + _count_up(data, b"{") > _MANY


def _count_up(data: bytes, mark: bytes) -> int:
    """How often a byte occurs, counted to one more than `_MANY`: by leaps, as it is rare in most texts."""
    count, at = 0, data.find(mark)
    while at >= 0 and count <= _MANY:
        count, at = count + 1, data.find(mark, at + 1)
    return count
