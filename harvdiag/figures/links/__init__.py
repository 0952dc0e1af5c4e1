"""The link graph: every Node with its Machine, that one's parts and the cluster objects, and the links between them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from harvdiag.figures.drawing import Drawing, Wish
from harvdiag.figures.links import dot, mermaid, tree
from harvdiag.figures.links.picture import picture
from harvdiag.status.links.view import select_rows

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]


def draw(cluster: Cluster, wish: Wish) -> Drawing:
    """The picture of all links, or with a focus of those around one object."""
    found = select_rows(cluster.upgrade, cluster.graph, wish.focus, wish.finding, wish.whole)
    return Drawing(
        scene=picture(found, wish),
        text=partial(tree.text, found),
        columns=found.dtypes,
        rows=found.records,
        mermaid=partial(mermaid.text, found),
        dot=partial(dot.text, found),
    )
