"""The nodes of an upgrade as lanes: a bar up to the state that a node has, with a symbol at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.keys import object_key
from harvdiag.core.marks import SIGNS
from harvdiag.core.model import ObjectRef
from harvdiag.figures.measure import distinct_names, fit_text, line_height, name_width, text_width, wrap_text
from harvdiag.figures.parts import BODY, MARGIN, SMALL, draw_paragraph, fit_distinct_names, longest_clause
from harvdiag.figures.scene import Item, Path, Rect, Shape, Text, draw_badge
from harvdiag.figures.styles import STYLES
from harvdiag.status.upgrade.folding import Lane, fold_nodes
from harvdiag.status.upgrade.labels import lane_hint, unplaced_word
from harvdiag.status.upgrade.progress import NodeProgress, UpgradeProgress

__all__ = ["Grid", "draw_bar", "draw_lanes", "lane_key"]

NAMES, HIGH, BAR, CAPTION = 110.0, 30.0, 20.0, 480.0


class Grid(NamedTuple):
    """The columns: the left edge of the first, the width of each; and the name that each node has at the left."""

    columns: Sequence[str]
    x: float
    each: float
    names: Mapping[str, str] = MappingProxyType({})

    @property
    def right(self) -> float:
        """The right edge of the last column."""
        return self.x + self.each * len(self.columns)

    def column_end(self, column: str) -> float:
        """Return the right edge of a column; the left edge of the first for any other name."""
        return self.x + self.each * (self.columns.index(column) + 1 if column in self.columns else 0)


def draw_lanes(course: UpgradeProgress, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw the column heads and a lane for each node or group from y down; also return their lower edge."""
    lanes = fold_nodes(course.nodes)
    grid = _fit_grid(course, lanes, wide)
    items = list(_draw_heads(grid, y))
    y += 36
    for index, lane in enumerate(lanes):
        items.append(_draw_lane(lane, grid, y))
        y += HIGH
        if lane.says:
            caption, y = _draw_caption(lane, grid, y, index)
            items.append(caption)
    return items, y


def _fit_grid(course: UpgradeProgress, lanes: Sequence[Lane], wide: float) -> Grid:
    """Return the columns beside names that are whole, or of very long ones as much as fits."""
    singles = [escape_text(lane.first.name) for lane in lanes if len(lane.nodes) == 1]
    takes = max([NAMES, *(name_width(name, BODY, bold=True) + 12 for name in singles)])
    takes = max([takes, *(176 for lane in lanes if len(lane.nodes) > 1)])  # the names of a group, as far as they fit
    names = distinct_names([escape_text(way.name) for way in course.nodes], takes - 10, BODY, bold=True)
    return Grid(course.columns, MARGIN + takes, (wide - 2 * MARGIN - takes) / len(course.columns), names)


def _draw_heads(grid: Grid, y: float) -> Iterator[Item]:
    for index, name in enumerate(grid.columns):
        words = wrap_text(name, grid.each - 8, SMALL, most=2)
        middle, low = grid.x + grid.each * (index + 0.5), y + 26 - (len(words) - 1) * line_height(SMALL)
        texts = [
            Text(middle, low + i * line_height(SMALL), w, size=SMALL, ink="quiet", anchor="middle")
            for i, w in enumerate(words)
        ]
        yield Item(tuple(texts), role="column")


def _draw_lane(lane: Lane, grid: Grid, y: float) -> Item:
    way, top = lane.first, y + (HIGH - BAR) / 2
    shapes: list[Shape] = [*_draw_label(lane, grid, y), *draw_bar(way, grid, top)]
    shapes += _draw_durations(lane, grid, top, STYLES[way.mark].fill or "paper")
    shapes += _draw_note(way, grid, (max(grid.column_end(way.at), grid.x), top))
    role = "node" if len(lane.nodes) == 1 else "group"
    return Item(tuple(shapes), key=lane_key(lane), role=role, state=way.mark, hint=lane_hint(lane))


def draw_bar(way: NodeProgress, grid: Grid, top: float) -> Iterator[Shape]:
    """Draw the bar up to the state of a node, its symbol, and the states still ahead."""
    fill, stroke, thick, dash = STYLES[way.mark]
    end = grid.column_end(way.at)
    yield from _draw_track(way, grid, top, end)
    if end > grid.x:
        yield Rect(grid.x, top, end - grid.x, BAR, fill=fill, stroke=stroke, thick=thick, dash=dash)
    if way.mark in SIGNS:
        yield from draw_badge(max(end - 13, grid.x + 12), top + BAR / 2, SIGNS[way.mark], way.mark)


