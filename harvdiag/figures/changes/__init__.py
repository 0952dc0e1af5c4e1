"""The changes: which objects, links and findings came, went or changed since another snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.core.errors import UsageError
from harvdiag.figures.changes.layout import picture
from harvdiag.figures.changes.terminal import render_text
from harvdiag.figures.drawing import NO_EARLIER, Drawing, Wish
from harvdiag.status.changes.grouping import group_changes

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]


def draw(cluster: Cluster, wish: Wish) -> Drawing:
    """The picture of `cluster.compare(wish.against)`, whose table it has: host by host what changed, what is the same
    as a count. Raises UsageError without `against`.
    """
    if wish.against is None:
        raise UsageError(NO_EARLIER)
    comparison = cluster.compare(wish.against)
    groups = group_changes(comparison, wish.whole)
    scene = picture(comparison, groups)
    return Drawing(
        scene=scene,
        text=lambda width: render_text(comparison, groups, width),
        columns=comparison.dtypes,
        rows=comparison.records,
    )
