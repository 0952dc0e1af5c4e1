"""The comparison as text for a terminal: the title, each host with its steps, the findings, and the notes."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.listing import join_escaped
from harvdiag.core.marks import SIGNS
from harvdiag.core.wrap import truncate_text, wrap_text
from harvdiag.status.changes.comparison import Comparison
from harvdiag.status.changes.grouping import Group
from harvdiag.status.changes.titles import (
    build_title,
    describe_details,
    describe_sources,
    describe_unchanged,
    format_step,
    list_findings,
    list_notes,
)

__all__ = ["render_text"]

FEW = 6
"""Names of hosts in the line of a group that stands for many."""


def render_text(comparison: Comparison, groups: Sequence[Group], width: int) -> str:
    """Return the comparison as lines of at most `width` cells; a step that is longer is cut, other text is wrapped."""
    out = [
        *wrap_text(build_title(comparison), width, "  "),
        *(part for side in describe_sources(comparison) for part in wrap_text(side, width, "  ")),
        "",
    ]
    for group in groups:
        out += wrap_text(group.name + (f": {join_escaped(group.alike, FEW)}" if group.alike else ""), width, "  ")
        out += [f"  {truncate_text(escape_text(format_step(step)), width - 2)}" for step in group.steps]
        out += [f"  and {group.more} more"] if group.more else []
    if found := list_findings(comparison):
        out += [*[""] * bool(groups), "Findings"]
        for row in found:
            row_lines = wrap_text(f"{SIGNS[row.colour]} {row.word}: {row.words}", width - 2, "  ")
            out += [f"  {part}" for part in row_lines]
    if not comparison.different_clusters:
        out += [*[""] * bool(groups or found), *wrap_text(describe_unchanged(comparison), width, "  ")]
        out += wrap_text(details, width, "  ") if (details := describe_details(comparison)) else []
    out += [part for note in list_notes(comparison) for part in wrap_text(f"? {note}", width, "  ")]
    return "\n".join(out)
