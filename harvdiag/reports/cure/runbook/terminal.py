"""A runbook for a terminal: the answer, the ways compared, and the best one with what to see after each step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import ERROR, GOOD, SIGNS, WARNING
from harvdiag.core.wrap import count_cells
from harvdiag.cure.plan import Place, PlanStep, Runbook, Standing, Way
from harvdiag.reports.cure.page import Page
from harvdiag.reports.paint import Paint
from harvdiag.reports.terminal import NARROWEST
from harvdiag.reports.terminal.layout import Layout
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
from harvdiag.status.cure.words import UNCHANGED
from harvdiag.status.summary import format_count

__all__ = ["render"]

LABEL = 11
"""The columns of a label below a step: the longest (Rehearsed) and two more."""
INNER = " " * 5
RULE = "─"


def render(runbook: Runbook, width: int = 100, colour: bool = False, full: bool = True) -> str:
    """Return the runbook as text, wrapped to `width` columns, with ANSI colours if `colour`. Ends with a newline.

    Unless `full`, only the first way is whole, if it may be followed. No command is ever broken.
    """
    page = _Page(Layout(max(width, NARROWEST), Paint(colour)), full)
    return "".join(f"{line.rstrip()}\n" for line in page.lines(runbook))


class _Page(Page):
    """The report of a runbook."""

    def lines(self, runbook: Runbook) -> Iterator[str]:
        """Yield all lines, part by part in the order in which they are read."""
        yield from self._head(runbook)
        yield from self._comparison(list_ways(runbook))
        shown = self._shown(runbook.ways)
        for number, way in enumerate(shown, 1):
            yield from self._way(runbook, way, number if len(runbook.ways) > 1 else 0)
        yield from self._next(runbook)
        if runbook.simulation is not None:
            yield from self.points(NOT_THIS, SIGNS[ERROR], [describe_wrong_step(runbook.simulation)])
        yield from self.points(SUPPORT, "-", list_support(runbook, first_way(runbook)))
        yield ""
        yield from self._rest(runbook, shown)
        yield from self.layout.wrap(UNCHANGED)

    def _shown(self, ways: Sequence[Way]) -> Sequence[Way]:
        """The ways that are told step by step."""
        return ways if self.full else [way for way in ways[:1] if way.standing is not Standing.CLOSED]

    def _head(self, runbook: Runbook) -> Iterator[str]:
        if runbook.before is not None:
            yield from self.origin(runbook.before)
        if finding := runbook.finding:
            yield from self.layout.heading(str(finding.severity), finding.rule, finding.subject)
            yield from self.led("  ", finding.message)
            yield from self.led("  ", describe_asked(runbook)) if describe_asked(runbook) else ()
        yield from self.verdict(mark_verdict(runbook), verdict_of(runbook))

    def _comparison(self, rows: Sequence[WayRow]) -> Iterator[str]:
        """A way in two or three lines: whether it can be followed, what it costs, and what decides."""
        if not rows:
            return
        yield from ("", self.layout.paint.bold(WAYS))
        wide = max(count_cells(row.title) for row in rows)
        for row in rows:
            lead = f"  {row.number or '-'}  "
            title = f"{escape_text(row.title):<{wide}}  {SIGNS[row.mark]} {row.standing}"
            yield from self.led(lead, title, SIGNS[row.mark])
            yield from self._labelled("Costs", row.costs)
            yield from self._labelled("Decides", row.decides)

    def _way(self, runbook: Runbook, way: Way, number: int) -> Iterator[str]:
        yield from ("", *map(self.layout.paint.bold, self.layout.wrap(describe_way(way, number))))
        yield from self.preconditions(way.preconditions, BEFORE, lambda asked: answer_first(asked, way))
        yield from ("", self.layout.paint.bold("Steps"))
        for place, step in enumerate(way.steps, 1):
            if step.final:
                yield from self._rule()
            yield from self._step(place, step)
        for title, found in list_end(way):
            yield from ("", self.layout.paint.bold(title))
            yield from self.findings(found)
        yield from self.open_points(list_untold(way))
        yield from self._drafts(runbook, way)

    def _rule(self) -> Iterator[str]:
        """The line before the step after which there is no way back."""
        *lines, last = self.layout.wrap(f"{RULE * 2} {FINAL}", 2, hang=3)
        last = f"{last} {RULE * (self.layout.width - count_cells(last) - 1)}"
        yield from (self.layout.paint.severity(WARNING, line) for line in (*lines, last))

    def _step(self, number: int, step: PlanStep) -> Iterator[str]:
        done = f"{SIGNS[GOOD]} " if step.done else ""
        where = "" if step.place is Place.KUBECTL and step.commands else f" ({describe_place(step)})"
        yield from self.led(f"  {number}. ".ljust(len(INNER)), f"{done}{step.what}{where}", SIGNS[GOOD] if done else "")
        yield from self._labelled("Done", step.done)
        yield from self._labelled("Caution", step.caution, WARNING)
        for command in step.commands:
            yield f"{INNER}  {escape_text(command)}"
        for text in step.sees:
            yield from self._labelled("Then see" if text is step.sees[0] else "", text)
        yield from self._labelled("Rehearsed", describe_rehearsal(step))
        yield from self._labelled("Go back", describe_back(step))
        for link in step.links:
            yield from self._labelled("More", link)

    def _labelled(self, label: str, text: str, kind: str = "") -> Iterator[str]:
        """A text below a step or a way, with a label before it; nothing without a text."""
        if not text:
            return
        inner = self.layout._replace(width=self.layout.width - 3)
        yield from (f"   {line}" for line in inner.labelled(label, text, kind=kind, gutter=LABEL + 2))

    def _drafts(self, runbook: Runbook, way: Way) -> Iterator[str]:
        if not way.drafts:
            return
        yield from ("", self.layout.paint.bold(DRAFTS))
        for draft in way.drafts:
            yield from self.led("  - ", f"{draft.name}: {draft.title}")
            for danger in draft.dangers:
                yield from self.led(f"    {SIGNS[WARNING]} ", danger, SIGNS[WARNING])
        yield from self.led("  ", f"Write them: `{name_drafts(runbook, way)}`")

    def _next(self, runbook: Runbook) -> Iterator[str]:
        """What there is to do where no way is offered."""
        steps = list_next(runbook)
        if not steps or runbook.finding is None:
            return
        yield from ("", self.layout.paint.bold(NEXT))
        for number, step in enumerate(steps, 1):
            yield from self.led(f"  {number}. ", step)
        yield from self._labelled("Caution", runbook.finding.caution, WARNING)

    def _rest(self, runbook: Runbook, shown: Sequence[Way]) -> Iterator[str]:
        """How to see what is folded, and what tells more."""
        if folded := runbook.ways[len(shown) :]:
            names = ", ".join(f"`--way {way.name}`" for way in folded)
            count = format_count(len(folded), "way")
            yield from self.led("", f"Folded: the steps of {count} ({names}); all: `{name_cure(runbook, '--full')}`")
        if others := describe_others(runbook):
            yield from self.led("", others)
        if live := name_live_cure(runbook):
            yield from self.led("", live)
