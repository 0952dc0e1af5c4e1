"""A simulated action for a terminal: its class and why, the steps, what findings go and come, P1 to P6."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.wrap import count_cells, pad_text
from harvdiag.cure.model import Simulation
from harvdiag.reports.cure.page import Page
from harvdiag.reports.paint import Paint
from harvdiag.reports.terminal import NARROWEST
from harvdiag.reports.terminal.layout import Layout
from harvdiag.status.cure.words import (
    HAZARD_MARKS,
    UNCHANGED,
    StepRow,
    describe_explanation,
    describe_headline,
    describe_live,
    describe_steps,
    list_finding_parts,
    list_open,
    list_steps,
    name_objects,
    name_steps,
)

__all__ = ["render"]

HEADS = ("who", "effect", "object")
ROWS, LINES = 24, 2
"""The most rows of steps, and lines of each reason, where the report is folded."""


def render(simulation: Simulation, width: int = 100, colour: bool = False, full: bool = True) -> str:
    """Return the simulation as text, wrapped to `width` columns, folded unless `full`; with ANSI colours if `colour`.
    Ends with a newline.
    """
    page = _Page(Layout(max(width, NARROWEST), Paint(colour)), full)
    return "".join(f"{line.rstrip()}\n" for line in page.lines(simulation))


class _Page(Page):
    """The report of a simulation."""

    def lines(self, simulation: Simulation) -> Iterator[str]:
        """Yield all lines, part by part in the order in which they are read."""
        yield from self._head(simulation)
        yield from self._steps(simulation)
        for title, found in list_finding_parts(simulation):
            yield from ("", self.layout.paint.bold(title))
            yield from self.findings(found)
        yield from self.preconditions(simulation.preconditions)
        yield from self.open_points(list_open(simulation))
        yield ""
        yield from self.led("", describe_live(simulation)) if describe_live(simulation) else ()
        yield from self.layout.wrap(UNCHANGED)

    def _head(self, simulation: Simulation) -> Iterator[str]:
        yield from self.origin(simulation.before)
        yield from self.verdict(HAZARD_MARKS[simulation.hazard], describe_headline(simulation))
        for reason in simulation.reasons:
            yield from self.led("  - ", reason, most=0 if self.full else LINES)

    def _steps(self, simulation: Simulation) -> Iterator[str]:
        if not simulation.steps:
            return
        rows = list_steps(simulation.steps, self.full)
        shown = rows if self.full else rows[:ROWS]
        yield from (
            "",
            *map(self.layout.paint.bold, self.layout.wrap(describe_steps(simulation.steps))),
        )
        yield from self._table(shown)
        more = sum(len(row.refs) for row in rows[len(shown) :])
        yield from self.more(more, "step")

    def _table(self, rows: Sequence[StepRow]) -> Iterator[str]:
        """A line for each row with number, actor, effect and objects, and below it what it does and why."""
        cells = [(name_steps(row), escape_text(row.step.actor), str(row.step.effect)) for row in rows]
        wide = [max(map(count_cells, column)) for column in zip(*cells, ("#", *HEADS[:2]), strict=True)]
        yield self.layout.paint.dim(self._lead(("#", *HEADS[:2]), wide) + HEADS[2])
        for row, cell in zip(rows, cells, strict=True):
            lead = self._lead(cell, wide)
            named = name_objects(row.refs, len(row.refs) if self.full else 2)
            yield from self.led(lead, named)
            yield from self.led(" " * (wide[0] + 4), describe_explanation(row, self.full))

    @staticmethod
    def _lead(cells: Iterable[str], wide: Sequence[int]) -> str:
        number, actor, effect = cells
        return f"  {number:>{wide[0]}}  {pad_text(actor, wide[1])}  {pad_text(effect, wide[2])}  "
