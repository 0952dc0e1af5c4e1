"""From a cluster's graph and findings to the rows of the picture."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from harvdiag.core.model import Finding, ObjectRef
from harvdiag.graph.build import Graph
from harvdiag.graph.pairing import Pairing
from harvdiag.graph.references import PRESENT, is_nameless
from harvdiag.status.links.edges import Edge, Ties
from harvdiag.status.links.missing import missing
from harvdiag.status.links.notes import kind, note
from harvdiag.status.links.rows import COLUMNS, HUB, PLACE, RANKS, Row, Thing, Web, natural, worst
from harvdiag.status.summary import broken

__all__ = ["edges", "weave"]


def weave(pairing: Pairing, graph: Graph, findings: Iterable[Finding]) -> Web:
    """The rows in the order in which they should be read: trouble on top, what is well at the bottom."""
    found = edges(graph)
    drawn = _drawn(graph, found)
    told = _told(findings, [ref for ref in drawn if ref.kind in HUB])
    things = {ref: _thing(ref, graph.nodes[ref]["state"], told.get(ref, []), pairing) for ref in drawn}
    ties = Ties(found, things, pairing)
    rows = [_row(group, things, ties, pairing) for group in _groups(things, found)]
    hub = sorted((t for t in things.values() if t.ref.kind in HUB), key=lambda t: (HUB.index(t.ref.kind), t.ref))
    spokes, _ = ties.of([thing.ref for thing in hub])
    kinds = [each for column in (*COLUMNS, HUB) for each in column]
    gaps = tuple(each for each in kinds if not pairing.links.seen(each))
    return Web(tuple(sorted(rows, key=_urgency)), tuple(hub), tuple(spokes), gaps)


def edges(graph: Graph) -> list[Edge]:
    """Every link between objects of the picture, in the graph's order."""
    alias = dict(_aliases(graph))
    return [
        Edge(source, alias.get(target, target), path, facts["state"])
        for source, target, path, facts in graph.edges(keys=True, data=True)
        if _pictured(source) and _pictured(target)
    ]


def _pictured(ref: ObjectRef) -> bool:
    return ref.kind in PLACE or ref.kind in HUB


def _aliases(graph: Graph) -> Iterator[tuple[ObjectRef, ObjectRef]]:
    """What is known by a uid or providerID only, and the missing object that the same object names by its name."""
    for ref, facts in graph.nodes(data=True):
        if facts["state"] == PRESENT or not is_nameless(ref):
            continue
        beside = (
            other
            for source in graph.predecessors(ref)
            for other in graph.successors(source)
            if other.kind == ref.kind and not is_nameless(other) and graph.nodes[other]["state"] == facts["state"]
        )
        if (named := next(beside, None)) is not None:
            yield ref, named


def _drawn(graph: Graph, found: Iterable[Edge]) -> list[ObjectRef]:
    """What exists, and what is named by it; not what only a host's own files name."""
    there = [ref for ref, facts in graph.nodes(data=True) if facts["state"] == PRESENT and _pictured(ref)]
    return list(dict.fromkeys([*there, *(edge.target for edge in found)]))


def _told(findings: Iterable[Finding], hub: Collection[ObjectRef]) -> dict[ObjectRef, list[Finding]]:
    """The findings about each object: it is their subject, or it lacks the field that shows the fault.

    What is about the whole cluster is told at the cluster object alone.
    """
    told: dict[ObjectRef, list[Finding]] = {}
    for finding in findings:
        shows = broken(finding)
        absent = [shows.object] if shows and shows.path and shows.value is None else []
        absent = [] if finding.subject in hub else absent
        for ref in dict.fromkeys([finding.subject, *absent]):
            told.setdefault(ref, []).append(finding)
    return told


def _thing(ref: ObjectRef, state: str, told: list[Finding], pairing: Pairing) -> Thing:
    if state != PRESENT:
        word = "" if ref.kind in {"Node", "Machine", "Secret"} else kind(ref.kind)
        return Thing(ref, state, word, told=tuple(told), real=False)
    return Thing(ref, worst([str(f.severity) for f in told]), note(pairing.obj(ref), ref), told=tuple(told))


def _groups(things: dict[ObjectRef, Thing], found: Iterable[Edge]) -> Iterator[list[ObjectRef]]:
    """What hangs together, each group and its members in the order of the things."""
    beside: dict[ObjectRef, list[ObjectRef]] = {ref: [] for ref in things if ref.kind in PLACE}
    for edge in found:
        if edge.source in beside and edge.target in beside:
            beside[edge.source].append(edge.target)
            beside[edge.target].append(edge.source)
    seen: set[ObjectRef] = set()
    for ref in beside:
        group = {ref: None} if ref not in seen else {}
        queue = list(group)
        while queue:
            for other in beside[queue.pop()]:
                if other not in group:
                    group[other] = None
                    queue.append(other)
        seen.update(group)
        if group:
            yield sorted(group)


def _row(group: list[ObjectRef], things: dict[ObjectRef, Thing], ties: Ties, pairing: Pairing) -> Row:
    own = [things[ref] for ref in group]
    inner, outer = ties.of(group)
    slots, expected = missing(own, inner, pairing)
    order = sorted([*own, *slots], key=lambda thing: (PLACE[thing.ref.kind], natural(thing.ref), thing.slot))
    row = Row(tuple(order), (*inner, *expected), tuple(outer))
    return row if not row.held else _calmed(row)


def _calmed(row: Row) -> Row:
    """A row that only waits for others: none of its objects is drawn as broken."""
    calm = {thing.key: thing._replace(state="good") for thing in row.things if thing.real}
    ties, out = (
        tuple(
            tie._replace(source=calm.get(tie.source.key, tie.source), target=calm.get(tie.target.key, tie.target))
            for tie in each
        )
        for each in (row.ties, row.out)
    )
    return row._replace(things=tuple(calm.get(thing.key, thing) for thing in row.things), ties=ties, out=out)


def _urgency(row: Row) -> tuple[object, ...]:
    own = any(not finding.caused_by for finding in row.findings)
    called = next((thing.ref for thing in row.things if thing.ref.kind == "Node" and not thing.slot), row.head.ref)
    trouble = (not (own or not row.linked), RANKS.index(row.state), not row.held)
    return (*trouble, PLACE[row.head.ref.kind], natural(called))
