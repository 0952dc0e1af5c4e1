"""How a Machine is removed without a Node that is still needed: Cluster API deletes the Node with it."""

from __future__ import annotations

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.graph.pairing import PROVIDER_ID
from harvdiag.kinds.local import FLEET
from harvdiag.rules import actions, advice
from harvdiag.rules.facts import Facts
from harvdiag.rules.planner_advice import RESTART_CAPI
from harvdiag.rules.seen import read_address

__all__ = ["leftover_steps", "removal_steps"]

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


def _nodes_with_id(facts: Facts, machine: ObjectRef) -> list[ObjectRef]:
    """Return the Nodes that have the providerID of the Machine: one of them would be deleted with it."""
    own = get_text(facts.pairing.obj(machine), PROVIDER_ID)
    return [node for node in facts.pairing.nodes if own and get_text(facts.pairing.obj(node), PROVIDER_ID) == own]


def removal_steps(facts: Facts, machine: ObjectRef, host: str, live: list[ObjectRef]) -> tuple[str, ...]:
    """Return how to remove the Machine of a host that is gone; `live` are Nodes that reference it or run its plan."""
    if keepers := [*live, *_nodes_with_id(facts, machine)]:
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
