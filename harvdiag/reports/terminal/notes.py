"""Notes in a terminal: those on a finding below it, and at the end those on the cluster and on what is not found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding
from harvdiag.core.notes import Note, Notes
from harvdiag.core.wrap import wrap_text
from harvdiag.reports.terminal.layout import GUTTER, Layout

__all__ = ["finding_note_lines", "note_lines", "other_note_lines"]

FOLDED = 6
"""The most lines of one note where a report is folded."""


def finding_note_lines(notes: Notes, finding: Finding, layout: Layout, folded: bool) -> Iterator[str]:
    """Yield the notes on a finding, and what was ticked in them and is not a step of it."""
    yield from note_lines(notes.of(finding.fingerprint), layout, folded)
    for step in notes.lost(finding):
        yield from layout.labelled("", f"(ticked, but not a step of it now: {step})")


def note_lines(notes: Sequence[Note], layout: Layout, folded: bool = False, label: str = "Note") -> Iterator[str]:
    """Yield notes, each with who wrote it and when; of long ones the beginning, where the report is folded."""
    for note in notes:
        lines = [line for text in _texts(note) for line in wrap_text(text, layout.width - GUTTER - 2) or [""]]
        more = len(lines) - FOLDED if folded else 0
        lines = [*lines[:FOLDED], f"({more} more lines with --full)"] if more > 1 else lines
        yield from layout.label_lines(label, lines)


def _texts(note: Note) -> Iterator[str]:
    """Who and when, then the text; a text of one line follows in the same."""
    from harvdiag.status.notes import describe_note  # here, as most checks have no notes

    first, *others = escape_lines(note.text) or [""]
    head = escape_text(describe_note(note))
    if others or not first:
        yield f"{head}:" if first else head
        yield from [first, *others] if first else []
    else:
        yield f"{head}: {first}"


def escape_lines(text: str) -> list[str]:
    """The lines of a text, each without control characters."""
    return [escape_text(line).replace("\t", "    ") for line in text.splitlines()]


def other_note_lines(findings: Findings, layout: Layout, folded: bool = False) -> Iterator[str]:
    """Yield the notes on the cluster, and those on what is not found, with the reason."""
    if not findings.notes:
        return
    from harvdiag.status.notes import STALE, list_stale

    if findings.notes.cluster:
        yield ""
        yield layout.paint.bold("Notes on the cluster")
        yield from note_lines(findings.notes.cluster, layout, folded)
    if stale := list_stale(findings):
        yield ""
        yield layout.paint.bold(STALE)
    for group in stale:
        yield from layout.wrap(f"{group.name}: {group.state}", 2, hang=2)
        yield from note_lines(group.notes, layout, folded)
