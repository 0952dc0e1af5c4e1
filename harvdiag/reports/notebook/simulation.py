"""A simulated action as a card: its class and why, the steps, findings and P1 to P6."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harvdiag.core.escape import escape_html
from harvdiag.core.frames import build_frame
from harvdiag.core.marks import SIGNS, TO_COME
from harvdiag.core.model import Finding
from harvdiag.cure.model import Simulation
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.reports.notebook.parts import EDGES, QUIET, fold, format_step, frame, source_heading, verdict
from harvdiag.reports.notebook.tables import frame_html
from harvdiag.status.cure.words import (
    HAZARD_MARKS,
    OPEN,
    PRECONDITIONS,
    UNCHANGED,
    StepRow,
    answer_precondition,
    describe_explanation,
    describe_headline,
    describe_origin,
    describe_steps,
    list_by_hand,
    list_finding_parts,
    list_open,
    list_steps,
    mark_precondition,
    name_objects,
    name_steps,
)

__all__ = ["finding_line", "item_list", "precondition_line", "simulation_card"]

FEW = 15
"""The most rows of steps that are shown unfolded."""
_LIST = "margin:.2em 0;padding-left:2em"
_PLAIN = f"{_LIST};list-style:none"


def simulation_card(simulation: Simulation, picture: str = "") -> str:
    """Return the card; `picture` is HTML that stands, folded, before the end."""
    mark = HAZARD_MARKS[simulation.hazard]
    parts = (
        source_heading(simulation.before.manifest.name, describe_origin(simulation.before)),
        verdict(f"{SIGNS[mark]} {describe_headline(simulation)}"),
        item_list(map(format_step, simulation.reasons)),
        *_sections(simulation),
        fold("Before and after", picture) if picture else "",
        f"<div style='{QUIET}'>{UNCHANGED}</div>",
    )
    return frame(EDGES.get(mark, EDGES["warning"]), "".join(parts))


def _sections(simulation: Simulation) -> Iterator[str]:
    if rows := list_steps(simulation.steps):
        title, table = escape_html(describe_steps(simulation.steps)), _table(rows)
        yield f"<div><b>{title}</b></div>{table}" if len(rows) <= FEW else fold(title, table)
    for title, found in list_finding_parts(simulation):
        yield fold(title, item_list(map(finding_line, found), True))
    if asked := simulation.preconditions:
        yield fold(
            PRECONDITIONS, item_list((precondition_line(each, *mark_precondition(each)) for each in asked), True)
        )
    if told := list_open(simulation):
        yield fold(OPEN, item_list(map(format_step, told)))


def _table(rows: Sequence[StepRow]) -> str:
    """The steps to be read, alike ones in one row; `Simulation.frame` has each."""
    told = (
        (
            name_steps(row),
            row.step.actor,
            name_objects(row.refs),
            str(row.step.effect),
            describe_explanation(row, False),
        )
        for row in rows
    )
    return frame_html(build_frame(told, dict.fromkeys(("step", "who", "object", "effect", "what, and why"), "str")))


def item_list(items: Iterable[str], plain: bool = False) -> str:
    """Return a list, without dots where it is `plain`; nothing where it is empty."""
    inner = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul style='{_PLAIN if plain else _LIST}'>{inner}</ul>" if inner else ""


def finding_line(finding: Finding) -> str:
    """Return a finding in one line."""
    sign = SIGNS[str(finding.severity)]
    return f"{sign} <code>{escape_html(finding.rule)}</code> <b>{escape_html(finding.subject)}</b>: " + escape_html(
        finding.message
    )


def precondition_line(asked: Precondition, mark: str, word: str) -> str:
    """Return a precondition with its answer, and what a person does where it cannot be told."""
    told = "; ".join(map(format_step, (*answer_precondition(asked), *list_by_hand(asked, mark))))
    return f"{asked.id} {SIGNS.get(mark, TO_COME)} <b>{word}</b> {told}"
