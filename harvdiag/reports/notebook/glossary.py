"""Terms of the glossary in notebooks: one as a card, those of a finding with meanings on hover, all as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.core.escape import escape_html
from harvdiag.core.frames import build_table
from harvdiag.core.marks import INFO
from harvdiag.core.model import Finding
from harvdiag.reports.notebook.parts import EDGES, QUIET, format_step, frame
from harvdiag.status.glossary import Term, list_groups, terms_in

if TYPE_CHECKING:
    from harvdiag.core.table import Table

__all__ = ["term_card", "term_line", "term_table"]

COLUMNS = {"group": "str", "term": "str", "also": "str", "meaning": "str", "source": "str"}
MOST = 8


def term_card(term: Term) -> str:
    """Return a term with its other names, its meaning and its source."""
    also = f" <span style='{QUIET}'>also: {escape_html(', '.join(term.aliases))}</span>" if term.aliases else ""
    source = f"<div style='{QUIET}'>Source: {escape_html(term.source)}</div>"
    meaning = f"<p style='margin:.3em 0'>{format_step(term.meaning)}</p>"
    return frame(EDGES[INFO], f"<div><b>{escape_html(term.name)}</b>{also}</div>{meaning}{source}")


def term_line(finding: Finding) -> str:
    """Return the terms that a finding uses, each with its meaning as its title; nothing where it uses none."""
    terms = terms_in(" ".join((finding.message, finding.why, *finding.next, finding.caution)))[:MOST]
    told = ", ".join(f"<abbr title='{escape_html(term.meaning)}'>{escape_html(term.name)}</abbr>" for term in terms)
    return f"<div style='{QUIET}'>Terms: {told}</div>" if told else ""


def term_table() -> Table:
    """Return every term: `group`, `term`, `also`, `meaning`, `source` (all str)."""
    rows = [
        (group, term.name, ", ".join(term.aliases), term.meaning, term.source)
        for group, terms in list_groups().items()
        for term in terms
    ]
    return build_table(rows, COLUMNS)
