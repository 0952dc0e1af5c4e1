"""The notes of a source by themselves: all of them, or those on one finding with its steps."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Findings
from harvdiag.core.marks import GOOD, SIGNS
from harvdiag.core.model import Finding
from harvdiag.core.notes import Notes
from harvdiag.reports.paint import Paint
from harvdiag.reports.terminal.layout import Layout
from harvdiag.reports.terminal.notes import finding_note_lines, other_note_lines
from harvdiag.status.answer import fill_findings, list_steps
from harvdiag.status.notes import describe_decision

__all__ = ["render_notes"]


def render_notes(findings: Findings, fingerprint: str | None = None, width: int = 100, colour: bool = False) -> str:
    """Return the notes as text: of every finding that has some, of the cluster, and of what is not found.

    With a fingerprint those on that finding alone, with its steps, so that their numbers can be seen.
    """
    layout, told = Layout(width, Paint(colour)), fill_findings(findings)
    chosen = [f for f in told if fingerprint == f.fingerprint or (fingerprint is None and told.notes.of(f.fingerprint))]
    lines = [line for finding in chosen for line in ("", *_finding_lines(told, finding, layout, fingerprint))]
    if fingerprint is None or not chosen:
        lines += other_note_lines(_about(told, fingerprint), layout)
    if not lines:
        lines = ["", f"No notes{f' in {told.notes.path.name}' if told.notes.path else ''}."]
    return "\n".join([layout.paint.bold(escape_text(findings.source.name)), *(line.rstrip() for line in lines)]) + "\n"


def _about(findings: Findings, fingerprint: str | None) -> Findings:
    """The findings with the notes on one that is not found, and no others."""
    if fingerprint is None:
        return findings
    notes = Notes(findings.notes.of(fingerprint), findings.notes.path)
    return findings.with_outcomes(findings.outcomes, notes)


def _finding_lines(findings: Findings, finding: Finding, layout: Layout, alone: str | None) -> Iterator[str]:
    decided = describe_decision(findings, [finding])
    subject = f"{finding.subject}{f' ({decided})' if decided else ''}"
    yield from layout.heading(str(finding.severity), finding.rule, subject)
    if alone:
        yield from layout.wrap(finding.message, 2)
        for step in list_steps(finding, findings.notes):
            text = f"{step.number}. {f'{SIGNS[GOOD]} ' if step.ticked else ''}{step.text}"
            yield from layout.labelled("Steps" if step.number == 1 else "", text, hang=3)
    yield from finding_note_lines(findings.notes, finding, layout, folded=False)
    if alone and not findings.notes.of(finding.fingerprint):
        yield from layout.labelled("Note", "none yet")
