"""What goes when a Node or a Machine is removed, as far as the links tell: each takes the other with it."""

from __future__ import annotations

from dataclasses import dataclass

from harvdiag.core.model import ObjectRef
from harvdiag.graph.references import PRESENT
from harvdiag.rules.facts import Facts
from harvdiag.rules.removal import nodes_deleted_with

__all__ = ["Removal", "gaps_of", "read_removal"]


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A removal that a person has in mind, with all that would go.

    Harvester deletes the Machine in a Node's annotation, Cluster API the Node of a Machine, and so on where they lead
    to others.
    """

    asked: ObjectRef
    """The Node or Machine."""
    nodes: tuple[ObjectRef, ...]
    """The Nodes that go, that which is meant first; none where a Machine has none."""
    machines: tuple[ObjectRef, ...]
    """The Machines that go."""
    untold: tuple[str, ...] = ()
    """Why the Node of the Machine cannot be told; then there may be one."""

    @property
    def meant(self) -> ObjectRef | None:
        """The Node that is meant: the one asked for, or the only one of the Machine."""
        if self.asked.kind == "Node":
            return self.asked
        return self.nodes[0] if self.nodes else None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the Nodes that go."""
        return tuple(node.name for node in self.nodes)

    @property
    def place(self) -> str:
        """How a sentence names these Nodes: ``hv03``, ``hv03 and hv01``."""
        return " and ".join(self.names) or "it"


def gaps_of(facts: Facts, *kinds: str) -> tuple[str, ...]:
    """Return why the lists of these kinds prove no absence, one line each: ``Machine: forbidden: …``."""
    gaps = ((kind, facts.snapshot.gap(kind)) for kind in kinds)
    return tuple(f"{kind}: {gap}" for kind, gap in gaps if gap is not None)


def read_removal(facts: Facts, subject: ObjectRef) -> Removal:
    """Follow the links from what a person would remove."""
    goes = {subject: None}
    todo = [subject]
    while todo:
        ref = todo.pop(0)
        found = [other for other in _taken_with(facts, ref) if other not in goes]
        goes |= dict.fromkeys(found)
        todo += found
    nodes = tuple(ref for ref in goes if ref.kind == "Node")
    return Removal(
        asked=subject,
        nodes=nodes,
        machines=tuple(ref for ref in goes if ref.kind == "Machine"),
        untold=_why_unknown(facts, subject) if not nodes else (),
    )


def _taken_with(facts: Facts, ref: ObjectRef) -> list[ObjectRef]:
    """Return what is deleted with a Node by Harvester, with a Machine by Cluster API."""
    if ref.kind == "Node":
        edge = facts.pairing.machine_ref(ref)
        return [edge.target] if edge and edge.state == PRESENT else []
    return nodes_deleted_with(facts, ref)


def _why_unknown(facts: Facts, machine: ObjectRef) -> tuple[str, ...]:
    """Without nodeRef and providerID seen, or without the Nodes, a Machine may still lead to one."""
    kinds = ("Node",) if facts.pairing.node_ref(machine) else ("Node", "CustomMachine")
    return gaps_of(facts, *kinds)
