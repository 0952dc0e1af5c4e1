"""A Node whose removal does not finish."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_items, get_text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import MACHINE_ANNOTATION, NODE_REF
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.thresholds import REMOVAL

RESTART = actions.restart_deployment("rancher", "cattle-system")
HARVESTER = actions.restart_deployment("harvester", "harvester-system")
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
    no_cure="A finalizer stays until its controller has done its part, and no object tells why it has not: once it "
    "works again the Node goes by itself. To take the finalizer off leaves a member of etcd, a Machine or a Longhorn "
    "Node behind; vendor support can say whose it is.",
)
def node_stuck_deleting(facts: Facts) -> Iterator[Hit]:
    """A Node was deleted more than an hour ago and still exists.

    A finalizer holds it: a controller has not done its part yet, or no longer exists. Until the Node is gone, Harvester
    counts it and waits for it in an upgrade, and no host can join under its name.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        since = Timestamp(get_text(pairing.obj(node), DELETED))
        age = facts.now.since(since)
        if age is None or age < facts.span(REMOVAL):
            continue
        held = " and ".join(str(name) for name in get_items(pairing.obj(node), FINALIZERS))
        machine_ref = pairing.machine_ref(node)
        yield Hit(
            subject=node,
            message=f"Node {node.name} has been terminating since {since}, "
            + (f"held by its finalizers {held}" if held else "although it has no finalizer left"),
            evidence=_deletion_evidence(facts, node),
            next=_removal_steps(node.name),
            caution=f"When the Node is gone, Harvester deletes the Machine that its annotation references"
            f"{f' ({machine_ref.value})' if machine_ref else ''}: first verify that no other Node uses that Machine "
            f"and that no VMs run on the host. {advice.QUORUM}",
            causes=tuple(Cause("machine-stuck-deleting", machine) for machine in pairing.claiming_machines(node)),
        )


def _deletion_evidence(facts: Facts, node: ObjectRef) -> tuple[Evidence, ...]:
    """Return what holds the Node, and whether the Machines that reference it are being deleted too."""
    pairing = facts.pairing
    return (
        *field_evidence(facts, node, DELETED, FINALIZERS, MACHINE_ANNOTATION),
        *(e for machine in pairing.claiming_machines(node) for e in field_evidence(facts, machine, DELETED, NODE_REF)),
    )


def _removal_steps(host: str) -> tuple[str, ...]:
    """Return what to verify before the finalizers of the Node are touched."""
    return (
        (
            f"Verify that the host {host} is off for good, or uninstalled with `/opt/rke2/bin/rke2-uninstall.sh`: a "
            "running kubelet recreates the Node."
        ),
        advice.LIST_MACHINES,
        (
            "Find the controller of each finalizer and read its log (wrangler.cattle.io: the pods `rancher` in "
            f"cattle-system and `harvester` in harvester-system). If it is stuck, restart it: {RESTART} or {HARVESTER}."
        ),
        "Only if no such controller is left: ask vendor support before you remove a finalizer.",
    )
