"""Findings for a terminal: the answer first, then each root cause with what follows from it.

A report is folded until it fits on a screen, unless all of it is asked for: see `fold`.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import chain

from harvdiag.core.findings import Findings
from harvdiag.reports.paint import Paint
from harvdiag.reports.terminal.body import Body, Origins, find_origins
from harvdiag.reports.terminal.fold import LEVELS, WHOLE, Fold, fits
from harvdiag.reports.terminal.head import head_lines
from harvdiag.reports.terminal.layout import Layout
from harvdiag.reports.terminal.notes import other_note_lines
from harvdiag.reports.terminal.policy import policy_lines, policy_summary
from harvdiag.reports.terminal.unseen import unseen_lines, unseen_summary
from harvdiag.status.answer import Answer, build_answer, fill_findings
from harvdiag.status.summary import tell_support_once

__all__ = ["NARROWEST", "View", "render", "render_unseen"]

NARROWEST = 40
"""The fewest columns of a report."""


class View(Enum):
    """How much of a report is shown."""

    BRIEF = "brief"
    """The answer alone, and in one line what was not seen."""
    FOLDED = "folded"
    """The answer and the details, folded until they fit on a screen."""
    FULL = "full"
    """Everything."""


def render(findings: Findings, width: int = 100, colour: bool = False, view: View = View.FULL) -> str:
    """Return the report as text, wrapped to `width` columns; with ANSI colours if `colour`."""
    layout = Layout(max(width, NARROWEST), Paint(colour))
    answer, whole = build_answer(findings), fill_findings(findings)
    told = tell_support_once(whole)
    origins = find_origins(told, whole)
    if view is View.BRIEF:
        head = head_lines(findings, answer, layout, alone=True)
        lines = [*head, *policy_summary(findings, layout), *unseen_summary(answer, layout)]
    elif view is View.FULL:
        lines = list(_report_lines(told, answer, origins, layout, WHOLE))
    else:
        lines = _fold_lines(told, answer, origins, layout)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def render_unseen(findings: Findings, width: int = 100, colour: bool = False) -> str:
    """Return the last part of the report alone: what was not seen, and the checks that were skipped for it."""
    lines = unseen_lines(findings, Layout(max(width, NARROWEST), Paint(colour)))
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _fold_lines(findings: Findings, answer: Answer, origins: Origins, layout: Layout) -> list[str]:
    """The report in the first of the levels that fits on a screen; where none does, in the last."""
    plain = layout._replace(paint=Paint())
    ends = [
        *head_lines(findings, answer, plain),
        *other_note_lines(findings, plain, folded=True),
        *policy_lines(findings, plain),
        *unseen_lines(findings, plain),
    ]
    bodies = ((fold, Body(findings, answer, origins, plain, fold)) for fold in LEVELS)
    enough = (fold for fold, body in bodies if fits(chain(ends, body.lines()), layout.width))
    return list(_report_lines(findings, answer, origins, layout, next(enough, LEVELS[-1])))


def _report_lines(findings: Findings, answer: Answer, origins: Origins, layout: Layout, fold: Fold) -> Iterator[str]:
    yield from head_lines(findings, answer, layout)
    yield from Body(findings, answer, origins, layout, fold).lines()
    yield from other_note_lines(findings, layout, fold is not WHOLE)
    yield from policy_lines(findings, layout)
    yield from unseen_lines(findings, layout)
