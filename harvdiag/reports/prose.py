"""The Markdown that people write in notes, made safe to be a part of a report: it comes from anywhere.

No HTML in it takes effect, no picture is loaded, no one is mentioned, and links lead to the web only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from harvdiag.core.escape import escape_text

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

__all__ = ["clean_lines", "prose_html", "prose_markdown"]

SCHEMES = ("http://", "https://", "mailto:")
_FENCE = re.compile(r" {0,3}(`{3,})[^`]*")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_FAR = re.compile(r"\]\((?!https?://|mailto:)", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w/.])@(?=\w)")


def clean_lines(text: str) -> list[str]:
    """Return the lines of a text, each without control characters; a tab is four blanks."""
    return [escape_text(line.replace("\t", "    ")) for line in text.splitlines()]


def prose_markdown(text: str) -> list[str]:
    """Return the text as lines of a quotation in a Markdown report, which no heading or code in it can end."""
    lines = clean_lines(text)
    return [f"> {line}".rstrip() for line in _safe_lines(lines)]


def _safe_lines(lines: Sequence[str]) -> Iterator[str]:
    """The lines made safe; code stays as it is where it is certain what is code."""
    fence, fences, certain = "", [], True
    for line in lines:
        opened = _FENCE.fullmatch(line)
        closes = bool(fence) and opened is not None and line.strip(" `") == "" and len(opened[1]) >= len(fence)
        inside = bool(fence) or opened is not None
        fences.append(inside)
        fence = "" if closes else fence or (opened[1] if opened else "")
        certain &= inside or _is_plain_code(line)
    for line, inside in zip(lines, fences, strict=True):
        if certain and inside:
            yield line
        else:
            parts = line.split("`") if certain else [line]
            yield "`".join(part if number % 2 else _escape(part) for number, part in enumerate(parts))


def _is_plain_code(line: str) -> bool:
    """Whether every piece of code in a line begins and ends there with a single backtick."""
    return "``" not in line and "\\`" not in line and "~~~" not in line and line.count("`") % 2 == 0


def _escape(text: str) -> str:
    text = _FAR.sub(r"]\\(", _TAG.sub("&lt;", text)).replace("![", "!\\[").replace("]:", "]\\:")
    return _MENTION.sub("@<!-- -->", text)


def prose_html(text: str) -> str:
    """Return the text as HTML."""
    return str(_parser().render("\n".join(clean_lines(text))))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    class Parser(MarkdownIt):
        """A link to anywhere but the web stays text."""

        validateLink = staticmethod(_is_web_link)  # noqa: N815 - the name that markdown-it calls

    parser = Parser("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])
    for name in ("heading_open", "heading_close"):
        parser.add_render_rule(name, _render_heading)
    parser.add_render_rule("link_open", _render_link)
    return parser


def _is_web_link(url: str) -> bool:
    return url.lower().startswith(SCHEMES)


def _render_heading(_renderer: Any, tokens: Sequence[Any], at: int, *_rest: Any) -> str:
    """A heading as a line in bold: those of a report have their own order."""
    return "<p><b>" if tokens[at].nesting == 1 else "</b></p>\n"


def _render_link(renderer: Any, tokens: Sequence[Any], at: int, options: Any, env: Any) -> str:
    tokens[at].attrSet("rel", "noreferrer nofollow")
    return str(renderer.renderToken(tokens, at, options, env))
