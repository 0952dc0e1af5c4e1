"""What an upgrade as a whole waits for."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.escape import shown
from harvdiag.core.suggest import listed
from harvdiag.upgrade.phases import PAUSED
from harvdiag.upgrade.plans import GATE, node_plans
from harvdiag.upgrade.run import NodeRollout, Rollout
from harvdiag.upgrade.waiting.node import PRELOADING, PREPARING, UNLISTED, Wait, ended, has_turn, job_words, wait_of

__all__ = ["in_turn", "wait"]

NODES = 7


def __dir__() -> list[str]:
    return __all__


def wait(rollout: Rollout) -> Wait:
    """Who is to act next, for what, and since when."""
    upgrade, phase = rollout.upgrade, rollout.upgrade.phase
    if phase is None:
        return _busy(rollout) or Wait(
            "nobody known", f"harvdiag does not know its state {upgrade.state!r}", "", upgrade.ref
        )
    if upgrade.waits_for_gate and phase.number < NODES:
        return _gate(rollout)
    if phase.number == NODES:
        return _nodes(rollout)
    manifest = next((job for job in reversed(rollout.jobs) if job.type == "apply-manifests"), None)
    if phase.label == "UpgradingSystemServices" and manifest:
        return Wait(phase.actor, job_words(manifest), manifest.ended or manifest.began, manifest.ref)
    left = [node.name for node in rollout.nodes if node.state in {UNLISTED, PRELOADING} and node.managed]
    if phase.number == PREPARING and left:
        return Wait(phase.actor, f"to load the images of {listed(left)}", _since(rollout, phase.condition), upgrade.ref)
    return Wait(phase.actor, f"until {phase.until}", _since(rollout, phase.condition), upgrade.ref)


def _gate(rollout: Rollout) -> Wait:
    """Between the services and the nodes: newer releases first run a plan on every management node."""
    upgrade = rollout.upgrade
    if upgrade.paused and (held := _busy(rollout)):
        return held
    since = _since(rollout, "SystemServicesUpgraded")
    plans = (plan for plan in node_plans(rollout.snapshot.objects("Plan")) if plan.upgrade == upgrade.ref.name)
    if any(plan.task == GATE for plan in plans) or not rollout.snapshot.seen("Plan"):
        what = "to see the plan complete that keeps RKE2 from applying its manifests; then the nodes' turn begins"
        return Wait("Harvester's plan controller", what, since, upgrade.ref)
    first = "its Job single-node-upgrade" if upgrade.single_node else "the nodes' turn"
    return Wait("Harvester", f"to begin {first}", since, upgrade.ref)


def _nodes(rollout: Rollout) -> Wait:
    """In the nodes' phase: the node that has its turn, else what keeps the next from having it."""
    if busy := _busy(rollout):
        return busy
    for told in rollout.planner:
        return Wait("Rancher's planner", f'{told.meaning} ("{shown(told.message)}")', told.since, told.subject)
    left = [node.name for node in rollout.waiting]
    since = _since(rollout, "SystemServicesUpgraded")
    if left:
        return Wait("Rancher's planner", f"to begin with {listed(left)}", since, rollout.upgrade.ref)
    return Wait("Harvester", "to see that every node is done", _last(rollout.nodes), rollout.upgrade.ref)


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
    return max(map(ended, nodes), default="")
