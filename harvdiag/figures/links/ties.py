"""The links that there are: those that lead from one object to another are one tie, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from harvdiag.figures.links.chains import PLACE, Thing, Tie, worst
from harvdiag.links import ABSENT, PRESENT
from harvdiag.model import ObjectRef
from harvdiag.pairs import BOOTSTRAP, E1, E2, INFRASTRUCTURE, PLAN_OF, Pairing

__all__ = ["Edge", "Ties"]

FIRST = (E1, E2, INFRASTRUCTURE, BOOTSTRAP, PLAN_OF)
"""The fields that carry a link; others that say the same come after them."""


def __dir__() -> list[str]:
    return __all__


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
            state = _blame(source, target) if edges[0].state == ABSENT else "unseen"
            word = "names what does not exist" if edges[0].state == ABSENT else "not seen"
            return Tie(source, target, tuple(paths), state or "absent", word)
        word = self._against(source.ref, target.ref)
        state = _blame(source, target) if word else ""
        return Tie(source, target, tuple(paths), state or "good", word if state else "")

    def _against(self, source: ObjectRef, target: ObjectRef) -> str:
        """What stands against a link whose ends both exist: the other end names another partner."""
        match source.kind, target.kind:
            case "Node", "Machine":
                back = self._pairing.node_ref(target)
            case "Machine", "Node":
                back = self._pairing.named(target)
            case _:
                return ""
        return f"but it names {back.value}" if back and back.target != source else ""


def _blame(*things: Thing) -> str:
    """The worst severity of what is found about either; empty where nothing is."""
    found = [str(finding.severity) for thing in things for finding in thing.told if finding.family == "pairing"]
    return worst(found) if found else ""
