"""The points of lines and of their ends, for every painter: what a scene leaves open about a `Path`."""

from __future__ import annotations

from harvdiag.figures.scene import Path

__all__ = ["Point", "end_points", "line_points"]

Point = tuple[float, float]
HEAD, HALF, BAR = 6.0, 3.5, 6.0
"""How long the head of an arrow is, half its width, and half the length of a bar."""


def line_points(shape: Path) -> tuple[Point, ...]:
    """The corners of a line; of a curved one its ends and between them the two handles of its Bezier curve."""
    if not shape.curved:
        return tuple(shape.points)
    (x, y), (a, b) = shape.points[0], shape.points[-1]
    middle = (x + a) / 2
    return (x, y), (middle, y), (middle, b), (a, b)


def end_points(shape: Path) -> tuple[Point, ...]:
    """The corners of its end, an arrow's head or a bar across; it points as the last piece of the line does."""
    (x, y), (a, b) = shape.points[-2:]
    if shape.curved:
        y = b
    long = ((a - x) ** 2 + (b - y) ** 2) ** 0.5 or 1
    u, v = (a - x) / long, (b - y) / long
    if shape.ends == "bar":
        return (a - BAR * v, b + BAR * u), (a + BAR * v, b - BAR * u)
    left = (a - HEAD * u - HALF * v, b - HEAD * v + HALF * u)
    return left, (a, b), (a - HEAD * u + HALF * v, b - HEAD * v - HALF * u)
