"""The phases of an upgrade as a strip of cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SIGNS
from harvdiag.figures.measure import fit_text, text_width, wrap_text
from harvdiag.figures.parts import MARGIN, SMALL
from harvdiag.figures.scene import Item, Rect, Shape, Text, draw_badge
from harvdiag.figures.styles import STYLES
from harvdiag.status.upgrade.labels import phase_word
from harvdiag.status.upgrade.progress import PhaseProgress, UpgradeProgress
from harvdiag.upgrade.wording import format_duration

__all__ = ["BETWEEN", "HIGH", "count_lines", "draw_cell", "draw_strip"]

HIGH, BETWEEN, BADGE = 66.0, 5.0, 12.0
STRONG, BOLD = frozenset({"now", "warning", "error"}), 1.2
HOUR = timedelta(hours=1)
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def draw_strip(course: UpgradeProgress, y: float, wide: float) -> Iterator[Item]:
    """Draw one cell for each phase, all in one row with its top at y."""
    cells = course.stages
    each = (wide - 2 * MARGIN + BETWEEN) / max(len(cells), 1)
    needs = [max(_needed_width(course, cell) + BETWEEN - each, 0) for cell in cells]
    least, x = each - sum(needs) / max(sum(not need for need in needs), 1), MARGIN
    for cell, need in zip(cells, needs, strict=True):
        takes = each + need if need else least
        yield draw_cell(course, cell, Rect(x, y, takes - BETWEEN, HIGH))
        x += takes


def _needed_width(course: UpgradeProgress, cell: PhaseProgress) -> float:
    """Return the width a cell needs for its bold name in two lines and the note above; 0 where it is not bold."""
    if cell.mark not in STRONG:
        return 0
    name = _cell_name(cell)
    rooms = (room for room in range(60, 200, 2) if len(wrap_text(name, room, SMALL)) <= 2)
    return max(next(rooms, 60) * BOLD + 16, text_width(_cell_note(course, cell), SMALL) + 50)


def _cell_name(cell: PhaseProgress) -> str:
    return CAMEL.sub(" ", escape_text(cell.label))


def draw_cell(course: UpgradeProgress, cell: PhaseProgress, box: Rect, lines: int = 2) -> Item:
    """Draw a phase in its box: symbol, number and note, and below them its name in so many lines at most."""
    fill, stroke, thick, dash = STYLES[cell.mark]
    strong = cell.mark in STRONG
    on, ink = fill or "paper", "ink" if strong else "quiet"
    shapes: list[Shape] = [replace(box, fill=fill, stroke=stroke, thick=thick, dash=dash)]
    x = box.x + 9
    if cell.mark in SIGNS:
        shapes += draw_badge(box.x + BADGE + 3, box.y + 14, SIGNS[cell.mark], cell.mark)
        x += 20
    shapes.append(Text(x, box.y + 18, str(cell.number), size=SMALL, ink=ink, on=on))
    note, room = _cell_note(course, cell), box.area.right - x - 16
    if note and text_width(note, SMALL) > room:
        hours = cell.took // HOUR if cell.took else 0
        note = fit_text(format_duration(hours * HOUR) if hours else note, room, SMALL)
    if note:
        left = x + max(14, text_width(str(cell.number), SMALL) + 6)
        shapes.append(Text(left, box.y + 18, note, size=SMALL, ink=ink, on=on))
    words = _wrap_name(cell, box.width, lines)
    shapes += [
        Text(box.x + 8, box.y + 39 + i * 15, w, size=SMALL, ink=ink, on=on, bold=strong) for i, w in enumerate(words)
    ]
    return Item(tuple(shapes), key=f"phase-{cell.number}", role="phase", state=cell.mark, hint=escape_text(cell.hint))


def count_lines(cell: PhaseProgress, wide: float) -> int:
    """Return in how many lines the name of a phase fits a cell of this width."""
    return len(_wrap_name(cell, wide))


def _wrap_name(cell: PhaseProgress, wide: float, most: int = 0) -> list[str]:
    return wrap_text(_cell_name(cell), (wide - 14) / (BOLD if cell.mark in STRONG else 1), SMALL, most=most)


def _cell_note(course: UpgradeProgress, cell: PhaseProgress) -> str:
    """Return the note beside the symbol: how long the phase took, or its state."""
    if word := phase_word(course, cell):
        return word
    return format_duration(cell.took, short=True) if cell.took is not None and cell.mark == "good" else ""
