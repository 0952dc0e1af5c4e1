"""Notes in the cards of a notebook: below the finding that they are about, and those about the cluster at the end."""

from __future__ import annotations

from collections.abc import Iterable

from harvdiag.core.choose import name_finding
from harvdiag.core.escape import escape_html
from harvdiag.core.findings import Findings
from harvdiag.core.listing import group_by
from harvdiag.core.model import Finding
from harvdiag.core.notes import Note, Notes
from harvdiag.reports.notebook.parts import QUIET
from harvdiag.status.notes import STALE, describe_note, list_stale
from harvdiag.status.summary import format_count

__all__ = ["finding_notes", "note_list", "notes_card", "other_notes"]

_NOTE = "margin:.4em 0;padding-left:.7em;border-left:3px solid #8888"


def note_list(notes: Iterable[Note]) -> str:
    """Return the notes, each with who wrote it and when; empty without any."""
    return "".join(map(_render_note, notes))


def _render_note(note: Note) -> str:
    from harvdiag.reports.html.notes import render_note

    head = f"<div style='{QUIET}'><b>Note</b> {escape_html(describe_note(note))}</div>"
    return f"<div style='{_NOTE}'>{head}{render_note(note.text) if note.text else ''}</div>"


def notes_card(notes: Notes) -> str:
    """Return all notes, by what they are about, and the file that has them."""
    count = format_count(len(notes), "note") + (f" in {escape_html(notes.path.name)}" if notes.path else "")
    fault = f"<div>! {escape_html(notes.fault)}</div>" if notes.fault else ""
    groups = group_by(notes, lambda note: note.fingerprint)
    told = "".join(f"<div>{_render_subject(name)}</div>{note_list(some)}" for name, some in groups)
    return f"<div><div><b>{count}</b></div>{fault}{told}</div>"


def _render_subject(fingerprint: str) -> str:
    return f"<code>{escape_html(name_finding(fingerprint))}</code>" if fingerprint else "the cluster"


def finding_notes(notes: Notes, finding: Finding) -> str:
    """Return the notes on a finding, and the steps that were ticked in them and are none of its steps."""
    lost = "".join(
        f"<div style='{QUIET}'>✓ {escape_html(step)} (ticked, but not among its steps now)</div>"
        for step in notes.lost(finding)
    )
    return note_list(notes.of(finding.fingerprint)) + lost


def other_notes(findings: Findings) -> str:
    """Return the notes on the cluster, and those on what is not found, with the reason."""
    notes = findings.notes
    cluster = f"<div><b>Notes on the cluster</b></div>{note_list(notes.cluster)}" if notes.cluster else ""
    stale = "".join(
        f"<div><code>{escape_html(group.name)}</code>: {escape_html(group.state)}</div>{note_list(group.notes)}"
        for group in list_stale(findings)
    )
    return f"{cluster}{f'<div><b>{STALE}</b></div>{stale}' if stale else ''}"
