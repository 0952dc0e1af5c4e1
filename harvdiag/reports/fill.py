"""Text in lines of a width, with commands and addresses whole: what is broken cannot be copied."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap

__all__ = ["fill"]

# A command stands between backticks; signs that touch it (a bracket, a full stop) go with it, and blanks before it.
_WORD = re.compile(r"\s*(?:`[^`]+`|\S)+")
_WHOLE = re.compile(r"`[^`]+`|^\s*\(?https?://")


def __dir__() -> list[str]:
    return __all__


def fill(text: str, width: int, hang: int = 0) -> list[str]:
    """The lines, those after the first indented by `hang`.

    A command or address that is too long stands in a line of its own and goes beyond the width; any other word is
    broken there.
    """
    lines, line = [], ""
    for word in _words(text, width - hang):
        if line.strip() and len(line) + len(word) > width:
            lines.append(line)
            line = " " * hang
        line += word if line.strip() else word.lstrip()
    return [*lines, line] if line.strip() else lines


def _words(text: str, most: int) -> Iterator[str]:
    for word in _WORD.findall(text):
        fits = len(word) <= most or _WHOLE.search(word)
        yield from (
            [word] if fits else wrap(word, most, initial_indent=" " * word.startswith(" "), break_on_hyphens=False)
        )
