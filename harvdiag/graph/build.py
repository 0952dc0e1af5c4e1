"""The graph: Nodes, Machines, their parts and the cluster objects, connected by the fields that reference one another.

A node of the graph is an `ObjectRef`. Its attributes: `kind`, `namespace`, `name`, and `state`: ``present``, ``absent``
(referenced, but it does not exist: a phantom) or ``unseen`` (referenced, but not collected). The key of an edge is
the field's path; its attributes are `path`, `value` and `state` (that of its target).
"""

from __future__ import annotations

from typing import TypeAlias

import networkx as nx

from harvdiag.core.model import ObjectRef
from harvdiag.graph.references import ABSENT, PRESENT, Links, is_nameless

__all__ = ["Graph", "build_graph", "find_phantoms"]

Graph: TypeAlias = "nx.MultiDiGraph[ObjectRef]"


def build_graph(links: Links) -> Graph:
    """Return all objects and links as a `networkx.MultiDiGraph`, in a fixed order."""
    graph: Graph = nx.MultiDiGraph()
    for ref in sorted(links.objects):
        graph.add_node(ref, **ref.as_dict(), state=PRESENT)
    for edge in sorted(links.edges, key=lambda e: (e.source, e.path, e.target)):
        if edge.target not in graph:
            graph.add_node(edge.target, **edge.target.as_dict(), state=edge.state)
        graph.add_edge(edge.source, edge.target, key=edge.path, path=edge.path, value=edge.value, state=edge.state)
    return graph


def find_phantoms(graph: Graph) -> list[ObjectRef]:
    """Return the objects that are referenced and do not exist, each once.

    What references a missing object by name often has its uid or providerID too: those are not further objects.
    """
    gone = [ref for ref, facts in graph.nodes(data=True) if facts["state"] == ABSENT]
    named = {(source, ref.kind) for ref in gone if not is_nameless(ref) for source in graph.predecessors(ref)}
    return [
        ref for ref in gone if not is_nameless(ref) or named.isdisjoint((s, ref.kind) for s in graph.predecessors(ref))
    ]
