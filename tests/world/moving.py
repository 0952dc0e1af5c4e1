"""What goes on in a cluster that is in good order: it moves, and is over by itself in minutes.

`MOVES` is a table of changes to a healthy world of three nodes or more with all of `everyday`,
`UPGRADE_MOVES` one of what an upgrade brings about for a while.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harvdiag.training.world.longhorn import API as LONGHORN_API
from harvdiag.training.world.objects import condition, moment, new
from harvdiag.training.world.steps import say
from harvdiag.training.world.upgrades import conditions
from harvdiag.training.world.world import World

NODE = "hv02"


def ago(world: World, minutes: float) -> str:
    """So many minutes before the capture."""
    return moment(world.captured_at, minutes=-minutes)


def set_condition(obj: dict[str, Any], kind: str, status: str, at: str, *why: str) -> None:
    """Set a condition, which is added where it is missing, as it became at a time; `why` is its reason and message."""
    rows = obj.setdefault("status", {}).setdefault("conditions", [])
    told = condition(kind, status, *why) | {"lastTransitionTime": at, "lastUpdateTime": at}
    rows[:] = [*(row for row in rows if row["type"] != kind), told]


def cordon(world: World, name: str, at: str) -> None:
    """Cordon a Node at a time; Longhorn then places no replica on it."""
    spec = world.get("Node", name)["spec"]
    taint = {"effect": "NoSchedule", "key": "node.kubernetes.io/unschedulable", "timeAdded": at}
    spec |= {"taints": [*spec.get("taints", ()), taint], "unschedulable": True}
    for obj in world.find("Node.longhorn.io", name):
        set_condition(obj, "Schedulable", "False", at, "KubernetesNodeCordoned", f"Node {name} is cordoned")


def lack_pod(world: World, at: str, *, rolling: bool = False) -> None:
    """Let the Deployments with a pod on each management node lack one since a time, and the charts with them."""
    for obj in world.find("Deployment"):
        wanted = obj["spec"]["replicas"]
        if wanted > 1 and obj["metadata"]["namespace"] in {"cattle-system", "harvester-system"}:
            counts = {"readyReplicas": wanted - 1, "availableReplicas": wanted - 1, "unavailableReplicas": 1}
            obj["status"] |= counts | ({"updatedReplicas": 1, "replicas": wanted + 1} if rolling else {})
            told = ("ReplicaSetUpdated", "ReplicaSet is progressing.") if rolling else ("NewReplicaSetAvailable", "")
            set_condition(obj, "Progressing", "True", at, *told)
            _pending_pod(world, obj, at)
    _spoil_charts(world, at)


def _pending_pod(world: World, of: dict[str, Any], at: str) -> None:
    text = "0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match pod anti-affinity rules."
    row = condition("PodScheduled", "False", "Unschedulable", text) | {"lastTransitionTime": at}
    status = {"phase": "Pending", "conditions": [row]}
    meta = {"creationTimestamp": at}
    name = f"{of['metadata']['name']}-7d9c5b7f4-x2x4v"
    world.add(new("v1", "Pod", name, of["metadata"]["namespace"], metadata=meta, spec={}, status=status))


def _spoil_charts(world: World, at: str) -> None:
    """Let fleet say that Harvester's chart waits for a Deployment."""
    part = "deployment.apps harvester-system/harvester [progressing] Available: 2/3"
    text = f"NotReady(1) [Cluster fleet-local/local]; {part}"
    for kind, name in (("Bundle", "mcc-harvester"), ("ManagedChart", "harvester")):
        for obj in world.find(kind, name):
            set_condition(obj, "Ready", "False", at, "", text)
            obj["status"]["summary"] = {"desiredReady": 1, "notReady": 1}


def lack_daemon(world: World, at: str) -> None:
    """Let each DaemonSet lack the pod of one node."""
    for obj in world.find("DaemonSet"):
        wanted = obj["status"]["desiredNumberScheduled"]
        if wanted > 1 and obj["metadata"]["namespace"] != "default":
            obj["status"] |= {"numberAvailable": wanted - 1, "numberReady": wanted - 1, "numberUnavailable": 1}
            wait = {"waiting": {"reason": "CrashLoopBackOff"}}
            state = {"name": "main", "ready": False, "restartCount": 1, "state": wait}
            row = condition("Ready", "False") | {"lastTransitionTime": at}
            status = {"phase": "Running", "conditions": [row], "containerStatuses": [state]}
            name, space = f"{obj['metadata']['name']}-x2x4v", obj["metadata"]["namespace"]
            meta = {"creationTimestamp": at}
            world.add(new("v1", "Pod", name, space, metadata=meta, spec={"nodeName": NODE}, status=status))


