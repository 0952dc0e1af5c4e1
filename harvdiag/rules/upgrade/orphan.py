"""An upgrade that waits for a Node without Machine."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.suggest import listed
from harvdiag.graph.pairing import MACHINE_ANNOTATION, NODE_REF
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.phases import REBOOT

BY_RULE = ("node-without-machine", "node-half-joined", "node-dangling-machine", "node-machine-disagree")
"""The one state that Harvester ends by way of the Node's annotation."""


@rule(
    "upgrade-blocked-by-orphan-node",
    needs={"Upgrade", "Node", "Machine", "CustomMachine", "RKEBootstrap"},
    links=["harvester/harvester#8236"],
)
def upgrade_blocked_by_orphan_node(facts: Facts) -> Iterator[Hit]:
    """The running upgrade waits for a Node that has no Machine.

    Harvester counts every Node of its list and waits until each has succeeded. Rancher starts a node's upgrade through
    the plan Secret of its Machine. A Node without one is never started, nothing fails, and nothing changes by waiting.
    """
    upgrade = facts.upgrades.running
    if upgrade is None or upgrade.single_node:
        return  # a single node is not drained: it waits elsewhere (upgrade-waiting-for-reboot)
    blocked = {node: why for node in _waiting(upgrade) if (why := _why(facts, upgrade, node))}
    if not blocked:
        return
    names = listed([node.name for node in blocked])
    whole = f"Upgrade {upgrade.ref.name} to {upgrade.version or 'an image of its own'}"
    stay = _stay({node.name: upgrade.nodes[node.name] for node in blocked})
    done = sum(state == "Succeeded" for state in upgrade.nodes.values())
    yield Hit(
        subject=upgrade.ref,
        message=(
            f"{whole} cannot finish: {stay}, because Rancher starts a node only through the plan Secret of its "
            f"Machine, and {listed(list(blocked.values()))}; {done} of {len(upgrade.nodes)} nodes are done"
        ),
        evidence=(
            *(
                evidence
                for node in blocked
                for evidence in (*show(facts, node, MACHINE_ANNOTATION), *_other(facts, node))
            ),
            *(Evidence(upgrade.ref, f'status.nodeStatuses["{n.name}"].state', upgrade.nodes[n.name]) for n in blocked),
            *show(facts, upgrade.ref, 'metadata.labels["harvesterhci.io/upgradeState"]'),
        ),
        next=_early(names) if upgrade.status("NodesUpgraded") == "" else _late(names),
        caution=(
            "While the Upgrade's condition NodesUpgraded is Unknown, Harvester refuses to delete that Upgrade. Do not "
            "force its deletion with skipWebhook, and do not remove finalizers, before the Node is mended or gone."
        ),
        causes=tuple(cause for node in blocked for cause in _causes(facts, node)),
        targets=tuple(blocked),
    )


def _stay(states: dict[str, str]) -> str:
    """Who stays where: once where all stay at the same state, else each with its own."""
    if len(set(states.values())) == 1:
        return f'{listed(list(states))} {"stays" if len(states) == 1 else "stay"} at "{next(iter(states.values()))}"'
    return listed([f'{name} stays at "{state}"' for name, state in states.items()])


def _causes(facts: Facts, node: ObjectRef) -> Iterator[Cause]:
    named = facts.pairing.machine_ref(node)
    yield from ([Cause("nodes-share-machine", named.target)] if named else ())
    yield from (Cause(name, node) for name in BY_RULE)


def _other(facts: Facts, node: ObjectRef) -> tuple[Evidence, ...]:
    """Where the Machine that the Node names points instead."""
    machine = _of_another(facts, node)
    return show(facts, machine, NODE_REF) if machine else ()


def _early(names: str) -> tuple[str, ...]:
    """Before the nodes' turn the Upgrade can still be taken back."""
    return (
        (
            f"Find out why there is no Machine for {names}; the finding of the Node says how. The upgrade would stop "
            "there when the nodes have their turn."
        ),
        advice.TAKE_BACK,
    )


def _late(names: str) -> tuple[str, ...]:
    return (
        f"Mend {names} as the finding of the Node says: neither waiting nor restarting the upgrade helps.",
        (
            f"Mending the Node does not end this Upgrade by itself: its list keeps {names} "
            "(harvester/harvester#7874). When every other node has Succeeded, collect again, then ask vendor "
            "support how to end it."
        ),
    )


def _waiting(upgrade: Upgrade) -> list[ObjectRef]:
    """The nodes of the Upgrade's list that are not through."""
    states = sorted(upgrade.nodes.items())
    return [ObjectRef("Node", "", name) for name, state in states if state not in {"Succeeded", "Failed"}]


def _why(facts: Facts, upgrade: Upgrade, node: ObjectRef) -> str:
    """Why Rancher cannot start a node; empty where it can: a node whose Machine points at it is started."""
    pairing = facts.pairing
    if node not in facts.links.objects or any(pairing.node_ref(machine) for machine in pairing.claiming_machines(node)):
        return ""
    if pairing.is_dangling(node):
        return f"that of {node.name} is gone"
    if pairing.is_half_joined(node):
        return f"the Machine made for {node.name} has not found it"
    if (machine := _of_another(facts, node)) and upgrade.nodes[node.name] != REBOOT:
        edge = pairing.node_ref(machine)
        return f"Machine {machine.name}, which {node.name} names, points at {edge.value if edge else 'no Node'}"
    return f"{node.name} has no Machine" if pairing.is_orphan(node) else ""


def _of_another(facts: Facts, node: ObjectRef) -> ObjectRef | None:
    """The Machine that the Node names, where that belongs to another living Node."""
    named = facts.pairing.machine_ref(node)
    back = facts.pairing.node_ref(named.target) if named and named.target in facts.links.objects else None
    return named.target if named and back and back.target != node and not back.broken else None
