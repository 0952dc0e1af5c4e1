"""A comparison for a terminal: the answer first, then upgrade, versions, findings, objects, and what is left open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.listing import group_by, join_escaped
from harvdiag.core.marks import SIGNS, UNSEEN
from harvdiag.core.model import ObjectRef
from harvdiag.core.wrap import count_cells, pad_text, truncate_text, wrap_text
from harvdiag.reports.paint import Paint
from harvdiag.reports.terminal.fold import SCREEN
from harvdiag.status.changes.change import CHANGED, GONE, NEW
from harvdiag.status.changes.comparison import Comparison
from harvdiag.status.changes.details import Altered, KindDetails, group_details
from harvdiag.status.changes.grouping import Group, Step, group_changes
from harvdiag.status.changes.titles import (
    CHANGE_SIGNS,
    build_title,
    describe_sides,
    describe_unchanged,
    format_change,
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
from harvdiag.status.summary import describe_source

__all__ = ["render"]

NARROWEST, WIDEST_LABEL = 40, 34
FEW = 6
"""Names in the line of a group, or of a kind."""
ARROW = " → "
LONG = 600
"""The most characters of a value that is shown whole."""


class Fold(NamedTuple):
    """How much is shown: the lines of a list, the objects of a kind, the fields of an object; 0 is none, None all."""

    lines: int | None = None
    objects: int | None = None
    fields: int | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is folded."""
        return self.lines is None


WHOLE = Fold()
LEVELS = (Fold(8, 6, 3), Fold(8, 3, 1), Fold(8, 0, 0))
"""The ways to fold a report, from the least to the most: the first that fits on a screen is taken."""


