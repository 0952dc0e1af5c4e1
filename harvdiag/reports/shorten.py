"""Steps and other sentences of an advice, shortened to their beginning."""

from __future__ import annotations

from harvdiag.core.escape import escape_text
from harvdiag.core.wrap import wrap_commands
from harvdiag.status.answer import split_sentences

__all__ = ["ELLIPSIS", "cut_lines"]

ELLIPSIS = " …"
"""How a text ends that was shortened."""


def cut_lines(text: str, width: int, most: int, hang: int = 0) -> list[str]:
    """Wrap a text; of one that takes more than `most` lines (0: any number) the first sentence, or its beginning.

    What was cut ends with ``…``; no command is cut apart.
    """
    whole = wrap_commands(escape_text(text), width, hang)
    if not most or len(whole) <= most:
        return whole or [""]
    number, mark, rest = text.partition(". ")
    head = f"{number}{mark}" if number.isdigit() else ""
    sentence = head + split_sentences(rest if head else text)[0]
    lines = wrap_commands(escape_text(sentence), width - len(ELLIPSIS), hang)[:most]
    return [*lines[:-1], f"{lines[-1].rstrip(' ,;(')}{ELLIPSIS}"]
