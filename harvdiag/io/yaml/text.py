"""Checks of a text before it is parsed, and the error for one that cannot be."""

from __future__ import annotations

import re

from harvdiag.core.errors import HarvdiagError

__all__ = ["DEPTH", "TextError", "check_text", "line_at", "may_be_deep"]

DEPTH = 200
"""How deep collections may nest: far more than any Kubernetes object, far less than a parser's stack allows."""


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


def check_text(data: bytes) -> None:
    """Raise TextError unless the bytes are UTF-8 without a NUL."""
    zero = data.find(b"\0")
    if zero >= 0:
        raise TextError("holds a NUL byte", line_at(data, zero), ", so it is not text or was damaged")
    if data.isascii():
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise TextError("is not UTF-8", line_at(data, error.start), ", so it is not text or was damaged") from None


def may_be_deep(data: bytes) -> bool:
    """Whether collections could nest by the thousand: parsers in C or Rust would overflow their stack and crash."""
    if len(data) < _MANY:
        return False
    return _steep(data[::_STRIDE]) is not None or data.count(b"[") + data.count(b"{") > _MANY