def lane_key(lane: Lane) -> str:
    """Return the key of a lane: that of its node, of a group that of what its nodes share."""
    way = lane.first
    node = ObjectRef("Node", "", way.name)
    return object_key(node if len(lane.nodes) == 1 else ObjectRef("Nodes", "", _group_key(way)))


def _group_key(way: NodeProgress) -> str:
    return "/".join((way.mark, way.rule, way.state, way.at))


def _draw_track(way: NodeProgress, grid: Grid, top: float, end: float) -> Iterator[Shape]:
    """Draw the states still ahead; as a dashed line where the node can never reach them."""
    if end < grid.right:
        middle = top + BAR / 2
        never = bool(way.never) and way.mark == "error"
        dash = "5 4" if never else ""
        yield Path(((end + 2, middle), (grid.right, middle)), stroke="error" if never else "rule", thick=1.2, dash=dash)
        for index in range(len(grid.columns)):
            x = grid.x + grid.each * (index + 1)
            if x > end + 1:
                yield Path(((x, middle - 4), (x, middle + 4)), stroke="rule", thick=1.2)


def _draw_label(lane: Lane, grid: Grid, y: float) -> Iterator[Text]:
    way, room, low = lane.first, grid.x - MARGIN - 10, y + HIGH / 2 + 4
    strong = way.mark in {"error", "warning", "now"}
    if len(lane.nodes) == 1:
        yield Text(
            MARGIN, low, grid.names[escape_text(way.name)], size=BODY, ink="ink" if strong else "quiet", bold=strong
        )
        return
    yield Text(MARGIN, low - 6, f"{len(lane.nodes)} nodes", size=BODY, ink="ink" if strong else "quiet", bold=strong)
    yield Text(MARGIN, low + 8, fit_distinct_names([w.name for w in lane.nodes], room), size=SMALL, ink="quiet")


def _draw_durations(lane: Lane, grid: Grid, top: float, on: str) -> Iterator[Text]:
    """Draw how long each state took, in its column; for a group its name instead."""
    way = lane.first
    if len(lane.nodes) > 1:
        text = f"{len(lane.nodes)} nodes: {way.state_word}"
        if text_width(text, SMALL) < grid.column_end(way.at) - grid.x - 40:
            yield Text(grid.x + 8, top + 14, escape_text(text), size=SMALL, ink="quiet", on=on)
        return
    reached = grid.columns.index(way.at) if way.at in grid.columns else -1
    for index, column in enumerate(grid.columns[: reached + 1]):
        text = way.spent.get(column, "")
        room = grid.each - (60 if index == reached else 8)
        if text and text_width(text, SMALL) <= room:
            yield Text(
                grid.x + (index + 0.5) * grid.each, top + 14, text, size=SMALL, ink="quiet", on=on, anchor="middle"
            )


def _draw_note(way: NodeProgress, grid: Grid, corner: tuple[float, float]) -> Iterator[Shape]:
    """Draw a note for a node whose state has no column."""
    if way.at in grid.columns:
        return
    words = unplaced_word(way)
    room = grid.right - corner[0] - 36
    wide = text_width(fit_text(escape_text(words), room, SMALL), SMALL)
    # on top of the line of the states still ahead
    box = Rect(corner[0] + 26, corner[1] + 2, wide + 6, BAR - 4, fill="paper", stroke="", radius=0)
    yield from (
        box,
        Text(box.x + 3, corner[1] + 14, fit_text(escape_text(words), room, SMALL), size=SMALL, ink="quiet"),
    )


def _draw_caption(lane: Lane, grid: Grid, y: float, number: int) -> tuple[Item, float]:
    """Draw a caption for the lane above, connected to the symbol of its bar; also return its lower edge."""
    point = max(grid.column_end(lane.first.at) - 13, grid.x + 12)
    x = min(point + 10, grid.right - CAPTION)
    ink = "quiet" if lane.first.mark == "now" else "ink"
    room, below = grid.right - x, 0 if x > point else 6  # a leader from straight above ends before the text
    text = longest_clause(escape_text(lane.says), lambda part: len(wrap_text(part, room, BODY)) <= 2)
    if below:
        x = max(grid.x, min(x, grid.right - text_width(text, BODY) - 1))
        room = grid.right - x
    texts, low = draw_paragraph(text, (x, y + 11 + below), room, most=2, ink=ink)
    stroke = lane.first.mark if lane.first.mark in SIGNS else "edge"
    turn = (x - 4, y + 7) if x > point else (point, y + 1)
    shapes: tuple[Shape, ...] = (Path(((point, y - 5), (point, turn[1]), turn), stroke=stroke, thick=1.4), *texts)
    return Item(
        shapes, key=f"caption-{number}", role="caption", state=lane.first.mark, hint=escape_text(lane.says)
    ), low - 4
