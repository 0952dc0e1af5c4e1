"""A comparison as Markdown for a ticket or a pull request: what is long is folded, and it stays below their limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_markdown, format_code
from harvdiag.core.findings import Source
from harvdiag.core.timestamps import Timestamp
from harvdiag.sources import source_type
from harvdiag.status.changes.change import Change
from harvdiag.status.changes.comparison import Comparison
from harvdiag.status.changes.grouping import Step
from harvdiag.status.changes.titles import (
    CHANGE_SIGNS,
    build_title,
    describe_sides,
    describe_unchanged,
    list_gaps,
    list_orders,
    shorten_sides,
)
from harvdiag.status.changes.words import (
    OBJECTS,
    FindingRow,
    Section,
    count_changes,
    count_findings,
    list_findings_below_causes,
    list_note_changes,
    list_progress,
    list_versions,
)

__all__ = ["render"]

MOST = 60_000
"""Characters; GitHub takes 65,536 in an issue."""
LABELS = ("source", "collected", "Harvester", "Kubernetes")
LONG = 120
"""The most characters of a value in a table."""


def render(comparison: Comparison) -> str:
    """Return the report: the answer, both sources, upgrade, versions, findings, and the objects, folded."""
    head = [*_head_lines(comparison), *_section_lines(list_progress(comparison))]
    head += [*_section_lines(list_versions(comparison)), *_finding_lines(comparison)]
    head += _section_lines(list_note_changes(comparison))
    end = _end_lines(comparison)
    room = MOST - sum(len(line) + 1 for line in (*head, *end))
    return "\n".join([*head, *_object_lines(comparison.changes, room), *end]) + "\n"


def _head_lines(comparison: Comparison) -> Iterator[str]:
    before, now = comparison.sources
    yield f"# {escape_markdown(before.name)} → {escape_markdown(now.name)}"
    yield from ("", f"**{escape_markdown(build_title(comparison))}.**")
    yield from ("", "| | before | now |", "| --- | --- | --- |")
    for label, was, is_ in zip(LABELS, _cells(before), _cells(now), strict=True):
        yield f"| {label} | {escape_markdown(was)} | {escape_markdown(is_)} |"


def _cells(source: Source) -> tuple[str, ...]:
    origin = f" of {source_type(source.origin.kind).title} {source.origin.name}" if source.origin else ""
    kind = f"{source_type(source.kind).title}{origin}"
    return kind, str(Timestamp(source.captured_at)), source.harvester_version, source.kubernetes_version


def _section_lines(section: Section) -> Iterator[str]:
    if not section.rows and not section.text:
        return
    yield from ("", f"## {escape_markdown(section.title)}", "")
    if section.text:
        yield f"{escape_markdown(section.text)}."
        return
    yield from ("| | |", "| --- | --- |")
    yield from (f"| {escape_markdown(row.label)} | {escape_markdown(row.text)} |" for row in section.rows)


def _finding_lines(comparison: Comparison) -> Iterator[str]:
    rows = list_findings_below_causes(comparison)
    yield from ("", f"## Findings: {count_findings(comparison)}")
    yield from [""] if rows else []
    yield from map(_finding_line, rows)


def _finding_line(row: FindingRow) -> str:
    """One entry of a list, below its cause."""
    word = f"**{row.word}** " if row.depth == 0 else ""
    remarks = "".join(f" *({escape_markdown(remark)})*" for remark in row.remarks)
    message = escape_markdown(row.finding.message)
    subject = "" if row.finding.subject.name in row.finding.message else f"{escape_markdown(row.finding.subject)}: "
    return f"{'  ' * row.depth}- {row.sign} {word}`{row.finding.rule}` {subject}{message}{remarks}"


def _object_lines(changes: Sequence[Change], room: int) -> Iterator[str]:
    """The table of the objects, links and fields, folded; as many rows as there is room for."""
    if not changes:
        return
    title = f"{OBJECTS}: {count_changes(changes)}"
    head = ("", f"<details><summary>{title}</summary>", "", "| | object | field | before | now |")
    yield from (*head, "| --- | --- | --- | --- | --- |")
    left = room - 400
    for number, change in enumerate(changes):
        row = _change_row(change)
        left -= len(row) + 1
        if left < 0:
            yield from ("", f"And {len(changes) - number} more, which the JSON and the text have.")
            break
        yield row
    yield from ("", "</details>")


def _change_row(change: Change) -> str:
    before, now = shorten_sides(*describe_sides(Step(change)), LONG)
    field = format_code(change.path) if change.path else ""
    cells = (CHANGE_SIGNS[change.sort], escape_markdown(change.ref), field, *map(escape_markdown, (before, now)))
    return f"| {' | '.join(cells)} |"


def _end_lines(comparison: Comparison) -> list[str]:
    unchanged = [] if comparison.different_clusters else [f"{escape_markdown(describe_unchanged(comparison))}."]
    return [
        "",
        *unchanged,
        *(f"- {escape_markdown(note)}" for note in (*list_gaps(comparison), *list_orders(comparison))),
    ]
