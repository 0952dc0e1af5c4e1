"""Wrapping of text for a terminal, measured in cells: a Chinese character takes two, a combining accent none.

The cells are counted here because importing wcwidth takes a third of the time in which `harvdiag check` reads a bundle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from textwrap import TextWrapper
from unicodedata import category, east_asian_width

from harvdiag.core.escape import escape_text

__all__ = ["count_cells", "count_rows", "pad_text", "truncate_text", "wrap_commands", "wrap_labelled", "wrap_text"]

LEAST, BESIDE = 30, 20
"""The least cells of a line, and besides its indent; a narrower terminal breaks lines itself."""
WITHOUT_WIDTH = frozenset({"Mn", "Me"})
# A command is between backticks; adjacent characters (a bracket, a full stop) stay with it, as do blanks before it.
_WORD = re.compile(r"\s*(?:`[^`]+`|\S)+")
_WHOLE = re.compile(r"`[^`]+`|^\s*\(?https?://")


def count_cells(text: str) -> int:
    """Return how many terminal cells a text takes."""
    return len(str(text)) if text.isascii() else sum(map(_cells_of, text))


def count_rows(line: str, width: int) -> int:
    """Return how many rows of a terminal a line takes; one that is wider, as it holds a command, takes several."""
    return max(1, -(-count_cells(line) // width))


def wrap_text(text: object, width: int, indent: str = "", *, most: int = 0, hyphens: bool = False) -> list[str]:
    """Wrap a text into lines, at least one, with control characters escaped as `escape_text` does.

    The first line keeps its leading blanks, the others start with `indent`. Words that are too long are broken;
    `hyphens` also allows breaks at hyphens. `most` limits the number of lines (0: no limit); a truncated text ends
    with `` …``.
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
    """Wrap texts with a label before each, escaped; all texts start in the same column, and commands stay whole."""
    room = max(width, LEAST, column + BESIDE)
    return [
        line for label, text in rows for line in wrap_commands(escape_text(f"{label:{column}}{text}"), room, column)
    ]


def wrap_commands(text: str, width: int, hang: int = 0) -> list[str]:
    """Wrap a text, later lines indented by `hang`; commands and addresses stay whole so that they can be copied.

    One that is too long gets a line of its own and exceeds the width; any other word is broken there. An empty text
    gives no lines.
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
    """Return the text, truncated with ``…`` if it is wider than `width`."""
    if count_cells(text) <= width:
        return text
    return f"{_fitting_prefix(text, max(width - 1, 1))}…"


def pad_text(text: str, width: int) -> str:
    """Return the text in exactly `width` cells: truncated if longer, padded with blanks if shorter."""
    text = truncate_text(text, width)
    return text + " " * (width - count_cells(text))


def _split_words(text: str, most: int) -> Iterator[str]:
    for word in _WORD.findall(text):
        if count_cells(word) <= most or _WHOLE.search(word):
            yield word
        else:
            yield from _Wrapper(most, initial_indent=" " * word.startswith(" "), break_on_hyphens=False).wrap(word)


@lru_cache(4096)
def _cells_of(character: str) -> int:
    if category(character) in WITHOUT_WIDTH:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _fitting_prefix(text: str, room: int) -> str:
    """The longest beginning of the text that fits, with the accents on its last character."""
    used = 0
    for index, character in enumerate(text):
        used += _cells_of(character)
        if used > room:
            return text[:index]
    return text


class _Chunk(str):
    """A word whose length is its number of cells, as textwrap measures with ``len``."""

    __slots__ = ()

    def __len__(self) -> int:
        return count_cells(self)


class _Wrapper(TextWrapper):
    """textwrap's algorithm, counting cells."""

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
