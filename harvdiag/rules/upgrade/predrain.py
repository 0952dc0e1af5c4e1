"""A pre-drain Job that does not end: the volumes and the VMs that block it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.conditions import condition_path, find_condition
from harvdiag.core.fields import Obj, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.columns import condition_column
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import found_step, is_wait_for_vms, quote_evidence, read_job_wait
from harvdiag.rules.pod_evidence import find_trouble
from harvdiag.rules.thresholds import PRE_DRAIN_JOB
from harvdiag.rules.upgrade_evidence import rollout_at_nodes, state_evidence
from harvdiag.rules.volume_faults import count_joining, find_too_few
from harvdiag.rules.volumes import (
    TOO_MANY_REPLICAS,
    TROUBLE,
    VOLUME,
    count_drain_nodes,
    storage_nodes,
    volume_claim,
    volume_evidence,
    volume_ref,
)
from harvdiag.upgrade.jobs import ACTIVE, Job
from harvdiag.upgrade.phases import PRE_DRAINING
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

if TYPE_CHECKING:
    from harvdiag.upgrade.logs import Quote

VMI = "VirtualMachineInstance"
MIGRATABLE = condition_column("migratable", "LiveMigratable")
LONGHORN_FAULTS = ("longhorn-node-evicting", "longhorn-node-degrades-volumes")
SINGLE = "single-node-upgrade"
KEEP_JOB = "Do not delete the Job: Harvester does not create it a second time."
MOST_SHOWN = 5
"""How many volumes and VMs each are named; the message counts the rest."""


class _Hold(NamedTuple):
    """A Job that does not end and the objects that block it."""

    job: Job
    volumes: list[tuple[ObjectRef, Obj]]
    vms: list[tuple[ObjectRef, Obj]]
    line: Quote | None = None


@rule(
    "upgrade-pre-drain-held",
    short="pre-drain held",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "Node", "Job", "UpgradePlan"},
    optional={VOLUME, VMI, "Node.longhorn.io", "Setting.longhorn.io", "Pod", "Event"},
    links=[
        "harvester/harvester#7067",
        "harvester/harvester#9739",
        "harvester/harvester#11615",
        "harvester/harvester#3648",
        "harvester/harvester#7165",
        "harvester/harvester#7096",
    ],
)
def upgrade_pre_drain_held(facts: Facts) -> Iterator[Hit]:
    """A node's pre-drain Job has been running for more than two hours, and a volume or a VM blocks it.

    The Job waits until Longhorn's volumes are healthy and no VM runs on the node any more. A volume that cannot be
    rebuilt, or a VM that can neither migrate nor be shut down, keeps it waiting; no other node has its turn meanwhile.
    """
    rollout = rollout_at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        job = _overdue_job(facts, node)
        if rollout is None or job is None:
            continue
        # Volumes and VMs are read only here, where an upgrade hangs: there may be thousands, and most checks need none.
        hold = _look(facts, rollout, node, job)
        if hold.volumes or hold.vms:
            yield _held_hit(facts, rollout, node, hold)
        else:
            _require_all_seen(facts)


def _look(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, job: Job) -> _Hold:
    """Return what blocks the Job; a VM that could migrate blocks it once it has been told to leave."""
    if job.type == SINGLE:
        return _Hold(job, [], _vms_on(facts, node), read_job_wait(facts, job))
    hold = _Hold(job, _unhealthy_volumes(facts, rollout, node), _immovable_vms(facts, node))
    if hold.volumes or hold.vms:
        return hold
    line = read_job_wait(facts, job)
    return hold._replace(vms=_vms_on(facts, node), line=line) if line is None or is_wait_for_vms(line) else hold


def _require_all_seen(facts: Facts) -> None:
    """End without an answer where what blocks the Job may be among volumes or VMs that were not seen."""
    facts.find(VOLUME, TROUBLE, required=True)
    for entry in facts.snapshot.lists(VMI):
        facts.snapshot.require(VMI, entry.namespace)


def _overdue_job(facts: Facts, node: NodeUpgrade) -> Job | None:
    """Return the Job that has been at work for too long; that of the only node counts if its log says that it waits."""
    single = node.job(SINGLE) if node.exists else None
    job = single or (node.job("pre-drain") if node.exists and node.place == PRE_DRAINING else None)
    age = facts.now.since(Timestamp(job.began)) if job else None
    if job is None or job.state != ACTIVE or age is None or age < facts.span(PRE_DRAIN_JOB):
        return None
    line = read_job_wait(facts, job) if single else None
    return job if not single or (line and is_wait_for_vms(line)) else None


def _unhealthy_volumes(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> list[tuple[ObjectRef, Obj]]:
    """Return the attached volumes that the Job waits for, those at this node first.

    With three nodes or more each must be healthy; with two, two replicas are enough, and only a faulted volume
    certainly blocks it.
    """
    bad = {"degraded", "faulted"} if count_drain_nodes(facts, rollout.upgrade) > 2 else {"faulted"}
    volumes = [
        (volume_ref(obj), obj)
        for obj in facts.find(VOLUME, TROUBLE)
        if get_text(obj, "status.robustness") in bad and get_text(obj, "status.state") == "attached"
    ]
    return sorted(volumes, key=lambda pair: (get_text(pair[1], "status.currentNodeID") != node.name, pair[0]))


def _immovable_vms(facts: Facts, node: NodeUpgrade) -> list[tuple[ObjectRef, Obj]]:
    """Return the VMs that run on the node and cannot migrate, as far as their namespaces were seen.

    Bundles contain VMs of only a few namespaces.
    """
    return [(ref, obj) for ref, obj in _vms_on(facts, node) if MIGRATABLE.value(obj) == "False"]


def _vms_on(facts: Facts, node: NodeUpgrade) -> list[tuple[ObjectRef, Obj]]:
    """Return the VMs that run on the node, as far as their namespaces were seen."""
    local = [obj for obj in facts.snapshot.objects(VMI) if get_text(obj, "status.nodeName") == node.name]
    running = [obj for obj in local if get_text(obj, "status.phase") == "Running"]
    return [(ObjectRef(VMI, namespace_of(obj), name_of(obj)), obj) for obj in running]


def _held_hit(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, hold: _Hold) -> Hit:
    volumes, vms = hold.volumes[:MOST_SHOWN], hold.vms[:MOST_SHOWN]
    paths = ("status.robustness", "status.state", "status.currentNodeID")
    return Hit(
        subject=node.ref,
        message=(
            f"The {hold.job.type} Job of Node {node.name} has been running since {Timestamp(hold.job.began)}, "
            f"and {_describe_hold(facts, hold)}"
        ),
        evidence=(
            *(e for _, obj in volumes for e in volume_evidence(obj, *paths)),
            *(e for ref, obj in vms for e in _vm_evidence(ref, obj)),
            *(quote_evidence(hold.job.ref, [hold.line]) if hold.line else ()),
            *field_evidence(facts, hold.job.ref, "status.active", "status.startTime"),
            state_evidence(rollout, node),
        ),
        next=tuple(_next_steps(node, hold, _first_rebuildable(facts, hold))),
        caution=KEEP_JOB
        if hold.job.type == SINGLE
        else (
            "Do not answer the hook and do not delete the Job while a volume is degraded or a VM runs there: Rancher "
            f"drains {node.name} at once, and data without another healthy copy is lost (harvester/harvester#7067)."
        ),
        causes=(
            Cause("upgrade-drain-taint-missing", node.ref),
            *(Cause(name, ref) for ref, _ in hold.volumes for name in (TOO_MANY_REPLICAS, "volume-degraded")),
            *(Cause(name, ref) for ref in _longhorn_nodes(rollout) for name in LONGHORN_FAULTS),
        ),
    )


def _describe_hold(facts: Facts, hold: _Hold) -> str:
    """Return what the Job waits for, the first of each sort, and how much more there is."""
    parts = [
        f"volume {ref.name} ({_describe_claim(obj)}) is {get_text(obj, 'status.robustness')}"
        for ref, obj in hold.volumes[:MOST_SHOWN]
    ]
    parts += [f"VM {ref.namespace}/{ref.name} {_describe_vm(facts, ref, obj)}" for ref, obj in hold.vms[:MOST_SHOWN]]
    more = len(hold.volumes) + len(hold.vms) - len(parts)
    return join_names(parts) + (f"; {more} more block it too" if more else "")


def _first_rebuildable(facts: Facts, hold: _Hold) -> ObjectRef | None:
    """Return the first volume that a rebuild could make healthy; of the others a finding of its own tells more."""
    nodes, joining = storage_nodes(facts) if hold.volumes else [], count_joining(facts)
    return next((ref for ref, obj in hold.volumes if find_too_few(facts, obj, nodes, joining) is None), None)


def _next_steps(node: NodeUpgrade, hold: _Hold, volume: ObjectRef | None) -> Iterator[str]:
    if hold.volumes and volume is None:
        yield (
            "No rebuild makes these volumes healthy: lower their number of replicas as their own finding says, and "
            "uncordon no node for them."
        )
    for ref in (volume,) if volume else ():
        what = f"-n {actions.quote_argument(ref.namespace)} {actions.quote_argument(ref.name)} -o yaml"
        yield (
            f"Check why volume {ref.name} is not rebuilt: `kubectl get volumes.longhorn.io {what}` (condition "
            "Scheduled): a disk is full, or a node on which a replica was to be placed is cordoned; `kubectl uncordon "
            "NODE` until it is rebuilt (harvester/harvester#7067)."
        )
    for ref, _ in hold.vms[:1]:
        yield (
            f"Shut down VM {ref.name} of namespace {ref.namespace} ({actions.stop_vm(ref.name)})"
            + (
                "; the only node has no other to move it to."
                if hold.job.type == SINGLE
                else ": a host device, a CD-ROM or an affinity rule keeps it from migrating "
                "(harvester/harvester#7096), or no other node has room for it."
            )
        )
    job = actions.quote_argument(f"job/{hold.job.ref.name}")
    if hold.line:
        yield found_step(hold.line)
    else:
        yield f"Read what the Job waits for: `kubectl logs -n harvester-system {job} --tail=50`."
    then = "" if hold.job.type == SINGLE else f"; then {node.name} is drained"
    yield f"The Job continues by itself when that is fixed{then}."


def _vm_evidence(ref: ObjectRef, obj: Obj) -> Iterator[Evidence]:
    yield Evidence(ref, condition_path("LiveMigratable"), MIGRATABLE.value(obj) or None)
    yield Evidence(ref, "status.nodeName", get_text(obj, "status.nodeName"))


def _describe_vm(facts: Facts, ref: ObjectRef, obj: Obj) -> str:
    """Return why a VM does not leave: it cannot migrate, or the pod that it is to move to is not scheduled."""
    if MIGRATABLE.value(obj) == "False":
        return f"cannot migrate{_migration_reason(obj)}"
    wanted = Wanted(namespace=ref.namespace, prefixes=(f"virt-launcher-{ref.name}-",), faulty=True)
    aims = [pod for pod in find_trouble(facts, facts.find("Pod", wanted)) if pod.word]
    return f"still runs there{f': its new Pod {aims[0].pod.name} {aims[0].text}' if aims else ''}"


def _migration_reason(obj: Obj) -> str:
    reason = find_condition(obj, "LiveMigratable").reason
    return f" ({reason})" if reason else ""


def _describe_claim(obj: Obj) -> str:
    """Return the claim of a volume, as Longhorn records it, and where the volume is attached."""
    place = f"attached at {get_text(obj, 'status.currentNodeID') or 'an unknown node'}"
    return f"{volume_claim(obj)}, {place}" if volume_claim(obj) else place


def _longhorn_nodes(rollout: UpgradeRun) -> list[ObjectRef]:
    return [ObjectRef("Node.longhorn.io", "longhorn-system", node.name) for node in rollout.nodes]