def degrade(world: World, at: str, *, rebuilds: int = 0) -> None:
    """Let the attached volumes be degraded since a time; of `rebuilds` of them a replica is being rebuilt."""
    attached = [obj for obj in world.find("Volume.longhorn.io") if obj["status"]["state"] == "attached"]
    for obj in attached:
        obj["status"] |= {"robustness": "degraded", "lastDegradedAt": at}
    for obj in attached[:rebuilds]:
        name, node = obj["metadata"]["name"], obj["spec"]["nodeID"]
        modes = {f"{name}-r-1": "RW", f"{name}-r-2": "WO"}
        for engine in [e for e in world.find("Engine") if e["spec"]["volumeName"] == name]:
            world.objects.remove(engine)
        status = {"currentState": "running", "replicaModeMap": modes}
        body = {"labels": {"longhornvolume": name}, "spec": {"nodeID": node, "volumeName": name}, "status": status}
        world.add(new(LONGHORN_API, "Engine", f"{name}-e-0", "longhorn-system", **body))


def go_down(world: World, name: str, at: str) -> None:
    """The host restarts: its kubelet is silent since a time."""
    obj = world.get("Node", name)
    for kind in ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure"):
        set_condition(obj, kind, "Unknown", at, "NodeStatusUnknown", "Kubelet stopped posting node status.")
    taint = {"effect": "NoExecute", "key": "node.kubernetes.io/unreachable", "timeAdded": at}
    obj["spec"]["taints"] = [*obj["spec"].get("taints", ()), taint]
    for row in conditions(world.get("Machine", world.machine_of(name))):
        if row["type"] in {"NodeHealthy", "NodeReady", "Ready"}:
            row |= {"status": "Unknown", "reason": "NodeConditionsFailed", "lastTransitionTime": at}
    for node in world.find("Node.longhorn.io", name):
        set_condition(node, "Ready", "False", at, "KubernetesNodeNotReady", f"Kubernetes node {name} not ready")


def _maintenance(state: str, minutes: float) -> Callable[[World], None]:
    def change(world: World) -> None:
        at = ago(world, minutes)
        cordon(world, NODE, at)
        world.change("Node", NODE, {"metadata": {"annotations": {"harvesterhci.io/maintain-status": state}}})
        lack_pod(world, at)
        degrade(world, at)

    return change


def _restart(minutes: float) -> Callable[[World], None]:
    def change(world: World) -> None:
        at = ago(world, minutes)
        go_down(world, NODE, at)
        lack_pod(world, at)
        lack_daemon(world, at)
        degrade(world, at)

    return change


def _restarted(world: World) -> None:
    """The host is back since five minutes, and volumes are being rebuilt one after the other since it went."""
    set_condition(world.get("Node", NODE), "Ready", "True", ago(world, 5), "KubeletReady")
    degrade(world, ago(world, 14), rebuilds=1)
    lack_pod(world, ago(world, 5))


def _rebuild(minutes: float) -> Callable[[World], None]:
    return lambda world: degrade(world, ago(world, minutes), rebuilds=9)


def _replenish(world: World) -> None:
    """Longhorn waits for a replica to come back before it builds a new one (replica-replenishment-wait-interval)."""
    degrade(world, ago(world, 12))


def _rollout(minutes: float) -> Callable[[World], None]:
    def change(world: World) -> None:
        lack_pod(world, ago(world, minutes), rolling=True)
        lack_daemon(world, ago(world, minutes))

    return change


def _chart(state: str, minutes: float) -> Callable[[World], None]:
    def change(world: World) -> None:
        for kind, name in (("Bundle", "mcc-harvester"), ("ManagedChart", "harvester")):
            obj = world.get(kind, name)
            set_condition(obj, "Ready", "False", ago(world, minutes), "", f"{state}(1) [Cluster fleet-local/local]")
            obj["status"]["summary"] = {"desiredReady": 1, state[0].lower() + state[1:]: 1}
            obj["metadata"]["generation"] += 1

    return change


