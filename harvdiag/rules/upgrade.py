"""The upgrade family: what holds up the upgrade that is under way?"""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.facts import Facts
from harvdiag.model import Evidence, ObjectRef
from harvdiag.pairs import E1
from harvdiag.rules import Cause, Hit, rule, show
from harvdiag.upgrade import Upgrade

BY_RULE = ("node-without-machine", "node-half-joined", "node-dangling-machine")


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
    if upgrade is None:
        return
    blocked = {node: why for node in _waiting(upgrade) if (why := _why(facts, node))}
    if not blocked:
        return
    names = " and ".join(node.name for node in blocked)
    states = " and ".join(sorted({f'"{upgrade.nodes[node.name]}"' for node in blocked}))
    done = sum(state == "Succeeded" for state in upgrade.nodes.values())
    yield Hit(
        upgrade.ref,
        f"Upgrade {upgrade.ref.name} to {upgrade.version or 'an image of its own'} cannot finish: {names} stays at "
        f"{states}, because Rancher starts a node only through the plan Secret of its Machine, and "
        f"{' and '.join(blocked.values())}; {done} of {len(upgrade.nodes)} nodes are done",
        (
            *(Evidence(upgrade.ref, f'status.nodeStatuses["{n.name}"].state', upgrade.nodes[n.name]) for n in blocked),
            *show(facts, upgrade.ref, 'metadata.labels["harvesterhci.io/upgradeState"]'),
            *(evidence for node in blocked for evidence in show(facts, node, E1)),
        ),
        (
            "Waiting changes nothing, and restarting the upgrade neither: mend the Node.",
            (
                f"Mending the Node does not end this Upgrade by itself: its list keeps {names} "
                "(harvester/harvester#7874). When every other node has Succeeded, collect again, then ask vendor "
                "support how to end it."
            ),
        ),
        "While its condition NodesUpgraded is Unknown, Harvester refuses to delete the Upgrade. Do not force it "
        "with skipWebhook, and do not remove finalizers, before the Node is mended or gone.",
        tuple(Cause(name, node) for node in blocked for name in BY_RULE),
    )


def _waiting(upgrade: Upgrade) -> list[ObjectRef]:
    """The nodes of the Upgrade's list that are not through."""
    states = sorted(upgrade.nodes.items())
    return [ObjectRef("Node", "", name) for name, state in states if state not in {"Succeeded", "Failed"}]


def _why(facts: Facts, node: ObjectRef) -> str:
    """Why Rancher cannot start a node; empty where it can: a node whose Machine points at it is started."""
    pairing = facts.pairing
    if node not in facts.links.objects or any(pairing.node_ref(machine) for machine in pairing.claims(node)):
        return ""
    if pairing.dangling(node):
        return f"that of {node.name} is gone"
    if pairing.half_joined(node):
        return f"the Machine made for {node.name} has not found it"
    return f"{node.name} has no Machine" if pairing.orphan(node) else ""
