"""The upgrade in a narrow column: the phases in several rows, and the name of each node above its bar."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import escape_text
from harvdiag.figures.measure import fit_text, line_height
from harvdiag.figures.parts import BODY, MARGIN, SMALL, draw_paragraph, fit_distinct_names
from harvdiag.figures.scene import Item, Rect, Shape, Text
from harvdiag.figures.upgrade.lanes import Grid, draw_bar, lane_key
from harvdiag.figures.upgrade.strip import BETWEEN, HIGH, count_lines, draw_cell
from harvdiag.status.upgrade.folding import Lane, fold_nodes
from harvdiag.status.upgrade.labels import lane_hint
from harvdiag.status.upgrade.progress import UpgradeProgress

__all__ = ["draw_narrow_lanes", "draw_narrow_strip"]

CELL, LINE = 108.0, 15.0
"""The least width of a phase, and how much higher all are where a name has three lines."""


def draw_narrow_strip(course: UpgradeProgress, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw one cell for each phase, as many beside one another as fit; also return their lower edge."""
    room = wide - 2 * MARGIN + BETWEEN
    count = min(int(room / (CELL + BETWEEN)), len(course.stages))
    each, items = room / count, list[Item]()
    lines = 2 + any(count_lines(cell, each - BETWEEN) > 2 for cell in course.stages)
    high = HIGH + LINE * (lines - 2)
    for index, cell in enumerate(course.stages):
        x, top = MARGIN + each * (index % count), y + (high + BETWEEN) * (index // count)
        items.append(draw_cell(course, cell, Rect(x, top, each - BETWEEN, high), lines))
    return items, y + (high + BETWEEN) * -(-len(course.stages) // count)


def draw_narrow_lanes(course: UpgradeProgress, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw for each node or group its name and state, and below them its bar; also return the lower edge."""
    grid = Grid(course.columns, MARGIN, (wide - 2 * MARGIN) / len(course.columns))
    items: list[Item] = []
    for index, lane in enumerate(fold_nodes(course.nodes)):
        shapes, y = _draw_label(lane, y, wide)
        shapes += draw_bar(lane.first, grid, y)
        role = "node" if len(lane.nodes) == 1 else "group"
        items.append(Item(tuple(shapes), key=lane_key(lane), role=role, state=lane.first.mark, hint=lane_hint(lane)))
        y += 26
        if lane.says:
            texts, y = draw_paragraph(lane.says, (MARGIN, y + 10), wide - 2 * MARGIN, most=6)
            state, hint = lane.first.mark, escape_text(lane.says)
            items.append(Item(tuple(texts), key=f"caption-{index}", role="caption", state=state, hint=hint))
        y += 2
    return items, y


def _draw_label(lane: Lane, y: float, wide: float) -> tuple[list[Shape], float]:
    return list(_label_texts(lane, y, wide - 2 * MARGIN)), y + (34 if len(lane.nodes) > 1 else 20)


def _label_texts(lane: Lane, y: float, room: float) -> Iterator[Text]:
    way, many = lane.first, len(lane.nodes) > 1
    strong = way.mark in {"error", "warning", "now"}
    name = f"{len(lane.nodes)} nodes" if many else escape_text(way.name)
    text = fit_text(f"{name}: {escape_text(way.state_word)}", room, BODY, bold=strong)
    yield Text(MARGIN, y + 14, text, size=BODY, ink="ink" if strong else "quiet", bold=strong)
    if many:
        names = fit_distinct_names([node.name for node in lane.nodes], room)
        yield Text(MARGIN, y + 14 + line_height(SMALL), names, size=SMALL, ink="quiet")
