"""Names from a cluster are untrusted text: how they are shown so that nothing in them is interpreted."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["escape_html", "escape_markdown", "escape_text", "format_code", "format_value"]

# C0, DEL and C1 drive terminals; bidirectional marks and signs without width make a text read as another; halves of
# surrogate pairs (JSON can hold them) cannot be written at all.
_DANGEROUS = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
# GitHub makes links and mentions of bare text; an empty comment behind their first sign keeps them text.
_AUTOLINK = re.compile(r"\b(?:https?|ftp):(?=//)|\bwww(?=\.)|@(?=\w)", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def escape_text(text: Any) -> str:
    """Text for a terminal: one line, every control sign written out (``\\x1b``)."""
    return _DANGEROUS.sub(lambda match: match[0].encode("unicode_escape").decode(), str(text))


def escape_html(text: Any) -> str:
    """Text for HTML, also within an attribute."""
    from html import escape  # brings its table of all named characters along; a terminal needs none

    return escape(escape_text(text), quote=True)


def escape_markdown(text: Any) -> str:
    """Text for Markdown, also within a table: no mark, link, mention or tag in it is one."""
    return _AUTOLINK.sub(lambda match: f"{match[0]}<!-- -->", _MARKUP.sub(r"\\\1", escape_text(text)))


def format_code(text: Any) -> str:
    """Text as Markdown code, safe in a table: the fence is longer than any run of backticks in it.

    Behind a backslash, a bar cannot be escaped within backticks (it would end the cell), so that such text stands in
    an HTML element.
    """
    shown = escape_text(text)
    if "|" in shown or not shown:
        return f"<code>{escape_markdown(text)}</code>" if shown else ""
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def format_value(value: Any, limit: int = 160) -> str:
    """A field's value for people: ``absent`` for None, long ones cut with their length."""
    if value is None:
        return "absent"
    text = value if isinstance(value, str) else _compact_json(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def _compact_json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, sort_keys=True)