def render(comparison: Comparison, width: int = 100, colour: bool = False, full: bool = True) -> str:
    """Return the comparison as text, wrapped to `width` columns, folded unless `full`; with ANSI colours if `colour`.
    Ends with a newline.
    """
    width = max(width, NARROWEST)
    plain = (_Page(width, Paint(), fold) for fold in LEVELS)
    fold = WHOLE if full else next((p.fold for p in plain if len(p.lines(comparison)) <= SCREEN), LEVELS[-1])
    lines = _Page(width, Paint(colour), fold).lines(comparison)
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Page(NamedTuple):
    """One report: its width, its colours, and how much of it is shown."""

    width: int
    paint: Paint
    fold: Fold

    def lines(self, comparison: Comparison) -> list[str]:
        """Return all lines, part by part in the order in which they are read."""
        parts = (
            self._head(comparison),
            self._section(list_progress(comparison)),
            self._section(list_versions(comparison)),
            self._findings(comparison),
            self._section(list_note_changes(comparison)),
            self._objects(comparison),
            self._end(comparison),
        )
        return [line for part in parts for line in part]

    def _head(self, comparison: Comparison) -> Iterator[str]:
        yield from map(self.paint.bold, wrap_text(f"{build_title(comparison)}.", self.width))
        sides = (("before", comparison.before), ("now", comparison.now))
        for when, side in sides:
            text = f"{when:<8}{side.findings.source.name}: {describe_source(side.findings)}"
            yield from wrap_text(text, self.width, " " * 8)
        if comparison.backwards:
            text = "The one given first was collected after the other: they are shown in the order of their times."
            yield from (self.paint.severity("warning", line) for line in wrap_text(f"! {text}", self.width, "  "))

    def _section(self, section: Section) -> Iterator[str]:
        """A heading with its rows below it, or with its text beside it."""
        if not section.rows and not section.text:
            return
        yield ""
        title = escape_text(section.title)
        if section.text:
            first, *rest = wrap_text(f"{title}: {section.text}", self.width, "  ")
            yield from (self.paint.bold(title) + first.removeprefix(title), *rest)
            return
        yield self.paint.bold(title)
        shown = section.rows[: self.fold.lines]
        wide = min(max(count_cells(escape_text(row.label)) for row in shown), WIDEST_LABEL, self.width // 2)
        for row in shown:
            texts = wrap_text(row.text, self.width - wide - 4)
            yield f"  {self.paint.dim(pad_text(escape_text(row.label), wide))}  {texts[0]}"
            yield from (f"  {' ' * wide}  {text}" for text in texts[1:])
        yield from self._more(len(section.rows) - len(shown))

    def _findings(self, comparison: Comparison) -> Iterator[str]:
        yield ""
        yield self.paint.bold("Findings") + f": {count_findings(comparison)}"
        rows = list_findings_below_causes(comparison)
        wide = max((count_cells(row.word) for row in rows), default=0)
        for _, alike in group_by(rows, lambda row: row.word):
            shown = alike[: self.fold.lines]
            for number, row in enumerate(shown):
                yield from self._finding(row, row.word if number == 0 else "", wide)
            yield from self._more(len(alike) - len(shown))

    def _finding(self, row: FindingRow, word: str, wide: int) -> Iterator[str]:
        """Severity's sign, rule and clause, below what became of it; in full the whole message."""
        lead = f"  {self.paint.dim(pad_text(word, wide))}  {'  ' * row.depth}"
        room = wide + 4 + 2 * row.depth
        what = row.finding.message if self.fold.whole else row.clause
        texts = wrap_text(f"{row.finding.rule}  {what}", self.width - room - 2)
        yield f"{lead}{self.paint.severity(row.mark, row.sign) if row.mark != UNSEEN else row.sign} {texts[0]}"
        rest = [*texts[1:], *(line for remark in row.remarks for line in self._remark(remark, room))]
        yield from (f"{' ' * room}  {text}" for text in rest)

    def _remark(self, remark: str, room: int) -> list[str]:
        return wrap_text(f"({remark})", self.width - room - 2, most=0 if self.fold.whole else 2)

    def _objects(self, comparison: Comparison) -> Iterator[str]:
        groups = group_changes(comparison, self.fold.whole)
        details = group_details(comparison.changes)
        if not groups and not details:
            return
        yield ""
        first, *rest = wrap_text(f"{OBJECTS}: {count_changes(comparison.changes)}", self.width, "  ")
        yield from (self.paint.bold(OBJECTS) + first.removeprefix(OBJECTS), *rest)
        for group in groups:
            yield from self._group(group)
        for kind in details:
            yield from self._details(kind)
        if details and self.fold.objects == 0:
            yield self.paint.dim("  (their fields with --full)")

    def _group(self, group: Group) -> Iterator[str]:
        names = f": {join_escaped(group.alike, FEW)}" if group.alike else ""
        yield from (f"  {line}" for line in wrap_text(f"{group.name}{names}", self.width - 2, "  "))
        for step in group.steps:
            yield from self._step(step)
        yield from self._more(group.more, "    ")

    def _details(self, kind: KindDetails) -> Iterator[str]:
        """One kind: how many of its objects came, went and are another, then these, each in a line."""
        counts = ((len(kind.new), NEW), (len(kind.gone), GONE), (len(kind.altered), CHANGED))
        told = ", ".join(f"{count} {word}" for count, word in counts if count)
        names = [_name(ref) for ref in (*kind.new, *kind.gone, *(each.ref for each in kind.altered))]
        line = f"{kind.kind}: {told}" + ("" if self.fold.objects != 0 else f" ({join_escaped(names, FEW)})")
        yield f"  {truncate_text(escape_text(line), self.width - 2)}"
        if self.fold.objects == 0:
            return
        for sort, refs in ((NEW, kind.new), (GONE, kind.gone)):
            for ref in refs[: self.fold.objects]:
                yield from self._line(CHANGE_SIGNS[sort], _name(ref))
            yield from self._more(len(refs) - len(refs[: self.fold.objects]), "    ")
        for each in kind.altered[: self.fold.objects]:
            yield from self._altered(each)
        yield from self._more(len(kind.altered) - len(kind.altered[: self.fold.objects]), "    ")

    def _altered(self, each: Altered) -> Iterator[str]:
        shown = each.fields[: self.fold.fields]
        for change in shown:
            field = change.path if self.fold.whole else change.label
            yield from self._line(
                CHANGE_SIGNS[change.sort], f"{_name(each.ref)}  {field}", describe_sides(Step(change))
            )
        yield from self._more(len(each.fields) - len(shown), "      ", " of its fields")

    def _step(self, step: Step) -> Iterator[str]:
        sign, what = CHANGE_SIGNS[step.change.sort], format_change(step.change)
        if step.change.path:
            yield from self._line(sign, what, describe_sides(step))
        else:
            yield from self._line(sign, f"{what} with {', '.join(step.parts)}" if step.parts else what)

    def _line(self, sign: str, what: str, sides: tuple[str, str] | None = None) -> Iterator[str]:
        """One difference: whole and wrapped, or in one line, of which what is too long is cut."""
        room = self.width - 6
        if sides is None:
            text = what
        elif self.fold.whole:
            text = f"{what}: {ARROW.join(shorten_sides(*sides, LONG))}"
        else:
            text = _fit_sides(what, sides, room)
        shown = escape_text(text)
        lines = wrap_text(text, room) if self.fold.whole else [truncate_text(shown, room)]
        yield f"    {self._sign(sign)} {lines[0]}"
        yield from (f"      {line}" for line in lines[1:])

    def _sign(self, sign: str) -> str:
        kind = {CHANGE_SIGNS[NEW]: "good", CHANGE_SIGNS[GONE]: "error"}.get(sign, "info")
        return self.paint.severity(kind, sign)

    def _more(self, count: int, pad: str = "  ", what: str = "") -> Iterator[str]:
        if count > 0:
            yield self.paint.dim(f"{pad}and {count} more{what} (--full)")

    def _end(self, comparison: Comparison) -> Iterator[str]:
        yield ""
        if not comparison.different_clusters:
            yield from wrap_text(f"{describe_unchanged(comparison)}.", self.width)
        notes = [*list_gaps(comparison), *list_orders(comparison)]
        shown = notes[: self.fold.lines]
        for note in shown:
            first, *rest = wrap_text(note, self.width - 2, most=0 if self.fold.whole else 3)
            yield f"{self.paint.sign(SIGNS[UNSEEN])} {first}"
            yield from (f"  {line}" for line in rest)
        yield from self._more(len(notes) - len(shown))


def _name(ref: ObjectRef) -> str:
    return f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name


def _fit_sides(what: str, sides: tuple[str, str], room: int) -> str:
    """A field with both its values in one line: a value that is too long is cut, so that the beginning of each shows.

    Where there is little room beside the name, the name is cut, too.
    """
    before, now = map(escape_text, shorten_sides(*sides, room // 2))
    head = truncate_text(escape_text(what), max(room // 2, room - count_cells(before) - count_cells(now) - 5))
    left = room - count_cells(head) - 2 - count_cells(ARROW)
    short = min(count_cells(before), max(left // 2, left - count_cells(now)))
    return f"{head}: {truncate_text(before, short)}{ARROW}{truncate_text(now, left - short)}"
