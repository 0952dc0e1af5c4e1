"""A pre-drain that waits for VMs which were never told to leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from harvdiag.core.fields import Obj, get_items, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import is_wait_for_vms, read_job_wait
from harvdiag.rules.thresholds import PRE_DRAIN_JOB
from harvdiag.rules.upgrade_evidence import has_settled, rollout_at_nodes, state_evidence
from harvdiag.upgrade.jobs import ACTIVE, Job
from harvdiag.upgrade.phases import PRE_DRAINING
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

if TYPE_CHECKING:
    from harvdiag.upgrade.logs import Quote

TAINT = "kubevirt.io/drain"
VMI, VOLUME = "VirtualMachineInstance", "Volume.longhorn.io"
MOST_SHOWN = 5


@rule(
    "upgrade-drain-taint-missing",
    short="drain taint missing",
    needs={"Upgrade", "Node", "Job", "UpgradePlan"},
    optional={VOLUME, VMI},
    links=["harvester/harvester#10714", "harvester/harvester#9595"],
)
def upgrade_drain_taint_missing(facts: Facts) -> Iterator[Hit]:
    """A node's pre-drain waits for VMs, but the taint that tells them to leave is not on the Node.

    The pre-drain Job sets the taint kubevirt.io/drain once; KubeVirt then migrates the VMs away. If another controller
    overwrites the Node's taints meanwhile, no VM is asked to leave, the Job does not set the taint again, and it waits
    for ever, with every node behind it.
    """
    rollout = rollout_at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        job = node.job("pre-drain") if node.exists and node.place == PRE_DRAINING else None
        if rollout is None or job is None or job.state != ACTIVE or _is_tainted(facts, node):
            continue
        line = read_job_wait(facts, job)
        vms = _vms_on(facts, node)
        if _waits_for_vms(facts, node, job, line, vms):
            yield _taint_hit(facts, rollout, (node, job), line, vms)


def _is_tainted(facts: Facts, node: NodeUpgrade) -> bool:
    taints = get_items(facts.pairing.obj(node.ref), "spec.taints")
    return any(get_text(taint, "key") == TAINT for taint in taints)


def _waits_for_vms(
    facts: Facts, node: NodeUpgrade, job: Job, line: Quote | None, vms: list[tuple[ObjectRef, Obj]]
) -> bool:
    """Return whether the Job has come to the VMs: by its log, else by the time that it runs, with healthy volumes."""
    if line is not None:
        return is_wait_for_vms(line) and bool(Timestamp(job.began)) and has_settled(facts, job.began)
    age = facts.now.since(Timestamp(job.began))
    if age is None or age < facts.span(PRE_DRAIN_JOB):
        return False
    facts.snapshot.require(VOLUME)
    volumes = facts.snapshot.objects(VOLUME)
    if not vms:
        _require_owners_seen(facts, node, volumes)
        return False
    return not any(get_text(volume, "status.robustness") in {"degraded", "faulted"} for volume in volumes)


def _require_owners_seen(facts: Facts, node: NodeUpgrade, volumes: Iterable[Obj]) -> None:
    """End without an answer where a volume is attached at the node for a namespace whose VMs were not seen."""
    for volume in volumes:
        owner = get_text(volume, "status.kubernetesStatus.namespace")
        here = get_text(volume, "status.currentNodeID") == node.name and get_text(volume, "status.state") == "attached"
        if here and owner:
            facts.snapshot.require(VMI, owner)


def _vms_on(facts: Facts, node: NodeUpgrade) -> list[tuple[ObjectRef, Obj]]:
    """Return the running VMs of a node, as far as their namespaces were seen."""
    found = [obj for obj in facts.snapshot.objects(VMI) if get_text(obj, "status.nodeName") == node.name]
    return [
        (ObjectRef(VMI, namespace_of(obj), name_of(obj)), obj)
        for obj in found
        if get_text(obj, "status.phase") == "Running"
    ]


def _taint_hit(
    facts: Facts,
    rollout: UpgradeRun,
    at: tuple[NodeUpgrade, Job],
    line: Quote | None,
    vms: list[tuple[ObjectRef, Obj]],
) -> Hit:
    node, job = at
    names = [f"{ref.namespace}/{ref.name}" for ref, _ in vms]
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    whom = f"VM {join_names(names[:MOST_SHOWN])}{more}" if names else "VMs"
    log = (Evidence(job.ref, line.file, line.line),) if line else ()
    return Hit(
        subject=node.ref,
        message=(
            f"Node {node.name} has no taint {TAINT}, so {whom} on it {'was' if len(names) == 1 else 'were'} never "
            f"told to leave: its pre-drain Job has waited for that since {Timestamp(job.began)}"
        ),
        evidence=(
            *field_evidence(facts, node.ref, "spec.taints"),
            *(Evidence(ref, "status.nodeName", node.name) for ref, _ in vms[:MOST_SHOWN]),
            *log,
            state_evidence(rollout, node),
            *field_evidence(facts, job.ref, "status.active", "status.startTime"),
        ),
        next=_next_steps(node.name),
        caution=(
            f"Do not answer the hook of {node.name} and do not delete the Job while a VM runs there: Rancher drains "
            "the node at once, and the VM is killed."
        ),
        targets=tuple(ref for ref, _ in vms[:MOST_SHOWN]),
    )


def _next_steps(node: str) -> tuple[str, ...]:
    name = actions.quote_argument(node)
    return (
        f"Put the taint back: `kubectl taint node {name} {TAINT}=draining:NoSchedule`; the VMs then begin to migrate.",
        (
            "Follow them: `kubectl get virtualmachineinstances -A -o wide`; shut down one that cannot migrate "
            f"({actions.stop_vm('NAME')})."
        ),
        (
            f"Verify that the taint stays: `kubectl get node {name} -o yaml`, spec.taints. If it goes again, another "
            "controller overwrites it: ask vendor support (fixed after harvester/harvester#10714)."
        ),
    )
