"""What Rancher, fleet and Harvester keep beside the machines: charts, bundles, settings, roles, other Secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harvdiag.training.world.clusters import setting
from harvdiag.training.world.machines import encoded
from harvdiag.training.world.objects import FLEET, condition, digest, new, number
from harvdiag.training.world.world import World

__all__ = ["platform"]

_CHARTS = ("harvester", "harvester-crd", "rancher-logging-crd", "rancher-monitoring-crd")
_DEFAULTS = {
    "auto-disk-provision-paths": "",
    "backup-target": "",
    "cluster-registration-url": "",
    "containerd-registry": "",
    "http-proxy": "",
    "log-level": "info",
    "overcommit-config": '{"cpu":1600,"memory":150,"storage":200}',
    "release-download-url": "https://releases.example/harvester",
    "ssl-certificates": "{}",
    "storage-network": "",
    "support-bundle-expiration": "",
    "support-bundle-namespaces": "",
    "support-bundle-timeout": "10",
    "upgrade-checker-enabled": "true",
    "vip-pools": "",
}
_SCRIPT = '#!/bin/bash -e\nfor node in $(kubectl get nodes -o name); do\n\techo "checking $node"\ndone\n'


def platform(world: World) -> list[dict[str, Any]]:
    """Objects that a healthy cluster of this release has and that no pairing of nodes and machines needs."""
    found = [_managed_chart(name, world) for name in _CHARTS]
    found += [_bundle(name) for name in ("fleet-agent-local", *(f"mcc-{chart}" for chart in _CHARTS))]
    found += [setting(name, default=default) for name, default in _DEFAULTS.items()]
    found += [_rancher_setting(world), _fleet_cluster(), _version(world), _config_map(), _addon(world)]
    found += list(_secrets(world))
    for machine in world.find("Machine"):
        found += _access(machine["metadata"]["name"])
    return found + list(_per_node(world))


def _managed_chart(name: str, world: World) -> dict[str, Any]:
    return new(
        "management.cattle.io/v3",
        "ManagedChart",
        name,
        FLEET,
        generation=12,
        spec={
            "chart": name,
            "defaultNamespace": "harvester-system",
            "paused": False,
            "releaseName": name,
            "repoName": "harvester-charts",
            "timeoutSeconds": 600,
            "values": {"harvester": {"replicas": 3}, "empty": ""},
            "version": world.version.removeprefix("v"),
        },
        status={
            "conditions": [condition("Ready"), condition("Processed"), condition("Defined")],
            "display": {"readyClusters": "1/1", "state": "Active"},
            "observedGeneration": 12,
            "summary": {"desiredReady": 1, "ready": 1},
            "unavailable": 0,
        },
    )


def _bundle(name: str) -> dict[str, Any]:
    template = "{{- if .Values.enabled }}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: x\n{{- end }}\n"
    return new(
        "fleet.cattle.io/v1alpha1",
        "Bundle",
        name,
        FLEET,
        generation=3,
        spec={
            "ignore": {},
            "resources": [{"content": template * 3, "name": f"{name}/templates/config.yaml"}],
            "targets": [{"clusterName": "local"}],
        },
        status={"conditions": [condition("Ready")], "summary": {"desiredReady": 1, "ready": 1}},
    )


def _rancher_setting(world: World) -> dict[str, Any]:
    made = setting("server-version", world.release.rancher, api="management.cattle.io/v3")
    return made | {"customized": False, "source": ""}


def _fleet_cluster() -> dict[str, Any]:
    status = {"agent": {"lastSeen": "2025-05-08T09:55:12Z"}, "conditions": [condition("Ready")]}
    spec = {"clientID": "", "kubeConfigSecret": "local-kubeconfig"}
    return new("fleet.cattle.io/v1alpha1", "Cluster", "local", FLEET, spec=spec, status=status)


def _version(world: World) -> dict[str, Any]:
    spec = {"isoURL": f"https://mirror.example/harvester-{world.version}-amd64.iso", "minUpgradableVersion": ""}
    spec |= {"isoChecksum": digest(128, "iso"), "releaseDate": "20250314"}
    return new("harvesterhci.io/v1beta1", "Version", world.version, "harvester-system", spec=spec)


def _config_map() -> dict[str, Any]:
    data = {"check.sh": _SCRIPT, "empty": "", "note": "it's a 'quoted' word: #1\nand a second line\n"}
    return new("v1", "ConfigMap", "harvester-helpers", "harvester-system", data=data)


def _addon(world: World) -> dict[str, Any]:
    spec = {"chart": "rancher-monitoring", "enabled": False, "repo": "http://harvester-cluster-repo.cattle-system.svc"}
    spec |= {"valuesContent": "", "version": world.version.removeprefix("v")}
    api, space = "harvesterhci.io/v1beta1", "cattle-monitoring-system"
    return new(api, "Addon", "rancher-monitoring", space, spec=spec, status={"status": "AddonDisabled"})


def _secrets(world: World) -> Iterator[dict[str, Any]]:
    """Secrets that the API has and that no bundle may show."""
    hidden = {"value": encoded("never-to-be-read")}
    labels = {"cluster.x-k8s.io/cluster-name": "local"}
    yield new("v1", "Secret", "local-kubeconfig", FLEET, labels=labels, type="Opaque", data=hidden)
    yield new("v1", "Secret", "local-rke-state", FLEET, type="rke.cattle.io/cluster-state", data=hidden)
    for machine in world.find("Machine"):
        name = machine["spec"]["bootstrap"]["dataSecretName"]
        yield new("v1", "Secret", name, FLEET, type="rke.cattle.io/bootstrap", data=hidden)


def _access(machine: str) -> list[dict[str, Any]]:
    name = f"{machine}-machine-plan"
    labels = {"rke.cattle.io/plan-secret-name": name, "rke.cattle.io/rkebootstrap-name": machine}
    labels["rke.cattle.io/service-account-role"] = "plan"
    rbac = "rbac.authorization.k8s.io/v1"
    rule = {"apiGroups": [""], "resourceNames": [name], "resources": ["secrets"], "verbs": ["watch", "get", "update"]}
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": FLEET}
    return [
        new("v1", "ServiceAccount", name, FLEET, labels=labels),
        new(rbac, "Role", name, FLEET, rules=[rule | {"verbs": [*rule["verbs"], "list"]}]),
        new(rbac, "RoleBinding", name, FLEET, roleRef=ref, subjects=[subject]),
    ]


def _per_node(world: World) -> Iterator[dict[str, Any]]:
    for name in world.hosts:
        usage = {"cpu": f"{2000 + number(9000, name)}m", "memory": f"{20_000_000 + number(10**7, 'm', name)}Ki"}
        yield new("metrics.k8s.io/v1beta1", "NodeMetrics", name, timestamp=world.captured_at, usage=usage, window="10s")
        spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": "2025-05-08T09:59:51.000000Z"}
        yield new("coordination.k8s.io/v1", "Lease", f"node-heartbeat-{name}", "kube-system", spec=spec)
