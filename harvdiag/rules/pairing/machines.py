"""Machines: do they have a Node, are they Running, are they being deleted?"""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_text
from harvdiag.core.model import Evidence, ObjectRef, Reason, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import MACHINE_ANNOTATION, NODE_REF, PROVIDER_ID
from harvdiag.kinds.local import FLEET, LOCAL
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import column_evidence, field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.machine_phases import GOOD_PHASES
from harvdiag.rules.removal import dependent_nodes, leftover_steps, removal_steps
from harvdiag.rules.seen import read_condition, read_oldest_condition
from harvdiag.rules.thresholds import REMOVAL

DELETED = "metadata.deletionTimestamp"
HOOK = 'metadata.annotations["pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup"]'
CAPI = "machines.cluster.x-k8s.io"
NOT_RUNNING = (
    "machine-stuck-deleting",
    "machine-without-infrastructure",
    "machine-without-bootstrap",
    "machine-without-node-ref",
)
"""What may keep a Machine from phase Running."""
BY_HOOK = "Rancher's safe removal of its etcd member"
NO_FINALIZER = "If it does not end, ask vendor support before you remove a finalizer."
BY_FINALIZER = "its finalizer: the node, its volumes or its infrastructure are not yet released"
READ_NODE = "Read its condition NodeHealthy or NodeReady, and on the host `journalctl -u rancher-system-agent`."
READ_OLDEST = "Read the Machine's conditions, the oldest that is not True first; they show what it waits for."
OF_DELETION = ("Deleting", "DrainingSucceeded", "VolumeDetachSucceeded", "PreTerminateDeleteHookSucceeded")
READ_DELETION = (
    "Read its condition Deleting (v1beta2) or DrainingSucceeded and PreTerminateDeleteHookSucceeded (v1beta1)."
)


@rule(
    "machine-without-node-ref",
    short="Machine without node ref",
    alike="have found no Node",
    missing=("Machine", "Node"),
    needs={"Machine"},
    optional={"Node", "CustomMachine", "RKEBootstrap"},
    links=["harvester/harvester#7392", "harvester/harvester#6041"],
    cures=["link-again", "remove-ghost"],
)
def machine_without_node_ref(facts: Facts) -> Iterator[Hit]:
    """A Machine has found no Node.

    Its host never joined, or Cluster API cannot see the Node. Harvester refuses to start an upgrade with such a
    Machine; during an upgrade Rancher's planner waits for it and continues with no other node.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        paired = get_text(pairing.obj(machine), NODE_REF)
        if paired or pairing.deletion_time(machine) or facts.recently_created(machine):
            continue
        hosts = pairing.candidate_nodes(machine)
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name} has no Node: its status.nodeRef is empty" + _intended_host(facts, machine),
            evidence=field_evidence(
                facts, machine, NODE_REF, PROVIDER_ID, "status.phase", "metadata.creationTimestamp"
            ),
            next=(
                advice.inspect_object(CAPI, machine.name),
                read_condition(pairing.obj(machine), READ_NODE, "NodeHealthy", "NodeReady"),
                *leftover_steps(facts, machine, hosts),
            ),
            caution=advice.DELETES_NODE,
            causes=_node_ref_causes(facts, machine, hosts),
        )


def _node_ref_causes(facts: Facts, machine: ObjectRef, hosts: list[ObjectRef]) -> tuple[Cause, ...]:
    return (
        *(Cause(name, node) for node in hosts for name in ("node-replaced", "node-half-joined")),
        Cause("machine-without-bootstrap", machine),
        Cause("machine-without-infrastructure", machine),
        Cause("cluster-paused", LOCAL),
        *(Cause("node-with-several-machines", edge.target) for edge in facts.links.edges_from(machine, PROVIDER_ID)),
    )


def _intended_host(facts: Facts, machine: ObjectRef) -> str:
    """Describe the host that it was created for, by what a join leaves behind; empty if unknown."""
    host = get_text(facts.pairing.obj(machine), 'metadata.labels["rke.cattle.io/node-name"]')
    candidates = [node.name for node in facts.pairing.candidate_nodes(machine)]
    if host:
        return f" (it was created for {host})"
    return f" (its host looks like Node {candidates[0]})" if candidates else ""


@rule(
    "machine-dangling-node",
    short="Machine dangling node",
    alike="reference a Node that does not exist",
    reason=Reason.DANGLING,
    needs={"Node", "Machine"},
    optional={"CustomMachine"},
    links=["harvester/harvester#5158", "harvester/harvester#6203", "harvester/harvester#3201"],
    cures=["remove-ghost"],
)
def machine_dangling_node(facts: Facts) -> Iterator[Hit]:
    """A Machine references a Node that does not exist.

    The Node was removed, but not its Machine; the phase of the Machine stays Running. Rancher's planner counts it as a
    node to configure, waits for it forever, and upgrades no live node.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        edge = pairing.node_ref(machine)
        if edge is None or not edge.broken or facts.recently_deleted(machine):
            continue
        live = [node for node in pairing.nodes if node in dependent_nodes(facts, machine)]
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name} references Node {edge.value}, which does not exist"
            + (f"; Node {live[0].name} references this Machine" if live else ""),
            evidence=(
                *field_evidence(facts, machine, NODE_REF, PROVIDER_ID, "status.phase"),
                *_deletion_evidence(facts, machine),
            ),
            next=(advice.LIST_NODES, *removal_steps(facts, machine, edge.value, live)),
            caution=f"{advice.DELETES_NODE} {advice.QUORUM}",
            causes=(Cause("machine-stuck-deleting", machine),),
            targets=(edge.target,),
        )


