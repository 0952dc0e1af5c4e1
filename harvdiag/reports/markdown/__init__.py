"""Findings as Markdown for an issue, a ticket or a handover; readable as plain text too.

It stays below the size that GitHub takes: what is least important is left out first, and the report says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harvdiag.core.escape import escape_markdown, format_code
from harvdiag.core.findings import Findings
from harvdiag.core.model import CoverageEntry
from harvdiag.reports.markdown.body import rows_table, section_parts
from harvdiag.reports.markdown.fit import Box, Part, Piece, fit_parts
from harvdiag.reports.markdown.words import format_step, note_lines
from harvdiag.reports.outline import Outline, build_outline
from harvdiag.status.answer import fill_command
from harvdiag.status.notes import STALE
from harvdiag.status.summary import (
    build_verdict,
    describe_place,
    describe_redaction,
    describe_source,
    format_count,
    gap_detail,
    list_unseen,
    permission_hint,
)
from harvdiag.version import __version__

__all__ = ["MOST", "assemble", "cause_parts", "head_lines", "render", "rest_parts"]

MOST = 65_000
"""The most characters: GitHub refuses an issue or a comment of more than 65,536."""
FEW = 12
"""The most checks that were skipped and are named unfolded."""
NOTICE = 1_000
"""The room that is kept for the sentence on what was left out."""


def render(findings: Findings) -> str:
    """Return the report: verdict, each root cause with its consequences, notes, skipped checks, coverage."""
    outline = build_outline(findings)
    parts = [*cause_parts(outline), *rest_parts(outline)]
    verdict = build_verdict(outline.findings)
    return assemble(head_lines(outline, verdict), parts, fill_command(outline.findings.source, "report"))


def assemble(head: Iterable[str], parts: Iterable[Part], whole: str) -> str:
    """Return a report of these parts below its head; `whole` is the command that tells what was left out."""
    top = [*head]
    end = Piece(lines=("", f"Made by harvdiag {__version__}."))
    lines, left = fit_parts([*parts, end], MOST - NOTICE - sum(len(line) + 1 for line in top))
    if left:
        top += ["", f"Left out, because GitHub takes no more: {left}. A page has everything: {format_code(whole)}."]
    return "\n".join([*top, *lines]) + "\n"


def cause_parts(outline: Outline) -> Iterator[Part]:
    """Yield the root causes: a table of them, then each with what follows from it."""
    yield Piece(lines=tuple(rows_table(outline)))
    for number, section in enumerate(outline.sections):
        yield from section_parts(section, not number)


def rest_parts(outline: Outline) -> Iterator[Part]:
    """Yield what comes after the root causes: other notes, settings, and what was not seen."""
    yield from _note_parts(outline)
    yield from _settings_parts(outline)
    yield from _unseen_parts(outline.findings)
    yield from _coverage_parts(outline.findings)


def head_lines(outline: Outline, verdict: str) -> Iterator[str]:
    """Yield the source, the verdict and what people decided."""
    findings = outline.findings
    yield f"# {escape_markdown(findings.source.name)}"
    yield ""
    yield f"{escape_markdown(describe_source(findings))}."
    if redacted := describe_redaction(findings.source):
        yield from ("", format_step(redacted))
    yield ""
    yield f"**{escape_markdown(verdict)}**"
    if noted := outline.answer.noted:
        yield from ("", f"Notes: {escape_markdown(noted)}.")


def _note_parts(outline: Outline) -> Iterator[Part]:
    """The notes on the cluster, and those on what is not found, with the reason."""
    notes = outline.findings.notes.cluster
    if notes:
        yield Piece(lines=("", "## Notes", *(line for note in notes for line in note_lines(note))), rank=1, noun="note")
    if outline.stale:
        yield Piece(lines=("", f"## {STALE}"))
    for group in outline.stale:
        lead = f"{format_code(group.name)}: {escape_markdown(group.state)}."
        lines = [line for note in group.notes for line in note_lines(note)]
        yield Piece(lines=("", lead, *lines), rank=6, noun="note")


def _settings_parts(outline: Outline) -> Iterator[Part]:
    """What the settings of the person changed, one row each."""
    if not outline.settings:
        return
    title = f"## Settings ({escape_markdown(outline.findings.policy.file)})"
    rows = [f"| {remark.label} | {escape_markdown(remark.text)} |" for remark in outline.settings]
    yield Piece(lines=("", title, "", "| what | which |", "| --- | --- |", *rows), rank=2, noun="table of settings")


def _unseen_parts(findings: Findings) -> Iterator[Part]:
    """What was not seen, one row per reason, then the checks that were skipped for it."""
    if not findings.skipped:
        return
    rows = [f"| {escape_markdown(kind)} | {format_step(why, True)} |" for kind, why in list_unseen(findings)]
    yield Piece(lines=("", "## Not seen", "", "| kind | reason |", "| --- | --- |", *rows))
    if more := permission_hint(findings.source):
        yield Piece(lines=("", f"{format_step(more)}."))
    names = ", ".join(f"`{outcome.rule}`" for outcome in findings.skipped)
    skipped = Piece(lines=("", f"Therefore skipped: {names}."))
    many = f"{format_count(len(findings.skipped), 'check')} skipped"
    yield Box(title=many, pieces=(skipped,)) if len(findings.skipped) > FEW else skipped


def _coverage_parts(findings: Findings) -> Iterator[Part]:
    """The lists that were not seen whole, then, folded, the others."""
    notes = [line for note in findings.coverage.notes for line in ("", f"Remark: {escape_markdown(note)}.")]
    gaps, seen = findings.coverage.gaps, [entry for entry in findings.coverage if entry.state.seen]
    told = f"{len(seen)} of {format_count(len(findings.coverage), 'list')} were seen."
    yield Piece(lines=("", "## What could be seen", "", told, *notes))
    if gaps:
        yield Piece(lines=("", *_coverage_table(gaps)), rank=2, noun="table of lists that were not seen")
    if files := findings.source.files:
        rows = [f"| {escape_markdown(each.name)} | {each.state} | {escape_markdown(each.reason)} |" for each in files]
        table = ("", "| file | state | reason |", "| --- | --- | --- |", *rows)
        yield Box(title=format_count(len(files), "file"), pieces=(Piece(lines=table, rank=9, noun="table of files"),))
    if seen:
        title = f"The {format_count(len(seen), 'list')}"
        yield Box(title=title, pieces=(Piece(lines=("", *_coverage_table(seen)), rank=9, noun="table of lists"),))


def _coverage_table(entries: tuple[CoverageEntry, ...] | list[CoverageEntry]) -> Iterator[str]:
    yield from ("| kind | namespace | state | count | reason |", "| --- | --- | --- | --: | --- |")
    for e in entries:
        where = escape_markdown(describe_place(e)) if e.namespace else ""
        yield f"| {escape_markdown(e.kind)} | {where} | {e.state} | {e.count} | {format_step(gap_detail(e), True)} |"
