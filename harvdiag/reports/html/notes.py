"""The text of a note, written in Markdown, as HTML: without HTML of its own, pictures, and links but to the web."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from harvdiag.core.escape import escape_text

__all__ = ["render_note"]

SCHEMES = ("http://", "https://", "mailto:")


def render_note(text: str) -> str:
    """Return the text as HTML that can do nothing; every control character in it is escaped."""
    clean = "\n".join(escape_text(line) for line in text.splitlines())
    return str(_parser().render(clean))


class _Parser(MarkdownIt):
    """The parser; a link to anywhere else stays text."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the name that markdown-it calls
        return url.lower().startswith(SCHEMES)


@cache
def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "xhtmlOut": False, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])
    for name in ("heading_open", "heading_close"):
        parser.add_render_rule(name, _heading)
    parser.add_render_rule("link_open", _link)
    for name in ("th_open", "td_open"):
        parser.add_render_rule(name, _cell)
    return parser


def _heading(_self: RendererHTML, tokens: Sequence[Token], at: int, *_rest: Any) -> str:
    """A heading as a paragraph in bold: those of the page have their own order."""
    return '<p class="heading"><strong>' if tokens[at].nesting == 1 else "</strong></p>\n"


def _link(self: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: dict[str, Any]) -> str:
    tokens[at].attrSet("rel", "noreferrer nofollow")
    return self.renderToken(tokens, at, options, env)


def _cell(self: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: dict[str, Any]) -> str:
    """A cell of a table, aligned as all others are."""
    tokens[at].attrs.pop("style", None)
    if tokens[at].tag == "th":
        tokens[at].attrSet("scope", "col")
    return self.renderToken(tokens, at, options, env)
