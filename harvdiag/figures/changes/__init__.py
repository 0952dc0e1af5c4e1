"""The changes: which objects, links and findings were added, removed or changed since another snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.core.errors import UsageError
from harvdiag.figures.changes.layout import build_scene
from harvdiag.figures.changes.terminal import render_text
from harvdiag.figures.drawing import NO_EARLIER, Drawing, DrawOptions
from harvdiag.status.changes.grouping import group_changes

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster
    from harvdiag.status.changes.comparison import Comparison

__all__ = ["draw", "draw_comparison"]


def draw(cluster: Cluster, options: DrawOptions) -> Drawing:
    """Draw `cluster.compare(options.against)`, whose table it has: what changed on each host, and a count of what did
    not. Raises UsageError without `against`.
    """
    if options.against is None:
        raise UsageError(NO_EARLIER)
    return draw_comparison(cluster.compare(options.against), options.whole)


def draw_comparison(comparison: Comparison, whole: bool = False) -> Drawing:
    """Draw a comparison that was made already; `whole` folds nothing."""
    groups = group_changes(comparison, whole)
    return Drawing(
        layout=lambda width: build_scene(comparison, groups, width),
        text=lambda width: render_text(comparison, groups, width),
        columns=comparison.dtypes,
        rows=comparison.records,
    )
