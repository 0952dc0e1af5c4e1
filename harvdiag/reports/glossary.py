"""The glossary as text for a terminal and as Markdown for docs/glossary.md."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harvdiag.core.escape import escape_markdown
from harvdiag.core.wrap import wrap_text
from harvdiag.reports.paint import Paint
from harvdiag.status.glossary import Term, name_anchor

__all__ = ["explain_term", "list_terms", "render_markdown"]

INDENT = "      "
MOST_ALIASES = 3


def explain_term(term: Term, width: int = 100, colour: bool = False) -> str:
    """Return a term with its other names, its meaning and its source; ends with a newline."""
    also = f"  (also: {', '.join(term.aliases)})" if term.aliases else ""
    head = [Paint(colour).bold(line) for line in wrap_text(f"{term.name}{also}", width)]
    return "\n".join([*head, *wrap_text(term.meaning, width), f"Source: {term.source}"]) + "\n"


def list_terms(groups: dict[str, tuple[Term, ...]], width: int = 100, colour: bool = False) -> str:
    """Return every term with its meaning, by group; ends with a newline."""
    paint = Paint(colour)
    lines: list[str] = []
    for title, terms in groups.items():
        lines += ["", paint.bold(title)] if lines else [paint.bold(title)]
        for term in terms:
            name = f"{term.name} ({term.aliases[0]})" if _is_code(term) else term.name
            first, *others = wrap_text(f"  {name}: {term.meaning}", width, INDENT)
            head = first[: 2 + len(name)]
            lines += [f"  {paint.bold(name)}{first[2 + len(name) :]}" if head.endswith(name) else first, *others]
    return "\n".join([*lines, "", "`harvdiag explain TERM` tells the source of one of them.", ""])


def render_markdown(groups: dict[str, tuple[Term, ...]]) -> str:
    """Return a table for each group, with the place in the documents that has the details."""
    parts = []
    for title, terms in groups.items():
        rows = [f"| {_name(term)} | {escape_markdown(term.meaning)} | {_link(term.source)} |" for term in terms]
        parts.append("\n".join([f"## {title}", "", "| term | meaning | source |", "| --- | --- | --- |", *rows]))
    return "\n\n".join(parts)


def _is_code(term: Term) -> bool:
    return bool(term.aliases) and re.fullmatch(r"[hJP]\d+", term.aliases[0]) is not None


def _name(term: Term) -> str:
    also = _also(term.aliases)
    return f'<a id="{name_anchor(term)}"></a>**{escape_markdown(term.name)}**{also}'


def _also(aliases: Iterable[str]) -> str:
    shown = [f"`{alias}`" for alias in aliases][:MOST_ALIASES]
    return f" ({', '.join(shown)})" if shown else ""


def _link(source: str) -> str:
    if source.startswith("docs/"):
        place = source.removeprefix("docs/")
        return f"[{place.partition('#')[2]}]({place})"
    return f"[{source.split('/')[2]}]({source})" if source.startswith("https://") else source
