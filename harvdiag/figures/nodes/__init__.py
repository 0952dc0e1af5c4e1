"""The matrix: every node against every check, trouble on top."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from harvdiag.figures.drawing import Drawing, Wish
from harvdiag.figures.nodes.layout import picture
from harvdiag.figures.nodes.terminal import table
from harvdiag.status.nodes.board import Board
from harvdiag.status.nodes.cells import COLUMNS, Row
from harvdiag.status.nodes.folding import folded

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]

NAMED = ("kind", "name", "machine", "severity")


def __dir__() -> list[str]:
    return __all__


def draw(cluster: Cluster, wish: Wish) -> Drawing:
    """Every node, and every Machine without one, against the checks: what is well folds where there is much of it.

    Its table has one row each: `kind`, `name`, `machine`, `severity` (str), `findings` (how many), `ready`, `managed`,
    `schedulable` (bool), `roles`, `kubelet`, `os`, `upgrade` (str), `volumes`, `vms` (how many), `paired` and `rules`
    (str); None is what was not seen, or cannot be told of a Machine.
    """
    board = Board(cluster.upgrade)
    lines = folded(board.rows, wish.whole)
    rows = [dict(_facts(row)) for row in board.rows]
    return Drawing(
        scene=picture(board, lines),
        text=lambda width: table(board, lines, width),
        columns=[*NAMED, *COLUMNS, "rules"],
        rows=rows,
    )


def _facts(row: Row) -> Iterator[tuple[str, Any]]:
    yield from zip(NAMED, (row.ref.kind, row.ref.name, row.machine, row.state), strict=True)
    for name in COLUMNS:
        cell = row.cells[name]
        yield name, cell.word or None if name == "paired" else cell.value
    yield "rules", ", ".join(dict.fromkeys(finding.rule for finding in row.findings))
