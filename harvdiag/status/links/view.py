"""What is to be shown, before it has a place: the rows after focus and folding, and the words for the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harvdiag.core.escape import escape_text
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.tabular import Record, Tabular
from harvdiag.graph.build import Graph
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.links.build import weave
from harvdiag.status.links.folding import Entry, fold, trim
from harvdiag.status.links.rows import Row, Web
from harvdiag.status.links.table import COLUMNS, rows
from harvdiag.status.links.titles import alt, title
from harvdiag.status.source import source_line

__all__ = ["Plot", "plot"]


@dataclass(frozen=True)
class Plot(Tabular):
    """The graph, what is shown of it, and what is said of it in one line, in a second one, and at length.

    Its table has one row a link and field, trouble first, all str: `source_kind`, `source`, `field`, `target_kind`,
    `target` (empty for a field that should name another and does not), `state` (``holds``, or what is wrong with it),
    `finding` (the rule that speaks of it; empty where none does).
    """

    noun: ClassVar[str] = "links"
    dtypes: ClassVar[Mapping[str, str]] = dict.fromkeys(COLUMNS, "str")

    web: Web
    entries: tuple[Entry, ...]
    title: str
    source: str
    alt: str

    def __repr__(self) -> str:
        return f"<Plot: {len(self.records)} links; {escape_text(self.title)}>"

    @property
    def records(self) -> list[Record]:
        """One row a link, also of what is folded."""
        return rows(self.web)

    def _document_head(self) -> dict[str, Any]:
        """The answer in words, and the kinds that were not seen."""
        return {"title": self.title, "not_seen": list(self.web.gaps)}


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
