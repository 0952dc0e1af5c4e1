"""What Rancher and Cluster API keep for each host: Machine, CustomMachine, RKEBootstrap and the machine-plan Secret."""

from __future__ import annotations

import base64
from typing import Any

from harvdiag.training.world.hosts import Host
from harvdiag.training.world.nodes import plan_labels
from harvdiag.training.world.objects import CREATED, FLEET, compact, condition, digest, moment, new, owner, uid
from harvdiag.training.world.versions import Release

__all__ = ["RKE", "custom_machine", "encoded", "machine", "machine_set", "plan_secret", "rke_bootstrap"]

RKE = "rke.cattle.io/v1"
_ROLES = {"management": ("control-plane", "etcd", "worker"), "witness": ("etcd",), "worker": ("worker",)}
_WORKER_PROBES = ("calico", "kubelet")
_ETCD_PROBES = (*_WORKER_PROBES, "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")


def machine_set(host: Host, release: Release, cluster: dict[str, Any], captured_at: str) -> list[dict[str, Any]]:
    """Machine, CustomMachine, RKEBootstrap and plan Secret of a host that is in good order, in this order."""
    made = machine(host, release, cluster)
    boot = rke_bootstrap(host, release, made)
    return [made, custom_machine(host, release, made), boot, plan_secret(host, release, boot, captured_at)]


def machine(host: Host, release: Release, cluster: dict[str, Any]) -> dict[str, Any]:
    """The Machine, in the shape of v1beta1 or, from Harvester 1.8, of v1beta2."""
    labels = _labels(host) | {"cattle.io/os": "linux", "rke.cattle.io/cluster-name": "local"}
    if release.minor >= 3 and host.role == "management":
        labels["cluster.x-k8s.io/control-plane"] = "true"
    annotations = _applied(host)
    if host.etcd:
        hook = "pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup"
        annotations[hook] = "rke-bootstrap-controller"
    return new(
        release.capi,
        "Machine",
        host.machine,
        FLEET,
        labels=labels,
        annotations=annotations,
        ownerReferences=[owner(cluster, controller=False)],
        finalizers=["machine.cluster.x-k8s.io"],
        generation=3,
        spec=_machine_spec(host, release),
        status=_status_beta2(host, release) if release.beta2 else _status_beta1(host, release),
    )


def custom_machine(host: Host, release: Release, of: dict[str, Any]) -> dict[str, Any]:
    """The CustomMachine: Rancher's copy of the Node's providerID and addresses."""
    status: dict[str, Any] = {"addresses": _addresses(host), "conditions": [condition("Ready")], "ready": True}
    if release.beta2:
        status["initialization"] = {"provisioned": True}
    return new(
        RKE,
        "CustomMachine",
        host.machine,
        FLEET,
        labels=_labels(host),
        annotations=_applied(host),
        ownerReferences=[owner(of)],
        finalizers=["wrangler.cattle.io/unmanaged-machine"],
        generation=2,
        spec={"providerID": host.provider_id},
        status=status,
    )


def rke_bootstrap(host: Host, release: Release, of: dict[str, Any]) -> dict[str, Any]:
    """The RKEBootstrap: roles, addresses and node labels that the agent sent when it registered."""
    status: dict[str, Any] = {"dataSecretName": f"{host.machine}-machine-bootstrap", "ready": True}
    if release.beta2:
        status["initialization"] = {"dataSecretCreated": True}
    return new(
        RKE,
        "RKEBootstrap",
        host.machine,
        FLEET,
        labels=_labels(host),
        annotations=_registration(host) | _applied(host),
        ownerReferences=[owner(of)],
        finalizers=["wrangler.cattle.io/rke-bootstrap-etcd-removal"] if host.etcd else None,
        generation=1,
        spec={"clusterName": "local"},
        status=status,
    )


def plan_secret(host: Host, release: Release, of: dict[str, Any], captured_at: str) -> dict[str, Any]:
    """The idle machine-plan Secret; `data` has the plan itself too, as the API does and a support bundle does not."""
    labels = _labels(host) | {
        "rke.cattle.io/cluster-name": "local",
        "rke.cattle.io/machine-name": host.machine,
        "resources.cattle.io/backup": "true",
    }
    if host.index == 0:
        labels["rke.cattle.io/init-node"] = "true"
    return new(
        "v1",
        "Secret",
        f"{host.machine}-machine-plan",
        FLEET,
        labels=labels | (plan_labels(host) if release.plan_labels else {}),
        annotations=_plan_annotations(host, captured_at),
        ownerReferences=[owner(of)],
        type="rke.cattle.io/machine-plan",
        data=_plan_data(host),
    )


def encoded(text: str) -> str:
    """Base64 of `text`, as values of Secret data are."""
    return base64.b64encode(text.encode()).decode()


def _labels(host: Host) -> dict[str, str]:
    roles = {f"rke.cattle.io/{role}-role": "true" for role in _ROLES[host.role]}
    ids = {"cluster.x-k8s.io/cluster-name": "local", "rke.cattle.io/machine-id": host.cattle_id}
    return ids | {"rke.cattle.io/node-name": host.name} | roles


