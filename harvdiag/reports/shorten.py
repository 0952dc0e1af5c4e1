"""Steps and other sentences of an advice, shortened to their beginning."""

from __future__ import annotations

import re

from harvdiag.core.escape import escape_text
from harvdiag.core.wrap import wrap_commands
from harvdiag.status.answer import split_sentences

__all__ = ["cut_lines"]

ELLIPSIS = " …"
"""How a text ends that was shortened."""


LONG = 34
"""The most characters of a command that is kept whole in a text that is shortened."""
COMMAND = re.compile(r"`([^`]+)`")


def cut_lines(text: str, width: int, most: int, hang: int = 0) -> list[str]:
    """Wrap a text; of one that takes more than `most` lines (0: any number) the first sentence, or its beginning.

    What was cut ends with ``…``. Of a long command there only the first words stay, so that it cannot be run in part.
    """
    whole = wrap_commands(escape_text(text), width, hang)
    if not most or len(whole) <= most:
        return whole or [""]
    number, mark, rest = text.partition(". ")
    head = f"{number}{mark}" if number.isdigit() else ""
    sentence = head + split_sentences(rest if head else text)[0]
    short = COMMAND.sub(_shorten_command, sentence)
    lines = wrap_commands(escape_text(short), width - len(ELLIPSIS), hang)
    if sentence == text and len(lines) <= most:
        return lines
    *first, last = lines[:most]
    return [*first, f"{last.rstrip(' ,;(')}{ELLIPSIS}"]


def _shorten_command(found: re.Match[str]) -> str:
    if len(found[1]) <= LONG:
        return found[0]
    return f"`{' '.join(found[1].split()[:2])} …`"
