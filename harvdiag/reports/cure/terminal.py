"""A simulated action for a terminal: its class and why, the steps, what findings go and come, P1 to P6."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.listing import group_by
from harvdiag.core.marks import SIGNS, UNSEEN
from harvdiag.core.model import Finding
from harvdiag.core.wrap import count_cells, pad_text
from harvdiag.cure.model import Simulation
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.reports.paint import Paint
from harvdiag.reports.shorten import cut_lines
from harvdiag.reports.terminal import NARROWEST
from harvdiag.reports.terminal.layout import Layout
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
    list_finding_parts,
    list_open,
    list_steps,
    mark_precondition,
    name_objects,
    name_steps,
)

__all__ = ["render"]

BELOW, NARROW = " " * 6, 18
"""The indent of a text below its lead, and the least columns for one beside it."""
HEADS = ("who", "effect", "object")
ROWS, FOUND, LINES, POINTS = 24, 5, 2, 6
"""The most rows of steps, findings of each part, lines of each, and open points where the report is folded."""


def render(simulation: Simulation, width: int = 100, colour: bool = False, full: bool = True) -> str:
    """Return the simulation as text, wrapped to `width` columns, folded unless `full`; with ANSI colours if `colour`.
    Ends with a newline.
    """
    page = _Page(Layout(max(width, NARROWEST), Paint(colour)), full)
    return "".join(f"{line.rstrip()}\n" for line in page.lines(simulation))


class _Page(NamedTuple):
    """One report: its layout, and whether all of it is shown."""

    layout: Layout
    full: bool

    def lines(self, simulation: Simulation) -> Iterator[str]:
        """Yield all lines, part by part in the order in which they are read."""
        yield from self._head(simulation)
        yield from self._steps(simulation)
        for title, found in list_finding_parts(simulation):
            yield from ("", self.layout.paint.bold(title))
            yield from self._findings(found)
        yield from self._preconditions(simulation.preconditions)
        yield from self._open(list_open(simulation))
        yield ""
        yield from self._led("", describe_live(simulation)) if describe_live(simulation) else ()
        yield from self.layout.wrap(UNCHANGED)

    def _head(self, simulation: Simulation) -> Iterator[str]:
        layout, mark = self.layout, HAZARD_MARKS[simulation.hazard]
        yield from map(layout.paint.bold, layout.wrap(simulation.before.manifest.name))
        yield from layout.wrap(describe_origin(simulation))
        for line in layout.wrap(f"{SIGNS[mark]} {describe_headline(simulation)}", hang=2):
            yield layout.paint.bold(line) if mark == UNSEEN else layout.paint.severity(mark, line)
        for reason in simulation.reasons:
            yield from self._led("  - ", reason, most=0 if self.full else LINES)

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
        yield from self._more(more, "step")

    def _table(self, rows: Sequence[StepRow]) -> Iterator[str]:
        """A line for each row with number, actor, effect and objects, and below it what it does and why."""
        cells = [(name_steps(row), escape_text(row.step.actor), str(row.step.effect)) for row in rows]
        wide = [max(map(count_cells, column)) for column in zip(*cells, ("#", *HEADS[:2]), strict=True)]
        yield self.layout.paint.dim(self._lead(("#", *HEADS[:2]), wide) + HEADS[2])
        for row, cell in zip(rows, cells, strict=True):
            lead = self._lead(cell, wide)
            named = name_objects(row.refs, len(row.refs) if self.full else 2)
            yield from self._led(lead, named)
            yield from self._led(" " * (wide[0] + 4), describe_explanation(row, self.full))

    @staticmethod
    def _lead(cells: Iterable[str], wide: Sequence[int]) -> str:
        number, actor, effect = cells
        return f"  {number:>{wide[0]}}  {pad_text(actor, wide[1])}  {pad_text(effect, wide[2])}  "

    def _findings(self, found: Sequence[Finding]) -> Iterator[str]:
        """Sign, rule and object of each, and what is wrong; the worst first. Where there are many, a rule has one."""
        each = self.full or len(found) <= FOUND
        groups = [[one] for one in found] if each else [alike for _, alike in group_by(found, lambda one: one.rule)]
        shown = groups if self.full else groups[:FOUND]
        for first, *others in shown:
            mark, subject = str(first.severity), str(first.subject)
            named = name_objects([one.subject for one in (first, *others)]) if others else subject
            yield from self.layout.heading(mark, first.rule, named, indent=2)
            yield from self.layout.wrap(first.message, 6, most=0 if self.full else LINES)
        yield from self._more(len(found) - sum(map(len, shown)), "finding")

    def _preconditions(self, asked: Sequence[Precondition]) -> Iterator[str]:
        """Each of P1 to P6 with its answer and the values; what a person does where it cannot be told."""
        if not asked:
            return
        yield from ("", self.layout.paint.bold(PRECONDITIONS))
        words = [mark_precondition(each) for each in asked]
        wide = max(len(word) for _, word in words)
        for each, (mark, word) in zip(asked, words, strict=True):
            lead = f"  {each.id}  {SIGNS[mark]} {word:{wide}}  "
            first, *told = answer_precondition(each)
            told += each.by_hand if each.met is None or self.full else ()
            yield from self._led(lead, first, SIGNS[mark])
            yield from (line for text in told for line in self._led(" " * len(lead), text))

    def _open(self, untold: Sequence[str]) -> Iterator[str]:
        if not untold:
            return
        yield from ("", self.layout.paint.bold(OPEN))
        shown = untold if self.full else untold[:POINTS]
        for text in shown:
            yield from self._led(f"  {SIGNS[UNSEEN]} ", text, SIGNS[UNSEEN])
        yield from self._more(len(untold) - len(shown), "point")

    def _led(self, lead: str, text: str, sign: str = "", most: int = 0) -> Iterator[str]:
        """The text, commands whole, its first line after `lead`, in which the sign gets its colour; `most` lines.

        Where there is too little room beside the lead, the text is below it.
        """
        wide, painted = count_cells(lead), self._paint_sign(lead, sign)
        if self.layout.width - wide < NARROW and lead.strip():
            yield painted
            painted, wide = BELOW, len(BELOW)
        wide = min(wide, self.layout.width - NARROW)
        for number, line in enumerate(cut_lines(text, self.layout.width - wide, most)):
            yield f"{' ' * wide if number or not painted.strip() else painted}{line}"

    def _paint_sign(self, lead: str, sign: str) -> str:
        return lead.replace(sign, self.layout.paint.sign(sign), 1) if sign else lead

    def _more(self, count: int, noun: str) -> Iterator[str]:
        if count > 0:
            yield self.layout.paint.dim(f"  and {count} more {noun}{'' if count == 1 else 's'} (--full)")
