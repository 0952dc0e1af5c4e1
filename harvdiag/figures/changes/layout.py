"""The differences as shapes: for each host the earlier state on the left and the present one on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.keys import object_key
from harvdiag.core.listing import join_escaped
from harvdiag.core.marks import ABSENT, SEVERE, SIGNS, UNSEEN
from harvdiag.figures.measure import fit_text
from harvdiag.figures.parts import (
    BODY,
    MARGIN,
    NARROW,
    SMALL,
    LegendEntry,
    assemble_scene,
    draw_head,
    draw_legend,
    draw_paragraph,
)
from harvdiag.figures.scene import Item, Path, Rect, Scene, Shape, Text, draw_badge
from harvdiag.status.changes.change import CHANGED, GONE, NEW, RECREATED
from harvdiag.status.changes.comparison import Comparison
from harvdiag.status.changes.grouping import Group, Step
from harvdiag.status.changes.titles import (
    CHANGE_SIGNS,
    build_alt_text,
    build_title,
    describe_sides,
    describe_sources,
    format_change,
    list_findings,
    list_notes,
    list_remarks,
)

__all__ = ["build_scene"]

WIDE, HIGH, BOX = 1120.0, 30.0, 24.0
WHAT = MARGIN + 30
FINDINGS = 12
CHANGE_WORDS = {NEW: "new", GONE: "gone", CHANGED: "changed", RECREATED: "recreated"}


class Columns(NamedTuple):
    """The width of the picture, the left edges of the two states, the width of each, and how much lower than the name
    of the change they are: beside it, in a narrow picture one below the other.
    """

    wide: float = WIDE
    before: float = 440.0
    now: float = 790.0
    room: float = 310.0
    drop: tuple[float, float] = (0.0, 0.0)

    @property
    def stacked(self) -> bool:
        """Whether the two states are one below the other."""
        return self.drop[1] > 0


def fit_columns(width: float) -> Columns:
    """Return the columns for a picture of this width, 0 for the usual one."""
    if not 0 < width < WIDE:
        return Columns()
    left = WHAT + 52
    return Columns(width, left, left, width - MARGIN - left, (24.0, 52.0))


def build_scene(comparison: Comparison, groups: Sequence[Group], width: float = 0) -> Scene:
    """Build the scene of the whole comparison, stacked where it has to fit a width."""
    columns = fit_columns(width)
    wide = columns.wide
    items, y = draw_head(build_title(comparison), "   →   ".join(describe_sources(comparison)), wide)
    if groups:
        items += list(_draw_heads(comparison.sides, y + 12, columns))
        y += 22
    for number, group in enumerate(groups):
        drawn, y = _draw_group(group, f"group/{number}", y, columns, comparison.sides)
        items += drawn
    finding_items, y = _draw_findings(comparison, y + 8, wide)
    items += finding_items
    remark_items, y = _draw_remarks(comparison, y, wide)
    items += remark_items
    below, y = draw_legend(_legend_entries(comparison, groups), y + 4, wide)
    return assemble_scene(build_title(comparison), build_alt_text(comparison, groups), wide, y + 12, [*items, *below])


def _draw_heads(words: tuple[str, str], y: float, columns: Columns) -> Iterator[Item]:
    for x, word in () if columns.stacked else zip((columns.before, columns.now), words, strict=True):
        yield Item((Text(x, y, word, size=SMALL, ink="quiet"),), key=f"column/{word}", role="head")
    yield Item((Path(((MARGIN, y + 7), (columns.wide - MARGIN, y + 7)), stroke="rule"),), role="rule")


def _draw_group(group: Group, own: str, y: float, columns: Columns, words: tuple[str, str]) -> tuple[list[Item], float]:
    items, y = _draw_group_head(group, own, y, columns)
    for index, step in enumerate(group.steps):
        items += _draw_change(step, f"{own}/{index}/{object_key(step.change.ref)}", y, columns, words)
        y += HIGH + columns.drop[1]
    if group.more:
        more = Text(WHAT, y + 14, f"and {group.more} more", size=BODY, ink="quiet")
        items.append(Item((more,), key=f"{own}/more", role="more"))
        y += 24
    under = Path(((MARGIN, y + 2), (columns.wide - MARGIN, y + 2)), stroke="rule", thick=0.8)
    return [*items, Item((under,), role="rule")], y + 6


def _draw_group_head(group: Group, own: str, y: float, columns: Columns) -> tuple[list[Item], float]:
    """Draw the name of a host, or of the first of several with the same changes, and the names of the others; also
    return the lower edge.
    """
    room = columns.wide - 2 * MARGIN if columns.stacked else columns.before - MARGIN - 12
    shapes = [Text(MARGIN, y + 18, fit_text(escape_text(group.name), room, BODY, bold=True), size=BODY, bold=True)]
    alike = join_escaped(group.alike)
    if group.alike:
        x = MARGIN if columns.stacked else columns.before
        y += 18 if columns.stacked else 0
        shapes.append(Text(x, y + 18, fit_text(alike, columns.wide - MARGIN - x, BODY), size=BODY, ink="quiet"))
    return [Item(tuple(shapes), key=own, role="group", hint=alike or escape_text(group.name))], y + 26


def _draw_change(step: Step, own: str, y: float, columns: Columns, words: tuple[str, str]) -> list[Item]:
    change, (before, now) = step.change, describe_sides(step)
    room = (columns.wide - MARGIN if columns.stacked else columns.before - 12) - WHAT
    what = fit_text(escape_text(format_change(change)), room, BODY)
    mark = (*_draw_mark(change.sort, MARGIN + 14, y + BOX / 2), Text(WHAT, y + BOX / 2 + 4, what, size=BODY))
    parts = f" with {', '.join(step.parts)}" if step.parts else ""
    hint = escape_text(f"{change.ref} {change.path}{parts}: {CHANGE_WORDS[change.sort]}: {before} → {now}")
    old = _draw_box(before, (columns.before, y + columns.drop[0], columns.room), _box_style(change.sort, False, before))
    new = _draw_box(now, (columns.now, y + columns.drop[1], columns.room), _box_style(change.sort, True, now))
    return [
        Item(mark, key=own, role="change", state=change.sort, hint=hint),
        Item((*old, *_draw_arrow(y, columns, words)), role="before", state=change.sort),
        Item(new, role="now", state=change.sort),
    ]


def _draw_arrow(y: float, columns: Columns, words: tuple[str, str]) -> tuple[Shape, ...]:
    """Draw the arrow from the earlier state to the present one; where one is below the other, a word before each."""
    if columns.stacked:
        return tuple(
            Text(WHAT, y + drop + BOX / 2 + 4, word, size=SMALL, ink="quiet")
            for drop, word in zip(columns.drop, words, strict=True)
        )
    ends = ((columns.before + columns.room + 6, y + BOX / 2), (columns.now - 6, y + BOX / 2))
    return (Path(ends, stroke="link", thick=1.2, ends="arrow"),)


def _box_style(sort: str, now: bool, words: str) -> tuple[str, str, float, str]:
    """Return fill, stroke, width and dash: dashed and not filled for what does not exist, bold for a change."""
    if sort == (GONE if now else NEW) or words == ABSENT:
        return "", "edge", 1.2, "5 3"
    if not now:
        return "box", "rule", 1.2, ""
    return {NEW: ("now_box", "now", 2.2, "")}.get(sort, ("info_box", "info", 2.0, ""))


def _draw_box(words: str, place: tuple[float, float, float], style: tuple[str, str, float, str]) -> tuple[Shape, ...]:
    (x, y, room), (fill, stroke, thick, dash) = place, style
    shown, ink = fit_text(escape_text(words), room - 18, BODY), "quiet" if dash else "ink"
    text = Text(x + 9, y + BOX / 2 + 4, shown, size=BODY, ink=ink, on=fill or "paper")
    return (Rect(x, y, room, BOX, fill=fill, stroke=stroke, thick=thick, dash=dash, radius=4), text)


def _draw_mark(sort: str, x: float, y: float) -> tuple[Shape, ...]:
    """Draw the symbol on its disc; not filled for what is gone."""
    if sort == GONE:
        ring = Rect(x - 8, y - 8, 16, 16, fill="", stroke="edge", thick=1.2, dash="3 2", radius=8)
        return (ring, Text(x, y + 4, CHANGE_SIGNS[GONE], size=SMALL, anchor="middle", bold=True))
    return draw_badge(x, y, CHANGE_SIGNS[sort], "now" if sort == NEW else "info")


def _draw_findings(comparison: Comparison, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw the findings that are gone, then the new ones."""
    rows = list_findings(comparison)
    items: list[Item] = []
    for index, (word, colour, subject) in enumerate(rows[:FINDINGS]):
        what, ink = ("No longer found", "quiet") if word == GONE else ("New finding", "ink")
        sentence = f"{what}: {subject}"
        lines = 1 if wide >= NARROW else 4
        texts, low = draw_paragraph(sentence, (WHAT, y + 14), wide - MARGIN - WHAT, most=lines, ink=ink)
        shapes = (*draw_badge(MARGIN + 14, y + 10, SIGNS[colour], colour), *texts)
        items.append(Item(shapes, key=f"finding/{index}", role="finding", state=word, hint=escape_text(sentence)))
        y = low - 6
    if more := max(len(rows) - FINDINGS, 0):
        text = Text(WHAT, y + 14, f"and {more} more kinds of findings", size=BODY, ink="quiet")
        items.append(Item((text,), role="more"))
        y += 24
    return items, y


