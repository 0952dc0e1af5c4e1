"""What is drawn of many rows: each that is in trouble, those with the same trouble once, and the others as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from harvdiag.core.escape import plain
from harvdiag.core.listing import groups
from harvdiag.core.marks import NONE, PLAIN, UNSEEN
from harvdiag.status.nodes.cells import Cell, Row
from harvdiag.status.summary import format_count

__all__ = ["MANY", "Bundle", "Line", "cell_lines", "count_rows", "fold_rows"]

MANY = 25
"""As many rows are drawn one by one."""
SAMPLE = 3  # of those with the same trouble
TROUBLES = 12  # as many rows in trouble are drawn one by one
SUMS = {"volumes", "vms"}
DEEP = 3  # lines in a cell


class Bundle(NamedTuple):
    """Rows that are drawn as one: what they are called, and what each column holds how often."""

    label: str
    rows: tuple[Row, ...]
    state: str = ""

    def column(self, name: str) -> list[tuple[Cell, int]]:
        """The cells of a column, each once, and how many rows have it; the most frequent first.

        Of what is counted on each node, the sum.
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
    """The lines of the picture; with `whole` every row is one."""
    if whole or len(rows) <= MANY:
        return list(rows)
    bad = [row for row in rows if row.trouble]
    well = tuple(row for row in rows if not row.trouble)
    lines: list[Line] = list(bad) if len(bad) <= TROUBLES else list(_fold_alike(bad))
    return [*lines, Bundle(f"{count_rows(well)}: nothing found", well)] if well else lines


def cell_lines(each: Line, name: str) -> list[tuple[Cell, str]]:
    """What is in a cell of a line, fact by fact; what was not seen has no word, for its sign says it."""
    if isinstance(each, Row):
        cell = each.cells[name]
        return [(cell, _cell_word(cell))] if cell.state != NONE else []
    cells = each.column(name)
    if len(cells) == 1:
        return [(cells[0][0], _cell_word(cells[0][0]))]
    shown = [(cell, f"{count} {plain(cell.word)}") for cell, count in cells[:DEEP]]
    if len(cells) > DEEP:
        rest = sum(count for _, count in cells[DEEP - 1 :])
        shown[-1] = (Cell("", hint="; ".join(cell.hint for cell, _ in cells[DEEP - 1 :])), f"{rest} others")
    return shown


def _cell_word(cell: Cell) -> str:
    return "" if cell.state == UNSEEN else plain(cell.word)


def count_rows(rows: Sequence[Row]) -> str:
    """How many of what: ``174 nodes``, ``3 Machines``."""
    machines = sum(row.ref.kind == "Machine" for row in rows)
    nodes = len(rows) - machines
    return " and ".join(
        filter(
            None, (format_count(nodes, "node") if nodes else "", format_count(machines, "Machine") if machines else "")
        )
    )


def _fold_alike(rows: Sequence[Row]) -> list[Line]:
    """The first of each trouble, the rest of it as one; of very many sorts of trouble the worst."""
    sorts = groups(rows, lambda row: (row.ref.kind, row.state, row.reason, tuple(sorted(f.rule for f in row.findings))))
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