def _kubevirt(world: World) -> None:
    obj = world.get("KubeVirt", "kubevirt")
    obj["status"]["phase"] = "Deploying"
    for kind, status in (("Available", "False"), ("Progressing", "True"), ("Degraded", "True")):
        set_condition(obj, kind, status, ago(world, 5), "DeploymentInProgress", "Deploying version 1.4.0")


def _addon(world: World) -> None:
    obj = world.get("Addon", "rancher-logging")
    obj["status"]["status"] = "AddonEnabling"
    set_condition(obj, "InProgress", "True", ago(world, 3), "", "installing")


def _planner(text: str, minutes: float) -> Callable[[World], None]:
    def change(world: World) -> None:
        say(world, text.format(m=world.machine_of(NODE)), ago(world, minutes), [world.machine_of(NODE)])

    return change


def _rancher_restarted(world: World) -> None:
    _planner("rkecontrolplane was already initialized but no etcd machines exist that have plans", 2)(world)
    lack_pod(world, ago(world, 2))


def _promotion(world: World) -> None:
    """A worker becomes a management node: Machine and plan Secret have the roles, the Node not yet, or it is new."""
    worker = next(name for name, host in world.hosts.items() if host.role == "worker")
    roles = {"metadata": {"labels": {f"rke.cattle.io/{role}-role": "true" for role in ("etcd", "control-plane")}}}
    machine = world.machine_of(worker)
    for kind, name in (("Machine", machine), ("RKEBootstrap", machine), ("Secret", f"{machine}-machine-plan")):
        world.change(kind, name, roles)
    world.change("Node", worker, {"metadata": {"annotations": {"harvesterhci.io/promote-status": "running"}}})
    cordon(world, worker, ago(world, 14))
    status = {"active": 1, "ready": 1, "startTime": ago(world, 14)}
    labels = {"harvesterhci.io/promote-node": worker}
    meta = {"creationTimestamp": ago(world, 14)}
    body = {"labels": labels, "metadata": meta, "spec": {}, "status": status}
    world.add(new("batch/v1", "Job", f"harvester-promote-{worker}", "harvester-system", **body))
    say(world, f"configuring etcd node(s) {machine}: waiting for plan to be applied", ago(world, 12), [machine])


def _promoted(world: World) -> None:
    """The promotion got on: the Node has the roles, and is a learner of etcd since two minutes."""
    _promotion(world)
    worker = next(name for name, host in world.hosts.items() if host.role == "worker")
    roles = {f"node-role.kubernetes.io/{role}": "true" for role in ("etcd", "control-plane", "master")}
    obj = world.change("Node", worker, {"metadata": {"labels": roles}})
    text = "Node has not been promoted to voting member of the etcd cluster"
    set_condition(obj, "EtcdIsVoter", "False", ago(world, 2), "MemberIsLearner", text)
    set_condition(obj, "Ready", "False", ago(world, 1), "KubeletNotReady", "PLEG is not healthy")


def _removal(minutes: float) -> Callable[[World], None]:
    """A host is being removed: its Machine is deleted, and Cluster API drains the Node."""

    def change(world: World) -> None:
        name = list(world.hosts)[-1]
        at, machine = ago(world, minutes), world.machine_of(name)
        dying = {"deletionTimestamp": at, "deletionGracePeriodSeconds": 0}
        world.change("Machine", machine, {"metadata": dying, "status": {"phase": "Deleting"}})
        world.change("Node", name, {"metadata": dying})
        cordon(world, name, at)
        world.get("Node.longhorn.io", name)["spec"] |= {"allowScheduling": False, "evictionRequested": True}
        say(world, f"waiting for etcd machines to be deleted: {machine}", at, [])
        lack_pod(world, at)
        lack_daemon(world, at)
        degrade(world, at, rebuilds=9)

    return change


def _removed(world: World) -> None:
    """The Node has gone, and its Machine and Longhorn Node go last."""
    name = list(world.hosts)[-1]
    _removal(20)(world)
    world.remove("Node", name)
    set_condition(world.get("Node.longhorn.io", name), "Ready", "False", ago(world, 5), "KubernetesNodeGone")


