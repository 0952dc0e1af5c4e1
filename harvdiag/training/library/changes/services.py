"""Changes to an upgrade until the system services are upgraded: phases 1 to 6."""

from __future__ import annotations

from typing import Any

from harvdiag.training.library.stage import Finds, Stage, change
from harvdiag.training.world import rollouts
from harvdiag.training.world.faults import pass_over
from harvdiag.training.world.objects import condition, moment, new, uid
from harvdiag.training.world.upgrades import NAME
from harvdiag.training.world.world import World

__all__ = [
    "ask_for_three_pods",
    "drop_preload_job",
    "lock_helm_release",
    "miss_image_of_logging",
    "miss_the_gate",
    "pass_node_over",
    "reach_phase",
    "refuse_iso",
    "refuse_room_for_repository",
    "stop_kubevirt",
    "stop_moving",
]

_UPGRADE = f"Upgrade/{NAME}"


@change
def reach_phase(stage: Stage, phase: str) -> Finds:
    """An upgrade reaches a phase, in good order."""
    rollouts.at_phase(stage.world, phase)
    return ()


@change
def stop_moving(stage: Stage, hours: int) -> Finds:
    """Nothing moves for hours, and no object says why."""
    stage.wait(hours=hours)
    yield f"upgrade-not-moving {_UPGRADE}"


@change
def miss_image_of_logging(stage: Stage) -> Finds:
    """The cluster has no way to the internet, and the image of fluentd was not in the ISO."""
    text = 'Back-off pulling image "rancher/mirrored-fluent-fluentd"'
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": text}}
    pod = _pod(stage, f"{NAME}-upgradelog-infra-fluentd-0", "fluentd", {"state": waiting})
    pod["spec"]["nodeName"] = stage.second
    yield f"upgrade-logging-not-ready {_UPGRADE}"


@change
def refuse_iso(stage: Stage) -> Finds:
    """The server with the ISO has a certificate that the cluster does not trust."""
    image = stage.world.get("VirtualMachineImage", NAME)
    url = image["spec"]["url"]
    text = f'Get "{url}": tls: failed to verify certificate: x509: certificate signed by unknown authority'
    told = condition("RetryLimitExceeded", "False", message=f"retry attempted 1/3 failed due to error: {text}")
    image["spec"]["retry"] = 3
    image["status"] = {"failed": 2, "progress": 0, "conditions": [told]}
    yield f"upgrade-image-not-ready {_UPGRADE}"


@change
def refuse_room_for_repository(stage: Stage) -> Finds:
    """No node has the memory that the upgrade's repository asks for."""
    name, count = f"upgrade-repo-{NAME}", len(stage.nodes)
    text = f"0/{count} nodes are available: {count} Insufficient memory."
    if stage.world.release.minor < 7:
        told = {"created": True, "ready": False, "printableStatus": "ErrorUnschedulable"}
        rows = [condition("Ready", "False", "PodNotExists") | {"lastTransitionTime": stage.world.captured_at}]
        stage.world.change("VirtualMachine", name, {"status": told | {"conditions": rows}})
        name = f"virt-launcher-{name}"
    pod = _pod(stage, f"{name}-x7r2q", "compute", {})
    row = condition("PodScheduled", "False", "Unschedulable", text) | {"lastTransitionTime": stage.world.captured_at}
    pod["status"] = {"phase": "Pending", "conditions": [row]}
    yield f"upgrade-repository-not-ready {_UPGRADE}"


@change
def drop_preload_job(stage: Stage) -> Finds:
    """The Job that loads the images of a node is gone, and its plan counts the node as at work."""
    states = stage.upgrade["status"]["nodeStatuses"]
    node = next(name for name, told in states.items() if told["state"] == "Images preloading")
    for job in list(stage.world.find("Job")):
        if job["metadata"]["labels"].get("upgrade.cattle.io/node") == node:
            stage.world.remove("Job", job["metadata"]["name"])
    plan = stage.world.get("Plan", f"{NAME}-prepare")
    for row in plan["status"]["conditions"]:
        if row["type"] == "Complete":
            row |= {"reason": "SyncJob", "lastUpdateTime": stage.world.captured_at}
    yield f"upgrade-plan-not-started Node/{node}"
    if stage.world.release.minor == 8:  # a known issue of the path from 1.7
        yield f"plan-job-never-retried Plan/{NAME}-prepare"


