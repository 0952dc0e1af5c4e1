"""Objects as a table, in the form of `kubectl get`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.timestamps import Timestamp
from harvdiag.core.wrap import count_cells
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.printing import NONE, PrintColumn, print_columns

__all__ = ["TableStyle", "align_rows", "name_object", "render_table"]

GAP = "   "


class TableStyle(NamedTuple):
    """How a table is shown."""

    wide: bool = False
    namespaces: bool = False
    """A column for the namespace comes first."""
    prefixed: bool = False
    """Each name with its kind, as where several kinds are shown."""
    headers: bool = True
    columns: Sequence[PrintColumn] = ()
    """Others than those of the kind."""


def render_table(kind: Kind, objects: Sequence[Obj], now: Timestamp, style: TableStyle) -> str:
    """Return a table, one line per object, ages counted back from `now`; ends with a newline."""
    shown = [column for column in style.columns or print_columns(kind) if style.wide or not column.wide]
    rows = [[column.header for column in shown]]
    for obj in objects:
        cells = [escape_text(column.text(obj, now)) or NONE for column in shown]
        if style.prefixed and shown[0].header == "NAME":
            cells[0] = escape_text(name_object(kind, obj))
        rows.append(cells)
    if style.namespaces:
        spaces = ["NAMESPACE", *(escape_text(namespace_of(obj)) or NONE for obj in objects)]
        rows = [[space, *cells] for space, cells in zip(spaces, rows, strict=True)]
    return align_rows(rows if style.headers else rows[1:])


def name_object(kind: Kind, obj: Obj) -> str:
    """Return the name that `kubectl get -o name` prints: ``machine.cluster.x-k8s.io/custom-9d026ddd9748``."""
    bare = str(obj.get("kind") or kind.bare).lower()
    return f"{bare}{f'.{kind.group}' if kind.group else ''}/{name_of(obj)}"


def align_rows(rows: Sequence[Sequence[str]]) -> str:
    """Return rows of escaped cells with their columns aligned, the last one not padded; ends with a newline."""
    widths = [max(map(count_cells, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        padded = (cell + " " * (width - count_cells(cell)) for cell, width in zip(row[:-1], widths, strict=False))
        lines.append(GAP.join([*padded, row[-1]]).rstrip())
    return "".join(f"{line}\n" for line in lines)
