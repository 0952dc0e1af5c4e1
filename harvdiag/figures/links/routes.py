"""The route of each link from box to box: horizontal at both ends, and past the boxes of the columns between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from harvdiag.figures.links.layout import LANE, Grid
from harvdiag.figures.scene import Area
from harvdiag.status.links.rows import PLACE, Link

__all__ = ["BEND", "Route", "route_between", "route_links"]

Point = tuple[float, float]
BEND = 24.0
"""The width in which a horizontal segment bends to the height of its other end."""


class Route(NamedTuple):
    """A link and its route: segments of two points each, the first from its source, the last to its target.

    `level` is the side (``left``, ``right``) on which a segment is horizontal for as long as possible, for a label.
    """

    tie: Link
    pieces: tuple[tuple[Point, Point], ...]
    level: str = ""

    @property
    def strokes(self) -> Iterator[tuple[Point, Point]]:
        """The segments to draw: curves, or horizontal lines that bend on one side only."""
        for piece in self.pieces:
            yield from _bend_piece(piece, self.level)


def route_links(ties: Sequence[Link], areas: Mapping[str, Area], grid: Grid) -> list[Route]:
    """Return the route of every link of a row; links at the same side of a box get separate ports."""
    ports = _assign_ports(ties, areas, grid.step)
    routes = []
    for index, tie in enumerate(ties):
        start, end = (_port_point(areas[thing.key], *ports[index, thing.key]) for thing in (tie.source, tie.target))
        columns = (PLACE[tie.source.ref.kind], PLACE[tie.target.ref.kind])
        routes.append(Route(tie, route_between(start, end, columns, (areas, grid))))
    return routes


def route_between(
    start: Point, end: Point, columns: tuple[int, int], where: tuple[Mapping[str, Area], Grid]
) -> tuple[tuple[Point, Point], ...]:
    """Return the segments from one point to another, through the free lanes of the columns between them."""
    (first, last), (areas, grid) = columns, where
    between = range(first + 1, last) if first < last else range(first - 1, last, -1)
    points = [start]
    for column in between:
        left, right = grid.left(column), grid.right(column)
        inner = sorted((a for a in areas.values() if abs(a.x - left) < 1), key=lambda area: area.y)
        if not inner:
            continue
        straight = start[1] + (end[1] - start[1]) * (left - start[0]) / ((end[0] - start[0]) or 1)
        y = min(_free_lanes(inner), key=lambda lane: abs(lane - straight))
        points += [(left, y), (right, y)] if first < last else [(right, y), (left, y)]
    points.append(end)
    return tuple(pairwise(points))


def _free_lanes(column: Sequence[Area]) -> list[float]:
    lanes = [column[0].y - LANE, column[-1].bottom + LANE]
    return lanes + [(a.bottom + b.y) / 2 for a, b in pairwise(column)]


def _assign_ports(
    ties: Sequence[Link], areas: Mapping[str, Area], most: float
) -> dict[tuple[int, str], tuple[bool, float]]:
    """Return for each end of each link whether it is on the right side of the box, and its offset from the middle."""
    sides: dict[tuple[str, bool], list[tuple[float, float, bool, int]]] = {}
    for index, tie in enumerate(ties):
        for own, other in ((tie.source, tie.target), (tie.target, tie.source)):
            right = PLACE[other.ref.kind] > PLACE[own.ref.kind]
            away = areas[other.key].y + areas[other.key].height / 2
            left = areas[own.key].y + areas[own.key].height / 2
            back = PLACE[tie.source.ref.kind] > PLACE[tie.target.ref.kind]
            # A link to a further column passes the adjacent one above or below: its port is further out.
            far = abs(PLACE[other.ref.kind] - PLACE[own.ref.kind]) - 1
            sides.setdefault((own.key, right), []).append((away + far * (30 if away > left else -30), far, back, index))
    ports = {}
    for (box, right), ends in sides.items():
        step = min(most, (areas[box].height - 8) / len(ends))
        for rank, end in enumerate(sorted(ends)):
            ports[end[3], box] = (right, (rank - (len(ends) - 1) / 2) * step)
    return ports


def _port_point(area: Area, right: bool, offset: float) -> Point:
    return area.right if right else area.x, area.y + area.height / 2 + offset


def _bend_piece(piece: tuple[Point, Point], level: str) -> Iterator[tuple[Point, Point]]:
    (x, y), (a, b) = piece
    if not level or y == b or abs(a - x) < 4 * BEND:
        yield piece
        return
    left, right = min(x, a), max(x, a)
    turn = right - BEND if level == "left" else left + BEND
    first = (x < a) == (level == "left")  # whether the horizontal part comes before the bend
    height = y if first else b
    yield (x, y), (turn, height)
    yield (turn, height), (a, b)