def _deletion_evidence(facts: Facts, machine: ObjectRef) -> tuple[Evidence, ...]:
    return field_evidence(facts, machine, DELETED) if facts.pairing.deletion_time(machine) else ()


@rule(
    "machine-not-running",
    short="Machine not running",
    alike="are not in phase Running",
    needs={"Machine"},
    optional={"Node"},
    links=["harvester/harvester#6810", "harvester/harvester#6253"],
    cures=["remove-ghost", "reinstall"],
)
def machine_not_running(facts: Facts) -> Iterator[Hit]:
    """A Machine is not in phase Running.

    Harvester refuses to start an upgrade while any Machine is in another phase ("machine … is not running").
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        phase = get_text(pairing.obj(machine), "status.phase")
        if phase in GOOD_PHASES or facts.recently_created(machine) or facts.recently_deleted(machine):
            continue
        edge = pairing.node_ref(machine)
        owner = f" of Node {edge.value}" if edge else ""
        state = f"is {phase}, not Running" if phase else "has no phase (expected Running)"
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name}{owner} {state}",
            evidence=(
                *field_evidence(facts, machine, "status.phase"),
                *column_evidence(facts, machine, "failure_reason", "failure_message"),
            ),
            next=(
                advice.inspect_object(CAPI, machine.name),
                read_oldest_condition(pairing.obj(machine), READ_OLDEST),
                advice.IF_UNCLEAR,
            ),
            caution=advice.DELETES_NODE,
            causes=tuple(Cause(name, machine) for name in NOT_RUNNING),
        )


@rule(
    "machine-stuck-deleting",
    short="Machine stuck deleting",
    alike=advice.LONG_DELETED,
    needs={"Machine"},
    optional={"Node"},
    links=["harvester/harvester#7065", "harvester/harvester#8627", "rancher/rancher#45646"],
    cures=["end-deletion", "set-aside"],
)
def machine_stuck_deleting(facts: Facts) -> Iterator[Hit]:
    """A Machine was deleted more than an hour ago and still exists.

    A finalizer or a hook holds it. Until it is gone it cordons and drains the Node it references, Harvester refuses an
    upgrade, and in the end that Node is deleted too, even if it belongs to a newer Machine by now.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        since = Timestamp(pairing.deletion_time(machine))
        age = facts.now.since(since)
        if age is None or age < facts.span(REMOVAL):
            continue
        hook = get_text(pairing.obj(machine), HOOK)
        edge = pairing.node_ref(machine)
        held = BY_HOOK if hook else BY_FINALIZER
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name} has been terminating since {since}, held by {held}",
            evidence=field_evidence(facts, machine, DELETED, "metadata.finalizers", HOOK, NODE_REF, "status.phase"),
            next=(
                advice.inspect_object(CAPI, machine.name),
                read_condition(pairing.obj(machine), READ_DELETION, *OF_DELETION),
                actions.BACK_UP,
                *_unblock_steps(facts, machine, bool(hook)),
            ),
            caution=(
                f"When the finalizer of Machine {machine.name} is removed, Node {edge.value if edge else '(none)'} is "
                f"deleted too. {advice.DELETES_NODE}"
            ),
        )


