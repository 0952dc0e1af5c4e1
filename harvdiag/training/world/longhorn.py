"""Longhorn's own Nodes, Volumes, Replicas and Settings: kinds whose plurals meet those of other groups."""

from __future__ import annotations

from typing import Any

from harvdiag.training.world.clusters import setting
from harvdiag.training.world.objects import condition, digest, new, number, uid
from harvdiag.training.world.world import World

__all__ = ["API", "NS", "longhorn", "volume_name"]

API = "longhorn.io/v1beta2"
NS = "longhorn-system"
_SETTINGS = {
    "detach-manually-attached-volumes-when-cordoned": "true",
    "node-drain-policy": "allow-if-replica-is-stopped",
    "replica-replenishment-wait-interval": "600",
}


def longhorn(world: World, volumes: int = 4) -> list[dict[str, Any]]:
    """Nodes for all hosts but the witness, healthy volumes of three replicas at most, and settings."""
    names = [host.name for host in world.hosts.values() if host.role != "witness"]
    found = [_node(name) for name in names]
    for i in range(volumes):
        found += _volume(i, names)
    return found + [_setting(name, value) for name, value in _SETTINGS.items()]


def volume_name(index: int) -> str:
    """Name of the volume number `index`, also of its PersistentVolume."""
    return f"pvc-{uid('volume', index)}"


def _setting(name: str, value: str) -> dict[str, Any]:
    made = setting(name, value, api=API)
    made["metadata"]["namespace"] = NS
    del made["default"]
    return made


def _node(name: str) -> dict[str, Any]:
    disk = f"default-disk-{digest(16, 'disk', name)}"
    kinds = ("Ready", "Schedulable", "MountPropagation", "RequiredPackages", "Multipathd")
    spec_disk = {"allowScheduling": True, "diskType": "filesystem", "evictionRequested": False, "tags": []}
    state: dict[str, Any] = {
        "conditions": [condition("Ready"), condition("Schedulable")],
        "diskUUID": uid("disk", name),
    }
    state |= {"storageAvailable": 700_000_000_000 + number(10**9, name), "storageMaximum": 10**12}
    return new(
        API,
        "Node",
        name,
        NS,
        finalizers=["longhorn.io"],
        generation=4,
        spec={
            "allowScheduling": True,
            "disks": {disk: spec_disk | {"path": "/var/lib/harvester/defaultdisk", "storageReserved": 54_000_000_000}},
            "evictionRequested": False,
            "name": name,
            "tags": [],
        },
        status={
            "autoEvicting": False,
            "conditions": [condition(kind) for kind in kinds],
            "diskStatus": {disk: state | {"storageScheduled": 42_949_672_960}},
            "region": "",
            "zone": "",
        },
    )


def _volume(index: int, names: list[str]) -> list[dict[str, Any]]:
    name, on = volume_name(index), names[index % len(names)]
    copies = [names[(index + i) % len(names)] for i in range(min(3, len(names)))]
    workload = {"podName": f"virt-launcher-vm-{index}-{digest(5, name)}", "podStatus": "Running"}
    workload |= {"workloadName": f"vm-{index}", "workloadType": "VirtualMachineInstance"}
    volume = new(
        API,
        "Volume",
        name,
        NS,
        labels={"longhornvolume": name},
        finalizers=["longhorn.io"],
        generation=9,
        spec={"fromBackup": "", "migratable": True, "nodeID": on, "numberOfReplicas": 3, "size": "10737418240"},
        status={
            "actualSize": 2_000_000_000 + number(10**9, name),
            "conditions": [condition("Scheduled")],
            "currentNodeID": on,
            "kubernetesStatus": {"namespace": "default", "pvName": name, "workloadsStatus": [workload]},
            "robustness": "healthy",
            "state": "attached",
        },
    )
    return [volume, *(_replica(name, node) for node in copies)]


def _replica(volume: str, node: str) -> dict[str, Any]:
    return new(
        API,
        "Replica",
        f"{volume}-r-{digest(8, volume, node)}",
        NS,
        labels={"longhornnode": node, "longhornvolume": volume},
        finalizers=["longhorn.io"],
        spec={
            "active": True,
            "failedAt": "",
            "healthyAt": "2025-02-01T08:00:00Z",
            "nodeID": node,
            "volumeName": volume,
        },
        status={"currentState": "running", "port": 10_000, "started": True},
    )
