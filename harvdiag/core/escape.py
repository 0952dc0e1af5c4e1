"""Escaping of untrusted names for each output format, so that nothing in them is interpreted."""

from __future__ import annotations

import re
from typing import Any

__all__ = [
    "escape_autolinks",
    "escape_html",
    "escape_json",
    "escape_markdown",
    "escape_text",
    "format_code",
    "format_value",
    "is_plain",
    "is_web_link",
]

# C0, DEL and C1 drive terminals; bidirectional marks and zero-width characters make a text read as another; lone
# surrogates (JSON can contain them) cannot be encoded at all.
_DANGEROUS = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
# GitHub turns bare text into links, mentions and references; an empty comment after their first part prevents that.
# Neither this nor the next is made an expression on import: a terminal needs none of them.
_AUTOLINK = r"(?i)\b(?:https?|ftp):(?=//)|\bwww(?=\.)|@(?=\w)|#(?=\d)|\bGH-(?=\d)"
_WEB = r"(?i)https?://[^\s<>\"`|\\]+"
_MARKUP = r"([\\`*_{}\[\]<>#|~&])"


def escape_text(text: Any) -> str:
    """Return text for a terminal: one line, every control character escaped (``\\x1b``)."""
    return _DANGEROUS.sub(lambda match: match[0].encode("unicode_escape").decode(), str(text))


def escape_json(text: str) -> str:
    """Return JSON text in which every control character within a string is escaped as JSON does (``\\u001b``)."""
    return "\n".join(_DANGEROUS.sub(_json_escape, line) for line in text.split("\n"))


def _json_escape(match: re.Match[str]) -> str:
    import json

    return json.dumps(match[0])[1:-1]


def is_plain(text: str) -> bool:
    """Whether a text has no character that `escape_text` would escape."""
    return _DANGEROUS.search(text) is None


def is_web_link(address: str) -> bool:
    """Whether a text is one address of the web, which may become a link."""
    return re.fullmatch(_WEB, address) is not None and is_plain(address)


def escape_html(text: Any) -> str:
    """Return text for HTML, also inside an attribute."""
    from html import escape  # imported here: it loads a table of all named characters, which a terminal does not need

    return escape(escape_text(text), quote=True)


def escape_markdown(text: Any) -> str:
    """Return text for Markdown, also inside a table: no markup, link, mention or tag in it takes effect."""
    return escape_autolinks(re.sub(_MARKUP, r"\\\1", escape_text(text)))


def escape_autolinks(text: str) -> str:
    """Return Markdown in which no bare address, mention (``@name``) or reference (``#12``) becomes a link."""
    return re.sub(_AUTOLINK, lambda match: f"{match[0]}<!-- -->", text)


def format_code(text: Any, in_table: bool = True) -> str:
    """Return text as Markdown code, safe in a table: its fence is longer than any run of backticks in it.

    A bar would end the cell and cannot be escaped inside backticks when a backslash precedes it; text with a bar is
    therefore put into an HTML element, unless it is not `in_table`.
    """
    shown = escape_text(text)
    if ("|" in shown and in_table) or not shown:
        return f"<code>{escape_markdown(text)}</code>" if shown else ""
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def format_value(value: Any, limit: int = 160) -> str:
    """Return a field's value for display: ``absent`` for None, long ones truncated with their length."""
    if value is None:
        return "absent"
    text = value if isinstance(value, str) else _compact_json(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


def _compact_json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, sort_keys=True)
