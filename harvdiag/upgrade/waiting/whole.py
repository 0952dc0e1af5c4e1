"""What an upgrade as a whole waits for."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.escape import format_value
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import latest_time
from harvdiag.upgrade.phases import AT_SERVICES, NODES, PAUSED, PRELOADING, PREPARING
from harvdiag.upgrade.plans import GATE, node_plans
from harvdiag.upgrade.run import NodeRollout, Rollout
from harvdiag.upgrade.waiting.node import UNLISTED, ended, has_turn, job_words, wait_of
from harvdiag.upgrade.waiting.record import Wait, WaitReason

__all__ = ["in_turn", "wait"]

PLANNER = "Rancher's planner"


def wait(rollout: Rollout) -> Wait:
    """Who is to act next, for what, and since when."""
    upgrade, phase = rollout.upgrade, rollout.upgrade.phase
    if phase is None:
        what, reason = f"harvdiag does not know its state {upgrade.state!r}", WaitReason.UNKNOWN_STATE
        return _busy(rollout) or Wait(actor="nobody known", what=what, subject=upgrade.ref, reason=reason)
    if upgrade.waits_for_gate and phase.number < NODES:
        return _gate(rollout)
    if phase.number == NODES:
        return _nodes(rollout)
    manifest = next((job for job in reversed(rollout.jobs) if job.type == "apply-manifests"), None)
    if phase.label == AT_SERVICES and manifest:
        return Wait(
            actor=phase.actor,
            what=job_words(manifest),
            subject=manifest.ref,
            reason=WaitReason.JOB,
            since=manifest.ended or manifest.began,
            names=(manifest.ref.name,),
        )
    left = tuple(node.name for node in rollout.nodes if node.state in {UNLISTED, PRELOADING} and node.managed)
    images = phase.number == PREPARING and left
    return Wait(
        actor=phase.actor,
        what=f"to load the images of {join_names(left)}" if images else f"until {phase.until}",
        subject=upgrade.ref,
        reason=WaitReason.IMAGES if images else WaitReason.PHASE,
        since=_since(rollout, phase.condition),
        names=left if images else (),
    )


def _gate(rollout: Rollout) -> Wait:
    """Between the services and the nodes: newer releases first run a plan on every management node."""
    upgrade = rollout.upgrade
    if upgrade.paused and (held := _busy(rollout)):
        return held
    since = _since(rollout, "SystemServicesUpgraded")
    plans = (plan for plan in node_plans(rollout.snapshot.objects("Plan")) if plan.upgrade == upgrade.ref.name)
    if any(plan.task == GATE for plan in plans) or not rollout.snapshot.seen("Plan"):
        what = "to see the plan complete that keeps RKE2 from applying its manifests; then the nodes' turn begins"
        actor, reason = "Harvester's plan controller", WaitReason.GATE
        return Wait(actor=actor, what=what, subject=upgrade.ref, reason=reason, since=since)
    first = "its Job single-node-upgrade" if upgrade.single_node else "the nodes' turn"
    return Wait(actor="Harvester", what=f"to begin {first}", subject=upgrade.ref, reason=WaitReason.START, since=since)


def _nodes(rollout: Rollout) -> Wait:
    """In the nodes' phase: the node that has its turn, else what keeps the next from having it."""
    if busy := _busy(rollout):
        return busy
    for told in rollout.planner:
        what, reason = f'{told.meaning} ("{format_value(told.message)}")', WaitReason.TURN
        return Wait(actor=PLANNER, what=what, subject=told.subject, reason=reason, since=told.since)
    subject, since = rollout.upgrade.ref, _since(rollout, "SystemServicesUpgraded")
    if left := tuple(node.name for node in rollout.waiting):
        what, reason = f"to begin with {join_names(left)}", WaitReason.TURN
        return Wait(actor=PLANNER, what=what, subject=subject, reason=reason, since=since, names=left)
    what, since = "to see that every node is done", _last(rollout.nodes)
    return Wait(actor="Harvester", what=what, subject=subject, reason=WaitReason.LAST_LOOK, since=since)


def _busy(rollout: Rollout) -> Wait | None:
    node = in_turn(rollout)
    return wait_of(rollout, node) if node else None


def in_turn(rollout: Rollout) -> NodeRollout | None:
    """The node that has its turn, one that is held back after any other; None where none has it."""
    busy = [node for node in rollout.nodes if has_turn(node)]
    return min(busy, key=lambda node: node.state == PAUSED) if busy else None


def _since(rollout: Rollout, kind: str) -> str:
    found = rollout.upgrade.conditions.get(kind)
    return found.since if found else ""


def _last(nodes: Sequence[NodeRollout]) -> str:
    return latest_time(*map(ended, nodes))
