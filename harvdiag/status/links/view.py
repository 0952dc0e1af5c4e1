"""What is to be shown, before it has a place: the rows after focus and folding, and the words for the whole."""

from __future__ import annotations

from typing import NamedTuple

from harvdiag.core.model import Finding, ObjectRef
from harvdiag.graph.build import Graph
from harvdiag.status.links.build import weave
from harvdiag.status.links.folding import Entry, fold, trim
from harvdiag.status.links.rows import Row, Web
from harvdiag.status.links.titles import alt, title
from harvdiag.status.source import source_line
from harvdiag.status.upgrade import Diagnosis

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


def plot(
    diagnosis: Diagnosis,
    graph: Graph,
    focus: ObjectRef | None = None,
    finding: Finding | None = None,
    whole: bool = False,
) -> Plot:
    """All rows, or those around the object in focus; folded unless the `whole` is asked for."""
    web = weave(diagnosis.facts.pairing, graph, diagnosis.findings)
    if focus is not None:
        web = _around(web, focus, finding, graph)
    entries = fold(web.rows, whole)
    if not whole:
        entries = [trim(entry) if isinstance(entry, Row) else entry for entry in entries]
    said = title(web, focus, finding)
    return Plot(web, tuple(entries), said, source_line(diagnosis), alt(web, entries, said))


def _around(web: Web, focus: ObjectRef, finding: Finding | None, graph: Graph) -> Web:
    """The rows in which the object is, and the cluster objects that they name.

    Around a cluster object that is everything. Of what is not in the picture, it is the objects that it names, or
    that show what was found.
    """
    if any(thing.ref == focus for thing in web.hub):
        return web
    meant = _meant(focus, finding, graph)
    rows = tuple(row for row in web.rows if any(thing.ref in meant for thing in row.things))
    if not rows:
        return web
    named = {tie.target.key for row in rows for tie in row.out}
    hub = tuple(thing for thing in web.hub if thing.key in named)
    spokes = tuple(tie for tie in web.spokes if {tie.source.key, tie.target.key} <= named)
    return Web(rows, hub, spokes, web.gaps)


def _meant(focus: ObjectRef, finding: Finding | None, graph: Graph) -> list[ObjectRef]:
    if focus in graph and focus.kind != "Host":
        return [focus]
    named = list(graph.successors(focus)) if focus in graph else []
    shown = [evidence.object for evidence in finding.evidence] if finding else []
    return [*named, *shown]
