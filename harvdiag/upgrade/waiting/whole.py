"""What an upgrade as a whole is waiting for."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.escape import format_value
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import latest_time
from harvdiag.upgrade.phases import AT_SERVICES, NODES, PAUSED, PRELOADING, PREPARING, Phase
from harvdiag.upgrade.plans import GATE, node_plans
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.waiting.node import UNLISTED, describe_job, find_node_wait, is_upgrading, last_job_end
from harvdiag.upgrade.waiting.record import Wait, WaitReason

__all__ = ["current_node", "find_turn", "find_wait"]

PLANNER = "Rancher's planner"


def find_wait(run: UpgradeRun) -> Wait:
    """Find who is to act next, for what, and since when."""
    upgrade, phase = run.upgrade, run.upgrade.phase
    if phase is None:
        what, reason = f"harvdiag does not know its state {upgrade.state!r}", WaitReason.UNKNOWN_STATE
        return _current_wait(run) or Wait(actor="unknown", what=what, subject=upgrade.ref, reason=reason)
    if upgrade.waits_for_gate and phase.place < NODES:
        return _wait_at_gate(run)
    if phase.place == NODES and not (upgrade.v2 and not run.waiting and current_node(run) is None):
        return _wait_for_nodes(run)
    return _wait_in_phase(run, phase)


def _wait_in_phase(run: UpgradeRun, phase: Phase) -> Wait:
    """In a phase that is not about the nodes: its Job, the images of the nodes, or the phase's own condition."""
    upgrade = run.upgrade
    manifest = next((job for job in reversed(run.jobs) if job.type in {"apply-manifests", "cluster-upgrade"}), None)
    if phase.label in {AT_SERVICES, "ClusterUpgrading"} and manifest:
        return Wait(
            actor=phase.actor,
            what=describe_job(manifest),
            subject=manifest.ref,
            reason=WaitReason.JOB,
            since=manifest.ended or manifest.began,
            names=(manifest.ref.name,),
        )
    left = tuple(node.name for node in run.nodes if node.place in {UNLISTED, PRELOADING} and node.managed)
    images = phase.place == PREPARING and left
    what = f"to load the images of {join_names(left)}" if images else f"until {phase.until}"
    return Wait(
        actor=phase.actor,
        what=what + _report_of(upgrade),
        subject=upgrade.ref,
        reason=WaitReason.IMAGES if images else WaitReason.PHASE,
        since=upgrade.since(phase),
        names=left if images else (),
    )


def _report_of(upgrade: Upgrade) -> str:
    """What an UpgradePlan says of its wait: its condition Degraded has it, also while nothing is wrong."""
    said = upgrade.degraded if isinstance(upgrade, UpgradePlan) else ""
    return f' (it says "{format_value(said)}")' if said else ""


def _wait_at_gate(run: UpgradeRun) -> Wait:
    """Between the services and the nodes: newer releases first run a plan on every management node."""
    upgrade = run.upgrade
    if upgrade.paused and (held := _current_wait(run)):
        return held
    since = _condition_since(run, "SystemServicesUpgraded")
    plans = (plan for plan in node_plans(run.snapshot.objects("Plan")) if plan.upgrade == upgrade.ref.name)
    if any(plan.task == GATE for plan in plans) or not run.snapshot.seen("Plan"):
        what = "to see the plan complete that keeps RKE2 from applying its manifests; then the nodes' turn begins"
        actor, reason = "Harvester's plan controller", WaitReason.GATE
        return Wait(actor=actor, what=what, subject=upgrade.ref, reason=reason, since=since)
    first = "its Job single-node-upgrade" if upgrade.single_node else "the nodes' turn"
    return Wait(actor="Harvester", what=f"to begin {first}", subject=upgrade.ref, reason=WaitReason.START, since=since)


def _wait_for_nodes(run: UpgradeRun) -> Wait:
    """In the nodes' phase: the node being upgraded, else what keeps the next from starting."""
    if busy := _current_wait(run):
        return busy
    for message in run.planner:
        what, reason = f'{message.meaning} ("{format_value(message.message)}")', WaitReason.TURN
        return Wait(actor=PLANNER, what=what, subject=message.subject, reason=reason, since=message.since)
    phase = run.upgrade.phase
    at_nodes = run.upgrade.since(phase) if run.upgrade.v2 and phase else ""
    subject, since = run.upgrade.ref, at_nodes or _condition_since(run, "SystemServicesUpgraded")
    if left := tuple(node.name for node in run.waiting):
        what, reason = f"to begin with {join_names(left)}", WaitReason.TURN
        return Wait(actor=PLANNER, what=what, subject=subject, reason=reason, since=since, names=left)
    what, since = "to see that every node is done", _last_end(run.nodes)
    return Wait(actor="Harvester", what=what, subject=subject, reason=WaitReason.LAST_LOOK, since=since)


def _current_wait(run: UpgradeRun) -> Wait | None:
    node = current_node(run)
    return find_node_wait(run, node) if node else None


def current_node(run: UpgradeRun) -> NodeUpgrade | None:
    """Return the node being upgraded, a paused one only where there is no other; None where there is none."""
    busy = [node for node in run.nodes if is_upgrading(node)]
    return min(busy, key=lambda node: node.place == PAUSED) if busy else None


def find_turn(run: UpgradeRun) -> NodeUpgrade | None:
    """Return the one node whose turn it is: the node being upgraded, that which loads its images, or that of which
    alone the planner speaks; None where there is none, or where there are several.
    """
    if node := current_node(run):
        return node
    named = {machine for message in run.planner for machine in message.machines}
    at_nodes = run.upgrade.phase is not None and run.upgrade.phase.number == NODES
    for some in (
        [node for node in run.nodes if node.state == PRELOADING],
        [node for node in run.waiting if at_nodes and named & {machine.name for machine in node.machines}],
    ):
        if len(some) == 1:
            return some[0]
    return None


def _condition_since(run: UpgradeRun, kind: str) -> str:
    found = run.upgrade.conditions.get(kind)
    return found.since if found else ""


def _last_end(nodes: Sequence[NodeUpgrade]) -> str:
    return latest_time(*map(last_job_end, nodes))
