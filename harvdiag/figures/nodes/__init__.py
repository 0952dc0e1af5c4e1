"""The matrix: every node against every check, trouble on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.nodes.layout import build_scene
from harvdiag.figures.nodes.terminal import render_table
from harvdiag.status.nodes.folding import folded

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]


def draw(cluster: Cluster, options: DrawOptions) -> Drawing:
    """The picture of `cluster.node_status`, whose table it has: what is well folds where there is much of it."""
    board = cluster.node_status
    lines = folded(board.rows, options.whole)
    return Drawing(
        scene=build_scene(board, lines),
        text=lambda width: render_table(board, lines, width),
        columns=board.dtypes,
        rows=board.records,
    )
