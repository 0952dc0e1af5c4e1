"""The changes: which objects, links and findings came, went or changed since another snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from harvdiag.core.errors import UsageError
from harvdiag.figures.changes.layout import picture
from harvdiag.figures.drawing import Drawing, Wish
from harvdiag.status.changes.comparison import Comparison
from harvdiag.status.changes.grouping import grouped
from harvdiag.status.changes.titles import lines

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]

COLUMNS = ("change", "what", "kind", "namespace", "name", "field", "before", "now")


def __dir__() -> list[str]:
    return __all__


def draw(cluster: Cluster, wish: Wish) -> Drawing:
    """What is another than it was in the cluster `wish.against`, host by host; what is the same is counted.

    Its table has one row a difference, all str: `change` is ``new``, ``gone``, ``changed`` or ``made anew``, `what`
    ``object``, ``field`` (a link too) or ``finding`` (its rule stands in `field`). Raises UsageError without `against`.
    """
    if wish.against is None:
        raise UsageError("the picture 'changes' needs the cluster as it was before: against=hd.open(…)")
    comparison = Comparison(wish.against.upgrade, cluster.upgrade)
    groups = grouped(comparison, wish.whole)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in _rows(comparison)]
    return Drawing(
        scene=picture(comparison, groups),
        text=lambda width: lines(comparison, groups, width),
        columns=COLUMNS,
        rows=rows,
    )


def _rows(comparison: Comparison) -> Iterator[tuple[Any, ...]]:
    for change in comparison.changes:
        what = "field" if change.path else "object"
        yield (change.sort, what, *change.ref, change.path, change.before, change.now)
    for word, found in (("gone", comparison.gone), ("new", comparison.new)):
        for finding in found:
            told = (finding.message, "") if word == "gone" else ("", finding.message)
            yield (word, "finding", *finding.subject, finding.rule, *told)
