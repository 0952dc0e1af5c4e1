"""The lines of the board of a large cluster: equal trouble is folded, and rows without trouble are one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.listing import group_by
from harvdiag.core.marks import NONE, PLAIN, UNSEEN
from harvdiag.status.nodes.cells import Cell, Row
from harvdiag.status.summary import format_count

__all__ = ["MANY", "Bundle", "Line", "cell_lines", "count_rows", "fold_rows"]

MANY = 25
"""Up to so many rows are shown one by one."""
SAMPLE = 3  # rows shown of those with the same trouble
TROUBLES = 12  # up to so many rows in trouble are shown one by one
SUMS = {"volumes", "vms"}
DEEP = 3  # most lines in a cell


class Bundle(NamedTuple):
    """Rows that are shown as one line, with their label."""

    label: str
    rows: tuple[Row, ...]
    state: str = ""

    def column(self, name: str) -> list[tuple[Cell, int]]:
        """Return the distinct cells of a column with the number of rows that have each, most frequent first.

        Of a column of counts, one cell with the sum.
        """
        cells = [row.cells[name] for row in self.rows]
        if name in SUMS and all(isinstance(cell.value, int) for cell in cells):
            total = sum(cell.value for cell in cells)
            return [(Cell(str(total), PLAIN, f"{total} on all of them", total), len(cells))]
        found = Counter((cell.word, cell.state) for cell in cells if cell.state != NONE)
        return [
            (Cell(word, state, f"{word}: {count} of {len(cells)}"), count)
            for (word, state), count in _by_frequency(found)
        ]


Line = Row | Bundle


def fold_rows(rows: Sequence[Row], whole: bool = False) -> list[Line]:
    """Return the lines of the board; with `whole` every row is one."""
    if whole or len(rows) <= MANY:
        return list(rows)
    bad = [row for row in rows if row.trouble]
    well = tuple(row for row in rows if not row.trouble)
    lines: list[Line] = list(bad) if len(bad) <= TROUBLES else list(_fold_alike(bad))
    return [*lines, Bundle(f"{count_rows(well)}: nothing found", well)] if well else lines


def cell_lines(each: Line, name: str) -> list[tuple[Cell, str]]:
    """Return the cells of a line in one column, each with its text; empty for what was not seen: its mark says so."""
    if isinstance(each, Row):
        cell = each.cells[name]
        return [(cell, _cell_word(cell))] if cell.state != NONE else []
    cells = each.column(name)
    if len(cells) == 1:
        return [(cells[0][0], _cell_word(cells[0][0]))]
    shown = [(cell, f"{count} {escape_text(cell.word)}") for cell, count in cells[:DEEP]]
    if len(cells) > DEEP:
        rest = sum(count for _, count in cells[DEEP - 1 :])
        shown[-1] = (Cell("", hint="; ".join(cell.hint for cell, _ in cells[DEEP - 1 :])), f"{rest} others")
    return shown


def _cell_word(cell: Cell) -> str:
    return "" if cell.state == UNSEEN else escape_text(cell.word)


def count_rows(rows: Sequence[Row]) -> str:
    """Return how many rows of which kind: ``174 nodes``, ``3 Machines``."""
    machines = sum(row.ref.kind == "Machine" for row in rows)
    nodes = len(rows) - machines
    return " and ".join(
        filter(
            None, (format_count(nodes, "node") if nodes else "", format_count(machines, "Machine") if machines else "")
        )
    )


def _fold_alike(rows: Sequence[Row]) -> list[Line]:
    """Keep the first rows of each trouble and put the rest of it into one; of very many sorts keep the worst."""
    sorts = group_by(
        rows, lambda row: (row.ref.kind, row.state, row.reason, tuple(sorted(f.rule for f in row.findings)))
    )
    lines: list[Line] = []
    for at, (_, alike) in enumerate(sorts):
        if len(lines) >= MANY:
            rest = tuple(row for _, more in sorts[at:] for row in more)
            return [*lines, Bundle(f"and {count_rows(rest)} more", rest, rest[0].state)]
        keep = alike if len(alike) <= SAMPLE + 1 else alike[:SAMPLE]
        lines += keep
        if rest := tuple(alike[len(keep) :]):
            lines.append(Bundle(f"and {len(rest)} more like this", rest, rest[0].state))
    return lines


def _by_frequency(found: Counter[tuple[str, str]]) -> list[tuple[tuple[str, str], int]]:
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
