"""Make a lean world look like a real one: more labels and images on Nodes, more kinds, and managedFields on all."""

from __future__ import annotations

from typing import Any

from harvdiag.training.world.fields import field_set
from harvdiag.training.world.longhorn import longhorn, volume_name
from harvdiag.training.world.objects import CREATED, compact, digest, number
from harvdiag.training.world.platform import platform
from harvdiag.training.world.workloads import events, job_pods, pods
from harvdiag.training.world.world import World

__all__ = ["enrich", "node_fields", "take_over"]

_MANAGERS = {  # who writes an object's metadata and spec
    "Bundle": "fleet-controller",
    "Event": "kubelet",
    "Job": "system-upgrade-controller",
    "Pod": "kube-controller-manager",
    "Upgrade": "harvester",
    "Setting": "harvester",
}
_NODE_KEYS = {  # parts of a key that tell who wrote a Node's label or annotation
    "plan.upgrade.cattle.io": "system-upgrade-controller",
    "cluster.x-k8s.io": "manager",
    "kubevirt.io": "virt-handler",
    "rke2": "rke2",
    "node-role": "rke2",
    "harvesterhci.io": "harvester",
    "alpha.kubernetes.io": "kube-controller-manager",
}
_IMAGES = (
    "rancher/harvester",
    "rancher/harvester-upgrade",
    "rancher/hardened-kubernetes",
    "rancher/hardened-etcd",
    "rancher/mirrored-longhornio-longhorn-manager",
    "rancher/mirrored-longhornio-longhorn-engine",
    "rancher/rancher",
    "rancher/rancher-agent",
    "rancher/system-agent-installer-rke2",
    "rancher/fleet-agent",
    "rancher/shell",
    "registry.suse.com/suse/sles/15.6/virt-launcher",
)


def enrich(world: World) -> None:
    """Add all that a real cluster has beside the objects of pairing; call it when nothing more is to be changed.

    Images, managedFields, pods, events, Longhorn, fleet, charts, and the Secrets that a bundle leaves out.
    """
    for name in world.hosts:
        _enrich_node(world, name)
    world.objects += [*platform(world), *longhorn(world), *pods(world), *job_pods(world), *events(world)]
    for obj in world.objects:
        obj["metadata"].setdefault("managedFields", node_fields(obj) if _is_node(obj) else _fields(obj))


def node_fields(node: dict[str, Any]) -> list[dict[str, Any]]:
    """managedFields of a Node: its labels and annotations by who wrote them, its status by kubelet."""
    owned: dict[str, dict[str, dict[str, Any]]] = {}
    for part in ("annotations", "labels"):
        for key in node["metadata"][part]:
            who = next((manager for mark, manager in _NODE_KEYS.items() if mark in key), "kubelet")
            owned.setdefault(who, {}).setdefault(f"f:{part}", {".": {}})[f"f:{key}"] = {}
    found = [_entry(who, "v1", {"f:metadata": fields}) for who, fields in owned.items()]
    status = {key: value for key, value in node["status"].items() if key != "images"}
    return [*found, _entry("kubelet", "v1", {"f:status": field_set(status)}) | {"subresource": "status"}]


def take_over(node: dict[str, Any], label: str, manager: str, at: str) -> None:
    """Show in the Node's managedFields that `manager` wrote the label at a time, as a label set by hand does."""
    for entry in node["metadata"]["managedFields"]:
        entry["fieldsV1"].get("f:metadata", {}).get("f:labels", {}).pop(f"f:{label}", None)
    entry = _entry(manager, "v1", {"f:metadata": {"f:labels": {f"f:{label}": {}}}})
    node["metadata"]["managedFields"].append(entry | {"time": at})


def _is_node(obj: dict[str, Any]) -> bool:
    return bool(obj["kind"] == "Node" and obj["apiVersion"] == "v1")


def _entry(manager: str, api: str, fields: dict[str, Any]) -> dict[str, Any]:
    who = {"manager": manager, "operation": "Update", "apiVersion": api, "time": CREATED}
    return who | {"fieldsType": "FieldsV1", "fieldsV1": fields}


def _fields(obj: dict[str, Any]) -> list[dict[str, Any]]:
    meta = {key: obj["metadata"][key] for key in ("annotations", "finalizers", "labels") if key in obj["metadata"]}
    head = ("apiVersion", "kind", "metadata", "status")
    body = {key: value for key, value in obj.items() if key not in head}
    fields = {"f:metadata": field_set(meta)} | field_set(body)
    found = [_entry(_MANAGERS.get(obj["kind"], "rancher"), obj["apiVersion"], fields)]
    if "status" in obj:
        status = {"f:status": field_set(obj["status"])}
        found.append(_entry("manager", obj["apiVersion"], status) | {"subresource": "status"})
    return found


def _enrich_node(world: World, name: str) -> None:
    host = world.hosts[name]
    tunnel = {"VNI": 1, "VtepMAC": f"0a:58:3e:11:9f:{host.index % 256:02x}"}
    labels = {
        "cpumanager": "false",
        "cpu-timer.node.kubevirt.io/tsc-frequency": str(2_100_000_000 + number(10**6, name)),
        "kubevirt.io/schedulable": "true",
        "network.harvesterhci.io/mgmt": "true",
    }
    annotations = {
        "csi.volume.kubernetes.io/nodeid": compact({"driver.longhorn.io": name}),
        "flannel.alpha.coreos.com/backend-data": compact(tunnel),
        "kubevirt.io/heartbeat": world.captured_at,
        "management.cattle.io/pod-requests": compact({"cpu": "9120m", "memory": "31022Mi", "pods": "62"}),
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
    }
    status = {
        "images": _images(world, name),
        "volumesInUse": [f"kubernetes.io/csi/driver.longhorn.io^{volume_name(0)}"],
    }
    world.change("Node", name, {"metadata": {"labels": labels, "annotations": annotations}, "status": status})


def _images(world: World, node: str) -> list[dict[str, Any]]:
    found = []
    for image in _IMAGES:
        names = [f"docker.io/{image}@sha256:{digest(64, image)}", f"docker.io/{image}:{world.version}"]
        found.append({"names": names, "sizeBytes": 300_000 + number(900_000_000, image, node)})
    return sorted(found, key=lambda row: -int(str(row["sizeBytes"])))
