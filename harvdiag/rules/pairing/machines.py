"""Seen from the Machine: does it have its Node, does it run, is it going away?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag import advice
from harvdiag.facts import Facts
from harvdiag.fields import text
from harvdiag.links import PRESENT
from harvdiag.model import Evidence, ObjectRef, Severity
from harvdiag.moment import Moment
from harvdiag.pairs import E1, E2, E4, E6, FLEET
from harvdiag.rules import Cause, Hit, host_signs, rule, show

DELETED = "metadata.deletionTimestamp"
HOOK = 'metadata.annotations["pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup"]'
STUCK_AFTER = timedelta(hours=1)
CAPI = "machines.cluster.x-k8s.io"


@rule("nodes-share-machine", needs={"Node", "Machine"}, links=["harvester/harvester#8222", "rancher/rancher#45646"])
def nodes_share_machine(facts: Facts) -> Iterator[Hit]:
    """Several Nodes name one Machine.

    A host was installed from the disk or the identity of another: both run as the same Machine. Drains, promotions and
    deletions meant for one of them act on the other.
    """
    for machine in facts.pairing.machines:
        by_name = facts.pairing.named_by(machine)
        by_uid = [edge.source for edge in facts.links.to(machine, E4)]
        nodes = by_name if len(by_name) > 1 else by_uid
        if len(nodes) < 2:
            continue
        names = " and ".join(sorted(node.name for node in nodes))
        yield Hit(
            machine,
            f"Machine {machine.name} is named by {len(nodes)} Nodes: {names}",
            (
                *(evidence for node in nodes for evidence in (*show(facts, node, E1, E4), *host_signs(facts, node))),
                *show(facts, machine, E2, 'metadata.labels["rke.cattle.io/machine-id"]'),
            ),
            (
                (
                    "Find the true owner: on each host compare /etc/rancher/agent/cattle-id with the Machine's "
                    "label rke.cattle.io/machine-id."
                ),
                "The other host took over an old installation: wipe its disk and join it anew, one node at a time.",
            ),
            "Do not delete the false Node while its annotation names this Machine: Harvester deletes the Machine "
            f"that a deleted Node names, here the one of a healthy host. {advice.QUORUM}",
        )


@rule("machine-without-node-ref", needs={"Machine"}, links=["harvester/harvester#7392", "harvester/harvester#6041"])
def machine_without_node_ref(facts: Facts) -> Iterator[Hit]:
    """A Machine has found no Node.

    Its host never joined, or Cluster API cannot see the Node. Before an upgrade Harvester refuses such a Machine;
    during one Rancher's planner waits for it and goes on to nobody else.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        if text(pairing.obj(machine), E2) or pairing.deleting(machine):
            continue
        yield Hit(
            machine,
            f"Machine {machine.name} has no Node: its status.nodeRef is empty" + _meant_for(facts, machine),
            show(facts, machine, E2, E6, "status.phase", "metadata.creationTimestamp"),
            (
                advice.describe(CAPI, machine.name),
                "Read its condition NodeHealthy or NodeReady, and on the host `journalctl -u rancher-system-agent`.",
                (
                    "If its host was removed for good, this is a leftover: it may be deleted once no Node shares "
                    "its providerID."
                ),
            ),
            advice.DELETES_NODE,
            (
                Cause("machine-without-bootstrap", machine),
                Cause("machine-without-infrastructure", machine),
                Cause("cluster-paused", _cluster(machine)),
                *(Cause("node-with-several-machines", edge.target) for edge in facts.links.of(machine, E6)),
            ),
        )


def _cluster(machine: ObjectRef) -> ObjectRef:
    return ObjectRef("Cluster", machine.namespace, "local")


def _meant_for(facts: Facts, machine: ObjectRef) -> str:
    """The host it was made for, by the signs that a join leaves behind."""
    host = text(facts.pairing.obj(machine), 'metadata.labels["rke.cattle.io/node-name"]')
    return f" (it was made for {host})" if host else ""


@rule(
    "machine-dangling-node",
    needs={"Node", "Machine"},
    links=["harvester/harvester#5158", "harvester/harvester#6203", "harvester/harvester#3201"],
)
def machine_dangling_node(facts: Facts) -> Iterator[Hit]:
    """A Machine names a Node that does not exist.

    The Node was removed and its Machine left behind; its phase stays Running all the same. Rancher's planner counts it
    as a node to configure, waits for it without end, and upgrades none of the living.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        edge = pairing.node_ref(machine)
        if edge is None or not edge.broken:
            continue
        yield Hit(
            machine,
            f"Machine {machine.name} names Node {edge.value}, which does not exist",
            (*show(facts, machine, E2, E6, "status.phase"), *_deletion(facts, machine)),
            (
                f"Be sure that the host {edge.value} is gone for good, or uninstalled.",
                advice.BACK_UP,
                f"Then delete the Machine, not a Node: `kubectl delete {CAPI} -n {FLEET} {advice.arg(machine.name)}`.",
            ),
            f"Delete it only if no living Node has providerID {text(pairing.obj(machine), E6) or 'of its own'}. "
            + advice.DELETES_NODE
            + " "
            + advice.QUORUM,
        )


def _deletion(facts: Facts, machine: ObjectRef) -> tuple[Evidence, ...]:
    return show(facts, machine, DELETED) if facts.pairing.deleting(machine) else ()


@rule("machine-not-running", needs={"Machine"}, links=["harvester/harvester#6810", "harvester/harvester#6253"])
def machine_not_running(facts: Facts) -> Iterator[Hit]:
    """A Machine is not in phase Running.

    Harvester refuses to begin an upgrade while any Machine is in another phase ("machine … is not running").
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        phase = text(pairing.obj(machine), "status.phase")
        if phase == "Running":
            continue
        edge = pairing.node_ref(machine)
        of = f" of Node {edge.value}" if edge else ""
        yield Hit(
            machine,
            f"Machine {machine.name}{of} is {phase or 'in no phase'}, not Running",
            show(facts, machine, "status.phase", "status.failureReason", "status.failureMessage"),
            (
                advice.describe(CAPI, machine.name),
                "Read its conditions, the oldest that is not True first; they name what it waits for.",
            ),
            advice.DELETES_NODE,
            tuple(
                Cause(name, machine)
                for name in (
                    "machine-stuck-deleting",
                    "machine-without-infrastructure",
                    "machine-without-bootstrap",
                    "machine-without-node-ref",
                )
            ),
        )


