"""The verdict before an upgrade as Markdown: a check-list to keep with the change ticket."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.escape import escape_markdown, format_code
from harvdiag.reports.markdown import assemble, head_lines, rest_parts
from harvdiag.reports.markdown.body import rows_table, section_parts
from harvdiag.reports.markdown.fit import Box, Part, Piece
from harvdiag.reports.markdown.words import format_step
from harvdiag.reports.outline import Outline, build_outline, name_findings
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.hand import HandCheck
from harvdiag.status.preflight.issues import count_known, pick_known
from harvdiag.status.preflight.known import KnownIssue
from harvdiag.status.preflight.rows import Answered, leave_rows
from harvdiag.status.preflight.words import (
    count_checks,
    describe_by_hand,
    describe_others,
    describe_path,
    describe_refusals,
    name_all,
    name_checks,
    name_command,
)

__all__ = ["render"]


def render(preflight: Preflight) -> str:
    """Return the verdict, the reasons, what is left to run by hand, and each check of Harvester's own."""
    told = replace(preflight, findings=name_findings(preflight.findings))
    outline = build_outline(told.findings, told.answer)
    rest = rest_parts(replace(outline, findings=leave_rows(outline.findings)))
    parts = (*_cause_parts(told, outline), *_hand_parts(told), *_known_parts(told), *_check_parts(told), *rest)
    return assemble(_top_lines(told, outline), parts, name_command(told, "-o", "preflight.html"))


def _top_lines(preflight: Preflight, outline: Outline) -> Iterator[str]:
    yield from head_lines(outline, preflight.verdict)
    if path := describe_path(preflight):
        yield from ("", f"Path: {escape_markdown(path)}")
    if others := describe_others(preflight):
        yield from ("", f"{format_step(others)}.")


def _cause_parts(preflight: Preflight, outline: Outline) -> Iterator[Part]:
    """The root causes, each with the checks of Harvester's own that refuse or warn for it."""
    yield Piece(lines=tuple(rows_table(outline)))
    for number, section in enumerate(outline.sections):
        yield from section_parts(section, not number)
        if names := name_all(section.row):
            yield Piece(lines=("", f"**All** {escape_markdown(names)}."), rank=5, noun="list of names")
        if checks := describe_refusals(preflight.checks_of(section.row)):
            yield Piece(lines=("", f"**Checks** {escape_markdown(checks)}."))


def _hand_parts(preflight: Preflight) -> Iterator[Part]:
    """What is left to run by hand, as a list of tasks."""
    for head, checks in describe_by_hand(preflight):
        title, mark, rest = head.partition(": ")
        yield Piece(lines=("", f"## {escape_markdown(title)}"))
        if mark:
            yield Piece(lines=("", f"{format_step(rest)}:"))
        tasks = tuple(line for check in checks for line in _task_lines(check))
        yield Piece(lines=("", *tasks), rank=2, noun="list of commands to run by hand")


def _task_lines(check: HandCheck) -> Iterator[str]:
    asks = f"{check.asks[:1].upper()}{check.asks[1:]}"
    yield f"- [ ] {escape_markdown(asks)} ({escape_markdown(name_checks(check.rows))})"
    for command in check.commands:
        where = f"on {command.where}: " if command.where else ""
        yield f"  - {where}{format_code(command.text, False)}"
    if check.expected:
        yield f"  - {escape_markdown(check.expected)}"


def _known_parts(preflight: Preflight) -> Iterator[Part]:
    """The known issues of the way: those that are there or not told as a list of tasks."""
    told = count_known(preflight.known)
    if not told:
        return
    yield Piece(lines=("", "## Known issues", "", f"{told}."))
    tasks = tuple(line for issue in pick_known(preflight.known) for line in _issue_lines(issue))
    if tasks:
        yield Piece(lines=("", *tasks), rank=3, noun="list of known issues")


def _issue_lines(issue: KnownIssue) -> Iterator[str]:
    yield f"- [ ] {escape_markdown(issue.state)}: [{escape_markdown(issue.row.symptom)}](<{issue.row.link}>)"
    if issue.reason:
        yield f"  - {format_step(issue.reason)}"
    yield from (f"  - {format_code(command, False)}" for command in issue.by_hand)


def _check_parts(preflight: Preflight) -> Iterator[Part]:
    """What each check of Harvester's own came to."""
    yield Piece(lines=("", "## Harvester's own checks", "", f"{escape_markdown(count_checks(preflight))}."))
    head = ("", "| check | asks | outcome | why |", "| --- | --- | --- | --- |")
    table = Piece(lines=(*head, *map(_row, preflight.rows)), rank=4, noun="table of checks")
    yield Box(title=f"All {len(preflight.rows)} checks", pieces=(table,))


def _row(answered: Answered) -> str:
    rules = ", ".join(dict.fromkeys(format_code(finding.rule) for finding in answered.findings))
    why = rules or format_step(answered.reason, True)
    cells = (escape_markdown(answered.row.key), escape_markdown(answered.row.asks), answered.outcome, why)
    return f"| {' | '.join(cells)} |"
