"""A simulated action as Markdown for a ticket: its class and why, the steps, findings, P1 to P6, what is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from harvdiag.core.escape import escape_markdown
from harvdiag.core.marks import SIGNS, TO_COME
from harvdiag.core.model import Finding
from harvdiag.cure.model import Simulation
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.reports.markdown import assemble
from harvdiag.reports.markdown.fit import Box, Part, Piece
from harvdiag.reports.markdown.words import format_step
from harvdiag.status.cure.words import (
    HAZARD_MARKS,
    OPEN,
    PRECONDITIONS,
    UNCHANGED,
    StepRow,
    answer_precondition,
    describe_explanation,
    describe_headline,
    describe_live,
    describe_origin,
    describe_steps,
    list_by_hand,
    list_finding_parts,
    list_open,
    list_steps,
    mark_precondition,
    name_command,
    name_objects,
    name_steps,
)

__all__ = ["finding_part", "precondition_part", "render"]

Answer = Callable[[Precondition], tuple[str, str]]
FEW = 30
"""The most rows of steps that are not below a line which unfolds to them."""
NAMES = 12
"""The most names of objects in a row."""


def render(simulation: Simulation) -> str:
    """Return the report; what is long is folded, and it stays below the size that GitHub takes."""
    parts = (
        _step_part(simulation),
        *(finding_part(f"## {title}", found) for title, found in list_finding_parts(simulation)),
        precondition_part(simulation.preconditions),
        Piece(lines=tuple(_open_lines(simulation))),
        Piece(
            lines=tuple(
                line for text in (describe_live(simulation), UNCHANGED) if text for line in ("", format_step(text))
            )
        ),
    )
    return assemble(_head_lines(simulation), parts, name_command(simulation, "--format", "json"))


def _head_lines(simulation: Simulation) -> Iterator[str]:
    yield f"# {escape_markdown(simulation.before.manifest.name)}"
    yield from ("", f"{escape_markdown(describe_origin(simulation.before))}.")
    sign = SIGNS[HAZARD_MARKS[simulation.hazard]]
    yield from ("", f"**{sign} {escape_markdown(describe_headline(simulation))}**", "")
    yield from (f"- {format_step(reason)}" for reason in simulation.reasons)


def _step_part(simulation: Simulation) -> Part:
    rows = list_steps(simulation.steps)
    title = describe_steps(simulation.steps)
    if not rows:
        return Piece(lines=())
    head = ("", "| # | who | object | effect | what, and why |", "| --: | --- | --- | --- | --- |")
    lines = (*head, *map(_step_row, rows))
    if len(rows) <= FEW:
        return Piece(lines=("", f"## {title}", *lines), rank=1, noun="table of steps")
    return Box(title=title, pieces=(Piece(lines=lines, rank=1, noun="table of steps"),))


def _step_row(row: StepRow) -> str:
    cells = (name_steps(row), row.step.actor, name_objects(row.refs, NAMES), str(row.step.effect))
    return f"| {' | '.join(map(escape_markdown, cells))} | {format_step(describe_explanation(row), True)} |"


def finding_part(title: str, found: tuple[Finding, ...]) -> Piece:
    """Return findings as a list below a heading."""
    lines = tuple(
        f"- {SIGNS[str(each.severity)]} `{each.rule}` {escape_markdown(each.subject)}: {escape_markdown(each.message)}"
        for each in found
    )
    return Piece(lines=("", title, "", *lines), rank=2, noun="list of findings")


def precondition_part(
    preconditions: Sequence[Precondition], title: str = f"## {PRECONDITIONS}", answer: Answer = mark_precondition
) -> Piece:
    """Return preconditions as a table below a heading; nothing where there are none."""
    if not preconditions:
        return Piece(lines=())
    head = ("", title, "", "| | met | values |", "| --- | --- | --- |")
    return Piece(lines=(*head, *(_precondition_row(asked, *answer(asked)) for asked in preconditions)))


def _precondition_row(asked: Precondition, mark: str, word: str) -> str:
    told = "; ".join((*answer_precondition(asked), *list_by_hand(asked, mark)))
    return f"| {asked.id} | {SIGNS.get(mark, TO_COME)} {word} | {format_step(told, True)} |"


def _open_lines(simulation: Simulation) -> Iterator[str]:
    told = list_open(simulation)
    if told:
        yield from ("", f"## {OPEN}", "")
    yield from (f"- {format_step(text)}" for text in told)
