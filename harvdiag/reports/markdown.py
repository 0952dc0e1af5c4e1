"""Findings as Markdown for an issue, a wiki or a handover; readable as plain text too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from harvdiag.core.escape import escape_markdown, format_code
from harvdiag.core.findings import Findings
from harvdiag.core.marks import GOOD, SIGNS
from harvdiag.core.model import Finding
from harvdiag.core.notes import Note, Notes
from harvdiag.reports.prose import prose_markdown
from harvdiag.status.answer import list_steps
from harvdiag.status.notes import describe_decision, describe_note, list_stale, summarize_notes
from harvdiag.status.policy import describe_ignored_causes, list_remarks
from harvdiag.status.summary import (
    build_verdict,
    describe_place,
    describe_source,
    format_evidence,
    gap_detail,
    list_unseen,
    permission_hint,
    tell_support_once,
    without_repeats,
)

__all__ = ["render"]


def render(findings: Findings) -> str:
    """Return the report: verdict, each root cause with its consequences, skipped checks, coverage."""
    return "\n".join(_report_lines(tell_support_once(findings))) + "\n"


def _report_lines(findings: Findings) -> Iterator[str]:
    yield f"# {escape_markdown(findings.source.name)}"
    yield ""
    yield f"{escape_markdown(describe_source(findings))}."
    yield ""
    yield f"**{build_verdict(findings)}**"
    if noted := summarize_notes(findings):
        yield from ("", f"Notes: {escape_markdown(noted)}.")
    for finding in findings.roots:
        yield from _root_cause_lines(findings, finding)
    yield from _other_notes(findings)
    yield from _policy_lines(findings)
    yield from _unseen_lines(findings)
    yield from _coverage_table(findings)


def _root_cause_lines(findings: Findings, finding: Finding) -> Iterator[str]:
    yield ""
    decided = describe_decision(findings, [finding])
    yield f"## {finding.severity}: {escape_markdown(finding.subject)}{f' ({decided})' if decided else ''}"
    yield ""
    yield f"{escape_markdown(finding.message)}. (`{finding.rule}`)"
    if cause := describe_ignored_causes(findings, finding):
        yield from ("", f"{escape_markdown(cause)}.")
    yield ""
    yield _format_step(finding.why)
    yield from _evidence_table(finding)
    yield from _advice_lines(finding, findings.notes)
    shown = [finding]
    for other in findings.story(finding):
        yield ""
        subject, message = escape_markdown(other.subject), escape_markdown(other.message)
        yield f"**Leads to** {other.severity} `{other.rule}`, {subject}: {message}."
        yield from _advice_lines(replace(without_repeats(other, shown), links=()), findings.notes)
        shown.append(other)


def _evidence_table(finding: Finding) -> Iterator[str]:
    if finding.evidence:
        yield from ("", "| object | field | value |", "| --- | --- | --- |")
    for e in finding.evidence:
        shown = format_evidence(e) if e.value is None else format_code(format_evidence(e))
        yield f"| {escape_markdown(e.object)} | {format_code(e.path)} | {shown} |"


def _advice_lines(finding: Finding, notes: Notes) -> Iterator[str]:
    if finding.next:
        yield from ("", "**Next**", "")
    for step in list_steps(finding, notes):
        yield f"{step.number}. {f'{SIGNS[GOOD]} ' if step.ticked else ''}{_format_step(step.text)}"
    if finding.caution:
        yield from ("", f"> **Caution.** {escape_markdown(finding.caution)}")
    if finding.links:
        yield from ("", "More: " + ", ".join(f"<{link}>" for link in finding.links))
    yield from _note_lines(notes.of(finding.fingerprint))


def _note_lines(notes: Iterable[Note]) -> Iterator[str]:
    for note in notes:
        lines = prose_markdown(note.text)
        yield from ("", f"> **Note** by {escape_markdown(describe_note(note))}", *([">", *lines] if lines else ()))


def _other_notes(findings: Findings) -> Iterator[str]:
    """The notes on the cluster, and on findings that are not found, with the reason."""
    if findings.notes.cluster:
        yield from ("", "## Notes on the cluster", *_note_lines(findings.notes.cluster))
    stale = list_stale(findings)
    if stale:
        yield from ("", "## Notes on what is not found")
    for group in stale:
        yield from ("", f"{format_code(group.name)}: {escape_markdown(group.state)}.", *_note_lines(group.notes))


def _format_step(step: str) -> str:
    """A step's commands are between backticks and become code; the rest is escaped text."""
    parts = step.split("`")
    return "".join(format_code(part) if number % 2 else escape_markdown(part) for number, part in enumerate(parts))


def _policy_lines(findings: Findings) -> Iterator[str]:
    """What the settings of the person changed."""
    remarks = list_remarks(findings)
    if not remarks:
        return
    yield from ("", f"## Settings ({escape_markdown(findings.policy.file)})", "", "| what | which |", "| --- | --- |")
    for remark in remarks:
        yield f"| {remark.label} | {escape_markdown(remark.text)} |"


def _unseen_lines(findings: Findings) -> Iterator[str]:
    """What was not seen, one row per reason, then the checks that were skipped for it."""
    if not findings.skipped:
        return
    yield from ("", "## Not seen", "", "| kind | reason |", "| --- | --- |")
    for kind, why in list_unseen(findings):
        yield f"| {escape_markdown(kind)} | {escape_markdown(why)} |"
    if more := permission_hint(findings.source):
        yield from ("", f"{_format_step(more)}.")
    yield from ("", "Therefore skipped: " + ", ".join(f"`{outcome.rule}`" for outcome in findings.skipped) + ".")


def _coverage_table(findings: Findings) -> Iterator[str]:
    yield from (
        "",
        "## What could be seen",
        "",
        "| kind | namespace | state | count | reason |",
        "| --- | --- | --- | --: | --- |",
    )
    for e in findings.coverage:
        where = escape_markdown(describe_place(e)) if e.namespace else ""
        yield f"| {escape_markdown(e.kind)} | {where} | {e.state} | {e.count} | {escape_markdown(gap_detail(e))} |"
