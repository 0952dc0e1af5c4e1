"""The phases of an upgrade as a strip of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harvdiag.escape import plain
from harvdiag.figures.measure import fit, wrap
from harvdiag.figures.parts import MARGIN, SIGNS, SMALL
from harvdiag.figures.scene import Item, Rect, Shape, Text, badge
from harvdiag.figures.upgrade.course import Cell, Course

__all__ = ["HIGH", "strip"]

HIGH, BETWEEN, BADGE = 66.0, 5.0, 12.0
LOOKS = {
    "good": ("box", "rule", 1.0, ""),
    "now": ("now_box", "now", 2.2, ""),
    "warning": ("warning_box", "warning", 2.2, ""),
    "error": ("error_box", "error", 2.6, ""),
    "wait": ("", "rule", 1.0, ""),
    "unseen": ("", "unseen", 1.0, "4 3"),
}
"""Fill, border, how thick that is, and its dashes."""
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def __dir__() -> list[str]:
    return __all__


def strip(course: Course, y: float, wide: float) -> Iterator[Item]:
    """One cell a phase, all in one row from y on."""
    cells = course.cells
    each = (wide - 2 * MARGIN + BETWEEN) / max(len(cells), 1)
    for at, cell in enumerate(cells):
        yield _cell(course, cell, Rect(MARGIN + at * each, y, each - BETWEEN, HIGH))


def _cell(course: Course, cell: Cell, box: Rect) -> Item:
    fill, stroke, thick, dash = LOOKS[cell.mark]
    on, ink = fill or "paper", "ink" if cell.mark in {"now", "warning", "error"} else "quiet"
    shapes: list[Shape] = [box._replace(fill=fill, stroke=stroke, thick=thick, dash=dash)]
    x, strong = box.x + 9, cell.mark in {"now", "warning", "error"}
    if cell.mark in SIGNS:
        shapes += badge(box.x + BADGE + 3, box.y + 14, SIGNS[cell.mark], cell.mark)
        x += 20
    told = fit(f"{cell.number}  {_told(course, cell)}".rstrip(), box.area.right - x - 4, SMALL)
    shapes.append(Text(x, box.y + 18, told, SMALL, ink, on, bold=False))
    name = CAMEL.sub(" ", plain(cell.label))
    strong = strong and len(wrap(name, (box.width - 14) / 1.2, SMALL)) <= 2
    words = wrap(name, box.width - 14 if not strong else (box.width - 14) / 1.2, SMALL, most=2)
    shapes += [Text(box.x + 8, box.y + 39 + i * 15, w, SMALL, ink, on, bold=strong) for i, w in enumerate(words)]
    return Item(tuple(shapes), f"phase-{cell.number}", "phase", cell.mark, plain(cell.hint))


def _told(course: Course, cell: Cell) -> str:
    """What stands beside the sign: how long it took, or how it is."""
    if cell.mark == "error":
        return "stuck here" if course.running else "failed"
    if cell.mark == "warning":
        return "cannot finish" if course.standing.stuck else "held up"
    if cell.mark == "now":
        return "now"
    return cell.took.replace("less than a minute", "< 1 min") if cell.mark == "good" else ""
