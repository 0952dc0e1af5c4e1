"""What every text must be before it is parsed, and the error for one that cannot be."""

from __future__ import annotations

from harvdiag.errors import HarvdiagError

__all__ = ["DEPTH", "TextError", "check_text", "line_at"]

DEPTH = 200
"""How deep collections may nest. No Kubernetes object comes near; parsers die of their stack far beyond."""


def __dir__() -> list[str]:
    return __all__


class TextError(HarvdiagError):
    """A text is no usable YAML; `line` counts from 1 where it is known."""

    def __init__(self, problem: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {problem}" if line else problem)
        self.problem = problem
        self.line = line

    def below(self, lines: int) -> TextError:
        """The same error, for a text that begins that many lines down its file."""
        return TextError(self.problem, self.line + lines) if self.line else self


def line_at(data: bytes, offset: int) -> int:
    """The number of the line, from 1, that holds the byte at offset."""
    return data.count(b"\n", 0, offset) + 1


def check_text(data: bytes) -> None:
    """TextError unless the bytes are UTF-8 without a NUL."""
    zero = data.find(b"\0")
    if zero >= 0:
        raise TextError("holds a NUL byte, so it is no text or was damaged", line_at(data, zero))
    if data.isascii():
        return
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise TextError("is not UTF-8, so it was damaged or is no text", line_at(data, error.start)) from None
