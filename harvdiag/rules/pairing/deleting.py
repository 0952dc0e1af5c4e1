"""A Node whose removal does not end."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import items, text
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import MACHINE_ANNOTATION, NODE_REF
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import REMOVAL, Facts

DELETED, FINALIZERS = "metadata.deletionTimestamp", "metadata.finalizers"


@rule(
    "node-stuck-deleting",
    short="stuck deleting",
    alike=advice.LONG_DELETED,
    needs={"Node", "Machine"},
    links=[
        "harvester/harvester#8627",
        "harvester/harvester#10534",
        "harvester/harvester#11349",
        "https://github.com/harvester/docs/issues/1108",
    ],
)
def node_stuck_deleting(facts: Facts) -> Iterator[Hit]:
    """A Node has been deleted for more than an hour and is still there.

    A finalizer holds it: a controller has yet to do its part, or is gone itself. Until it is away, Harvester counts it
    and waits for it in an upgrade, and a host cannot join again under its name.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        since = Timestamp(text(pairing.obj(node), DELETED))
        age = facts.now.since(since)
        if age is None or age < REMOVAL:
            continue
        held = " and ".join(str(name) for name in items(pairing.obj(node), FINALIZERS))
        named = pairing.machine_ref(node)
        yield Hit(
            subject=node,
            message=f"Node {node.name} has been deleting since {since}, "
            + (f"held by its finalizers {held}" if held else "though no finalizer of it holds it any more"),
            evidence=(
                *show(facts, node, DELETED, FINALIZERS, MACHINE_ANNOTATION),
                *(e for machine in pairing.claiming_machines(node) for e in show(facts, machine, DELETED, NODE_REF)),
            ),
            next=(
                (
                    f"See that the host {node.name} is off for good, or uninstalled with `rke2-uninstall.sh`: while "
                    "its kubelet runs, it writes the Node anew."
                ),
                advice.SEE_MACHINES,
                (
                    "Find the controller of each finalizer and read its log (wrangler.cattle.io: the pods `rancher` in "
                    "cattle-system and `harvester` in harvester-system); restart it if it does not go on."
                ),
                "Only if no controller is left that would do it: ask vendor support before you take a finalizer off.",
            ),
            caution=f"When the Node is gone, Harvester deletes the Machine that its annotation names"
            f"{f' ({named.value})' if named else ''}: see first that no other Node uses that Machine, and that no "
            f"VMs run on the host. {advice.QUORUM}",
            causes=tuple(Cause("machine-stuck-deleting", machine) for machine in pairing.claiming_machines(node)),
        )
