"""The matrix in a narrow column: each row as a name with its cells below it, as many beside one another as fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.keys import object_key
from harvdiag.core.listing import join_escaped
from harvdiag.core.marks import GOOD, SEVERE, SIGNS
from harvdiag.figures.measure import fit_text, text_width
from harvdiag.figures.nodes.layout import box_style, legend_entries
from harvdiag.figures.parts import (
    BODY,
    MARGIN,
    SMALL,
    assemble_scene,
    draw_head,
    draw_legend,
    draw_paragraph,
)
from harvdiag.figures.scene import Item, Path, Rect, Scene, Shape, Text, draw_badge
from harvdiag.status.nodes.board import Board
from harvdiag.status.nodes.cells import COLUMNS, Row
from harvdiag.status.nodes.folding import Bundle, Line, cell_lines
from harvdiag.status.nodes.titles import build_alt_text, build_title, cell_sign, describe_same, list_notes
from harvdiag.status.source import source_line

__all__ = ["build_narrow_scene"]

NAME, CELL, PAD, BETWEEN = 24.0, 23.0, 8.0, 4.0
"""The height of a name and of a line of cells; the space within a cell, and between two."""


class Words(NamedTuple):
    """A cell in words: the heading of its column, its symbol and text, its state and its tooltip."""

    name: str
    sign: str
    text: str
    state: str
    hint: str

    @property
    def told(self) -> str:
        """Symbol and text."""
        return " ".join(filter(None, (self.sign, self.text)))


def build_narrow_scene(board: Board, lines: Sequence[Line], wide: float) -> Scene:
    """Build the scene of the matrix for a column of this width."""
    title = build_title(board)
    items, y = draw_head(title, source_line(board.diagnosis), wide)
    same = _same_cells(board, lines)
    for number, line in enumerate(lines):
        drawn, y = _draw_line(line, number, [name for name in board.columns if name not in same], (y, wide))
        items += drawn
    notes = [(state, escape_text(words)) for words, state in list_notes(board)]
    if same:
        notes.insert(0, ("", describe_same([f"{COLUMNS[name]} {words.told}" for name, words in same.items()])))
    for number, (state, text) in enumerate(notes):
        item, y = _draw_note(state, text, number, (y, wide))
        items.append(item)
    keys, y = draw_legend(legend_entries(board, lines), y + 8, wide)
    return assemble_scene(title, build_alt_text(board, lines), wide, y + 8, [*items, *keys])


def _cell_words(line: Line, name: str) -> Words | None:
    """Return a cell in words; None where it does not apply."""
    cells = cell_lines(line, name)
    if not cells:
        return None
    state = next((cell.state for cell, _ in cells if cell.state in SEVERE), cells[0][0].state)
    text = ", ".join(filter(None, (word for _, word in cells)))
    hint = escape_text("; ".join(cell.hint for cell, _ in cells))
    return Words(COLUMNS[name], cell_sign(cells[0][0]), text, state, hint)


def _same_cells(board: Board, lines: Sequence[Line]) -> dict[str, Words]:
    """Return the columns in which every row has the same to say, and nothing is wrong."""
    found = {}
    for name in board.columns if len(lines) > 1 else ():
        cells = [words for line in lines if (words := _cell_words(line, name))]
        if len({words.told for words in cells}) == 1 and cells[0].state not in SEVERE:
            found[name] = cells[0]
    return found


def _draw_line(line: Line, number: int, columns: Iterable[str], place: tuple[float, float]) -> tuple[list[Item], float]:
    """Draw a row from its top, the first of `place`, in the width that is the second; also return its lower edge."""
    y, wide = place
    own = object_key(line.ref) if isinstance(line, Row) else f"bundle/{number}"
    items = [_draw_name(line, own, y, wide)]
    y += NAME
    if isinstance(line, Row) and line.ghost and line.findings:
        message = escape_text(line.findings[0].message)
        texts, low = draw_paragraph(message, (MARGIN + 24, y + 13), wide - 2 * MARGIN - 24)
        items.append(Item(tuple(texts), key=f"{own}/message", role="message", state=line.state, hint=message))
        y = low - 4
    cells = [(name, words) for name in columns if (words := _cell_words(line, name))]
    for (name, words), x, top in _flow_cells(cells, y, wide):
        items.append(_draw_cell(words, f"{own}/{name}", (x, top, wide)))
        y = max(y, top + CELL)
    under = Path(((MARGIN, y + 4), (wide - MARGIN, y + 4)), stroke="rule", thick=0.8)
    return [*items, Item((under,), role="rule")], y + 8


def _draw_name(line: Line, own: str, y: float, wide: float) -> Item:
    label, state, shapes = line.label if isinstance(line, Bundle) else escape_text(line.name), line.state, list[Shape]()
    bold, ghost = state in SEVERE[:2] and isinstance(line, Row), isinstance(line, Row) and line.ghost
    room = wide - 2 * MARGIN - 30
    shown = fit_text(label, room, BODY, bold=bold)
    if ghost:
        frame = text_width(shown, BODY, bold=bold) + 32
        shapes.append(Rect(MARGIN, y + 1, frame, NAME - 2, fill="", stroke="edge", thick=1.2, dash="4 3", radius=4))
    if state:
        shapes += draw_badge(MARGIN + 11, y + NAME / 2, SIGNS[state], state)
    left = MARGIN + 24 if state or ghost else MARGIN
    shapes.append(Text(left, y + NAME / 2 + 4, shown, size=BODY, ink="ink" if state else "quiet", bold=bold))
    if isinstance(line, Bundle):
        hint, role = join_escaped([row.name for row in line.rows]), "bundle"
    else:
        hint, role = escape_text(str(line.ref)), "machine" if ghost else "node"
    return Item(tuple(shapes), key=own, role=role, state=state or GOOD, hint=hint)


def _cell_width(words: Words) -> float:
    return text_width(f"{words.name} ", SMALL) + text_width(words.told, SMALL) + 2 * PAD


def _flow_cells(
    cells: Iterable[tuple[str, Words]], y: float, wide: float
) -> Iterator[tuple[tuple[str, Words], float, float]]:
    """Yield each cell with its left edge and top: one beside the other, and on the next line where the width ends."""
    left = x = MARGIN + 16
    for cell in cells:
        takes = _cell_width(cell[1])
        if x > left and x + takes > wide - MARGIN:
            x, y = left, y + CELL
        yield cell, x, y
        x += takes + BETWEEN


def _draw_cell(words: Words, own: str, place: tuple[float, float, float]) -> Item:
    x, y, wide = place
    fill, dash = box_style(words.state)
    room = min(_cell_width(words), wide - MARGIN - x)
    shapes: list[Shape] = []
    if fill or dash:
        stroke = words.state if fill else "unseen"
        shapes.append(Rect(x, y + 1, room, CELL - 4, fill=fill, stroke=stroke, thick=1.2, dash=dash, radius=4))
    on, begin = fill or "paper", x + PAD + text_width(f"{words.name} ", SMALL)
    shapes.append(Text(x + PAD, y + 15, words.name, size=SMALL, ink="ink" if fill else "quiet", on=on))
    told = fit_text(words.told, x + room - PAD - begin + 0.1, SMALL)
    shapes.append(Text(begin, y + 15, told, size=SMALL, ink="ink", on=on))
    return Item(tuple(shapes), key=own, role="cell", state=words.state, hint=words.hint)


def _draw_note(state: str, text: str, number: int, place: tuple[float, float]) -> tuple[Item, float]:
    """Draw what is about no single row; also return its lower edge."""
    y, wide = place
    texts, low = draw_paragraph(text, (MARGIN + 24, y + 16), wide - 2 * MARGIN - 24, ink="ink" if state else "quiet")
    badge = draw_badge(MARGIN + 8, y + 12, SIGNS[state], state) if state in SIGNS else ()
    return Item((*badge, *texts), key=f"note/{number}", role="note", state=state, hint=text), low - 8
