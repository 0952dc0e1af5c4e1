"""How a Machine is removed without a Node that is still needed: Cluster API deletes the Node with it."""

from __future__ import annotations

from harvdiag.core.model import ObjectRef
from harvdiag.graph.pairing import INFRASTRUCTURE, MACHINE_ANNOTATION, MACHINE_UID_LABEL, PROVIDER_ID
from harvdiag.graph.references import PRESENT
from harvdiag.kinds.local import FLEET
from harvdiag.rules import actions, advice
from harvdiag.rules.facts import Facts
from harvdiag.rules.planner_advice import RESTART_CAPI
from harvdiag.rules.seen import read_address

__all__ = [
    "dependent_nodes",
    "infrastructure_of",
    "leftover_steps",
    "nodes_deleted_with",
    "nodes_with_id",
    "removal_steps",
]

CAPI = "machines.cluster.x-k8s.io"
KEEP_BOTH = "Ask vendor support how to remove it without the Node; until then leave both alone."


def leftover_steps(facts: Facts, machine: ObjectRef, hosts: list[ObjectRef]) -> tuple[str, ...]:
    """Return whether the Machine may be a leftover: not while a live Node, seen or unseen, may be its host."""
    if hosts:
        keep = f"Do not delete {machine.name}: it looks like the Machine of Node {hosts[0].name}, which still runs."
        return (keep, RESTART_CAPI)
    unseen = [kind for kind in ("Node", "CustomMachine", "RKEBootstrap") if not facts.links.seen(kind)]
    if unseen:
        return (
            (
                f"Do not delete {machine.name} because of this source: {' and '.join(unseen)} were not seen, so the "
                "host may be running."
            ),
        )
    return (
        (
            f"If its host was removed for good, {machine.name} is a leftover. Once no Node has its providerID or that "
            f"of its CustomMachine: {actions.delete_object(CAPI, machine.name, FLEET)}."
        ),
    )


def dependent_nodes(facts: Facts, machine: ObjectRef) -> set[ObjectRef]:
    """Return the Nodes that reference the Machine or run its plan: they need it, whatever it references itself."""
    return {
        edge.source for path in (MACHINE_ANNOTATION, MACHINE_UID_LABEL) for edge in facts.links.edges_to(machine, path)
    }


def infrastructure_of(facts: Facts, machine: ObjectRef) -> ObjectRef:
    """Return the CustomMachine of a Machine, there or not: the one that it references, else its namesake."""
    edges = facts.links.edges_from(machine, INFRASTRUCTURE, "CustomMachine")
    return edges[0].target if edges else machine._replace(kind="CustomMachine")


def nodes_with_id(facts: Facts, machine: ObjectRef) -> list[ObjectRef]:
    """Return the Nodes that have the providerID of the Machine, or that of its CustomMachine."""
    parts = (machine, infrastructure_of(facts, machine))
    edges = [edge for part in parts for edge in facts.links.edges_from(part, PROVIDER_ID, "Node")]
    return list(dict.fromkeys(edge.target for edge in edges if edge.state == PRESENT))


def nodes_deleted_with(facts: Facts, machine: ObjectRef) -> list[ObjectRef]:
    """Return the Nodes that Cluster API may delete with a Machine: that of its nodeRef, or those with its providerID.

    The second only where nodeRef is empty; docs/objects.md#removal-machine.
    """
    edge = facts.pairing.node_ref(machine)
    if edge is None:
        return nodes_with_id(facts, machine)
    return [edge.target] if edge.state == PRESENT else []


def removal_steps(facts: Facts, machine: ObjectRef, host: str, live: list[ObjectRef]) -> tuple[str, ...]:
    """Return how to remove the Machine of a host that is gone; `live` are Nodes that reference it or run its plan."""
    if keepers := [*live, *nodes_with_id(facts, machine)]:
        return (
            (
                f"Do not delete Machine {machine.name}: the live Node {keepers[0].name} references that Machine, runs "
                "its plan or has its providerID."
            ),
            advice.inspect_object(CAPI, machine.name),
            KEEP_BOTH,
        )
    return (
        actions.check_host_gone(host, read_address(facts.pairing.obj(machine))),
        actions.BACK_UP,
        (
            "Then delete the Machine, not a Node; no Node has its providerID: "
            f"{actions.delete_object(CAPI, machine.name, FLEET)}."
        ),
    )