@change
def lock_helm_release(stage: Stage) -> Finds:
    """An operation of Helm on the release of Harvester's chart was broken off, and locks it."""
    text = "another operation (install/upgrade/rollback) is in progress"

    def lock(world: World) -> None:
        bundle = world.get("Bundle", "mcc-harvester")
        told = f"ErrApplied(1) [Cluster fleet-local/local: {text}]"
        bundle["status"] = {
            "summary": {"desiredReady": 1, "ready": 0, "errApplied": 1},
            "conditions": [condition("Ready", "False", message=told)],
        }

    stage.then(lock)
    yield "bundle-not-ready Bundle/mcc-harvester"


@change
def stop_kubevirt(stage: Stage, hours: int) -> Finds:
    """KubeVirt has not been available for hours: its operator waits for a pod that it does not count."""
    at = moment(stage.world.captured_at, hours=-hours)
    rows = [condition("Available", "False", "DeploymentInProgress", "Deploying version 1.3.1")]
    rows += [condition("Degraded", "True", "DeploymentInProgress")]
    status = {"phase": "Deploying", "observedKubeVirtVersion": "1.2.2", "targetKubeVirtVersion": "1.3.1"}
    told = [row | {"lastTransitionTime": at} for row in rows]
    stage.world.add(
        new("kubevirt.io/v1", "KubeVirt", "kubevirt", "harvester-system", spec={}, status=status | {"conditions": told})
    )
    yield "kubevirt-not-available KubeVirt/kubevirt"


@change
def miss_the_gate(stage: Stage) -> Finds:
    """The plan before the nodes' turn is through everywhere, and Harvester does not note it."""
    for plan in stage.world.find("Plan", f"{NAME}-skip-manifests-apply"):
        mark = {f"plan.upgrade.cattle.io/{plan['metadata']['name']}": plan["status"]["latestHash"]}
        for node in stage.nodes[:3]:
            stage.world.change("Node", node, {"metadata": {"labels": mark}})
        plan["status"].pop("applying", None)
        for row in plan["status"]["conditions"]:
            row["status"] = "True"
    yield f"upgrade-node-phase-not-started {_UPGRADE}"


@change
def pass_node_over(stage: Stage, node: str) -> Finds:
    """The plans of the upgrade skip the node."""
    pass_over(stage.world, node)
    return ()


@change
def ask_for_three_pods(stage: Stage, hours: int) -> Finds:
    """A chart wants three pods of a webhook, and the third node is a witness, which takes none."""
    world, name = stage.world, "harvester-network-webhook"
    labels = {"node-role.harvesterhci.io/witness": "true"}
    labels_gone = dict.fromkeys(f"node-role.kubernetes.io/{role}" for role in ("control-plane", "master"))
    taint = {"key": "node-role.kubernetes.io/etcd", "value": "true", "effect": "NoExecute"}
    world.change("Node", stage.third, {"metadata": {"labels": {**labels, **labels_gone}}, "spec": {"taints": [taint]}})
    at = moment(world.captured_at, hours=-hours)
    rows = [
        condition("Available", "False", "MinimumReplicasUnavailable"),
        condition("Progressing", "False", "ProgressDeadlineExceeded", "ReplicaSet has timed out progressing."),
    ]
    counts = {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 2, "availableReplicas": 2}
    told = [row | {"lastTransitionTime": at, "lastUpdateTime": at} for row in rows]
    marks = {"management.cattle.io/scale-available": "3"}
    body: dict[str, Any] = {"spec": {"replicas": 3}, "status": counts | {"conditions": told}}
    world.add(new("apps/v1", "Deployment", name, "harvester-system", annotations=marks, **body))
    pod = _pod(stage, f"{name}-7c9d-2x4lk", name, {})
    text = "0/3 nodes are available: 1 node(s) had untolerated taint, 2 node(s) didn't match pod anti-affinity rules"
    pod["metadata"] |= {"labels": {"pod-template-hash": "7c9d"}, "creationTimestamp": at}
    row = condition("PodScheduled", "False", "Unschedulable", text) | {"lastTransitionTime": at}
    pod["status"] = {"phase": "Pending", "conditions": [row]}
    yield f"deployment-without-room Deployment/{name}"


def _pod(stage: Stage, name: str, container: str, state: dict[str, Any]) -> dict[str, Any]:
    """Add a Pod that does not come up, made a moment ago."""
    spec = {"containers": [{"name": container, "image": f"registry.example/{container}:{stage.world.version}"}]}
    told = {"name": container, "ready": False, "restartCount": 0} | state
    status = {"phase": "Pending", "containerStatuses": [told]}
    meta = {"uid": uid("pod", name), "creationTimestamp": stage.world.captured_at}
    return stage.world.add(new("v1", "Pod", name, "harvester-system", metadata=meta, spec=spec, status=status))
