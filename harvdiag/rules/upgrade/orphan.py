"""An upgrade that waits for a Node without Machine."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.graph.pairing import MACHINE_ANNOTATION, NODE_REF
from harvdiag.rules import actions
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import state_path
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.phases import DONE, FAILED, NODES, REBOOT
from harvdiag.upgrade.phases_v2 import place_of
from harvdiag.upgrade.v2 import UpgradePlan

BY_RULE = ("node-without-machine", "node-half-joined", "node-dangling-machine", "node-machine-disagree")
"""The faults of a Node's pairing by which its plan Secret is not found."""
NO_FORCE = (
    "While the Upgrade's condition NodesUpgraded is Unknown, Harvester refuses to delete that Upgrade. Do not "
    "force its deletion with skipWebhook, and do not remove finalizers, until the Node is repaired or removed."
)
NO_FORCE_V2 = (
    "Harvester refuses to delete an UpgradePlan in ClusterUpgrading and NodeUpgrading: do not remove its finalizers, "
    "and do not write the states of its nodes by hand, until the Node is repaired or removed."
)


@rule(
    "upgrade-blocked-by-orphan-node",
    needs={"Upgrade", "Node", "Machine", "CustomMachine", "RKEBootstrap", "UpgradePlan"},
    links=["harvester/harvester#8236"],
)
def upgrade_blocked_by_orphan_node(facts: Facts) -> Iterator[Hit]:
    """The running upgrade waits for a Node that has no Machine.

    Harvester counts every Node of its list and waits until each has succeeded. Rancher starts a node's upgrade through
    the plan Secret of its Machine. A Node without one is never started, nothing fails, and it will not recover on its
    own.
    """
    upgrade = facts.upgrades.under_way
    if upgrade is None or upgrade.single_node or (isinstance(upgrade, UpgradePlan) and upgrade.early):
        return  # a single node is not drained: it waits elsewhere (upgrade-waiting-for-reboot)
    blocked = {node: why for node in _unfinished_nodes(upgrade) if (why := _why_not_started(facts, upgrade, node))}
    if not blocked:
        return
    names = join_names([node.name for node in blocked])
    whole = f"{upgrade.ref.kind} {upgrade.ref.name} to {upgrade.version or 'an image of its own'}"
    stay = _describe_states({node.name: upgrade.nodes[node.name] for node in blocked})
    yield Hit(
        subject=upgrade.ref,
        message=(
            f"{whole} cannot finish: {stay}, because Rancher starts a node only through the plan Secret of its "
            f"Machine, and {join_names(list(blocked.values()))}; {upgrade.done} of {len(upgrade.nodes)} nodes are done"
        ),
        evidence=_blocked_evidence(facts, upgrade, blocked),
        next=_next_steps(upgrade, names),
        caution=NO_FORCE_V2 if upgrade.v2 else NO_FORCE,
        causes=tuple(cause for node in blocked for cause in _node_causes(facts, node)),
        targets=tuple(blocked),
    )


def _blocked_evidence(facts: Facts, upgrade: Upgrade, blocked: Collection[ObjectRef]) -> tuple[Evidence, ...]:
    """Return what each Node references, its state in the Upgrade, and the phase of the Upgrade."""
    return (
        *(
            evidence
            for node in blocked
            for evidence in (
                *field_evidence(facts, node, MACHINE_ANNOTATION),
                *_foreign_machine_evidence(facts, node),
            )
        ),
        *(Evidence(upgrade.ref, state_path(upgrade, n.name), upgrade.nodes[n.name]) for n in blocked),
        *field_evidence(facts, upgrade.ref, upgrade.state_path),
    )


def _describe_states(states: dict[str, str]) -> str:
    """Return which node stays at which state: the state once if all share it, else each with its own."""
    if len(set(states.values())) == 1:
        return (
            f'{join_names(list(states))} {"stays" if len(states) == 1 else "stay"} at "{next(iter(states.values()))}"'
        )
    return join_names([f'{name} stays at "{state}"' for name, state in states.items()])


def _node_causes(facts: Facts, node: ObjectRef) -> Iterator[Cause]:
    named = facts.pairing.machine_ref(node)
    yield from ([Cause("nodes-share-machine", named.target)] if named else ())
    yield from (Cause(name, node) for name in BY_RULE)


def _foreign_machine_evidence(facts: Facts, node: ObjectRef) -> tuple[Evidence, ...]:
    """Return what the Machine that the Node references itself references instead."""
    machine = _machine_of_other_node(facts, node)
    return field_evidence(facts, machine, NODE_REF) if machine else ()


def _next_steps(upgrade: Upgrade, names: str) -> tuple[str, ...]:
    if not upgrade.v2:
        begun = upgrade.status("NodesUpgraded") != ""
        return _steps_during_nodes(names) if begun else _steps_before_nodes(upgrade, names)
    if upgrade.phase is None or upgrade.phase.place < NODES:
        return _steps_before_nodes(upgrade, names)[:1]
    end = f"When every other node is done, collect again, then ask vendor support how to end {upgrade.ref.name}."
    return _steps_during_nodes(names)[0], end


def _steps_before_nodes(upgrade: Upgrade, names: str) -> tuple[str, ...]:
    """Return the steps before the nodes' turn, while the Upgrade can still be deleted."""
    return (
        (
            f"Find out why there is no Machine for {names}; its Node finding describes how. The upgrade would stop "
            "there when the nodes have their turn."
        ),
        actions.stop_upgrade(upgrade.ref.name),
        actions.FIX_AND_START,
    )


def _steps_during_nodes(names: str) -> tuple[str, ...]:
    """Return the steps during the nodes' turn, when the Upgrade can no longer be deleted."""
    return (
        f"Fix {names} as described in its Node finding: neither waiting nor restarting the upgrade helps.",
        (
            f"Fixing the Node does not finish this Upgrade by itself: {names} stays in status.nodeStatuses "
            "(harvester/harvester#7874). When every other node has Succeeded, collect again, then ask vendor "
            "support how to end it."
        ),
    )


def _unfinished_nodes(upgrade: Upgrade) -> list[ObjectRef]:
    """Return the nodes of the Upgrade's list that have neither succeeded nor failed."""
    states = sorted(upgrade.nodes.items())
    return [ObjectRef("Node", "", name) for name, state in states if place_of(state) not in {DONE, FAILED}]


def _why_not_started(facts: Facts, upgrade: Upgrade, node: ObjectRef) -> str:
    """Return why Rancher cannot start a node; empty if it can: a node whose Machine references it is started."""
    pairing = facts.pairing
    if node not in facts.links.objects or any(pairing.node_ref(machine) for machine in pairing.claiming_machines(node)):
        return ""
    if pairing.is_dangling(node):
        return f"that of {node.name} is gone"
    if pairing.is_half_joined(node):
        return f"the Machine made for {node.name} has not found it"
    if (machine := _machine_of_other_node(facts, node)) and place_of(upgrade.nodes[node.name]) != REBOOT:
        edge = pairing.node_ref(machine)
        return f"Machine {machine.name}, referenced by {node.name}, references {edge.value if edge else 'no Node'}"
    return f"{node.name} has no Machine" if pairing.is_orphan(node) else ""


def _machine_of_other_node(facts: Facts, node: ObjectRef) -> ObjectRef | None:
    """Return the Machine that the Node references if it belongs to another existing Node, else None."""
    named = facts.pairing.machine_ref(node)
    back = facts.pairing.node_ref(named.target) if named and named.target in facts.links.objects else None
    return named.target if named and back and back.target != node and not back.broken else None