def _join(step: str) -> Callable[[World], None]:
    """The last host has just come: `machine` (no Node yet), `node` (no Machine yet), `both` (not Ready yet)."""

    def change(world: World) -> None:
        name = list(world.hosts)[-1]
        machine, at = world.machine_of(name), ago(world, 4)
        young = {"metadata": {"creationTimestamp": at}}
        for kind in ("Machine", "CustomMachine", "RKEBootstrap"):
            world.change(kind, machine, young)
        world.change("Secret", f"{machine}-machine-plan", young)
        obj = world.change("Node", name, young)
        world.remove("Node.longhorn.io", name)
        if step == "machine":
            world.remove("Node", name)
            world.change("Machine", machine, {"status": {"phase": "Provisioning", "nodeRef": None}})
            text = f"configuring worker node(s) {machine}: waiting for agent to check in and apply initial plan"
            say(world, text, at, [machine])
            return
        set_condition(obj, "Ready", "False", at, "KubeletNotReady", "container runtime network not ready")
        set_condition(obj, "NetworkUnavailable", "True", at, "NoRouteCreated")
        taints = [{"effect": "NoSchedule", "key": key, "timeAdded": at} for key in ("node.kubernetes.io/not-ready",)]
        taints.append({"effect": "NoSchedule", "key": "node.cloudprovider.kubernetes.io/uninitialized"})
        obj["spec"]["taints"] = taints
        lack_daemon(world, at)
        if step == "node":
            marks = dict.fromkeys(key for key in obj["metadata"]["annotations"] if key.startswith("cluster.x-k8s.io/"))
            bare = {"annotations": marks, "labels": {"harvesterhci.io/managed": None}}
            world.change("Node", name, {"metadata": bare})
            world.change("Machine", machine, {"status": {"phase": "Provisioning", "nodeRef": None}})

    return change


def _fresh(minutes: float) -> Callable[[World], None]:
    """The cluster was installed so many minutes ago: nothing has settled."""

    def change(world: World) -> None:
        at = ago(world, minutes)
        for obj in world.objects:
            obj["metadata"]["creationTimestamp"] = at
            for row in obj.get("status", {}).get("conditions", ()) if isinstance(obj.get("status"), dict) else ():
                row["lastTransitionTime"] = at
        lack_pod(world, at)
        lack_daemon(world, at)
        _kubevirt(world)
        world.objects = [obj for obj in world.objects if obj["apiVersion"] != LONGHORN_API]
        say(world, "waiting for cluster agent to connect", at, [])

    return change


MOVES: dict[str, Callable[[World], None]] = {
    "maintenance-entered": _maintenance("running", 15),
    "maintenance": _maintenance("completed", 60 * 24 * 3),
    "restart": _restart(4),
    "long-restart": _restart(9),
    "restarted": _restarted,
    "rebuild": _rebuild(25),
    "long-rebuild": _rebuild(110),
    "replica-awaited": _replenish,
    "rollout": _rollout(3),
    "long-rollout": _rollout(8),
    "chart-waits": _chart("WaitApplied", 3),
    "chart-out-of-sync": _chart("OutOfSync", 6),
    "chart-not-ready": _chart("NotReady", 9),
    "kubevirt-deploys": _kubevirt,
    "addon-enabled": _addon,
    "planner-configures": _planner("configuring worker node(s) {m}: waiting for probes: kubelet", 40),
    "planner-rotates": _planner("certificate rotation: waiting for {m}", 15),
    "rancher-restarted": _rancher_restarted,
    "promotion": _promotion,
    "promoted": _promoted,
    "removal": _removal(5),
    "long-removal": _removal(45),
    "removed": _removed,
    "join-machine": _join("machine"),
    "join-node": _join("node"),
    "join-both": _join("both"),
    "fresh": _fresh(4),
    "fresh-later": _fresh(25),
}
"""Each by its name."""


def _lasting(minutes: float, *, rolling: bool) -> Callable[[World], None]:
    def change(world: World) -> None:
        lack_pod(world, ago(world, minutes), rolling=rolling)
        lack_daemon(world, ago(world, minutes))

    return change


UPGRADE_MOVES: dict[str, Callable[[World], None]] = {
    "pods-missing": _lasting(50, rolling=False),
    "pods-replaced": _lasting(50, rolling=True),
    "chart-not-ready": _chart("NotReady", 80),
    "chart-modified": _chart("Modified", 40),
    "chart-out-of-sync": _chart("OutOfSync", 60),
    "kubevirt-deploys": _kubevirt,
    "rancher-restarted": _rancher_restarted,
    "rebuild": _rebuild(100),
    "replica-awaited": _replenish,
}
"""Each by its name; in the time after an upgrade has ended they are over within half an hour."""
