"""A runbook as Markdown for a ticket: the ways compared, each with its steps as boxes to tick; the first unfolded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_markdown, escape_text, is_web_link
from harvdiag.core.marks import SIGNS, WARNING
from harvdiag.core.model import Finding
from harvdiag.cure.plan import PlanStep, Runbook, Way
from harvdiag.reports.cure.markdown import finding_part, precondition_part
from harvdiag.reports.markdown import assemble
from harvdiag.reports.markdown.fit import Box, Part, Piece
from harvdiag.reports.markdown.words import format_step
from harvdiag.status.cure.runbook import (
    BEFORE,
    DRAFTS,
    FINAL,
    NEXT,
    NOT_THIS,
    SUPPORT,
    WAYS,
    WayRow,
    answer_first,
    describe_asked,
    describe_back,
    describe_others,
    describe_place,
    describe_rehearsal,
    describe_way,
    describe_wrong_step,
    first_way,
    list_end,
    list_next,
    list_support,
    list_untold,
    list_ways,
    mark_verdict,
    name_cure,
    name_drafts,
    name_live_cure,
    verdict_of,
)
from harvdiag.status.cure.words import OPEN, UNCHANGED, describe_origin

__all__ = ["render"]

FENCE = re.compile("`{3,}")


def render(runbook: Runbook) -> str:
    """Return the report; the ways after the first are folded, and it stays below the size that GitHub takes."""
    first = first_way(runbook)
    parts: list[Part] = [Piece(lines=tuple(_comparison(list_ways(runbook))))]
    for number, way in enumerate(runbook.ways, 1):
        pieces = tuple(_way_pieces(runbook, way, number))
        if way is first:
            parts += pieces
        else:
            parts.append(Box(title=escape_markdown(describe_way(way, number)), pieces=pieces[1:]))
    parts.append(Piece(lines=tuple(_end(runbook, first))))
    return assemble(_head(runbook), parts, name_cure(runbook, "--format", "json"))


def _head(runbook: Runbook) -> Iterator[str]:
    if runbook.before is not None:
        yield f"# {escape_markdown(runbook.before.manifest.name)}"
        yield from ("", f"{escape_markdown(describe_origin(runbook.before))}.")
    if runbook.finding is not None:
        yield from ("", _finding(runbook.finding))
    if asked := describe_asked(runbook):
        yield from ("", f"{format_step(asked)}.")
    yield from ("", f"**{SIGNS[mark_verdict(runbook)]} {escape_markdown(verdict_of(runbook))}**")


def _finding(finding: Finding) -> str:
    told = f"{escape_markdown(finding.subject)}: {escape_markdown(finding.message)}"
    return f"{SIGNS[str(finding.severity)]} `{finding.rule}` {told}"


def _comparison(rows: Sequence[WayRow]) -> Iterator[str]:
    if not rows:
        return
    yield from ("", f"## {WAYS}", "")
    yield from ("| # | way | can it be followed? | what it costs | what decides |", "| --: | --- | --- | --- | --- |")
    for row in rows:
        named = f"{escape_markdown(row.title)} (`{row.name}`)"
        told = (f"{SIGNS[row.mark]} {row.standing}", format_step(row.costs, True), format_step(row.decides, True))
        yield f"| {' | '.join((row.number, named, *told))} |"


def _way_pieces(runbook: Runbook, way: Way, number: int) -> Iterator[Piece]:
    yield Piece(lines=("", f"## {escape_markdown(describe_way(way, number if len(runbook.ways) > 1 else 0))}"))
    yield precondition_part(way.preconditions, f"### {BEFORE}", lambda asked: answer_first(asked, way))
    yield Piece(lines=("", "### Steps", *_steps(way.steps)), rank=1, noun="plan of steps")
    for title, found in list_end(way):
        yield finding_part(f"### {title}", found)
    if told := list_untold(way):
        yield Piece(lines=("", f"### {OPEN}", "", *(f"- {format_step(text)}" for text in told)))
    if way.drafts:
        yield Piece(lines=tuple(_drafts(runbook, way)))


def _steps(steps: Sequence[PlanStep]) -> Iterator[str]:
    """A box for each step; below it its commands, each to be copied, and what must be seen before the next."""
    for number, step in enumerate(steps, 1):
        if step.final:
            yield from ("", f"> **{SIGNS[WARNING]} {FINAL}**")
        yield from ("", f"- [{'x' if step.done else ' '}] **{number}. {escape_markdown(step.what)}** {_where(step)}")
        for line in _details(step):
            yield f"  {line}".rstrip()


def _where(step: PlanStep) -> str:
    return f"({escape_markdown(describe_place(step))})"


def _details(step: PlanStep) -> Iterator[str]:
    if step.caution:
        yield from ("", f"**Caution:** {format_step(step.caution)}")
    if step.commands:
        fence = _fence(step.commands)
        yield from ("", f"{fence}text", *map(escape_text, step.commands), fence)
    yield ""
    told = (
        ("Done already", step.done),
        *(("Then see", text) for text in step.sees),
        ("Rehearsed", describe_rehearsal(step)),
        ("Go back", describe_back(step)),
    )
    yield from (f"- {label}: {format_step(text)}" for label, text in told if text)
    yield from (f"- More: {link if is_web_link(link) else escape_markdown(link)}" for link in step.links)


def _fence(commands: Sequence[str]) -> str:
    """A fence that is longer than any in the commands."""
    longest = max((len(run) for command in commands for run in FENCE.findall(command)), default=2)
    return "`" * (longest + 1)


def _drafts(runbook: Runbook, way: Way) -> Iterator[str]:
    yield from ("", f"### {DRAFTS}", "")
    for draft in way.drafts:
        yield f"- `{escape_text(draft.name)}`: {escape_markdown(draft.title)}"
        yield from (f"  - {SIGNS[WARNING]} {format_step(danger)}" for danger in draft.dangers)
    yield from ("", f"Write them: {format_step(f'`{name_drafts(runbook, way)}`')}")


def _end(runbook: Runbook, first: Way | None) -> Iterator[str]:
    if steps := list_next(runbook):
        yield from ("", f"## {NEXT}", "", *(f"- [ ] {format_step(step)}" for step in steps))
    if steps and runbook.finding and runbook.finding.caution:
        yield from ("", f"**Caution:** {format_step(runbook.finding.caution)}")
    if runbook.simulation is not None:
        yield from ("", f"## {NOT_THIS}", "", f"- {format_step(describe_wrong_step(runbook.simulation))}")
    if support := list_support(runbook, first):
        yield from ("", f"## {SUPPORT}", "", *(f"- {format_step(text)}" for text in support))
    for text in filter(None, (describe_others(runbook), name_live_cure(runbook), UNCHANGED)):
        yield from ("", format_step(text))
