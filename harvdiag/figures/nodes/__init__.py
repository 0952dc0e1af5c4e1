"""The matrix: every node against every check, trouble on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.figures.drawing import Drawing, Wish
from harvdiag.figures.nodes.layout import picture
from harvdiag.figures.nodes.terminal import table
from harvdiag.status.nodes.folding import fold_rows

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]


def draw(cluster: Cluster, wish: Wish) -> Drawing:
    """The picture of `cluster.node_status`, whose table it has: what is well folds where there is much of it."""
    board = cluster.node_status
    lines = fold_rows(board.rows, wish.whole)
    return Drawing(
        scene=picture(board, lines),
        text=lambda width: table(board, lines, width),
        columns=board.dtypes,
        rows=board.records,
    )
