"""The matrix: every node against every check, problems first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.nodes.layout import build_scene
from harvdiag.figures.nodes.narrow import build_narrow_scene
from harvdiag.figures.nodes.terminal import render_table
from harvdiag.figures.scene import Scene
from harvdiag.status.nodes.folding import fold_rows

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]


def draw(cluster: Cluster, options: DrawOptions) -> Drawing:
    """Draw `cluster.node_status`, whose table it has; healthy nodes are folded where there are many."""
    board = cluster.node_status
    lines = fold_rows(board.rows, options.whole)

    def layout(width: float) -> Scene:
        scene = build_scene(board, lines)
        return build_narrow_scene(board, lines, width) if 0 < width < scene.width else scene

    return Drawing(
        layout=layout,
        text=lambda width: render_table(board, lines, width),
        columns=board.dtypes,
        rows=board.records,
    )
