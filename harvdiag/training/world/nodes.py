"""Node objects: labels, annotations and status as kubelet, RKE2, Rancher, Cluster API and Harvester write them."""

from __future__ import annotations

import json
from typing import Any

from harvdiag.training.world.hosts import Host
from harvdiag.training.world.objects import digest, moment, new, uid
from harvdiag.training.world.versions import Release

__all__ = ["node", "plan_labels"]

_CONDITIONS = (  # type, status, reason, message
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)


def node(host: Host, release: Release, captured_at: str) -> dict[str, Any]:
    """The Node of a host that is in good order."""
    return new(
        "v1",
        "Node",
        host.name,
        labels=_labels(host, release),
        annotations=_annotations(host, release, captured_at),
        finalizers=["wrangler.cattle.io/node"],
        spec=_spec(host),
        status=_status(host, release, captured_at),
    )


def plan_labels(host: Host) -> dict[str, str]:
    """Labels that Rancher 2.15 and newer put on the Node and on the plan Secret."""
    names = {"Cluster": "local", "Machine": host.machine}
    labels = {f"plan.cattle.io/{kind.lower()}-group": "cluster.x-k8s.io" for kind in names}
    labels |= {f"plan.cattle.io/{kind.lower()}-kind": kind for kind in names}
    return labels | {f"plan.cattle.io/{kind.lower()}-name": name for kind, name in names.items()}


def _labels(host: Host, release: Release) -> dict[str, str]:
    labels = {
        "beta.kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/instance-type": "rke2",
        "beta.kubernetes.io/os": "linux",
        "harvesterhci.io/managed": "true",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": host.name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "rke2",
        "rke.cattle.io/machine": host.machine_uid,
    }
    roles = {"management": ("control-plane", "etcd", "master"), "witness": ("etcd",), "worker": ()}[host.role]
    labels |= {f"node-role.kubernetes.io/{role}": "true" for role in roles}
    if host.role == "witness":
        labels["node-role.harvesterhci.io/witness"] = "true"
    return labels | (plan_labels(host) if release.plan_labels else {})


def _annotations(host: Host, release: Release, captured_at: str) -> dict[str, str]:
    found = {
        "cluster.x-k8s.io/cluster-name": "local",
        "cluster.x-k8s.io/cluster-namespace": "fleet-local",
        "cluster.x-k8s.io/machine": host.machine,
        "node.alpha.kubernetes.io/ttl": "0",
        "rke2.io/hostname": host.name,
        "rke2.io/internal-ip": host.ip,
        "rke2.io/node-args": json.dumps(_node_args(host)),
        "rke2.io/node-config-hash": digest(52, "config", host.name).upper() + "====",
        "rke2.io/node-env": "{}",
    }
    if release.minor >= 4:
        found["cluster.x-k8s.io/labels-from-machine"] = ""
    if release.beta2:
        found["cluster.x-k8s.io/annotations-from-machine"] = ""
    if host.etcd:
        found["etcd.rke2.cattle.io/local-snapshots-timestamp"] = moment(captured_at, hours=-4)
        found["etcd.rke2.cattle.io/node-address"] = host.ip
        found["etcd.rke2.cattle.io/node-name"] = f"{host.name}-{digest(8, 'etcd', host.name)}"
    return found


def _node_args(host: Host) -> list[str]:
    wanted = {"harvesterhci.io/managed": "true", "rke.cattle.io/machine": host.machine_uid}
    pairs = [word for key, value in wanted.items() for word in ("--node-label", f"{key}={value}")]
    return ["server" if host.etcd else "agent", *pairs]


def _spec(host: Host) -> dict[str, Any]:
    cidr = f"10.52.{host.index % 256}.0/24"
    spec: dict[str, Any] = {"podCIDR": cidr, "podCIDRs": [cidr], "providerID": host.provider_id}
    if host.role == "witness":
        spec["taints"] = [{"key": "node-role.kubernetes.io/etcd", "value": "true", "effect": "NoExecute"}]
    return spec


def _status(host: Host, release: Release, captured_at: str) -> dict[str, Any]:
    resources = {"cpu": "32", "memory": "131072000Ki", "pods": "200"}
    addresses = [{"type": "InternalIP", "address": host.ip}, {"type": "Hostname", "address": host.name}]
    return {
        "addresses": addresses,
        "allocatable": dict(resources),
        "capacity": resources,
        "conditions": _conditions(host, captured_at),
        "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
        "nodeInfo": _node_info(host, release),
    }


def _conditions(host: Host, captured_at: str) -> list[dict[str, str]]:
    voter = ("EtcdIsVoter", "True", "MemberNotLearner", "Node is a voting member of the etcd cluster")
    rows = (*_CONDITIONS, voter) if host.etcd else _CONDITIONS
    times = {"lastHeartbeatTime": moment(captured_at, minutes=-2), "lastTransitionTime": moment(captured_at, days=-1)}
    return [{"type": t, "status": s, "reason": r, "message": m, **times} for t, s, r, m in rows]


def _node_info(host: Host, release: Release) -> dict[str, str]:
    return {
        "architecture": "amd64",
        "bootID": uid("boot", host.name),
        "containerRuntimeVersion": "containerd://1.7.23-k3s2",
        "kernelVersion": "5.14.21-150500.55.88-default" if release.minor < 5 else "6.4.0-150600.23.38-default",
        "kubeProxyVersion": release.kubernetes,
        "kubeletVersion": release.kubernetes,
        "machineID": digest(32, "machine-id", host.name),
        "operatingSystem": "linux",
        "osImage": release.os,
        "systemUUID": uid("system", host.name),
    }