def _registration(host: Host) -> dict[str, str]:
    return {
        "rke.cattle.io/address": host.ip,
        "rke.cattle.io/internal-address": host.ip,
        "rke.cattle.io/labels": compact({"harvesterhci.io/managed": "true"}),
        "rke.cattle.io/taints": "[]",
    }


def _applied(host: Host) -> dict[str, str]:
    values = {"gvk": "/v1, Kind=Secret", "name": host.machine, "namespace": "local"}
    return {f"objectset.rio.cattle.io/owner-{k}": v for k, v in values.items()} | {
        "objectset.rio.cattle.io/id": "unmanaged-machine"
    }


def _addresses(host: Host) -> list[dict[str, str]]:
    return [{"type": "InternalIP", "address": host.ip}, {"type": "Hostname", "address": host.name}]


def _ref(host: Host, release: Release, kind: str) -> dict[str, str]:
    if release.beta2:
        return {"apiGroup": "rke.cattle.io", "kind": kind, "name": host.machine}
    return {"apiVersion": RKE, "kind": kind, "name": host.machine, "namespace": FLEET}


def _machine_spec(host: Host, release: Release) -> dict[str, Any]:
    timeout = {"deletion": {"nodeDeletionTimeoutSeconds": 10}} if release.beta2 else {"nodeDeletionTimeout": "10s"}
    return {
        "bootstrap": {
            "configRef": _ref(host, release, "RKEBootstrap"),
            "dataSecretName": f"{host.machine}-machine-bootstrap",
        },
        "clusterName": "local",
        "infrastructureRef": _ref(host, release, "CustomMachine"),
        "providerID": host.provider_id,
    } | timeout


def _v1beta1_conditions() -> list[dict[str, str]]:
    names = ("Ready", "BootstrapReady", "InfrastructureReady", "NodeHealthy", "PlanApplied", "Reconciled")
    return [condition(name) for name in names]


def _status_beta1(host: Host, release: Release) -> dict[str, Any]:
    node_ref = {"apiVersion": "v1", "kind": "Node", "name": host.name, "uid": uid("", "Node", None, host.name)}
    return {
        "addresses": _addresses(host),
        "bootstrapReady": True,
        "conditions": _v1beta1_conditions(),
        "infrastructureReady": True,
        "lastUpdated": CREATED,
        "nodeInfo": {"kubeletVersion": release.kubernetes, "osImage": release.os},
        "nodeRef": node_ref,
        "observedGeneration": 3,
        "phase": "Running",
    }


def _status_beta2(host: Host, release: Release) -> dict[str, Any]:
    reasons = {"Available": "Available", "Ready": "Ready", "UpToDate": "UpToDate", "NodeReady": "NodeReady"}
    reasons |= {"BootstrapConfigReady": "Ready", "InfrastructureReady": "Ready", "NodeHealthy": "NodeHealthy"}
    conditions = [condition(kind, reason=reason) | {"message": ""} for kind, reason in reasons.items()]
    return {
        "addresses": _addresses(host),
        "conditions": conditions,
        "deprecated": {"v1beta1": {"conditions": _v1beta1_conditions()}},
        "initialization": {"bootstrapDataSecretCreated": True, "infrastructureProvisioned": True},
        "lastUpdated": CREATED,
        "nodeInfo": {"kubeletVersion": release.kubernetes, "osImage": release.os},
        "nodeRef": {"name": host.name},
        "observedGeneration": 3,
        "phase": "Running",
    }


def _plan_annotations(host: Host, captured_at: str) -> dict[str, str]:
    updated = moment(captured_at, hours=-20 + host.index % 4, minutes=12)
    found = _registration(host) | {
        "rke.cattle.io/plan-last-updated": updated,
        "rke.cattle.io/plan-probes-passed": moment(updated, minutes=4),
    }
    if host.etcd:
        found["rke.cattle.io/join-url"] = f"https://{host.ip}:9345"
    found["rke.cattle.io/joined-to"] = "" if host.index == 0 else "https://10.0.0.11:9345"
    return found


def _plan_data(host: Host) -> dict[str, str]:
    files = [{"path": "/etc/rancher/rke2/config.yaml.d/50-rancher.yaml", "content": "never-to-be-read"}]
    body = compact({"files": files})
    probes = {name: {"healthy": True, "successCount": 1} for name in (_ETCD_PROBES if host.etcd else _WORKER_PROBES)}
    values = {
        "applied-checksum": digest(64, "plan", host.name),
        "appliedPlan": body,
        "failed-checksum": "",
        "failed-output": "",
        "failure-count": "0",
        "failure-threshold": "-1",
        "last-apply-time": "Thu May  8 09:58:41 UTC 2025",
        "max-failures": "-1",
        "plan": body,
        "probe-statuses": compact(probes),
        "success-count": "1",
    }
    return {key: encoded(text) for key, text in values.items()}
