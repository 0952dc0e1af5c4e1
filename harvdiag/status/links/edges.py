"""The links that there are: those that lead from one object to another are one tie, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from harvdiag.core.model import Finding, ObjectRef
from harvdiag.graph.pairing import BOOTSTRAP, INFRASTRUCTURE, MACHINE_ANNOTATION, NODE_REF, PLAN_MACHINE_LABEL, Pairing
from harvdiag.graph.references import ABSENT, PRESENT
from harvdiag.status.links.rows import PLACE, Thing, Tie, worst

__all__ = ["Edge", "Ties"]

FIRST = (MACHINE_ANNOTATION, NODE_REF, INFRASTRUCTURE, BOOTSTRAP, PLAN_MACHINE_LABEL)
"""The fields that carry a link; others that say the same come after them."""


class Edge(NamedTuple):
    """A link of the graph, with its target called by its name where the graph knows it by uid too."""

    source: ObjectRef
    target: ObjectRef
    path: str
    state: str


class Ties:
    """All ties, found once, looked up by their source."""

    def __init__(self, edges: Iterable[Edge], things: Mapping[ObjectRef, Thing], pairing: Pairing) -> None:
        self._things, self._pairing = things, pairing
        self._by_source: dict[ObjectRef, dict[ObjectRef, list[Edge]]] = {}
        for edge in edges:
            self._by_source.setdefault(edge.source, {}).setdefault(edge.target, []).append(edge)

    def of(self, group: Iterable[ObjectRef]) -> tuple[list[Tie], list[Tie]]:
        """The ties that the objects of a group hold: those to one another, and those to the cluster objects."""
        members = dict.fromkeys(group)
        ties = [self._tie(edges) for ref in members for edges in self._by_source.get(ref, {}).values()]
        inner = [tie for tie in ties if tie.target.ref in members]
        return inner, [tie for tie in ties if tie.target.ref not in members and tie.target.ref.kind not in PLACE]

    def _tie(self, edges: list[Edge]) -> Tie:
        source, target = self._things[edges[0].source], self._things[edges[0].target]
        paths = sorted((e.path for e in edges), key=lambda p: FIRST.index(p) if p in FIRST else len(FIRST))
        if edges[0].state != PRESENT:
            state = _blame(source, target, paths) if edges[0].state == ABSENT else "unseen"
            word = "names what does not exist" if edges[0].state == ABSENT else "not seen"
            return Tie(source, target, tuple(paths), state or "absent", word)
        other = self._against(source.ref, target.ref)
        state = _blame(source, target, (*paths, MACHINE_ANNOTATION, NODE_REF)) if other else ""
        if not state:
            return Tie(source, target, tuple(paths))
        return Tie(source, target, tuple(paths), state, f"{target.ref.kind} names {other} instead", other)

    def _against(self, source: ObjectRef, target: ObjectRef) -> str:
        """Whom the other end of a link names instead of the one that names it, both of which exist."""
        match source.kind, target.kind:
            case ["Node", "Machine"]:
                back = self._pairing.node_ref(target)
            case ["Machine", "Node"]:
                back = self._pairing.machine_ref(target)
            case _:
                return ""
        return str(back.value) if back and back.target != source else ""


def _blame(source: Thing, target: Thing, paths: Sequence[str]) -> str:
    """The worst severity of what is found about this very link or the absence of its end; empty where nothing is."""
    found = [
        str(finding.severity)
        for finding in (*source.told, *target.told)
        if finding.family == "pairing" and _shown(finding, source, target, paths)
    ]
    return worst(found) if found else ""


def _shown(finding: Finding, source: Thing, target: Thing, paths: Sequence[str]) -> bool:
    """Whether the evidence of a finding is a field of the link, or that its end is not there."""
    if not target.real and finding.subject == target.ref:
        return True
    for evidence in finding.evidence:
        if evidence.object in {source.ref, target.ref} and evidence.path in paths:
            return True
        if evidence.object == target.ref and not evidence.path and evidence.value is None:
            return True
    return False
