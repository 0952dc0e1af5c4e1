"""Changes to an upgrade that is at work on its nodes, one after the other: phases 7 and 8."""

from __future__ import annotations

from harvdiag.training.library.stage import Finds, Stage, change
from harvdiag.training.world import faults, rollouts
from harvdiag.training.world.longhorn import API, NS
from harvdiag.training.world.objects import digest, moment, new, uid
from harvdiag.training.world.services import IMAGE
from harvdiag.training.world.steps import SPEAKERS, say
from harvdiag.training.world.upgradeplans import at_plan_step
from harvdiag.training.world.upgrades import NAME, add_plan, conditions, set_plan
from harvdiag.training.world.world import World

__all__ = [
    "boot_new_system",
    "boot_old_system",
    "delete_drain_job",
    "distrust_rancher",
    "fail_drain_job",
    "hold_node_back",
    "keep_budget",
    "leave_unnamed",
    "let_planner_rest",
    "let_planner_wait",
    "lose_post_drain_answer",
    "lose_pre_drain_answer",
    "reach_step",
    "reach_step_of_plan",
    "stall_at_probes",
    "stay_away",
    "stop_clean_up",
]


@change
def reach_step(stage: Stage, node: str, step: str) -> Finds:
    """An upgrade reaches a step of a node, in good order."""
    rollouts.at_step(stage.world, node, step)
    return ()


@change
def reach_step_of_plan(stage: Stage, node: str, step: str) -> Finds:
    """An upgrade of the second kind (UpgradePlan) reaches a step of a node, in good order."""
    at_plan_step(stage.world, node, step)
    return ()


@change
def let_planner_rest(stage: Stage) -> Finds:
    """Rancher's planner has nothing left to do, and says so."""
    for kind in SPEAKERS:
        for row in conditions(stage.world.get(kind, "local")):
            if row["type"] in {"Reconciled", "Updated"}:
                row |= {"status": "True"}
                for key in ("reason", "message"):
                    row.pop(key, None)
    return ()


@change
def leave_unnamed(stage: Stage, node: str) -> Finds:
    """Rancher's planner does not speak of a host."""
    name = stage.machine(node)
    for row in (row for kind in SPEAKERS for row in conditions(stage.world.get(kind, "local"))):
        if name in row.get("message", ""):
            row["message"] = row["message"].replace(f",{name}", "").replace(f"{name},", "")
    return ()


@change
def let_planner_wait(stage: Stage, *machines: str) -> Finds:
    """Rancher's planner waits for Machines, and goes on with no other before."""
    say(stage.world, f"configuring etcd node(s) {','.join(machines)}", stage.world.captured_at)
    return ()


@change
def lose_pre_drain_answer(stage: Stage, node: str) -> Finds:
    """Harvester's answer to the request for a drain was not written, and is not tried again."""
    secret = f"{stage.machine(node)}-machine-plan"
    faults.lose_answer(stage.world, node)
    job = f"harvester-system/{NAME}-pre-drain-{node}"
    why = f'Operation cannot be fulfilled on secrets \\"{secret}\\": the object has been modified'
    line = f"level=error msg=\"error syncing '{job}': handler harvester-upgrade-job-controller: {why}, requeuing\""
    stage.said.setdefault("harvester", []).append((stage.world.captured_at, line))
    yield f"upgrade-pre-drain-unanswered Node/{node}"


@change
def lose_post_drain_answer(stage: Stage, node: str) -> Finds:
    """Harvester noted the node as done, and its answer to the last request was not written."""
    faults.lose_answer(stage.world, node, "post-hook")
    yield f"upgrade-post-drain-unanswered Node/{node}"


@change
def fail_drain_job(stage: Stage, node: str) -> Finds:
    """The Job that empties the node failed too often, and the upgrade with it."""
    rollouts.fail(stage.world)
    yield f"upgrade-job-failed Node/{node}"


@change
def delete_drain_job(stage: Stage, node: str) -> Finds:
    """The Job that empties the node was deleted by hand."""
    stage.world.remove("Job", f"{NAME}-pre-drain-{node}")
    yield f"upgrade-node-without-job Node/{node}"