@rule(
    "machine-stuck-deleting",
    needs={"Machine"},
    links=["harvester/harvester#7065", "harvester/harvester#8627", "rancher/rancher#45646"],
)
def machine_stuck_deleting(facts: Facts) -> Iterator[Hit]:
    """A Machine has been deleted for more than an hour and is still there.

    A finalizer or a hook holds it. Until it is gone it cordons and drains the Node it names, Harvester refuses an
    upgrade, and in the end it takes that Node with it, even one that a newer Machine holds by now.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        since = Moment(pairing.deleting(machine))
        age = facts.now.since(since)
        if not since or (age is not None and age < STUCK_AFTER):
            continue
        hook = text(pairing.obj(machine), HOOK)
        edge = pairing.node_ref(machine)
        held = (
            "Rancher's safe removal of its etcd member"
            if hook
            else "its finalizer: the node, its volumes or its infrastructure are not yet let go"
        )
        yield Hit(
            machine,
            f"Machine {machine.name} has been deleting since {since}, held by {held}",
            show(facts, machine, DELETED, "metadata.finalizers", HOOK, E2, "status.phase"),
            (
                (
                    "Read its condition Deleting (v1beta2) or DrainingSucceeded and PreTerminateDeleteHookSucceeded "
                    "(v1beta1)."
                ),
                (
                    "Held by the etcd hook: the API must reach an etcd majority, and the host must be off or "
                    "uninstalled."
                ),
                advice.BACK_UP,
            ),
            f"When the finalizer goes, Node {edge.value if edge else '(none)'} is deleted too. {advice.DELETES_NODE}",
        )


@rule(
    "machine-in-other-namespace",
    severity=Severity.WARNING,
    needs={"Machine", "Node"},
    links=["harvester/harvester#7392"],
)
def machine_in_other_namespace(facts: Facts) -> Iterator[Hit]:
    """A Machine of this cluster stands outside namespace fleet-local.

    Harvester and Rancher look for the Machines of cluster `local` in fleet-local only. This one does nothing for its
    Node, yet its nodeRef still deletes that Node if it is deleted.
    """
    pairing = facts.pairing
    for machine in pairing.strangers:
        edge = pairing.node_ref(machine)
        ours = text(pairing.obj(machine), "spec.clusterName") == "local"
        if not (ours or pairing.named_by(machine) or (edge and edge.state == PRESENT)):
            continue
        yield Hit(
            machine,
            f"Machine {machine.name} stands in namespace {machine.namespace}, where neither Harvester nor Rancher looks"
            + (f"; it names Node {edge.value}" if edge else ""),
            show(facts, machine, "metadata.namespace", "spec.clusterName", E2, E6),
            (
                advice.describe(CAPI, machine.name, machine.namespace),
                "Find out who made it: its managers stand in metadata.managedFields (`--show-managed-fields`).",
            ),
            advice.DELETES_NODE,
        )


@rule("machine-provider-id-differs", severity=Severity.WARNING, needs={"Node", "Machine", "CustomMachine"})
def machine_provider_id_differs(facts: Facts) -> Iterator[Hit]:
    """A Machine and its Node have different provider ids.

    Cluster API finds the Node of a Machine by providerID. The pair holds as long as nobody touches it; once the nodeRef
    is lost, the Machine takes the Node that has its id, or none.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        edge = pairing.node_ref(machine)
        if edge is None or edge.state != PRESENT:
            continue
        own = text(pairing.obj(edge.target), E6)
        parts = [machine, machine._replace(kind="CustomMachine")]
        odd = [p for p in parts if p in facts.links.objects and text(facts.links.objects[p], E6) not in ("", own)]
        if odd:
            yield Hit(
                machine,
                f"Machine {machine.name} belongs to Node {edge.value}, but {odd[0].kind} {odd[0].name} has "
                f"providerID {text(facts.links.objects[odd[0]], E6)} and the Node {own or 'none'}",
                (
                    *(e for part in odd for e in show(facts, part, E6)),
                    *show(facts, edge.target, E6),
                    *show(facts, machine, E2),
                ),
                (advice.describe(CAPI, machine.name), "See whether another Node or Machine has that id."),
                advice.DELETES_NODE,
            )
