"""The links of the graph: all fields that lead from one object to another are one link, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from harvdiag.core.model import Finding, ObjectRef
from harvdiag.graph.pairing import BOOTSTRAP, INFRASTRUCTURE, MACHINE_ANNOTATION, NODE_REF, PLAN_MACHINE_LABEL, Pairing
from harvdiag.graph.references import ABSENT, PRESENT
from harvdiag.status.links.rows import PLACE, Box, Link, worst_state

__all__ = ["Edge", "LinkIndex"]

FIRST = (MACHINE_ANNOTATION, NODE_REF, INFRASTRUCTURE, BOOTSTRAP, PLAN_MACHINE_LABEL)
"""The fields that define a link; others that repeat it come after them."""


class Edge(NamedTuple):
    """A link of the graph, with the target that has a name where the graph knows it by uid too."""

    source: ObjectRef
    target: ObjectRef
    path: str
    state: str


class LinkIndex:
    """All links, found once, looked up by their source."""

    def __init__(self, edges: Iterable[Edge], boxes: Mapping[ObjectRef, Box], pairing: Pairing) -> None:
        self._boxes, self._pairing = boxes, pairing
        self._by_source: dict[ObjectRef, dict[ObjectRef, list[Edge]]] = {}
        for edge in edges:
            self._by_source.setdefault(edge.source, {}).setdefault(edge.target, []).append(edge)

    def find_links(self, group: Iterable[ObjectRef]) -> tuple[list[Link], list[Link]]:
        """Return the links of the objects of a group: those among them, and those to the cluster objects."""
        members = dict.fromkeys(group)
        links = [self._build_link(edges) for ref in members for edges in self._by_source.get(ref, {}).values()]
        inner = [link for link in links if link.target.ref in members]
        return inner, [link for link in links if link.target.ref not in members and link.target.ref.kind not in PLACE]

    def _build_link(self, edges: list[Edge]) -> Link:
        source, target = self._boxes[edges[0].source], self._boxes[edges[0].target]
        paths = sorted((e.path for e in edges), key=lambda p: FIRST.index(p) if p in FIRST else len(FIRST))
        if edges[0].state != PRESENT:
            state = _link_severity(source, target, paths) if edges[0].state == ABSENT else "unseen"
            word = "references what does not exist" if edges[0].state == ABSENT else "not seen"
            return Link(source, target, tuple(paths), state or "absent", word)
        other = self._conflicting_name(source.ref, target.ref)
        state = _link_severity(source, target, (*paths, MACHINE_ANNOTATION, NODE_REF)) if other else ""
        if not state:
            return Link(source, target, tuple(paths))
        return Link(source, target, tuple(paths), state, f"{target.ref.kind} references {other} instead", other)

    def _conflicting_name(self, source: ObjectRef, target: ObjectRef) -> str:
        """The name that the other end of a link references instead of its source; empty where they agree."""
        match source.kind, target.kind:
            case ["Node", "Machine"]:
                back = self._pairing.node_ref(target)
            case ["Machine", "Node"]:
                back = self._pairing.machine_ref(target)
            case _:
                return ""
        return str(back.value) if back and back.target != source else ""


def _link_severity(source: Box, target: Box, paths: Sequence[str]) -> str:
    """The worst severity of the findings about this link or the absence of its target; empty where there is none."""
    found = [
        str(finding.severity)
        for finding in (*source.findings, *target.findings)
        if finding.family == "pairing" and _is_evidence(finding, source, target, paths)
    ]
    return worst_state(found) if found else ""


def _is_evidence(finding: Finding, source: Box, target: Box, paths: Sequence[str]) -> bool:
    """Whether the evidence of a finding is a field of the link, or the absence of its target."""
    if not target.exists and finding.subject == target.ref:
        return True
    for evidence in finding.evidence:
        if evidence.object in {source.ref, target.ref} and evidence.path in paths:
            return True
        if evidence.object == target.ref and not evidence.path and evidence.value is None:
            return True
    return False
