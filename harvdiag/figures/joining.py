"""The picture of who writes what while a host joins: a row for each step, a lane for each place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from harvdiag.figures.drawing import Drawing
from harvdiag.figures.measure import text_width
from harvdiag.figures.parts import MARGIN, assemble_scene, draw_head
from harvdiag.figures.scene import Item, Path, Rect, Scene, Shape, Text
from harvdiag.status.joining import HOST, MACHINE, NODE, STEPS, Joining, Written

__all__ = ["draw_joining"]

TITLE = "Who writes which field, and when: a host joins"
UNDER = "from above to below in time; J5 to J16 are the steps of a join"
LANES = {HOST: 196.0, MACHINE: 340.0, NODE: 634.0}
WIDE, ROW, HIGH, GAP, ACTOR = 900.0, 46.0, 36.0, 10.0, 46.0
BOLD, QUIET = 11.0, 10.0


def draw_joining(joining: Joining) -> Drawing:
    """Draw the steps of a join."""
    return Drawing(
        layout=_layout,
        text=lambda _: f"{TITLE}\n{joining!r}",
        columns=joining.dtypes,
        rows=joining.records,
    )


def _layout(width: float) -> Scene:
    """A lane for each place; in a narrow column each box below the name of who writes it."""
    narrow = bool(width) and width < WIDE
    wide = width if narrow else WIDE
    items, y = draw_head(TITLE, UNDER, wide)
    if not narrow:
        items.append(Item(tuple(Text(x, y + 14, lane, size=BOLD, ink="quiet") for lane, x in LANES.items())))
        y += 28
    for step, group in groupby(STEPS, key=lambda each: each.step):
        shapes, high = (_stacked if narrow else _row)([*group], y, wide)
        items.append(Item(tuple(shapes), key=step, role="step"))
        y += high
    return assemble_scene(TITLE, _alt(), wide, y, items)


def _row(steps: Sequence[Written], y: float, wide: float) -> tuple[list[Shape], float]:
    begin = MARGIN + ACTOR + text_width(steps[0].who, 12, bold=True) + GAP
    arrow = Path(((begin, y + 18), (LANES[steps[-1].where] - 4, y + 18)), stroke="edge", ends="arrow")
    shapes: list[Shape] = [
        Rect(MARGIN, y, wide - 2 * MARGIN, HIGH, fill="lane", stroke="", radius=4),
        *_actor(steps[0], y + 22, "lane"),
        arrow,
    ]
    for each in steps:
        shapes += _box(each, LANES[each.where], y)
    return shapes, ROW


def _stacked(steps: Sequence[Written], y: float, _wide: float) -> tuple[list[Shape], float]:
    shapes: list[Shape] = [*_actor(steps[0], y + 14, "paper")]
    for number, each in enumerate(steps):
        at = y + 22 + number * (HIGH + 4)
        shapes += _box(each, MARGIN + GAP, at)
    return shapes, 22 + len(steps) * (HIGH + 4) + GAP


def _actor(step: Written, y: float, on: str) -> tuple[Shape, ...]:
    return (
        Text(MARGIN + GAP, y, step.step, ink="now", on=on, bold=True),
        Text(MARGIN + ACTOR, y, step.who, on=on, bold=True),
    )


def _box(step: Written, x: float, y: float) -> tuple[Shape, ...]:
    width = 2 * GAP + max(text_width(step.what, BOLD, bold=True), text_width(step.more, QUIET))
    return (
        Rect(x, y + 1, width, HIGH - 2, fill="box", stroke="edge", radius=4),
        Text(x + GAP, y + 15, step.what, size=BOLD, on="box", bold=True),
        Text(x + GAP, y + 29, step.more, size=QUIET, ink="quiet", on="box"),
    )


def _alt() -> str:
    told = "; ".join(f"{each.step} {each.who}: {each.what} ({each.more})" for each in STEPS)
    return f"What is written while a host joins, in this order. {told}."
