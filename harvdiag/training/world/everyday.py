"""What every real cluster also has: workloads of the system, KubeVirt, Longhorn's parts, images, Addons, VMs, old Jobs.

All of it is in good order, in the shapes in which fields are really written: absent for 0, empty, or with a value that
looks like a fault and is none. `live_in` adds it to a world.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harvdiag.training.world import upgrades
from harvdiag.training.world.clusters import setting
from harvdiag.training.world.longhorn import API as LONGHORN_API
from harvdiag.training.world.longhorn import NS as LONGHORN
from harvdiag.training.world.longhorn import volume_name
from harvdiag.training.world.objects import CREATED, FLEET, condition, digest, moment, new, uid
from harvdiag.training.world.steps import before
from harvdiag.training.world.world import World

__all__ = ["OLD", "daemonset", "deployment", "live_in", "serve", "upgraded_before"]

RANCHER, HARVESTER, SYSTEM = "cattle-system", "harvester-system", "kube-system"
OLD = "hvst-upgrade-older"
"""An upgrade that ended months ago."""
_DEPLOYMENTS = {
    RANCHER: {"rancher-webhook": 1, "system-upgrade-controller": 1},
    HARVESTER: {
        "cdi-deployment": 1,
        "virt-operator": 1,
        "virt-api": 2,
        "virt-controller": 2,
        "harvester-load-balancer": 1,
        "kubeovn-operator": 0,
    },
    SYSTEM: {"rke2-coredns-rke2-coredns": 2, "rke2-metrics-server": 1, "snapshot-controller": 2},
    LONGHORN: {"csi-attacher": 3, "csi-provisioner": 3, "longhorn-driver-deployer": 1, "longhorn-ui": 0},
    "cattle-fleet-system": {"fleet-controller": 1, "gitjob": 1},
    "cattle-provisioning-capi-system": {"capi-controller-manager": 1},
}
"""The Deployments of the system, and how many pods each wants; 0: scaled to none on purpose."""
_SERVERS = {RANCHER: ("rancher",), HARVESTER: ("harvester", "harvester-webhook", "harvester-network-webhook")}
"""Those with a pod on each management node, of three."""
_DAEMONSETS = {
    HARVESTER: ("virt-handler", "harvester-node-manager", "harvester-network-controller"),
    SYSTEM: ("rke2-canal", "rke2-multus", "rke2-ingress-nginx-controller"),
    LONGHORN: ("longhorn-manager", "longhorn-csi-plugin", "engine-image-ei-51cc7b9c"),
    RANCHER: (),
}
_SETTINGS = {
    "allow-node-drain-with-last-healthy-replica": "",
    "auto-cleanup-system-generated-snapshot": "true",
    "backup-target": "",
    "concurrent-automatic-engine-upgrade-per-node-limit": "3",
    "default-replica-count": "3",
    "replica-soft-anti-affinity": "false",
    "taint-toleration": "kubevirt.io/drain:NoSchedule;node-role.kubernetes.io/etcd:NoExecute",
    "v2-data-engine": "false",
}


def live_in(world: World) -> World:
    """Add to a world what a cluster has that is in use for months; it stays in good order."""
    for part in (_workloads, _kubevirt, _longhorn, _machines, _images, _addons, _jobs, _charts, _of_users):
        world.objects += list(part(world))
    for node in (obj for obj in world.find("Node") if obj["apiVersion"] == "v1"):
        _decorate(node, world)
    return world


def serve(world: World) -> World:
    """Add the workloads of the system and KubeVirt, all whole; what is there already stays.

    KubeVirt moves no VM by itself when it is upgraded: before 1.8 that is a wish of the administrator.
    """
    there = {_key(obj) for obj in world.objects}
    for obj in (*_workloads(world), *_kubevirt(world)):
        if _key(obj) not in there:
            world.add(obj)
            obj["spec"].pop("workloadUpdateStrategy", None)
    return world


def deployment(name: str, namespace: str, wanted: int, **meta: Any) -> dict[str, Any]:
    """A Deployment that is whole; of one that wants no pods the counts are not written at all."""
    rows = [
        condition("Progressing", "True", "NewReplicaSetAvailable", f'ReplicaSet "{name}-7d9c" has progressed.'),
        condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."),
    ]
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    status = {"observedGeneration": 4, "conditions": rows} | (dict.fromkeys(counts, wanted) if wanted else {})
    spec = {"replicas": wanted, "selector": {"matchLabels": {"app": name}}, "strategy": {"type": "RollingUpdate"}}
    return new("apps/v1", "Deployment", name, namespace, generation=4, spec=spec, status=status, **meta)


def daemonset(name: str, namespace: str, wanted: int) -> dict[str, Any]:
    """A DaemonSet that is whole; of one that runs nowhere only the counts that are always written."""
    always = ("currentNumberScheduled", "desiredNumberScheduled", "numberReady", "numberMisscheduled")
    status: dict[str, Any] = {"observedGeneration": 2} | dict.fromkeys(always[:3], wanted) | {always[3]: 0}
    status |= {"numberAvailable": wanted, "updatedNumberScheduled": wanted} if wanted else {}
    spec = {"selector": {"matchLabels": {"app": name}}}
    return new("apps/v1", "DaemonSet", name, namespace, generation=2, spec=spec, status=status)


def _key(obj: dict[str, Any]) -> tuple[str, ...]:
    meta = obj["metadata"]
    return obj["apiVersion"], obj["kind"], meta.get("namespace", ""), meta["name"]


def _servers(world: World) -> list[str]:
    return [name for name, host in world.hosts.items() if host.role == "management"]


def _stores(world: World) -> list[str]:
    return [name for name, host in world.hosts.items() if host.role != "witness"]


def _workloads(world: World) -> Iterator[dict[str, Any]]:
    servers = len(_servers(world))
    for space, found in _DEPLOYMENTS.items():
        for name, wanted in found.items():
            yield deployment(name, space, min(wanted, servers) if wanted > 1 else wanted)
    for space, names in _SERVERS.items():
        marks = {"management.cattle.io/scale-available": "3"} if space == RANCHER and servers > 2 else {}
        for name in names:
            yield deployment(name, space, servers, annotations=marks or None)
    yield deployment("fleet-agent", "cattle-fleet-local-system", 1)
    for space, names in _DAEMONSETS.items():
        for name in names:
            yield daemonset(name, space, len(_stores(world)))
    yield daemonset("nvidia-driver-runtime", HARVESTER, 0)
    yield daemonset("kube-vip", HARVESTER, servers)


def _kubevirt(world: World) -> Iterator[dict[str, Any]]:
    ready = "AllComponentsReady"
    rows = [
        condition("Created", "True", "AllResourcesCreated", "All resources were created."),
        condition("Available", "True", ready, "All components are ready."),
        condition("Progressing", "False", ready, "All components are ready."),
        condition("Degraded", "False", ready, "All components are ready."),
    ]
    methods = ["LiveMigrate"] if len(world.hosts) > 1 else []
    spec = {"workloadUpdateStrategy": {"workloadUpdateMethods": methods}, "imageTag": "1.4.0"}
    status = {"phase": "Deployed", "conditions": rows, "observedKubeVirtVersion": "1.4.0"}
    yield new("kubevirt.io/v1", "KubeVirt", "kubevirt", HARVESTER, generation=9, spec=spec, status=status)


def _longhorn(world: World) -> Iterator[dict[str, Any]]:
    for name, value in _SETTINGS.items():
        made = setting(name, value, api=LONGHORN_API)
        made["metadata"]["namespace"] = LONGHORN
        yield made
    stores = _stores(world)
    for index, node in enumerate(stores):
        yield from _manager(node, f"{volume_name(index)}-e-0" if index < 2 else "")
        yield _manager_of_v2(node)
    for index in range(2):
        yield _engine(volume_name(index), stores[index % len(stores)])
    yield from _odd_volumes(stores)


def _manager(node: str, engine: str) -> Iterator[dict[str, Any]]:
    name = f"instance-manager-{digest(32, 'manager', node)}"
    running = {"spec": {"name": engine}, "status": {"state": "running", "type": "engine"}}
    engines = {engine: running} if engine else {}
    status = {"currentState": "running", "instanceEngines": engines, "instanceReplicas": {}, "ownerID": node}
    spec = {"dataEngine": "v1", "image": "longhornio/longhorn-instance-manager:v1", "nodeID": node, "type": "aio"}
    yield new(LONGHORN_API, "InstanceManager", name, LONGHORN, spec=spec, status=status)
    counts = {"currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0, "expectedPods": 1}
    wanted = {"minAvailable": 1, "selector": {"matchLabels": {"longhorn.io/instance-manager": name}}}
    yield new("policy/v1", "PodDisruptionBudget", name, LONGHORN, spec=wanted, status=counts)


def _manager_of_v2(node: str) -> dict[str, Any]:
    """The instance manager of the second data engine, which is off: it has no pod."""
    name = f"instance-manager-{digest(32, 'manager of v2', node)}"
    spec = {"dataEngine": "v2", "image": "", "nodeID": node, "type": "aio"}
    status = {"currentState": "stopped", "instances": None, "ip": "", "ownerID": node}
    return new(LONGHORN_API, "InstanceManager", name, LONGHORN, spec=spec, status=status)


def _engine(volume: str, node: str) -> dict[str, Any]:
    manager = f"instance-manager-{digest(32, 'manager', node)}"
    spec = {"active": True, "desireState": "running", "nodeID": node, "volumeName": volume}
    status = {"currentState": "running", "instanceManagerName": manager, "replicaModeMap": {f"{volume}-r-1": "RW"}}
    labels = {"longhornvolume": volume, "longhornnode": node}
    return new(LONGHORN_API, "Engine", f"{volume}-e-0", LONGHORN, labels=labels, spec=spec, status=status)


def _odd_volumes(stores: list[str]) -> Iterator[dict[str, Any]]:
    """Volumes in states that are no faults: detached, made just now, with one replica, of the second data engine."""
    scheduled = [condition("Scheduled"), condition("Restore", "False"), condition("TooManySnapshots", "False")]
    rows: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "detached": ({}, {"state": "detached", "robustness": "unknown", "currentNodeID": ""}),
        "creating": ({}, {"state": "creating", "robustness": ""}),
        "attaching": ({"nodeID": stores[0]}, {"state": "attaching", "robustness": "unknown"}),
        "single": ({"nodeID": stores[0], "numberOfReplicas": 1}, {"state": "attached", "robustness": "healthy"}),
        "second": ({"nodeID": stores[0], "dataEngine": "v2"}, {"state": "attached", "robustness": "healthy"}),
    }
    for what, (wanted, told) in rows.items():
        name = f"pvc-{uid('odd volume', what)}"
        spec = {"nodeID": "", "numberOfReplicas": 3, "size": "10737418240"} | wanted
        status = {"conditions": scheduled, "kubernetesStatus": {}, "lastDegradedAt": ""} | told
        labels = {"longhornvolume": name}
        yield new(LONGHORN_API, "Volume", name, LONGHORN, labels=labels, spec=spec, status=status)


def _machines(world: World) -> Iterator[dict[str, Any]]:
    """VMs: one that runs, one that is stopped, one that is being moved."""
    stores = _stores(world)
    for name, strategy, state in (("web", "RerunOnFailure", "Running"), ("db", "Halted", "Stopped")):
        rows = [condition("Ready", str(state == "Running"))]
        spec = {"runStrategy": strategy, "template": {"spec": {"evictionStrategy": "LiveMigrateIfPossible"}}}
        status = {"conditions": rows, "printableStatus": state, "ready": state == "Running"}
        yield new("kubevirt.io/v1", "VirtualMachine", name, "default", spec=spec, status=status)
    rows = [condition("Ready"), condition("LiveMigratable"), condition("AgentConnected")]
    status = {"conditions": rows, "phase": "Running", "nodeName": stores[0]}
    if len(stores) > 1:
        start = moment(world.captured_at, minutes=-2)
        status["migrationState"] = {"sourceNode": stores[0], "startTimestamp": start, "targetNode": stores[1]}
    yield new("kubevirt.io/v1", "VirtualMachineInstance", "web", "default", spec={}, status=status)


def _images(_: World) -> Iterator[dict[str, Any]]:
    rows = {
        "image-a1b2c": (condition("Imported"), {"progress": 100}),
        "image-d3e4f": (condition("Imported", "Unknown", "Importing"), {"progress": 40}),
        "image-f5g6h": (condition("Imported", "False", "ImportFailed", "404"), {"failed": 3}),
    }
    for name, (told, status) in rows.items():
        spec = {"displayName": f"{name}.qcow2", "sourceType": "download", "url": "https://images.example/a.qcow2"}
        body = {"spec": spec, "status": {"conditions": [condition("Initialized"), told]} | status}
        yield new("harvesterhci.io/v1beta1", "VirtualMachineImage", name, "default", **body)


def _addons(_: World) -> Iterator[dict[str, Any]]:
    done = [condition("InProgress", "False"), condition("Completed"), condition("OperationFailed", "False")]
    failed = [condition("InProgress", "False"), condition("OperationFailed", "True", "", "helm install failed")]
    rows = {
        "rancher-logging": (True, {"status": "AddonDeploySuccessful", "conditions": done}),
        "vm-import-controller": (False, {"status": "AddonDisabled", "conditions": done}),
        "pcidevices-controller": (False, {}),
        "nvidia-driver-toolkit": (False, {"status": ""}),
        "harvester-seeder": (True, {"status": "AddonDeployFailed", "conditions": failed}),
    }
    for name, (enabled, status) in rows.items():
        body = {"spec": {"chart": name, "enabled": enabled, "version": "1.0"}, "status": status}
        yield new("harvesterhci.io/v1beta1", "Addon", name, HARVESTER, **body)


def _jobs(world: World) -> Iterator[dict[str, Any]]:
    done = {"completionTime": CREATED, "startTime": CREATED, "succeeded": 1, "conditions": [condition("Complete")]}
    names = {"helm-install-rke2-canal": SYSTEM, "helm-install-rancher-logging": HARVESTER}
    for name, space in names.items():
        labels = {"helmcharts.helm.cattle.io/chart": name.removeprefix("helm-install-")}
        yield new("batch/v1", "Job", name, space, labels=labels, spec={"backoffLimit": 1000}, status=done)
    for name in _servers(world)[1:]:
        labels = {"harvesterhci.io/promote-node": name}
        yield new("batch/v1", "Job", f"harvester-promote-{name}", HARVESTER, labels=labels, spec={}, status=done)


def _charts(_: World) -> Iterator[dict[str, Any]]:
    """Bundles: one that fleet has not judged yet, and one without targets."""
    for name, status in (("new", {}), ("bare", {"conditions": [condition("Ready")], "summary": {"desiredReady": 0}})):
        yield new("fleet.cattle.io/v1alpha1", "Bundle", name, FLEET, spec={"targets": []}, status=status)


def _of_users(world: World) -> Iterator[dict[str, Any]]:
    """What users run, and what of it fails: none of it is the system's."""
    broken = deployment("shop", "default", 3)
    broken["status"] |= {"availableReplicas": 1, "unavailableReplicas": 2}
    broken["status"]["conditions"] = [condition("Available", "False"), condition("Progressing", "False")]
    yield broken
    half = daemonset("agents", "default", len(world.hosts) + 1)
    half["status"]["numberAvailable"] = 1
    yield half
    job = {"failed": 7, "startTime": CREATED, "conditions": [condition("Failed", "True", "BackoffLimitExceeded")]}
    yield new("batch/v1", "Job", "backup", "default", spec={}, status=job)
    wait = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}
    state = {"name": "shop", "ready": False, "restartCount": 90, "state": {"waiting": wait}}
    status = {"phase": "Running", "containerStatuses": [state], "conditions": [condition("Ready", "False")]}
    spec = {"nodeName": next(iter(world.hosts))}
    yield new("v1", "Pod", "shop-7d9c5b7f4-x2x4v", "default", spec=spec, status=status)
    wanted = {"minAvailable": 1}
    yield new("policy/v1", "PodDisruptionBudget", "shop", "default", spec=wanted, status={"disruptionsAllowed": 0})


