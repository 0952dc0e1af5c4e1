"""The objects of the cluster as a whole: the Cluster kinds, their RKE2 parts, the Beacon, Namespaces and Settings."""

from __future__ import annotations

from typing import Any

from harvdiag.training.world.machines import RKE
from harvdiag.training.world.objects import FLEET, compact, condition, new, owner
from harvdiag.training.world.versions import Release

__all__ = [
    "NAMESPACES",
    "beacon",
    "capi_cluster",
    "cluster_set",
    "management_cluster",
    "namespaces",
    "provisioning_cluster",
    "rke_cluster",
    "rke_control_plane",
    "setting",
    "settings",
]

NAMESPACES = (
    "default",
    "kube-system",
    "cattle-system",
    "cattle-dashboards",
    "cattle-fleet-clusters-system",
    "cattle-fleet-local-system",
    "cattle-fleet-system",
    "cattle-logging-system",
    "cattle-monitoring-system",
    "cattle-provisioning-capi-system",
    "fleet-local",
    "harvester-system",
    "local",
    "longhorn-system",
)


def cluster_set(release: Release, node_count: int) -> list[dict[str, Any]]:
    """The Cluster objects named `local` (Cluster API's first), RKECluster, RKEControlPlane and, if any, the Beacon."""
    provisioning = provisioning_cluster(release)
    capi = capi_cluster(release, provisioning)
    parts = [capi, provisioning, management_cluster(release, node_count), rke_cluster(release, capi)]
    parts.append(rke_control_plane(release, capi))
    return [*parts, beacon()] if release.plan_labels else parts


def capi_cluster(release: Release, provisioning: dict[str, Any]) -> dict[str, Any]:
    """The Cluster of cluster.x-k8s.io."""
    names = ("Ready", "ControlPlaneInitialized", "ControlPlaneReady", "InfrastructureReady")
    status: dict[str, Any] = {"observedGeneration": 2, "phase": "Provisioned"}
    if release.beta2:
        old = [condition(name) for name in names]
        status |= {
            "conditions": [condition("Available", reason="Available") | {"message": ""}],
            "deprecated": {"v1beta1": {"conditions": old}},
            "initialization": {"controlPlaneInitialized": True, "infrastructureProvisioned": True},
        }
    else:
        status |= {"conditions": [condition(name) for name in names], "controlPlaneReady": True}
        status["infrastructureReady"] = True
    return new(
        release.capi,
        "Cluster",
        "local",
        FLEET,
        ownerReferences=[owner(provisioning)],
        finalizers=["cluster.cluster.x-k8s.io"],
        generation=2,
        spec={
            "controlPlaneEndpoint": {"host": "localhost", "port": 6443},
            "controlPlaneRef": _ref(release, "RKEControlPlane"),
            "infrastructureRef": _ref(release, "RKECluster"),
        },
        status=status,
    )


def provisioning_cluster(release: Release) -> dict[str, Any]:
    """The Cluster of provisioning.cattle.io, ready and with no rollout under way."""
    names = ("Ready", "Created", "Provisioned", "Updated", "Connected", "Stable", "RKECluster")
    return new(
        "provisioning.cattle.io/v1",
        "Cluster",
        "local",
        FLEET,
        generation=5,
        spec={
            "kubernetesVersion": release.kubernetes,
            "localClusterAuthEndpoint": {},
            "rkeConfig": {"chartValues": None, "provisionGeneration": 3},
        },
        status={
            "agentDeployed": True,
            "clientSecretName": "local-kubeconfig",
            "clusterName": "local",
            "conditions": [condition(name) for name in names],
            "fleetWorkspaceName": FLEET,
            "observedGeneration": 5,
            "ready": True,
        },
    )


def management_cluster(release: Release, node_count: int) -> dict[str, Any]:
    """The Cluster of management.cattle.io; from Rancher 2.15 it says that Rancher provisions it (hv#11336)."""
    return new(
        "management.cattle.io/v3",
        "Cluster",
        "local",
        annotations={"provisioning.cattle.io/administrated": "true"} if release.plan_labels else None,
        spec={"description": "", "displayName": "local", "fleetWorkspaceName": FLEET, "internal": True},
        status={
            "conditions": [condition("Ready"), condition("Connected")],
            "driver": "rke2",
            "nodeCount": node_count,
            "version": {"gitVersion": release.kubernetes},
        },
    )


def rke_cluster(release: Release, capi: dict[str, Any]) -> dict[str, Any]:
    """The RKECluster."""
    ready: dict[str, Any] = {"conditions": [condition("Ready")], "ready": True}
    return new(
        RKE,
        "RKECluster",
        "local",
        FLEET,
        labels={"cluster.x-k8s.io/cluster-name": "local"},
        ownerReferences=[owner(capi)],
        spec={"controlPlaneEndpoint": {"host": "localhost", "port": 6443}},
        status=ready | ({"initialization": {"provisioned": True}} if release.beta2 else {}),
    )


def rke_control_plane(release: Release, capi: dict[str, Any]) -> dict[str, Any]:
    """The RKEControlPlane, with nothing left for the planner to do."""
    names = ("Ready", "Provisioned", "Stable", "Bootstrapped", "Reconciled", "Updated", "SystemUpgradeControllerReady")
    return new(
        RKE,
        "RKEControlPlane",
        "local",
        FLEET,
        labels={"cluster.x-k8s.io/cluster-name": "local"},
        ownerReferences=[owner(capi)],
        generation=7,
        spec={
            "agentEnvVars": None,
            "clusterName": "local",
            "kubernetesVersion": release.kubernetes,
            "managementClusterName": "local",
            "provisionGeneration": 3,
            "unmanagedConfig": True,
        },
        status={
            "agentConnected": True,
            "conditions": [condition(name) for name in names],
            "configGeneration": 1,
            "initialized": True,
            "observedGeneration": 7,
            "ready": True,
        },
    )


def beacon() -> dict[str, Any]:
    """The Beacon of Rancher 2.15 and newer, held by the planner."""
    status = {"active": True, "delegates": [], "owner": "planner"}
    return new("plan.cattle.io/v1alpha1", "Beacon", "local", FLEET, spec={}, status=status)


def namespaces() -> list[dict[str, Any]]:
    """The namespaces that every Harvester cluster has."""
    body: dict[str, Any] = {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    return [new("v1", "Namespace", name, labels={"kubernetes.io/metadata.name": name}, **body) for name in NAMESPACES]


def setting(name: str, value: str = "", default: str = "", api: str = "harvesterhci.io/v1beta1") -> dict[str, Any]:
    """A Harvester Setting; its fields stand at the top level and an empty value means the default."""
    return new(api, "Setting", name, value=value, default=default, status={"conditions": [condition("configured")]})


def settings(release: Release) -> list[dict[str, Any]]:
    """The Settings that tell the version and, from Harvester 1.6, how upgrades go."""
    found = [setting("server-version", release.harvester)]
    if release.minor >= 6:
        preload = {"strategy": {"type": "sequential"}}
        default = {"imagePreloadOption": preload, "logReadyTimeout": "5", "restoreVM": False}
        found.append(setting("upgrade-config", default=compact(default)))
    return found


def _ref(release: Release, kind: str) -> dict[str, str]:
    if release.beta2:
        return {"apiGroup": "rke.cattle.io", "kind": kind, "name": "local"}
    return {"apiVersion": RKE, "kind": kind, "name": "local", "namespace": FLEET}
