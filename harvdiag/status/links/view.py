"""The rows that are shown, after focus and folding, with title and alternative text; positions come later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harvdiag.core.escape import escape_text
from harvdiag.core.model import Finding, ObjectRef, Severity
from harvdiag.core.tabular import Record, Tabular
from harvdiag.graph.build import Graph
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.links.build import build_model
from harvdiag.status.links.folding import Entry, fold_rows, trim_row
from harvdiag.status.links.rows import LinkModel, Row
from harvdiag.status.links.table import COLUMNS, build_records
from harvdiag.status.links.titles import build_alt_text, build_title, lead_finding
from harvdiag.status.nodes.board import Board
from harvdiag.status.nodes.titles import describe_broken
from harvdiag.status.source import source_line
from harvdiag.status.summary import first_step

__all__ = ["LinkRows", "select_rows"]


@dataclass(frozen=True)
class LinkRows(Tabular):
    """The link model, the entries that are shown of it, its title, the line of its source, its alternative text, and
    the next step, which is empty where nothing is wrong.

    Its table has one row a link and field, trouble first, all str: `source_kind`, `source`, `field`, `target_kind`,
    `target` (empty for a missing reference), `state` (``holds``, or what is wrong with it),
    `finding` (the rule of the finding about it; empty for none).
    """

    noun: ClassVar[str] = "links"
    dtypes: ClassVar[Mapping[str, str]] = dict.fromkeys(COLUMNS, "str")

    model: LinkModel
    entries: tuple[Entry, ...]
    title: str
    source: str
    alt: str
    step: str = ""

    def __repr__(self) -> str:
        return f"<LinkRows: {len(self.records)} links; {escape_text(self.title)}>"

    @property
    def records(self) -> list[Record]:
        """One row a link, folded ones too."""
        return build_records(self.model)

    def _document_head(self) -> dict[str, Any]:
        """The answer in words, and the kinds that were not seen."""
        return {"title": self.title, "not_seen": list(self.model.gaps)}


def select_rows(
    diagnosis: Diagnosis,
    graph: Graph,
    focus: ObjectRef | None = None,
    finding: Finding | None = None,
    whole: bool = False,
) -> LinkRows:
    """Select all rows, or those around the object in focus; folded unless `whole` is given."""
    model = build_model(diagnosis.facts.pairing, graph, diagnosis.findings)
    if focus is not None:
        model = _rows_around(model, focus, finding, graph)
    entries = fold_rows(model.rows, whole)
    if not whole:
        entries = [trim_row(entry) if isinstance(entry, Row) else entry for entry in entries]
    root = diagnosis.findings.root(finding) if finding else None
    elsewhere = () if focus else _findings_elsewhere(model, diagnosis)
    title = build_title(model, focus, root, lambda: describe_broken(Board(diagnosis)), elsewhere)
    lead = lead_finding(model, root, elsewhere)
    step = first_step(lead, diagnosis.findings.notes.ticked(lead))[1] if lead and lead.next else ""
    return LinkRows(model, tuple(entries), title, source_line(diagnosis), build_alt_text(model, entries, title), step)


def _findings_elsewhere(model: LinkModel, diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """The root causes that need action and that are about no object of the picture, errors first."""
    boxes = [*model.cluster_boxes, *(box for row in model.rows for box in row.boxes)]
    shown = {finding.fingerprint for box in boxes for finding in box.findings}
    found = [f for f in diagnosis.findings.roots if f.severity is not Severity.INFO and f.fingerprint not in shown]
    return tuple(sorted(found, key=lambda f: f.severity.rank))


def _rows_around(model: LinkModel, focus: ObjectRef, finding: Finding | None, graph: Graph) -> LinkModel:
    """The rows with the object, and the cluster objects that they reference.

    Around a cluster object these are all rows. For an object that is not in the picture they are the rows of the
    objects that it references, or that are evidence of the finding.
    """
    if any(box.ref == focus for box in model.cluster_boxes):
        return model
    meant = _focus_objects(focus, finding, graph)
    rows = tuple(row for row in model.rows if any(box.ref in meant for box in row.boxes))
    if not rows:
        return model
    named = {link.target.key for row in rows for link in row.out}
    cluster_boxes = tuple(box for box in model.cluster_boxes if box.key in named)
    cluster_links = tuple(link for link in model.cluster_links if {link.source.key, link.target.key} <= named)
    return LinkModel(rows, cluster_boxes, cluster_links, model.gaps)


def _focus_objects(focus: ObjectRef, finding: Finding | None, graph: Graph) -> list[ObjectRef]:
    if focus in graph and focus.kind != "Host":
        return [focus]
    named = list(graph.successors(focus)) if focus in graph else []
    shown = [evidence.object for evidence in finding.evidence] if finding else []
    return [*named, *shown]
