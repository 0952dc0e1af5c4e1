"""What the reports of a simulation and of a runbook share in a terminal: findings, P1 to P6, texts beside a lead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harvdiag.core.listing import group_by
from harvdiag.core.marks import SIGNS, TO_COME, UNSEEN
from harvdiag.core.model import Finding
from harvdiag.core.wrap import count_cells
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.reports.shorten import cut_lines
from harvdiag.reports.terminal.layout import Layout
from harvdiag.snapshot import Snapshot
from harvdiag.status.cure.words import (
    OPEN,
    PRECONDITIONS,
    answer_precondition,
    describe_origin,
    list_by_hand,
    mark_precondition,
    name_objects,
)

__all__ = ["Page"]

Answer = Callable[[Precondition], tuple[str, str]]
BELOW, NARROW = " " * 6, 18
"""The indent of a text below its lead, and the least columns for one beside it."""
FOUND, LINES, POINTS = 5, 2, 6
"""The most findings of each part, lines of each, and open points where the report is folded."""


@dataclass(frozen=True)
class Page:
    """One report: its layout, and whether all of it is shown."""

    layout: Layout
    full: bool

    def origin(self, snapshot: Snapshot) -> Iterator[str]:
        """The source, and what was read of it."""
        yield from map(self.layout.paint.bold, self.layout.wrap(snapshot.manifest.name))
        yield from self.layout.wrap(describe_origin(snapshot))

    def verdict(self, mark: str, text: str) -> Iterator[str]:
        """The answer, in the colour of its mark."""
        for line in self.layout.wrap(f"{SIGNS[mark]} {text}", hang=2):
            yield self.layout.paint.bold(line) if mark == UNSEEN else self.layout.paint.severity(mark, line)

    def findings(self, found: Sequence[Finding]) -> Iterator[str]:
        """Sign, rule and object of each, and what is wrong; the worst first. Where there are many, a rule has one."""
        each = self.full or len(found) <= FOUND
        groups = [[one] for one in found] if each else [alike for _, alike in group_by(found, lambda one: one.rule)]
        shown = groups if self.full else groups[:FOUND]
        for first, *others in shown:
            mark, subject = str(first.severity), str(first.subject)
            named = name_objects([one.subject for one in (first, *others)]) if others else subject
            yield from self.layout.heading(mark, first.rule, named, indent=2)
            yield from self.layout.wrap(first.message, 6, most=0 if self.full else LINES)
        yield from self.more(len(found) - sum(map(len, shown)), "finding")

    def preconditions(
        self, asked: Sequence[Precondition], title: str = PRECONDITIONS, answer: Answer = mark_precondition
    ) -> Iterator[str]:
        """Each of P1 to P6 with its answer and the values; what a person does where it cannot be told."""
        if not asked:
            return
        yield from ("", self.layout.paint.bold(title))
        words = [answer(each) for each in asked]
        wide = max(len(word) for _, word in words)
        for each, (mark, word) in zip(asked, words, strict=True):
            lead = f"  {each.id}  {SIGNS.get(mark, TO_COME)} {word:{wide}}  "
            first, *told = answer_precondition(each)
            told += list_by_hand(each, mark, self.full)
            yield from self.led(lead, first, SIGNS.get(mark, ""))
            yield from (line for text in told for line in self.led(" " * len(lead), text))

    def open_points(self, untold: Sequence[str]) -> Iterator[str]:
        """What was not seen, a point each."""
        yield from self.points(OPEN, SIGNS[UNSEEN], untold)

    def points(self, title: str, sign: str, texts: Sequence[str]) -> Iterator[str]:
        """Texts below a heading, each after the sign; nothing where there are none."""
        if not texts:
            return
        yield from ("", self.layout.paint.bold(title))
        shown = texts if self.full else texts[:POINTS]
        for text in shown:
            yield from self.led(f"  {sign} ", text, sign if sign in SIGNS.values() else "")
        yield from self.more(len(texts) - len(shown), "point")

    def led(self, lead: str, text: str, sign: str = "", most: int = 0) -> Iterator[str]:
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

    def more(self, count: int, noun: str) -> Iterator[str]:
        """How many are folded."""
        if count > 0:
            yield self.layout.paint.dim(f"  and {count} more {noun}{'' if count == 1 else 's'} (--full)")
