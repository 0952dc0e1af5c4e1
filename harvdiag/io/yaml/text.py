"""What every text must be before it is parsed, and the error for one that cannot be."""

from __future__ import annotations

import re

from harvdiag.core.errors import HarvdiagError

__all__ = ["DEPTH", "TextError", "check_text", "line_at", "may_be_deep"]

DEPTH = 200
"""How deep collections may nest. No Kubernetes object comes near; parsers die of their stack far beyond."""


# A line that opens very many collections fills a sample of its bytes with these.
_STRIDE = 128
_steep = re.compile(rb"[ ?:-]{16}").search
_MANY = 1000


class TextError(HarvdiagError):
    """A text is no usable YAML: what is wrong, in which line (from 1, where it is known), and what that means."""

    def __init__(self, problem: str, line: int | None = None, detail: str = "") -> None:
        super().__init__(f"{problem} (line {line}){detail}" if line else f"{problem}{detail}")
        self.problem = problem
        self.line = line
        self.detail = detail

    def below(self, lines: int) -> TextError:
        """The same error, for a text that begins that many lines down its file."""
        return TextError(self.problem, self.line + lines, self.detail) if self.line else self


def line_at(data: bytes, offset: int) -> int:
    """The number of the line, from 1, that holds the byte at offset."""
    return data.count(b"\n", 0, offset) + 1


def check_text(data: bytes) -> None:
    """TextError unless the bytes are UTF-8 without a NUL."""
    zero = data.find(b"\0")
    if zero >= 0:
        raise TextError("holds a NUL byte", line_at(data, zero), ", so it is no text or was damaged")
    if data.isascii():
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise TextError("is not UTF-8", line_at(data, error.start), ", so it is no text or was damaged") from None


def may_be_deep(data: bytes) -> bool:
    """Whether collections could nest by the thousand: parsers written in C or Rust run out of stack then, and die."""
    if len(data) < _MANY:
        return False
    return _steep(data[::_STRIDE]) is not None or data.count(b"[") + data.count(b"{") > _MANY
