"""The points of lines and of their arrowheads, shared by the SVG and PNG renderers."""

from __future__ import annotations

from harvdiag.figures.scene import Path

__all__ = ["Point", "end_points", "line_points"]

Point = tuple[float, float]
HEAD, HALF, BAR = 6.0, 3.5, 6.0
"""The length of an arrowhead, half its width, and half the length of a bar."""


def line_points(shape: Path) -> tuple[Point, ...]:
    """Return the points of a line; of a curved one its ends with the two Bezier control points between them."""
    if not shape.curved:
        return tuple(shape.points)
    (x, y), (a, b) = shape.points[0], shape.points[-1]
    middle = (x + a) / 2
    return (x, y), (middle, y), (middle, b), (a, b)


def end_points(shape: Path) -> tuple[Point, ...]:
    """Return the points of its arrowhead or cross bar, which has the direction of its last segment."""
    (x, y), (a, b) = shape.points[-2:]
    if shape.curved:
        y = b
    long = ((a - x) ** 2 + (b - y) ** 2) ** 0.5 or 1
    u, v = (a - x) / long, (b - y) / long
    if shape.ends == "bar":
        return (a - BAR * v, b + BAR * u), (a + BAR * v, b - BAR * u)
    left = (a - HEAD * u - HALF * v, b - HEAD * v + HALF * u)
    return left, (a, b), (a - HEAD * u + HALF * v, b - HEAD * v - HALF * u)
