"""The link graph: every Node with its Machine, the parts of the Machine, the cluster objects, and their links."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.links import dot, mermaid, tree
from harvdiag.figures.links.narrow import build_narrow_scene
from harvdiag.figures.links.picture import build_scene
from harvdiag.figures.scene import Scene
from harvdiag.status.links.view import select_rows

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]


def draw(cluster: Cluster, options: DrawOptions) -> Drawing:
    """Draw all links, or with a focus those in the neighbourhood of one object."""
    view = select_rows(cluster.upgrade, cluster.graph, options.focus, options.finding, options.whole)

    def layout(width: float) -> Scene:
        scene = build_scene(view, options)
        return build_narrow_scene(view, options, width) if 0 < width < scene.width else scene

    return Drawing(
        layout=layout,
        text=partial(tree.render_tree, view),
        columns=view.dtypes,
        rows=view.records,
        mermaid=partial(mermaid.render_mermaid, view),
        dot=partial(dot.render_dot, view),
    )
