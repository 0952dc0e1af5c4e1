"""A pre-drain Job that does not end: the volumes and the VMs that hold it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from harvdiag.core.conditions import condition_path, find_condition
from harvdiag.core.errors import HarvdiagError
from harvdiag.core.fields import Obj, labels, name_of, namespace_of, text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import listed
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.columns import condition_column
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import at_nodes, stated
from harvdiag.upgrade.jobs import ACTIVE, Job
from harvdiag.upgrade.phases import PRE_DRAINING
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

HELD = timedelta(hours=2)
"""How long a pre-drain Job may be at work: VMs move in minutes, and a rebuild of a large volume may take an hour."""
WITNESS = "node-role.harvesterhci.io/witness"
VOLUME, VMI = "Volume.longhorn.io", "virtualmachineinstances.kubevirt.io"
MIGRATABLE = condition_column("migratable", "LiveMigratable")
MOST_SHOWN = 5
"""How many volumes and VMs are named; the sentence counts the rest."""


class _Hold(NamedTuple):
    """A Job that does not end, and what holds it: objects with their references; `unseen` where volumes were not."""

    job: Job
    unseen: str
    volumes: list[tuple[ObjectRef, Obj]]
    vms: list[tuple[ObjectRef, Obj]]


@rule(
    "upgrade-pre-drain-held",
    short="pre-drain held",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "Node", "Job"},
    links=[
        "harvester/harvester#7067",
        "harvester/harvester#3648",
        "harvester/harvester#7165",
        "harvester/harvester#7096",
    ],
)
def upgrade_pre_drain_held(facts: Facts) -> Iterator[Hit]:
    """A node's pre-drain Job has been at work for more than two hours, and a volume or a VM holds it.

    The Job waits until Longhorn's volumes are healthy and no VM runs on the node any more. A volume that cannot be
    rebuilt, or a VM that can neither migrate nor be shut down, keeps it waiting; no other node has its turn meanwhile.
    Where the volumes were not seen, that is told instead.
    """
    rollout = at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        job = _held(facts, node)
        if rollout is None or job is None:
            continue
        # Volumes and VMs are read only here, where an upgrade hangs: there may be thousands, and most checks need none.
        unseen = facts.snapshot.gap(VOLUME) or ""
        hold = _Hold(job, unseen, _volumes(facts, rollout, node), _vms(facts, node))
        if hold.volumes or hold.vms or hold.unseen:
            yield _hit(facts, rollout, node, hold)


def _held(facts: Facts, node: NodeUpgrade) -> Job | None:
    job = node.job("pre-drain") if node.exists and node.state == PRE_DRAINING else None
    age = facts.now.since(Timestamp(job.began)) if job else None
    return job if job and job.state == ACTIVE and age is not None and age >= HELD else None


def _volumes(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> list[tuple[ObjectRef, Obj]]:
    """The attached volumes that the Job waits for, those at this node first.

    With three nodes or more each must be healthy; with two, two replicas are enough, and only a fault is certain.
    """
    bad = {"degraded", "faulted"} if _storing(facts, rollout) > 2 else {"faulted"}
    found = [
        (ObjectRef(VOLUME, namespace_of(obj), name_of(obj)), obj)
        for obj in facts.snapshot.objects(VOLUME)
        if text(obj, "status.robustness") in bad and text(obj, "status.state") == "attached"
    ]
    return sorted(found, key=lambda pair: (text(pair[1], "status.currentNodeID") != node.name, pair[0]))


def _storing(facts: Facts, rollout: UpgradeRun) -> int:
    """How many nodes the Job counts: the managed ones that are no witness."""
    there = [node for node in rollout.nodes if node.exists and node.managed]
    return sum(labels(facts.pairing.obj(node.ref)).get(WITNESS) != "true" for node in there)


def _vms(facts: Facts, node: NodeUpgrade) -> list[tuple[ObjectRef, Obj]]:
    """The VMs that run on the node and cannot migrate, as far as their namespaces were seen.

    Bundles hold those of few namespaces.
    """
    try:
        kind = facts.snapshot.resolve_kind(VMI).name
    except HarvdiagError:
        return []
    found = [obj for obj in facts.snapshot.objects(kind) if text(obj, "status.nodeName") == node.name]
    stay = [o for o in found if text(o, "status.phase") == "Running" and MIGRATABLE.value(o) == "False"]
    return [(ObjectRef(kind, namespace_of(obj), name_of(obj)), obj) for obj in stay]


def _hit(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, hold: _Hold) -> Hit:
    volumes, vms = hold.volumes[:MOST_SHOWN], hold.vms[:MOST_SHOWN]
    told = [f"volume {ref.name} ({_owner(obj)}) is {text(obj, 'status.robustness')}" for ref, obj in volumes]
    told += [f"VM {ref.namespace}/{ref.name} cannot migrate{_reason(obj)}" for ref, obj in vms]
    more = len(hold.volumes) + len(hold.vms) - len(told)
    told += [] if told else [f"what holds it cannot be seen here ({VOLUME} {hold.unseen})"]
    paths = ("status.robustness", "status.state", "status.currentNodeID")
    return Hit(
        subject=node.ref,
        message=(
            f"The pre-drain Job of Node {node.name} has been at work since {Timestamp(hold.job.began)}, and "
            f"{listed(told)}{f'; {more} more hold it too' if more else ''}"
        ),
        evidence=(
            *(e for ref, _ in volumes for e in show(facts, ref, *paths)),
            *(e for ref, obj in vms for e in _immovable(ref, obj)),
            *show(facts, hold.job.ref, "status.active", "status.startTime"),
            stated(rollout, node),
        ),
        next=tuple(_steps(node, hold)),
        caution=(
            "Do not answer the hook and do not delete the Job while a volume is degraded or a VM runs there: Rancher "
            f"drains {node.name} at once, and what has no other healthy copy is lost (harvester/harvester#7067)."
        ),
        causes=tuple(Cause("longhorn-node-evicting", ref) for ref in _longhorn_nodes(rollout)),
    )


def _steps(node: NodeUpgrade, hold: _Hold) -> Iterator[str]:
    if not hold.volumes and not hold.vms:
        yield "Look for volumes that are degraded or faulted: `kubectl get volumes.longhorn.io -n longhorn-system`."
    for ref, _ in hold.volumes[:1]:
        what = f"-n {advice.arg(ref.namespace)} {advice.arg(ref.name)} -o yaml"
        yield (
            f"See why volume {ref.name} is not rebuilt: `kubectl get volumes.longhorn.io {what}` (condition Scheduled) "
            "and its replicas in Longhorn's page: a disk is full, or a node on which a replica was to be placed is "
            "cordoned; `kubectl uncordon` that node until it is rebuilt (harvester/harvester#7067)."
        )
    for ref, _ in hold.vms[:1]:
        yield (
            f"Shut VM {ref.name} of namespace {ref.namespace} down in Harvester's page: a host device, a CD-ROM or a "
            "rule of affinity keeps it from migrating (harvester/harvester#7096)."
        )
    job = advice.arg(f"job/{hold.job.ref.name}")
    yield f"Read what the Job waits for: `kubectl logs -n harvester-system {job} --tail=50`."
    yield f"The Job goes on by itself when that is mended; then {node.name} is drained."


def _immovable(ref: ObjectRef, obj: Obj) -> Iterator[Evidence]:
    yield Evidence(ref, condition_path("LiveMigratable"), "False")
    yield Evidence(ref, "status.nodeName", text(obj, "status.nodeName"))


def _reason(obj: Obj) -> str:
    reason = find_condition(obj, "LiveMigratable").reason
    return f" ({reason})" if reason else ""


def _owner(obj: Obj) -> str:
    """Whom a volume belongs to, as Longhorn notes it, and where it is attached."""
    space, claim = (text(obj, f"status.kubernetesStatus.{key}") for key in ("namespace", "pvcName"))
    at = f"attached at {text(obj, 'status.currentNodeID') or 'an unknown node'}"
    return f"{space}/{claim}, {at}" if space and claim else at


def _longhorn_nodes(rollout: UpgradeRun) -> list[ObjectRef]:
    return [ObjectRef("Node.longhorn.io", "longhorn-system", node.name) for node in rollout.nodes]
