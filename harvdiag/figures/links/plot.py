"""What is to be shown, before it has a place: the rows after focus and folding, and the words for the whole."""

from __future__ import annotations

from typing import NamedTuple

from harvdiag.cluster import Cluster
from harvdiag.figures.drawing import Wish
from harvdiag.figures.links.chains import Row, Web
from harvdiag.figures.links.folding import Entry, fold, trim
from harvdiag.figures.links.telling import alt, title
from harvdiag.figures.links.weave import weave
from harvdiag.figures.parts import source
from harvdiag.model import Finding, ObjectRef

__all__ = ["Plot", "plot"]


def __dir__() -> list[str]:
    return __all__


class Plot(NamedTuple):
    """The graph, what is shown of it, and what is said of it in one line, in a second one, and at length."""

    web: Web
    entries: tuple[Entry, ...]
    title: str
    source: str
    alt: str


def plot(cluster: Cluster, wish: Wish) -> Plot:
    """All rows, or those around the object that is meant; folded unless all is wished."""
    web = weave(cluster, cluster.check())
    if wish.focus is not None:
        web = _around(web, wish.focus, wish.finding, cluster)
    entries = fold(web.rows, wish.whole)
    if not wish.whole:
        entries = [trim(entry) if isinstance(entry, Row) else entry for entry in entries]
    said = title(web, wish.focus, wish.finding)
    return Plot(web, tuple(entries), said, source(cluster), alt(web, entries, said))


def _around(web: Web, focus: ObjectRef, finding: Finding | None, cluster: Cluster) -> Web:
    """The rows in which the object is, and the cluster objects that they name.

    Around a cluster object that is everything. Of what is not in the picture, it is the objects that it names, or
    that show what was found.
    """
    if any(thing.ref == focus for thing in web.hub):
        return web
    meant = _meant(focus, finding, cluster)
    rows = tuple(row for row in web.rows if any(thing.ref in meant for thing in row.things))
    if not rows:
        return web
    named = {tie.target.key for row in rows for tie in row.out}
    hub = tuple(thing for thing in web.hub if thing.key in named)
    spokes = tuple(tie for tie in web.spokes if {tie.source.key, tie.target.key} <= named)
    return Web(rows, hub, spokes, web.gaps)


def _meant(focus: ObjectRef, finding: Finding | None, cluster: Cluster) -> list[ObjectRef]:
    graph = cluster.graph
    if focus in graph and focus.kind != "Host":
        return [focus]
    named = list(graph.successors(focus)) if focus in graph else []
    shown = [evidence.object for evidence in finding.evidence] if finding else []
    return [*named, *shown]
