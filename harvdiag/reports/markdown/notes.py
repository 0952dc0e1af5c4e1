"""The text of a note, written in Markdown, inside a report: no HTML, picture or mention in it takes effect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from harvdiag.core.escape import escape_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["quote_text"]

COMMENT = "<!-- -->"
FENCE = re.compile(r" {0,3}(?:(?P<ticks>`{3,})[^`]*|(?P<waves>~{3,}).*)$")
MENTION = re.compile(r"((?:https?://|mailto:)\S+)|@(?=\w)|#(?=\d)|\bGH-(?=\d)", re.IGNORECASE)
"""What GitHub makes a mention or a reference of; addresses stay as they are."""


def quote_text(text: str) -> list[str]:
    """Return the lines as a quotation, which nothing in them can end.

    Code stays as it is, so that it can be copied, where a parser finds that nothing else is code. Else all is escaped.
    """
    lines = [escape_text(line) for line in text.splitlines()]
    told = _escape_lines(lines, _escape_around_code)
    if not _is_harmless("\n".join(told)):
        told = [_escape(line) for line in lines]
    return [f"> {line}".rstrip() for line in told]


def _escape_lines(lines: Iterable[str], escape: Callable[[str], str]) -> list[str]:
    """The lines, those between fences as they are."""
    shown, fence = [], ""
    for line in lines:
        begins = None if fence else FENCE.match(line)
        shown.append(line if fence or begins else escape(line))
        if begins:
            fence = begins["ticks"] or begins["waves"]
        elif fence and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
    return shown


def _escape_around_code(line: str) -> str:
    """A line with its spans of code as they are; one that does not end in the line is none."""
    parts = re.split(r"(?<![`\\])(?P<ticks>`+)(?!`)(.+?)(?<!`)(?P=ticks)(?!`)", line)
    shown = _escape(parts[0])
    for ticks, code, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        shown += f"{ticks}{code}{ticks}{_escape(rest)}"
    return shown


def _escape(text: str) -> str:
    return _escape_mentions(text.replace("<", "&lt;")).replace("![", f"!{COMMENT}[")


def _escape_mentions(text: str) -> str:
    return MENTION.sub(lambda found: found[1] or f"{found[0]}{COMMENT}", text)


def _is_harmless(text: str) -> bool:
    """Whether a parser finds no HTML but our own comments, no picture, and no text that becomes a link or a mention."""
    return all(map(_is_plain, _tokens(_parser().parse(text))))


def _tokens(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or ())


def _is_plain(token: Token) -> bool:
    if token.type.startswith("html"):
        return token.content == COMMENT
    return token.type != "image" and (token.type != "text" or _escape_mentions(token.content) == token.content)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])
