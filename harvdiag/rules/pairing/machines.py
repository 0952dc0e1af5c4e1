"""Seen from the Machine: does it have its Node, does it run, is it going away?"""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import text
from harvdiag.core.model import Evidence, ObjectRef, Reason, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import MACHINE_ANNOTATION, MACHINE_UID_LABEL, NODE_REF, PROVIDER_ID
from harvdiag.kinds.local import FLEET, LOCAL
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import show, told
from harvdiag.rules.facts import REMOVAL, Facts

DELETED = "metadata.deletionTimestamp"
HOOK = 'metadata.annotations["pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup"]'
CAPI = "machines.cluster.x-k8s.io"


@rule(
    "machine-without-node-ref",
    short="Machine without node ref",
    alike="have found no Node",
    missing=("Machine", "Node"),
    needs={"Machine"},
    links=["harvester/harvester#7392", "harvester/harvester#6041"],
)
def machine_without_node_ref(facts: Facts) -> Iterator[Hit]:
    """A Machine has found no Node.

    Its host never joined, or Cluster API cannot see the Node. Before an upgrade Harvester refuses such a Machine;
    during one Rancher's planner waits for it and goes on to nobody else.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        if text(pairing.obj(machine), NODE_REF) or pairing.deletion_time(machine) or facts.fresh(machine):
            continue
        hosts = pairing.candidate_nodes(machine)
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name} has no Node: its status.nodeRef is empty" + _meant_for(facts, machine),
            evidence=show(facts, machine, NODE_REF, PROVIDER_ID, "status.phase", "metadata.creationTimestamp"),
            next=(
                advice.describe(CAPI, machine.name),
                "Read its condition NodeHealthy or NodeReady, and on the host `journalctl -u rancher-system-agent`.",
                _leftover(facts, machine, hosts),
            ),
            caution=advice.DELETES_NODE,
            causes=(
                *(Cause("node-half-joined", node) for node in hosts),
                Cause("machine-without-bootstrap", machine),
                Cause("machine-without-infrastructure", machine),
                Cause("cluster-paused", LOCAL),
                *(
                    Cause("node-with-several-machines", edge.target)
                    for edge in facts.links.edges_from(machine, PROVIDER_ID)
                ),
            ),
        )


def _leftover(facts: Facts, machine: ObjectRef, hosts: list[ObjectRef]) -> str:
    """Whether the Machine may be a leftover: not while a living Node looks like its host, or may do so unseen."""
    if hosts:
        return f"Do not delete {machine.name}: it looks like the Machine of Node {hosts[0].name}, which still runs."
    dark = [kind for kind in ("Node", "CustomMachine", "RKEBootstrap") if not facts.links.seen(kind)]
    if dark:
        return (
            f"Do not delete {machine.name} because of this source: {' and '.join(dark)} were not seen, so the host may "
            "be running."
        )
    return (
        f"If its host was removed for good, {machine.name} is a leftover and may be deleted, once no Node has its "
        "providerID."
    )


def _meant_for(facts: Facts, machine: ObjectRef) -> str:
    """The host it was made for, by the signs that a join leaves behind."""
    host = text(facts.pairing.obj(machine), 'metadata.labels["rke.cattle.io/node-name"]')
    looks = [node.name for node in facts.pairing.candidate_nodes(machine)]
    if host:
        return f" (it was made for {host})"
    return f" (its host looks like Node {looks[0]})" if looks else ""


@rule(
    "machine-dangling-node",
    short="Machine dangling node",
    alike="name a Node that does not exist",
    reason=Reason.DANGLING,
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
        if edge is None or not edge.broken or facts.leaving(machine):
            continue
        living = [node for node in pairing.nodes if node in _followers(facts, machine)]
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name} names Node {edge.value}, which does not exist"
            + (f"; Node {living[0].name} names this Machine" if living else ""),
            evidence=(*show(facts, machine, NODE_REF, PROVIDER_ID, "status.phase"), *_deletion(facts, machine)),
            next=(advice.SEE_NODES, *_ghost(machine, edge.value, living)),
            caution=_only_if(machine, text(pairing.obj(machine), PROVIDER_ID))
            + f"{advice.DELETES_NODE} {advice.QUORUM}",
            causes=(Cause("machine-stuck-deleting", machine),),
            targets=(edge.target,),
        )


def _only_if(machine: ObjectRef, provider: str) -> str:
    which = f"providerID {provider}" if provider else "the Machine's name in cluster.x-k8s.io/machine"
    return f"Delete Machine {machine.name} only if no living Node has {which}. "


def _followers(facts: Facts, machine: ObjectRef) -> set[ObjectRef]:
    """The Nodes that name the Machine or run its plan: they need it, wherever it points."""
    return {
        edge.source for path in (MACHINE_ANNOTATION, MACHINE_UID_LABEL) for edge in facts.links.edges_to(machine, path)
    }


def _ghost(machine: ObjectRef, host: str, living: list[ObjectRef]) -> tuple[str, ...]:
    if living:
        return (
            (
                f"Do not delete Machine {machine.name}: the living Node {living[0].name} names that Machine or runs "
                "its plan."
            ),
            advice.describe(CAPI, machine.name),
        )
    return (
        f"Be sure that the host {host} is gone for good, or uninstalled.",
        advice.BACK_UP,
        f"Then delete the Machine, not a Node: `kubectl delete {CAPI} -n {FLEET} {advice.arg(machine.name)}`.",
    )


def _deletion(facts: Facts, machine: ObjectRef) -> tuple[Evidence, ...]:
    return show(facts, machine, DELETED) if facts.pairing.deletion_time(machine) else ()


@rule(
    "machine-not-running",
    short="Machine not running",
    alike="are not in phase Running",
    needs={"Machine"},
    links=["harvester/harvester#6810", "harvester/harvester#6253"],
)
def machine_not_running(facts: Facts) -> Iterator[Hit]:
    """A Machine is not in phase Running.

    Harvester refuses to begin an upgrade while any Machine is in another phase ("machine … is not running").
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        phase = text(pairing.obj(machine), "status.phase")
        if phase == "Running" or facts.fresh(machine) or facts.leaving(machine):
            continue
        edge = pairing.node_ref(machine)
        of = f" of Node {edge.value}" if edge else ""
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name}{of} is {phase or 'in no phase'}, not Running",
            evidence=(
                *show(facts, machine, "status.phase"),
                *told(facts, machine, "failure_reason", "failure_message"),
            ),
            next=(
                advice.describe(CAPI, machine.name),
                "Read the Machine's conditions, the oldest that is not True first; they name what it waits for.",
            ),
            caution=advice.DELETES_NODE,
            causes=tuple(
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
    short="Machine stuck deleting",
    alike=advice.LONG_DELETED,
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
        since = Timestamp(pairing.deletion_time(machine))
        age = facts.now.since(since)
        if age is None or age < REMOVAL:
            continue
        hook = text(pairing.obj(machine), HOOK)
        edge = pairing.node_ref(machine)
        held = (
            "Rancher's safe removal of its etcd member"
            if hook
            else "its finalizer: the node, its volumes or its infrastructure are not yet let go"
        )
        yield Hit(
            subject=machine,
            message=f"Machine {machine.name} has been deleting since {since}, held by {held}",
            evidence=show(facts, machine, DELETED, "metadata.finalizers", HOOK, NODE_REF, "status.phase"),
            next=(
                (
                    "Read the Machine's condition Deleting (v1beta2) or DrainingSucceeded and "
                    "PreTerminateDeleteHookSucceeded (v1beta1)."
                ),
                *_held(facts, machine, bool(hook)),
                advice.BACK_UP,
            ),
            caution=(
                f"When the finalizer of Machine {machine.name} goes, Node {edge.value if edge else '(none)'} is "
                f"deleted too. {advice.DELETES_NODE}"
            ),
        )


def _held(facts: Facts, machine: ObjectRef, hook: bool) -> tuple[str, ...]:
    """What lets the deletion finish, unless it would take a Node that another Machine holds by now."""
    edge = facts.pairing.node_ref(machine)
    others = [m for m in facts.pairing.claiming_machines(edge.target) if m != machine] if edge else []
    if edge and others:
        return (f"Do nothing that lets this deletion finish: Node {edge.value} belongs to {others[0].name} by now.",)
    if hook and facts.links.seen("Node"):
        return ("The API must reach an etcd majority, and the host must be off or uninstalled.",)
    return ()


@rule(
    "machine-in-other-namespace",
    short="Machine in other namespace",
    shows=NODE_REF,
    severity=Severity.WARNING,
    needs={"Machine", "Node"},
    links=["harvester/harvester#7392"],
    everywhere=True,
)
def machine_in_other_namespace(facts: Facts) -> Iterator[Hit]:
    """A Machine of cluster `local` stands outside namespace fleet-local.

    Harvester and Rancher look for the Machines of cluster `local` in fleet-local only. This one does nothing for its
    Node, yet deleting it may take the Node that it names along.
    """
    pairing = facts.pairing
    for machine in pairing.machines_elsewhere:
        edge = pairing.node_ref(machine)
        ours = text(pairing.obj(machine), "spec.clusterName") == "local"
        if not (ours or pairing.referencing_nodes(machine)):
            continue
        yield Hit(
            subject=machine,
            message=(
                f"Machine {machine.name} stands in namespace {machine.namespace}, where neither Harvester nor Rancher "
                "looks" + (f"; it names Node {edge.value}" if edge else "")
            ),
            evidence=show(facts, machine, "metadata.namespace", "spec.clusterName", NODE_REF, PROVIDER_ID),
            next=(
                advice.describe(CAPI, machine.name, machine.namespace),
                "Find out who made it: its managers stand in metadata.managedFields (`--show-managed-fields`).",
            ),
            caution=advice.DELETES_NODE,
        )


@rule(
    "no-machine-listed",
    short="no Machine listed",
    needs={"Node", "Machine", "CustomMachine", "RKEBootstrap"},
    links=["harvester/harvester#8224"],
)
def no_machine_listed(facts: Facts) -> Iterator[Hit]:
    """Not one Machine is listed, though there were some.

    Nodes name Machines, or their RKEBootstraps and CustomMachines are there. Either all Machines were deleted, or the
    list was not taken; a list that was not taken looks the same in a bundle. Nothing may be concluded about single
    hosts.
    """
    pairing = facts.pairing
    names = [node for node in pairing.nodes if pairing.machine_ref(node)]
    parts = [ref for kind in ("RKEBootstrap", "CustomMachine") for ref in facts.links.refs(kind)]
    if pairing.machines or not (names or parts):
        return
    yield Hit(
        subject=LOCAL,
        message=f"No Machine is listed in {FLEET}, though {len(names)} of {len(pairing.nodes)} Nodes name one and "
        f"{len(parts)} of their parts are there",
        evidence=tuple(evidence for node in names[:5] for evidence in show(facts, node, MACHINE_ANNOTATION)),
        next=(
            advice.SEE_MACHINES,
            "If they are there, collect again: this source is not whole.",
            "If they are not, uninstall no host; restore them from a backup with the help of vendor support.",
        ),
        caution="Uninstall or delete no host because of this source: every Node looks like an orphan in it.",
    )
