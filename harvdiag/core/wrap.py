"""Text in lines of a terminal, measured in its cells: a Chinese character takes two, an accent by itself none.

The counting is our own: importing wcwidth takes a third of the time in which `harvdiag check` reads a whole bundle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import TextWrapper
from unicodedata import category, east_asian_width

from harvdiag.core.escape import escape_text

__all__ = ["count_cells", "pad_text", "truncate_text", "wrap_commands", "wrap_labelled", "wrap_text"]

LEAST, BESIDE = 30, 20
"""The cells of a line, and those beside its indent, in however narrow a terminal: it then breaks lines itself."""
WITHOUT_WIDTH = frozenset({"Mn", "Me"})
# A command stands between backticks; what touches it (a bracket, a full stop) goes with it, and blanks before it.
_WORD = re.compile(r"\s*(?:`[^`]+`|\S)+")
_WHOLE = re.compile(r"`[^`]+`|^\s*\(?https?://")


def count_cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return len(str(text)) if text.isascii() else sum(map(_cells_of, text))


def wrap_text(text: object, width: int, indent: str = "", *, most: int = 0, hyphens: bool = False) -> list[str]:
    """The lines of a text, at least one, with its control characters written out as `plain` does.

    The first keeps its blanks, the others begin with `indent`. Words that are too long are broken, `hyphens` allows
    breaks at hyphens too. `most` is the number of lines there may be (0: any); what is left then ends with `` …``.
    """
    wrapper = _Wrapper(
        max(width, LEAST, len(indent) + BESIDE),
        subsequent_indent=indent,
        max_lines=most or None,
        placeholder=" …",
        break_on_hyphens=hyphens,
    )
    return wrapper.wrap(escape_text(text)) or [""]


def wrap_labelled(rows: Iterable[tuple[str, str]], width: int, column: int) -> list[str]:
    """The lines of texts with a label before each; the texts begin in the same column."""
    return [line for label, text in rows for line in wrap_text(f"{label:{column}}{text}", width, " " * column)]


def wrap_commands(text: str, width: int, hang: int = 0) -> list[str]:
    """The lines, those after the first indented by `hang`; commands and addresses stay whole, to be copied.

    One that is too long stands in a line of its own and goes beyond the width; any other word is broken there. No
    lines for an empty text.
    """
    lines, line = [], ""
    width = max(width, hang + 1)
    for word in _split_words(text, width - hang):
        if line.strip() and count_cells(line) + count_cells(word) > width:
            lines.append(line)
            line = " " * hang
        line += word if line.strip() else word.lstrip()
    return [*lines, line] if line.strip() else lines


def truncate_text(text: str, width: int) -> str:
    """As much of the text as there is room for; the rest as ``…``."""
    if count_cells(text) <= width:
        return text
    return f"{_fitting_prefix(text, max(width - 1, 1))}…"


def pad_text(text: str, width: int) -> str:
    """The text in exactly `width` cells: cut where it is longer, with blanks behind it where it is shorter."""
    text = truncate_text(text, width)
    return text + " " * (width - count_cells(text))


def _split_words(text: str, most: int) -> Iterator[str]:
    for word in _WORD.findall(text):
        if count_cells(word) <= most or _WHOLE.search(word):
            yield word
        else:
            yield from _Wrapper(most, initial_indent=" " * word.startswith(" "), break_on_hyphens=False).wrap(word)


def _cells_of(character: str) -> int:
    if category(character) in WITHOUT_WIDTH:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _fitting_prefix(text: str, room: int) -> str:
    """As many of the first characters as fit, with the accents on the last of them."""
    used = 0
    for at, character in enumerate(text):
        used += _cells_of(character)
        if used > room:
            return text[:at]
    return text


class _Chunk(str):
    """A word whose length is that of its cells: what textwrap measures with."""

    __slots__ = ()

    def __len__(self) -> int:
        return count_cells(self)


class _Wrapper(TextWrapper):
    """textwrap's own algorithm over cells."""

    def _split(self, text: str) -> list[str]:
        return [chunk if chunk.isascii() else _Chunk(chunk) for chunk in super()._split(text)]

    def _handle_long_word(self, reversed_chunks: list[str], cur_line: list[str], cur_len: int, width: int) -> None:
        word = reversed_chunks[-1]
        if not isinstance(word, _Chunk):
            super()._handle_long_word(reversed_chunks, cur_line, cur_len, width)
            return
        whole = str(word)
        begin = _fitting_prefix(whole, max(width - cur_len, 1)) or ("" if cur_line else whole[:1])
        if begin:
            cur_line.append(_Chunk(begin))
            reversed_chunks[-1] = _Chunk(whole[len(str(begin)) :])