def _unblock_steps(facts: Facts, machine: ObjectRef, hook: bool) -> tuple[str, ...]:
    """Return what lets the deletion finish, unless it would delete a Node that belongs to another Machine by now."""
    edge = facts.pairing.node_ref(machine)
    others = [m for m in facts.pairing.claiming_machines(edge.target) if m != machine] if edge else []
    # Cluster API deletes the Node even if another Machine holds it too (docs/objects.md#removal-machine).
    if edge and others:
        return (
            (
                f"Do nothing that lets this deletion finish: Node {edge.value} belongs to {others[0].name} by now. Ask "
                f"vendor support how to take {machine.name} away without it; until then leave both Machines alone."
            ),
        )
    # A Node that was not seen may reference another Machine: then nothing that ends the deletion is advised.
    if hook and facts.links.seen("Node"):
        return (
            (
                "The API must reach an etcd majority, and the host must be off or uninstalled: the deletion then ends "
                "by itself."
            ),
            NO_FINALIZER,
        )
    return (NO_FINALIZER,)


@rule(
    "machine-in-other-namespace",
    short="Machine in other namespace",
    shows=NODE_REF,
    severity=Severity.WARNING,
    needs={"Machine", "Node"},
    links=["harvester/harvester#7392"],
    everywhere=True,
    no_cure="No object tells who made a Machine outside fleet-local, or still works with it, and to delete it deletes "
    "the Node that its nodeRef or its providerID leads to: vendor support can say whether it may go.",
)
def machine_in_other_namespace(facts: Facts) -> Iterator[Hit]:
    """A Machine of cluster `local` is outside namespace fleet-local.

    Harvester and Rancher look for the Machines of cluster `local` in fleet-local only. This one does nothing for its
    Node, but deleting it may delete the Node that it references.
    """
    pairing = facts.pairing
    for machine in pairing.machines_elsewhere:
        edge = pairing.node_ref(machine)
        is_local = get_text(pairing.obj(machine), "spec.clusterName") == "local"
        if not (is_local or pairing.referencing_nodes(machine)):
            continue
        yield Hit(
            subject=machine,
            message=(
                f"Machine {machine.name} is in namespace {machine.namespace}, where neither Harvester nor Rancher "
                "looks" + (f"; it references Node {edge.value}" if edge else "")
            ),
            evidence=field_evidence(facts, machine, "metadata.namespace", "spec.clusterName", NODE_REF, PROVIDER_ID),
            next=(
                advice.inspect_object(CAPI, machine.name, machine.namespace),
                "Find out what created it: metadata.managedFields lists its managers (`--show-managed-fields`).",
                "Ask vendor support before you delete it.",
            ),
            caution=advice.DELETES_NODE,
        )


@rule(
    "no-machine-listed",
    short="no Machine listed",
    needs={"Node", "Machine", "CustomMachine", "RKEBootstrap"},
    links=["harvester/harvester#8224"],
    no_cure="Without any Machine it cannot be told which were deleted and which were only not collected, and to make "
    "them again touches all hosts at once: collect again, and let vendor support restore them from a backup of etcd.",
)
def no_machine_listed(facts: Facts) -> Iterator[Hit]:
    """No Machine is listed, although there were some.

    Nodes reference Machines, or RKEBootstraps and CustomMachines of Machines exist. Either all Machines were deleted,
    or the list was not collected, which looks the same in a bundle. Nothing can be concluded about single hosts.
    """
    pairing = facts.pairing
    referencing = [node for node in pairing.nodes if pairing.machine_ref(node)]
    parts = [ref for kind in ("RKEBootstrap", "CustomMachine") for ref in pairing.parts(kind)]
    if pairing.machines or not (referencing or parts):
        return
    yield Hit(
        subject=LOCAL,
        message=f"No Machine is listed in {FLEET}, although {len(referencing)} of {len(pairing.nodes)} Nodes reference "
        f"one and {len(parts)} of their parts exist",
        evidence=tuple(
            evidence for node in referencing[:5] for evidence in field_evidence(facts, node, MACHINE_ANNOTATION)
        ),
        next=(
            advice.LIST_MACHINES,
            "If they exist, collect again: this source is incomplete.",
            "If not, do not uninstall any host; restore the Machines from a backup with the help of vendor support.",
        ),
        caution="Do not uninstall or delete any host because of this source: every Node looks like an orphan in it.",
    )