def _decorate(node: dict[str, Any], world: World) -> None:
    """Give a Node taints and labels that administrators and add-ons set; the last host has GPUs."""
    labels = node["metadata"]["labels"]
    labels |= {"topology.kubernetes.io/zone": "zone-a", "feature.node.kubernetes.io/pci-10de.present": "true"}
    if node["metadata"]["name"] == list(world.hosts)[-1]:
        taints = [{"key": "nvidia.com/gpu", "value": "true", "effect": "NoSchedule"}]
        taints.append({"key": "example.com/batch", "effect": "PreferNoSchedule"})
        node["spec"]["taints"] = [*node["spec"].get("taints", ()), *taints]


def upgraded_before(world: World, **ago: float) -> World:
    """Let the cluster have come to its release by an upgrade that ended so long ago, in the parts of a timedelta."""
    end = moment(world.captured_at, **{part: -number for part, number in ago.items()})
    states = dict.fromkeys(world.hosts, "Succeeded")
    upgrade = upgrades.add_upgrade(world, before(world.version), states, name=OLD, state="Succeeded")
    upgrade["metadata"]["creationTimestamp"] = moment(end, hours=-6)
    for row in upgrade["status"]["conditions"]:
        row |= {"lastTransitionTime": end, "lastUpdateTime": end}
    if world.release.minor >= 7:
        upgrade["metadata"]["labels"]["harvesterhci.io/upgradeCleanup"] = "Succeeded"
    rows = [condition(kind) for kind in ("LoggingOperatorReady", "InfraReady", "Started", "DownloadReady", "Stopped")]
    body = {"labels": {"harvesterhci.io/upgrade": OLD}, "spec": {"upgradeName": OLD}, "status": {"conditions": rows}}
    log = new("harvesterhci.io/v1beta1", "UpgradeLog", f"{OLD}-upgradelog", HARVESTER, **body)
    world.add(log)
    pairs = [(node, kind) for node in world.hosts for kind in ("pre-drain", "post-drain")]
    jobs = [upgrades.add_node_job(world, node, kind, moment(end, hours=-1), OLD) for node, kind in pairs]
    for obj in (log, *jobs):
        obj["metadata"]["creationTimestamp"] = moment(end, hours=-5)
        obj["metadata"]["ownerReferences"] = [
            {"apiVersion": upgrade["apiVersion"], "kind": "Upgrade", "name": OLD, "uid": upgrade["metadata"]["uid"]}
        ]
    return world
