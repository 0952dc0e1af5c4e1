"""Build the link model, the rows of the link picture, from a cluster's graph and findings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from harvdiag.core.model import Finding, ObjectRef
from harvdiag.graph.build import Graph
from harvdiag.graph.pairing import Pairing
from harvdiag.graph.references import PRESENT, is_nameless
from harvdiag.status.links.edges import Edge, LinkIndex
from harvdiag.status.links.missing import find_missing
from harvdiag.status.links.notes import describe_object, kind_label
from harvdiag.status.links.rows import (
    CLUSTER_KINDS,
    COLUMNS,
    PLACE,
    RANKS,
    Box,
    LinkModel,
    Row,
    natural_key,
    worst_state,
)
from harvdiag.status.summary import fault_evidence

__all__ = ["build_model", "find_edges"]


def build_model(pairing: Pairing, graph: Graph, findings: Iterable[Finding]) -> LinkModel:
    """Build the rows in reading order: trouble on top, healthy rows at the bottom."""
    found = find_edges(graph)
    drawn = _drawn_objects(graph, found)
    about = _findings_by_object(findings, [ref for ref in drawn if ref.kind in CLUSTER_KINDS])
    boxes = {ref: _build_box(ref, graph.nodes[ref]["state"], about.get(ref, []), pairing) for ref in drawn}
    links = LinkIndex(found, boxes, pairing)
    rows = [_build_row(group, boxes, links, pairing) for group in _connected_groups(boxes, found)]
    cluster_boxes = sorted(
        (t for t in boxes.values() if t.ref.kind in CLUSTER_KINDS),
        key=lambda t: (CLUSTER_KINDS.index(t.ref.kind), t.ref),
    )
    cluster_links, _ = links.find_links([box.ref for box in cluster_boxes])
    kinds = [each for column in (*COLUMNS, CLUSTER_KINDS) for each in column]
    gaps = tuple(each for each in kinds if not pairing.links.seen(each))
    return LinkModel(tuple(sorted(rows, key=_urgency_key)), tuple(cluster_boxes), tuple(cluster_links), gaps)


def find_edges(graph: Graph) -> list[Edge]:
    """Return every link between objects of the picture, in the graph's order."""
    alias = dict(_find_aliases(graph))
    return [
        Edge(source, alias.get(target, target), path, facts["state"])
        for source, target, path, facts in graph.edges(keys=True, data=True)
        if _is_pictured(source) and _is_pictured(target)
    ]


def _is_pictured(ref: ObjectRef) -> bool:
    return ref.kind in PLACE or ref.kind in CLUSTER_KINDS


def _find_aliases(graph: Graph) -> Iterator[tuple[ObjectRef, ObjectRef]]:
    """Each object known by uid or providerID only, with the named one that the same object references as well."""
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


def _drawn_objects(graph: Graph, found: Iterable[Edge]) -> list[ObjectRef]:
    """The objects that exist, and those that they reference; not those that only a host's own files reference."""
    there = [ref for ref, facts in graph.nodes(data=True) if facts["state"] == PRESENT and _is_pictured(ref)]
    return list(dict.fromkeys([*there, *(edge.target for edge in found)]))


def _findings_by_object(
    findings: Iterable[Finding], cluster_boxes: Collection[ObjectRef]
) -> dict[ObjectRef, list[Finding]]:
    """The findings about each object: it is their subject, or it lacks the field that shows the fault.

    A finding about the whole cluster is shown at the cluster object alone.
    """
    about: dict[ObjectRef, list[Finding]] = {}
    for finding in findings:
        shows = fault_evidence(finding)
        absent = [shows.object] if shows and shows.path and shows.value is None else []
        absent = [] if finding.subject in cluster_boxes else absent
        for ref in dict.fromkeys([finding.subject, *absent]):
            about.setdefault(ref, []).append(finding)
    return about


def _build_box(ref: ObjectRef, state: str, about: list[Finding], pairing: Pairing) -> Box:
    if state != PRESENT:
        word = "" if ref.kind in {"Node", "Machine", "Secret"} else kind_label(ref.kind)
        return Box(ref, state, word, findings=tuple(about), exists=False)
    return Box(
        ref,
        worst_state([str(f.severity) for f in about]),
        describe_object(pairing.obj(ref), ref),
        findings=tuple(about),
    )


def _connected_groups(boxes: dict[ObjectRef, Box], found: Iterable[Edge]) -> Iterator[list[ObjectRef]]:
    """The groups of connected objects, and the members of each, in the order of the boxes."""
    beside: dict[ObjectRef, list[ObjectRef]] = {ref: [] for ref in boxes if ref.kind in PLACE}
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


def _build_row(group: list[ObjectRef], boxes: dict[ObjectRef, Box], links: LinkIndex, pairing: Pairing) -> Row:
    own = [boxes[ref] for ref in group]
    inner, outer = links.find_links(group)
    slots, expected = find_missing(own, inner, pairing)
    order = sorted([*own, *slots], key=lambda box: (PLACE[box.ref.kind], natural_key(box.ref), box.placeholder))
    row = Row(tuple(order), (*inner, *expected), tuple(outer))
    return row if not row.is_held_up else _clear_states(row)


def _clear_states(row: Row) -> Row:
    """A row that only waits for others: none of its objects is shown as broken."""
    calm = {box.key: box._replace(state="good") for box in row.boxes if box.exists}
    links, out = (
        tuple(
            link._replace(source=calm.get(link.source.key, link.source), target=calm.get(link.target.key, link.target))
            for link in each
        )
        for each in (row.links, row.out)
    )
    return row._replace(boxes=tuple(calm.get(box.key, box) for box in row.boxes), links=links, out=out)


def _urgency_key(row: Row) -> tuple[object, ...]:
    own = any(not finding.caused_by for finding in row.findings)
    called = next((box.ref for box in row.boxes if box.ref.kind == "Node" and not box.placeholder), row.head.ref)
    trouble = (not (own or not row.is_linked), RANKS.index(row.state), not row.is_held_up)
    return (*trouble, PLACE[row.head.ref.kind], natural_key(called))
