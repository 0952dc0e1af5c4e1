"""The upgrade family: what holds up the upgrade that is under way?"""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.facts import Facts
from harvdiag.model import Evidence, ObjectRef
from harvdiag.pairs import E1
from harvdiag.rules import Cause, Hit, rule, show

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
    waiting = [
        ObjectRef("Node", "", name)
        for name, state in sorted(upgrade.nodes.items())
        if state not in {"Succeeded", "Failed"}
    ]
    blocked = [node for node in waiting if node in facts.links.objects and _no_machine(facts, node)]
    if not blocked:
        return
    names = " and ".join(node.name for node in blocked)
    states = " and ".join(sorted({f'"{upgrade.nodes[node.name]}"' for node in blocked}))
    done = sum(state == "Succeeded" for state in upgrade.nodes.values())
    yield Hit(
        upgrade.ref,
        f"Upgrade {upgrade.ref.name} to {upgrade.version} cannot finish: {names} stays at {states}, because Rancher "
        f"starts a node only through the plan Secret of its Machine, and {names} has no Machine; {done} of "
        f"{len(upgrade.nodes)} nodes are done",
        (
            *(Evidence(upgrade.ref, f'status.nodeStatuses["{n.name}"].state', upgrade.nodes[n.name]) for n in blocked),
            *show(facts, upgrade.ref, 'metadata.labels["harvesterhci.io/upgradeState"]'),
            *(evidence for node in blocked for evidence in show(facts, node, E1)),
        ),
        (
            "Waiting changes nothing, and restarting the upgrade neither: mend the Node first.",
            f"The other {done} nodes are done and keep running; there is no hurry. Back up what runs on {names}.",
            (
                f"Follow the steps of the finding on {names}; the upgrade may have to be ended with the help of "
                "vendor support."
            ),
        ),
        "While its condition NodesUpgraded is Unknown, Harvester refuses to delete the Upgrade. Do not force it "
        "with skipWebhook, and do not remove finalizers, before the Node is mended or gone.",
        tuple(Cause(name, node) for node in blocked for name in BY_RULE),
    )


def _no_machine(facts: Facts, node: ObjectRef) -> bool:
    pairing = facts.pairing
    return pairing.orphan(node) or pairing.half_joined(node) or pairing.dangling(node)
