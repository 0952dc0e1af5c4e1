"""The matrix as shapes: one row a line, one column a check; healthy cells are inconspicuous."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harvdiag.core.escape import escape_text
from harvdiag.core.keys import object_key
from harvdiag.core.listing import group_by, join_escaped
from harvdiag.core.marks import GOOD, NOW, SEVERE, SIGNS, UNSEEN
from harvdiag.core.model import ObjectRef
from harvdiag.figures.measure import distinct_names, fit_text, line_height, name_width, text_width
from harvdiag.figures.parts import BODY, MARGIN, SMALL, LegendEntry, assemble_scene, draw_head, draw_legend
from harvdiag.figures.scene import Item, Path, Rect, Scene, Shape, Text, draw_badge
from harvdiag.status.nodes.board import Board
from harvdiag.status.nodes.cells import COLUMNS, Cell, Row
from harvdiag.status.nodes.folding import Bundle, Line, cell_lines
from harvdiag.status.nodes.titles import build_alt_text, build_title, cell_sign, list_notes
from harvdiag.status.source import source_line

__all__ = ["box_style", "build_scene", "legend_entries"]

LEAST, MOST, GAP = 760.0, 1300.0, 4.0
HIGH, WIDEST, BESIDE = 26.0, 150.0, 35.0  # a name has the badge before it, and a gap after it
LEGEND = {"error": "error", "warning": "warning", "info": "info", NOW: "in progress", UNSEEN: "not seen"}


def build_scene(board: Board, lines: Sequence[Line]) -> Scene:
    """Build the scene of the matrix, in the width that its columns need."""
    return Grid(board, lines).build_scene()


class Grid:
    """The columns of the matrix, and the shapes in them."""

    def __init__(self, board: Board, lines: Sequence[Line]) -> None:
        self.board = board
        self.lines = lines
        self.places = self._place_columns()
        self.short = _shorten_names(lines, self.places[0][2] - BESIDE + 1)

    def build_scene(self) -> Scene:
        """Build the scene: title, column heads, rows, notes, legend."""
        wide = self.right + MARGIN
        items, y = draw_head(build_title(self.board), source_line(self.board.diagnosis), wide)
        items += list(self._draw_heads(y + 12))
        y += 22
        for index, line in enumerate(self.lines):
            height = self._line_height(line)
            items += self._draw_line(line, index, y, height)
            y += height
        items += list(self._draw_notes(y + 20))
        y += 16 + line_height(BODY) * len(self._note_texts)
        below, y = draw_legend(legend_entries(self.board, self.lines), y, wide)
        return assemble_scene(
            build_title(self.board), build_alt_text(self.board, self.lines), wide, y + 12, [*items, *below]
        )

    @property
    def right(self) -> float:
        """The right edge of the last column."""
        return sum(self.places[-1][1:])

    # --- columns ---------------------------------------------------------------------------------------------------

    def _place_columns(self) -> list[tuple[str, float, float]]:
        """Return the name, left edge and width of each column: as wide as its texts, within limits."""
        names = ["", *self.board.columns]
        first = self._names_width()
        wide = [min(self._needed_width(name), WIDEST) for name in self.board.columns]
        room = MOST - 2 * MARGIN - first  # names stay whole: what does not fit is taken from the other columns alike
        if sum(wide) > room:
            wide = [each * room / sum(wide) for each in wide]
        spare = max(LEAST - 2 * MARGIN - first - sum(wide), 0) / len(names)
        places, x = [], MARGIN
        for name, each in zip(names, [first, *wide], strict=True):
            places.append((name, x, each + spare))
            x += each + spare
        return places

    def _names_width(self) -> float:
        """Return the width of the first column: that of its widest label, which may be a long name in short."""
        labels = (_line_label(each) for each in self.lines)
        return max((name_width(label, BODY, bold=True) + BESIDE for label in labels), default=0)

    def _needed_width(self, name: str) -> float:
        cells = dict.fromkeys(
            (bool(cell_sign(cell)), word) for each in self.lines for cell, word in cell_lines(each, name)
        )
        return (
            max([text_width(COLUMNS[name], SMALL), *(text_width(word, SMALL) + 15 * mark for mark, word in cells)]) + 18
        )

    def _draw_heads(self, y: float) -> Iterator[Item]:
        for name, x, wide in self.places[1:]:
            text = Text(x + 8, y, fit_text(COLUMNS[name], wide - 12, SMALL), size=SMALL, ink="quiet")
            yield Item((text,), key=f"column/{name}", role="head")
        yield Item((Path(((MARGIN, y + 7), (self.right, y + 7)), stroke="rule"),), role="rule")

    # --- lines -----------------------------------------------------------------------------------------------------

    def _line_height(self, each: Line) -> float:
        deep = max((len(cell_lines(each, name)) for name in self.board.columns), default=1)
        return HIGH + (max(deep, 1) - 1) * line_height(SMALL)

    def _draw_line(self, each: Line, number: int, y: float, high: float) -> list[Item]:
        own = object_key(each.ref) if isinstance(each, Row) else f"bundle/{number}"
        items = [self._draw_name(each, own, y, high)]
        for name, x, wide in self.places[1:]:
            words = cell_lines(each, name)
            if words:
                items.append(self._draw_cell(words, f"{own}/{name}", (x, y, wide, high)))
        under = Path(((MARGIN, y + high), (self.right, y + high)), stroke="rule", thick=0.8)
        if isinstance(each, Row) and each.ghost and each.findings:
            items.append(self._draw_message(each, f"{own}/message", y))
        return [*items, Item((under,), role="rule")]

    def _draw_message(self, each: Row, own: str, y: float) -> Item:
        """Draw the finding of a row that is not a Node, where its cells are empty."""
        _, left, _ = self.places[3]
        x, message = left + 8, escape_text(each.findings[0].message)
        text = Text(x, y + HIGH / 2 + 4, fit_text(message, self.right - x, SMALL), size=SMALL)
        return Item((text,), key=own, role="message", state=each.state, hint=message)

    def _draw_name(self, each: Line, own: str, y: float, high: float) -> Item:
        _, x, wide = self.places[0]
        label, state = _line_label(each), each.state
        ghost = isinstance(each, Row) and each.ghost
        bold = state in SEVERE[:2] and isinstance(each, Row)
        shapes: list[Shape] = []
        if ghost:
            shapes.append(
                Rect(x + 1, y + 3, wide - 6, high - 6, fill="", stroke="edge", thick=1.2, dash="4 3", radius=4)
            )
        if state:
            shapes += draw_badge(x + 12, y + HIGH / 2, SIGNS[state], state)
        short = self.short.get(each.ref, label) if isinstance(each, Row) else label
        shown = fit_text(short, wide - BESIDE + 1, BODY, bold=bold)
        ink = "ink" if state else "quiet"
        shapes.append(Text(x + 24, y + HIGH / 2 + 4, shown, size=BODY, ink=ink, bold=bold))
        if isinstance(each, Bundle):
            hint = join_escaped([row.name for row in each.rows])
            return Item(tuple(shapes), key=own, role="bundle", state=state or GOOD, hint=hint)
        hint = f"{each.ref}" + "".join(f"; {f.severity}: {f.message}" for f in each.findings[:4])
        return Item(
            tuple(shapes), key=own, role="machine" if ghost else "node", state=state or GOOD, hint=escape_text(hint)
        )

    def _draw_cell(self, words: list[tuple[Cell, str]], own: str, place: tuple[float, float, float, float]) -> Item:
        x, y, wide, high = place
        state = next((cell.state for cell, _ in words if cell.state in SEVERE), words[0][0].state)
        fill, dash = box_style(state)
        shapes: list[Shape] = []
        if fill or dash:
            frame = Rect(x + 1, y + 3, wide - GAP, high - 6, fill=fill, stroke=UNSEEN if dash else state, radius=4)
            shapes.append(replace(frame, thick=0.8 if dash else 1.2, dash=dash))
        for index, (cell, word) in enumerate(words):
            base = y + HIGH / 2 + 4 + index * line_height(SMALL)
            shapes += _draw_cell_line(cell, word, (x, base, wide), fill)
        hint = escape_text("; ".join(cell.hint for cell, _ in words))
        return Item(tuple(shapes), key=own, role="cell", state=state, hint=hint)

    # --- below -----------------------------------------------------------------------------------------------------

    @property
    def _note_texts(self) -> list[tuple[str, str, str]]:
        """What is not about a single node: symbol, mark and text."""
        return [(SIGNS[state], state, escape_text(words)) for words, state in list_notes(self.board)]

    def _draw_notes(self, y: float) -> Iterator[Item]:
        for index, (mark, state, words) in enumerate(self._note_texts):
            base = y + index * line_height(BODY)
            shown = fit_text(words, self.right - MARGIN - 24, BODY)
            text = Text(MARGIN + 24, base, shown, size=BODY, ink="quiet" if state == UNSEEN else "ink")
            yield Item(
                (Text(MARGIN + 8, base, mark, size=BODY, bold=True), text),
                key=f"note/{index}",
                role="note",
                state=state,
                hint=words,
            )


def legend_entries(board: Board, lines: Sequence[Line]) -> list[LegendEntry]:
    """Return a legend entry for each symbol and frame that occurs."""
    states = {cell.state for each in lines for name in board.columns for cell, _ in cell_lines(each, name)}
    states |= {each.state for each in lines} | {state for _, state in list_notes(board)}
    keys = [LegendEntry(word, colour=state, sign=SIGNS[state]) for state, word in LEGEND.items() if state in states]
    ghosts = any(isinstance(each, Row) and each.ghost for each in lines)
    return [*keys, *([LegendEntry("has no Node", colour="edge", fill="paper", dash="4 3")] if ghosts else [])]


def _line_label(each: Line) -> str:
    if isinstance(each, Bundle):
        return each.label
    return escape_text(each.name)


def _shorten_names(lines: Sequence[Line], room: float) -> dict[ObjectRef, str]:
    """Return shorter, still distinct names of the rows; Nodes and Machines apart, for they share no naming scheme."""
    rows = [each for each in lines if isinstance(each, Row)]
    short: dict[ObjectRef, str] = {}
    for _, same_kind in group_by(rows, lambda row: row.ref.kind):
        names = distinct_names([_line_label(row) for row in same_kind], room, BODY, bold=True)
        short |= {row.ref: names[_line_label(row)] for row in same_kind}
    return short


def _draw_cell_line(cell: Cell, word: str, place: tuple[float, float, float], fill: str) -> Iterator[Text]:
    """Draw the symbol and the word of one line of a cell; `place` is its left edge, baseline and width."""
    x, base, wide = place
    ink, on = ("ink", fill) if fill else ("quiet", "paper")
    mark = cell_sign(cell)
    if mark:
        yield Text(x + 7, base, mark, size=SMALL, ink=ink, on=on, bold=cell.state != GOOD)
    left = 22 if mark else 7
    if word:
        yield Text(x + left, base, fit_text(word, wide - left - 5, SMALL), size=SMALL, ink=ink, on=on)


def box_style(state: str) -> tuple[str, str]:
    """Return fill and dash of a cell's box; neither where the cell needs no attention."""
    if state == UNSEEN:
        return "", "3 3"
    return (f"{state}_box", "") if state in {*SEVERE, NOW} else ("", "")
