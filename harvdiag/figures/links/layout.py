"""The layout of a row: boxes in columns from left to right, each ordered so that few links cross.

The order is found by barycentre sweeps, the crossing reduction of layered graph drawing (Sugiyama, Tagawa and Toda,
"Methods for visual understanding of hierarchical system structures", 1981): sweeping over the columns to and fro, each
box is sorted by the mean position of its neighbours. The columns are fixed by the kinds, so that the layers need not be
assigned; vertical positions are then set near the mean of the neighbours, without overlaps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.figures.measure import name_width
from harvdiag.figures.parts import BODY, MARGIN, SMALL
from harvdiag.figures.scene import Area
from harvdiag.status.links.folding import Entry, Fold
from harvdiag.status.links.rows import COLUMNS, PLACE, Box, Row
from harvdiag.status.summary import format_count

__all__ = [
    "HIGH",
    "INSET",
    "LABELLED",
    "LANE",
    "WELL",
    "Grid",
    "count_crossings",
    "fit_grid",
    "fold_texts",
    "order_columns",
    "place_boxes",
]

HIGH, BETWEEN, LANE, INSET = 36.0, 14.0, 8.0, 9.0
SPREAD = 44.0  # room for the labels of several links, one below the other
"""The height of a box, the gap between two, the distance at which a link passes a box, and the space within one."""
SWEEPS = 4


class Grid(NamedTuple):
    """The width of each column and of the gap after it (the last column is that of the cluster objects), the height of
    a box, and the distance between the links that arrive at it.
    """

    widths: tuple[float, ...] = (158, 166, 166, 166, 146)
    rooms: tuple[float, ...] = (188, 56, 42, 48)
    high: float = HIGH
    step: float = 9.0

    def left(self, column: int) -> float:
        """The left edge of a column."""
        return MARGIN + sum(self.widths[:column]) + sum(self.rooms[:column])

    def right(self, column: int) -> float:
        """The right edge of a column."""
        return self.left(column) + self.widths[column]

    @property
    def wide(self) -> float:
        """The width of the whole picture."""
        return self.right(4) + MARGIN

    @property
    def trunk(self) -> float:
        """The x of the line that joins the links to the cluster objects."""
        return self.right(3) + self.rooms[3] / 2


LABELLED = Grid(rooms=(192, 146, 146, 70), high=72, step=16)
"""The grid with room for a label at every link: wider gaps, and the links further apart."""
WELL = "every link holds"
"""What is written below the number of folded Nodes."""
PLAIN = Grid(widths=(96, 96, 166, 96, 146), rooms=(72, 56, 42, 48))
"""The grid where no link has a label: with the least widths."""


def fit_grid(entries: Sequence[Entry], labelled: bool) -> Grid:
    """Return the grid with columns that are as wide as the names in them, of very long ones as a part of them."""
    rows = [entry for entry in entries if isinstance(entry, Row)]
    faulty = any(tie.broken or tie.state == "absent" for row in rows for tie in row.links)
    grid = LABELLED if labelled else Grid() if faulty else PLAIN
    needs = [list[float]() for _ in COLUMNS]
    for box in (box for row in rows for box in row.boxes if box.exists or box.placeholder):
        needs[PLACE[box.ref.kind]] += [
            name_width(escape_text(box.name), BODY, bold=bool(box.placeholder)),
            name_width(escape_text(box.note), SMALL),
        ]
    for fold in (entry for entry in entries if not isinstance(entry, Row)):
        for column, texts in enumerate(fold_texts(fold)):
            needs[column] += [name_width(text, BODY, bold=True) + 6 for text in texts]
        needs[0].append(name_width(WELL, SMALL) + 6)
    least = (grid.widths[0] if faulty and labelled else 110, *grid.widths[1:4])
    widths = [max([low, *(need + 2 * INSET for need in each)]) for low, each in zip(least, needs, strict=True)]
    return grid._replace(widths=(*widths, grid.widths[4]))


def fold_texts(fold: Fold) -> tuple[tuple[str, ...], ...]:
    """Return what is written in the stacks of folded rows, by column: how many objects of each kind."""
    counts = {kind: fold.count(kind) for kind in PLACE}
    return (
        (fold.noun,),
        (format_count(counts["Machine"], "Machine"),),
        tuple(format_count(counts[kind], kind) for kind in COLUMNS[2]),
        (format_count(counts["Secret"], "plan Secret"),),
    )


def order_columns(row: Row) -> list[list[Box]]:
    """Order the objects of each column by a few barycentre sweeps, alternately to the right and to the left.

    The Nodes, in the first column, keep the order of their names.
    """
    columns = [[thing for thing in row.boxes if thing.ref.kind in kinds] for kinds in COLUMNS]
    beside = _find_neighbours(row)
    for sweep in range(SWEEPS):
        for column_index in range(1, len(columns)) if sweep % 2 == 0 else reversed(range(1, len(columns))):
            ranks = {
                t.key: i
                for n, column in enumerate(columns)
                if n != column_index
                for i, t in _relative_positions(column)
            }
            columns[column_index] = _sort_by_barycentre(
                columns[column_index], _left_neighbours(beside, columns, column_index), ranks
            )
    return columns


def _left_neighbours(
    beside: Mapping[str, list[str]], columns: Sequence[Sequence[Box]], index: int
) -> Mapping[str, list[str]]:
    """Limit neighbours to Nodes for Machines, to Machines for parts, so that the parts of one Machine stay together."""
    before = {thing.key for thing in columns[min(index - 1, 1)]}
    return {name: [o for o in neighbours if o in before] or neighbours for name, neighbours in beside.items()}


def _relative_positions(column: Sequence[Box]) -> list[tuple[float, Box]]:
    """Return each object with its position between 0 and 1, so that columns of different lengths compare."""
    return [((index + 0.5) / len(column), thing) for index, thing in enumerate(column)]


def _sort_by_barycentre(column: list[Box], beside: Mapping[str, list[str]], ranks: Mapping[str, float]) -> list[Box]:
    centre = {}
    for index, thing in _relative_positions(column):
        near = [ranks[key] for key in beside.get(thing.key, ()) if key in ranks]
        centre[thing.key] = sum(near) / len(near) if near else index
    return sorted(column, key=lambda thing: round(centre[thing.key], 6))


def _find_neighbours(row: Row) -> dict[str, list[str]]:
    neighbours: dict[str, list[str]] = {}
    for tie in row.links:
        neighbours.setdefault(tie.source.key, []).append(tie.target.key)
        neighbours.setdefault(tie.target.key, []).append(tie.source.key)
    return neighbours


def count_crossings(row: Row, columns: Sequence[Sequence[Box]]) -> int:
    """Count the pairs of links between adjacent columns that cross in this order of the objects."""
    rank = {thing.key: index for column in columns for index, thing in enumerate(column)}
    spans = set()
    for tie in row.links:
        ends = sorted((tie.source, tie.target), key=lambda thing: PLACE[thing.ref.kind])
        left, right = (PLACE[thing.ref.kind] for thing in ends)
        if right - left == 1:
            spans.add((left, rank[ends[0].key], rank[ends[1].key]))
    pairs = sorted(spans)
    return sum(
        a[0] == b[0] and (a[1] - b[1]) * (a[2] - b[2]) < 0 for index, a in enumerate(pairs) for b in pairs[index + 1 :]
    )


def place_boxes(row: Row, grid: Grid, extra: Mapping[str, float]) -> tuple[dict[str, Area], float]:
    """Return the area of each box, from y 0 down, and the total height; `extra` is space to leave below a box."""
    columns, beside = order_columns(row), _find_neighbours(row)
    highs = [[grid.high + extra.get(thing.key, 0) for thing in column] for column in columns]
    gap = SPREAD if sum(tie.broken for tie in row.links) > 1 and max(map(len, columns[:2])) > 1 else BETWEEN
    gaps = [gap, gap, BETWEEN, BETWEEN]
    totals = [_total_height(high, gaps[index]) for index, high in enumerate(highs)]
    full = max(totals)
    tops: dict[str, float] = {}
    start = totals.index(full)
    for index in sorted(range(len(columns)), key=lambda n: (abs(n - start), n)):
        adjacent = _adjacent_neighbours(beside, columns, index)
        wanted = [_wanted_top(thing, adjacent, tops) for thing in columns[index]]
        column_tops = _separate_boxes(wanted, highs[index], full, gaps[index])
        tops |= {thing.key: y for thing, y in zip(columns[index], column_tops, strict=True)}
    areas = {
        thing.key: Area(grid.left(index), tops[thing.key], grid.widths[index], grid.high)
        for index, column in enumerate(columns)
        for thing in column
    }
    return areas, full


def _adjacent_neighbours(
    beside: Mapping[str, list[str]], columns: Sequence[Sequence[Box]], index: int
) -> Mapping[str, list[str]]:
    """Return for each object of a column its neighbours in the adjacent columns, or any others where it has none."""
    sides = {t.key for n in (index - 1, index + 1) if 0 <= n < len(columns) for t in columns[n]}
    return {thing.key: _prefer_members(beside.get(thing.key, []), sides) for thing in columns[index]}


def _prefer_members(keys: list[str], among: set[str]) -> list[str]:
    return [name for name in keys if name in among] or keys


def _total_height(heights: Sequence[float], gap: float) -> float:
    return sum(heights) + gap * max(len(heights) - 1, 0)


def _wanted_top(thing: Box, beside: Mapping[str, list[str]], tops: Mapping[str, float]) -> float | None:
    near = [tops[key] for key in beside.get(thing.key, ()) if key in tops]
    return sum(near) / len(near) if near else None


def _separate_boxes(wanted: Sequence[float | None], heights: Sequence[float], full: float, gap: float) -> list[float]:
    """Move the wanted tops, keeping their order, so that the boxes do not overlap and stay within the row."""
    if all(top is None for top in wanted):
        index = (full - _total_height(heights, gap)) / 2
        return [index + sum(heights[:i]) + gap * i for i in range(len(heights))]
    tops: list[float] = []
    floor = 0.0
    for top, high in zip(wanted, heights, strict=True):
        y = max(floor, floor if top is None else top)
        tops.append(y)
        floor = y + high + gap
    ceiling = full
    for index in range(len(tops) - 1, -1, -1):
        tops[index] = min(tops[index], ceiling - heights[index])
        ceiling = tops[index] - gap
    return tops