def _draw_remarks(comparison: Comparison, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw the line on what is the same, and what could not be compared."""
    items = []
    for mark, words in list_remarks(comparison):
        texts, low = draw_paragraph(words, (WHAT, y + 14), wide - MARGIN - WHAT, most=4, ink="quiet")
        badge = draw_badge(MARGIN + 14, y + 10, mark, "unseen") if mark else ()
        shapes = (*texts, *badge)
        items.append(Item(shapes, role="note" if mark else "same", state="unseen" if mark else "", hint=words))
        y = low - 8
    return items, y + 6


def _legend_entries(comparison: Comparison, groups: Sequence[Group]) -> list[LegendEntry]:
    sorts = {step.change.sort for group in groups for step in group.steps}
    keys = [LegendEntry("new", colour="now", sign=CHANGE_SIGNS[NEW])] if NEW in sorts else []
    keys += (
        [LegendEntry("changed or recreated", colour="info", sign=CHANGE_SIGNS[CHANGED])]
        if sorts & {CHANGED, RECREATED}
        else []
    )
    hollow = f"{f'{CHANGE_SIGNS[GONE]} gone: ' if GONE in sorts else ''}does not exist, or is empty"
    empty = [side for group in groups for step in group.steps for side in describe_sides(step)]
    keys += (
        [LegendEntry(hollow, colour="edge", fill="paper", dash="5 3")] if sorts & {NEW, GONE} or ABSENT in empty else []
    )
    keys += [LegendEntry("finding gone", colour="good", sign=SIGNS["good"])] if comparison.gone else []
    severities = {finding.severity.value for finding in comparison.new}
    keys += [LegendEntry(f"new {state}", colour=state, sign=SIGNS[state]) for state in SEVERE if state in severities]
    return [
        *keys,
        *([LegendEntry("not comparable", colour=UNSEEN, sign=SIGNS[UNSEEN])] if list_notes(comparison) else []),
    ]
