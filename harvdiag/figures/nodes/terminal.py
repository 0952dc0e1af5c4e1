"""The matrix for a terminal: an aligned table with the symbols of the picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.listing import group_by
from harvdiag.core.marks import GOOD, SIGNS, UNSEEN
from harvdiag.core.wrap import count_cells, pad_text, wrap_text
from harvdiag.figures.measure import distinct_names
from harvdiag.status.nodes.board import Board
from harvdiag.status.nodes.cells import COLUMNS, Cell, Row
from harvdiag.status.nodes.folding import Bundle, Line
from harvdiag.status.nodes.titles import build_title, cell_sign, describe_same, list_other_findings, list_uncounted
from harvdiag.status.source import source_line
from harvdiag.status.summary import format_count

__all__ = ["render_table"]

MOST, SHORT, LEAST = 40, 30, 16  # the cells of a name: at most, where there is less room, and at least
DISPENSABLE = ("roles", "vms", "volumes", "os", "schedulable", "managed", "ready", "kubelet", "upgrade", "paired")
EM = 12
Grid = dict[str, list[str]]


def render_table(board: Board, lines: Sequence[Line], width: int) -> str:
    """Render an aligned table. Where not all columns fit, those with the same value on all lines are listed below it.

    A column with a problem is never left out: what does not fit beside the others goes into a second table below.
    """
    grid = {name: [_format_cell(line, name) for line in lines] for name in board.columns}
    heads, omitted = _line_labels(lines, MOST), list[str]()
    bad = {name for row in board.rows for name, cell in row.cells.items() if cell.bad} | {"findings"}
    # In the order of the loss: shorter names, columns that say nothing, whole columns, the shortest names.
    if _table_width(heads, grid) > width:
        heads = _line_labels(lines, SHORT)
    if _table_width(heads, grid) > width:
        same = [name for name, cells in grid.items() if len(dict.fromkeys(filter(None, cells))) == 1]
        same = [name for name in same if name not in bad]
        alike = [f"{COLUMNS[name]} {next(filter(None, grid.pop(name)))}" for name in same]
        omitted += [describe_same(alike)] if alike else []
    if _table_width(heads, grid) > width:
        left = list(_drop_columns(heads, grid, bad, width))
        omitted += [f"left out, no room: {', '.join(left)}"] if left else []
    if _table_width(heads, grid) > width:
        heads = _line_labels(lines, LEAST)
    out = [*wrap_text(build_title(board), width, "  "), *wrap_text(source_line(board.diagnosis), width, "  ")]
    out += [line for part in _split_columns(heads, grid, width) for line in ("", *_align_columns(heads, part))]
    for section in (omitted, *_list_remarks(board)):
        out += ["", *(line for text in section for line in wrap_text(text, width, "  "))] if section else []
    return "\n".join(out)


def _list_remarks(board: Board) -> Iterator[list[str]]:
    """Yield the sections below the table: findings that are not about a single node, checks that were skipped."""
    below = [
        f"{SIGNS[f.severity.value]} {escape_text(f.subject)}: {escape_text(f.message)}"
        for f in list_other_findings(board)
    ]
    if below:
        yield ["Not about a single node:", *below]
    skipped = board.findings.skipped
    gaps = [f"{format_count(len(skipped), 'check')} could not be run"] if skipped else []
    if gaps := [*gaps, *list_uncounted(board)]:
        yield [f"? {gap}" for gap in gaps]


def _drop_columns(heads: Sequence[str], grid: Grid, bad: set[str], width: int) -> Iterator[str]:
    """Remove columns without a problem until the others fit, and yield their headings."""
    for name in DISPENSABLE:
        if _table_width(heads, grid) > width and name in grid and name not in bad:
            del grid[name]
            yield COLUMNS[name]


def _split_columns(heads: Sequence[str], grid: Grid, width: int) -> Iterator[Grid]:
    """Yield the columns in groups that fit beside the names."""
    now: Grid = {}
    for name, cells in grid.items():
        if now and _table_width(heads, now | {name: cells}) > width:
            yield now
            now = {}
        now[name] = cells
    yield now


def _line_labels(lines: Sequence[Line], most: int) -> list[str]:
    """Return the label of each line; where names are too long, their common part is removed."""
    short: dict[tuple[str, str], str] = {}
    rows = [line for line in lines if isinstance(line, Row)]
    for kind, same_kind in group_by(rows, lambda row: row.ref.kind):
        short |= {
            (kind, name): shortened
            for name, shortened in _shorten_names([escape_text(row.name) for row in same_kind], most).items()
        }
    return [line.label if isinstance(line, Bundle) else short[line.ref.kind, escape_text(line.name)] for line in lines]


def _shorten_names(names: Sequence[str], most: int) -> Mapping[str, str]:
    """Return names of at most this many cells each, still distinct."""
    shortened = {name: name for name in names}
    for room in range(most * EM, 0, -EM // 2):
        if all(count_cells(name) <= most for name in shortened.values()):
            break
        shortened = distinct_names(names, room, EM)
    return shortened


def _align_columns(heads: Sequence[str], grid: Grid) -> list[str]:
    columns = [["", *heads], *([COLUMNS[name], *cells] for name, cells in grid.items())]
    wide = [_column_width(cells) for cells in columns]
    return [
        "  ".join(pad_text(cell, room) for cell, room in zip(row, wide, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]


def _table_width(heads: Sequence[str], grid: Grid) -> int:
    return sum(_column_width([COLUMNS[name], *cells]) + 2 for name, cells in grid.items()) + _column_width(["", *heads])


def _column_width(cells: Sequence[str]) -> int:
    return min(max(map(count_cells, cells)), MOST)


def _format_cell(line: Line, name: str) -> str:
    if isinstance(line, Row):
        return _abbreviate_cell(line.cells[name])
    cells = line.column(name)
    if len(cells) == 1 and cells[0][1] == len(line.rows):
        return _abbreviate_cell(cells[0][0])
    return ", ".join(f"{count} {escape_text(cell.word)}" for cell, count in cells)


def _abbreviate_cell(cell: Cell) -> str:
    """Return symbol and word, or the symbol alone where it says the same."""
    bare = cell.state == UNSEEN or (cell.state == GOOD and cell.word == "yes")
    return cell_sign(cell) if bare else f"{cell_sign(cell)} {escape_text(cell.word)}".strip()