@change
def hold_node_back(stage: Stage, node: str) -> Finds:
    """An administrator had the upgrade stop before the node, and it is its turn."""
    rollouts.at_pause(stage.world, node)
    yield f"upgrade-node-paused Node/{node}"


@change
def distrust_rancher(stage: Stage, node: str) -> Finds:
    """The agent of the host does not trust the certificate of Rancher, and takes no plan from it."""
    stage.distrusting.add(node)
    yield f"upgrade-plan-not-applied Node/{node}"


@change
def stall_at_probes(_stage: Stage) -> Finds:
    """A component of the host does not come up with the new release."""
    yield "upgrade-planner-stalled RKEControlPlane/local"


@change
def boot_old_system(stage: Stage, node: str) -> Finds:
    """The host has restarted with the operating system that it had before."""
    at = moment(stage.world.captured_at, minutes=3)
    obj = stage.world.get("Node", node)
    obj["status"]["nodeInfo"]["bootID"] = uid("boot", node, "again")
    next(row for row in conditions(obj) if row["type"] == "Ready")["lastTransitionTime"] = at
    yield f"upgrade-waiting-for-reboot Node/{node}"


@change
def boot_new_system(stage: Stage, node: str) -> Finds:
    """The host has restarted with the operating system of the new release, and Harvester does not note it."""
    info = stage.world.get("Node", node)["status"]["nodeInfo"]
    info |= {"bootID": uid("boot", node, "new"), "osImage": stage.world.release.os}
    yield f"upgrade-waiting-for-reboot Node/{node}"


@change
def stay_away(_stage: Stage, node: str) -> Finds:
    """The host was restarted and does not come back."""
    yield f"upgrade-waiting-for-reboot Node/{node}"


@change
def keep_budget(stage: Stage, node: str) -> Finds:
    """Longhorn counts an engine that is gone, and so keeps the budget that forbids to empty the node."""
    world, name = stage.world, f"instance-manager-{digest(32, 'manager', node)}"
    gone = f"{stage.volume(0)}-e-0"
    engines = {gone: {"spec": {"name": gone}, "status": {"state": "running", "type": "engine"}}}
    body = {"spec": {"nodeID": node, "type": "aio"}, "status": {"currentState": "running", "instanceEngines": engines}}
    world.add(new(API, "InstanceManager", name, NS, **body))
    counts = {"currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0, "expectedPods": 1}
    world.add(new("policy/v1", "PodDisruptionBudget", name, NS, spec={"minAvailable": 1}, status=counts))
    text = f'error when evicting pods/"{name}" -n "longhorn-system": global timeout reached: 10m0s: '
    text += "Cannot evict pod as it would violate the pod's disruption budget."
    marks = {"rke.cattle.io/drain-error": text}
    world.change("Secret", f"{stage.machine(node)}-machine-plan", {"metadata": {"annotations": marks}})
    stage.then(lambda made: _engine(made, stage.volume(0)))
    yield f"instance-manager-keeps-budget InstanceManager/{name}"


@change
def stop_clean_up(stage: Stage, gone: str) -> Finds:
    """The upgrade has succeeded, and its clean-up counts a node as at work that was removed."""
    plan = add_plan(stage.world, f"{NAME}-cleanup", stage.nodes[:-1], image=IMAGE)
    set_plan(plan, [gone])
    yield f"upgrade-plan-waits-for-dead-node Upgrade/{NAME}"


def _engine(world: World, volume: str) -> None:
    """The engine of a volume that works at the node to which it is attached."""
    node = world.get("Volume.longhorn.io", volume)["status"]["currentNodeID"]
    spec = {"desireState": "running", "nodeID": node, "volumeName": volume}
    status = {"currentState": "running", "instanceManagerName": f"instance-manager-{digest(32, 'manager', node)}"}
    labels = {"longhornvolume": volume}
    world.add(new(API, "Engine", f"{volume}-e-1", NS, labels=labels, spec=spec, status=status))
