"""What is kept of objects that can contain credentials, and the kinds that are never kept; the same for every source.

Secrets have rules of their own (`harvdiag.kinds.plansecret`); `harvdiag.kinds.credentials` has those for all kinds.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from harvdiag.core.fields import Obj, field_path, name_of
from harvdiag.kinds.credentials import clean_object, clean_workload, drop_fields, scrub_object
from harvdiag.kinds.plansecret import strip_plan

__all__ = ["WITHHELD", "WITHHELD_SETTINGS", "is_reduced", "is_sensitive", "redact_objects"]

WITHHELD_SETTINGS = frozenset({"additional-ca", "cluster-registration-url", "containerd-registry", "ssl-certificates"})
"""Settings that a support bundle leaves out (rancher/support-bundle-kit, pkg/manager/collectors/harvester.go): a
private key, the passwords of registries, a URL with a token in it, and a private CA."""
KEPT = frozenset({"apiVersion", "kind"})
KEPT_METADATA = frozenset({"creationTimestamp", "deletionTimestamp", "generation", "name", "resourceVersion", "uid"})
"""What is kept of such a Setting. Annotations may copy the whole object, conditions may quote its value, and later
versions may add more: so this lists what is kept, not what is removed."""

WITHHELD = "holds credentials: harvdiag never reads it"
"""Why a kind that is sensitive is not looked at."""
CREDENTIALS = ("credential", "kubeconfig", "password", "secret", "token")
"""A kind with one of these in its plural exists for credentials: tokens, authtokens, samltokens,
clusterregistrationtokens and cloudcredentials of management.cattle.io, tokens, kubeconfigs and passwordchangerequests
of ext.cattle.io, tokenreviews of authentication.k8s.io, and any other of such a name."""
BY_NAME = {
    "authconfigs.management.cattle.io": "passwords and client secrets of the identity providers",
    "users.management.cattle.io": "hashes of passwords, before Rancher moved them into Secrets",
}
"""Kinds whose name does not show it, and what they contain. A support bundle leaves them out, too."""
USED_SETTINGS: dict[str, tuple[str, ...]] = {
    "backup-target": ("type", "endpoint", "refreshIntervalInSeconds"),
    "rwx-network": ("share-storage-network", "network.range", "network.exclude"),
    "server-version": (),
    "storage-network": ("range", "exclude"),
    "upgrade-config": (),
}
"""The Settings whose values are used; of those that are written as JSON, these fields alone."""
NO_JSON = "not JSON"
"""What is kept of a value that should be JSON and is not."""
DROPPED: dict[str, tuple[str, ...]] = {
    "apps.catalog.cattle.io": ("spec.values", "spec.chart"),
    "bundledeployments.fleet.cattle.io": ("spec.options", "spec.stagedOptions"),
    "bundles.fleet.cattle.io": ("spec.helm", "spec.resources", "spec.targetCustomizations", "spec.targets"),
    "certificatesigningrequests.certificates.k8s.io": ("spec.request", "status.certificate"),
    "cloudinits.node.harvesterhci.io": ("spec.contents",),
    "clusters.cluster.x-k8s.io": ("spec.topology",),
    "clusters.fleet.cattle.io": ("spec.clientID", "spec.templateValues"),
    "clusters.management.cattle.io": (
        "spec.agentEnvVars",
        "spec.clusterAgentDeploymentCustomization",
        "spec.rke2Config",
        "spec.rancherKubernetesEngineConfig",
        "status.appliedSpec",
        "status.caCert",
        "status.serviceAccountToken",
    ),
    "clusters.provisioning.cattle.io": (
        "spec.agentEnvVars",
        "spec.rkeConfig.additionalManifest",
        "spec.rkeConfig.chartValues",
        "spec.rkeConfig.etcd.s3",
        "spec.rkeConfig.machineGlobalConfig",
        "spec.rkeConfig.machineSelectorConfig",
        "spec.rkeConfig.machineSelectorFiles",
        "spec.rkeConfig.registries",
    ),
    "clusterregistrations.fleet.cattle.io": ("spec.clientID", "spec.clientRandom"),
    "contents.fleet.cattle.io": ("content",),
    "controllerrevisions.apps": ("data",),
    "helmchartconfigs.helm.cattle.io": ("spec.valuesContent", "spec.values"),
    "helmcharts.helm.cattle.io": ("spec.valuesContent", "spec.values", "spec.set", "spec.chartContent"),
    "keypairs.harvesterhci.io": ("spec.publicKey", "status.fingerPrint"),
    "managedcharts.management.cattle.io": ("spec.values", "spec.targets"),
    "rkecontrolplanes.rke.cattle.io": (
        "spec.additionalManifest",
        "spec.agentEnvVars",
        "spec.chartValues",
        "spec.etcd.s3",
        "spec.machineGlobalConfig",
        "spec.machineSelectorConfig",
        "spec.machineSelectorFiles",
        "spec.registries",
        "status.appliedSpec",
    ),
    "virtualmachinebackups.harvesterhci.io": ("status.source", "status.secretBackups"),
    "virtualmachineinstancereplicasets.kubevirt.io": ("spec.template",),
    "virtualmachinepools.pool.kubevirt.io": ("spec.virtualMachineTemplate",),
    "virtualmachinerestores.snapshot.kubevirt.io": ("spec.patches",),
    "virtualmachinesnapshotcontents.snapshot.kubevirt.io": ("spec.source",),
    "virtualmachinetemplateversions.harvesterhci.io": ("spec.vm",),
}
"""Fields that hold what was given to a chart, a host or a VM, in whatever form: user data, keys, values, copies."""
PLAIN = frozenset(
    {
        "custommachines.rke.cattle.io",
        "engines.longhorn.io",
        "instancemanagers.longhorn.io",
        "machines.cluster.x-k8s.io",
        "nodes",
        "nodes.longhorn.io",
        "replicas.longhorn.io",
        "rkebootstraps.rke.cattle.io",
        "volumes.longhorn.io",
    }
)
"""Kinds of many objects without any field for a credential; their annotations and messages may quote one."""


def is_sensitive(group: str, plural: str) -> bool:
    """Whether a kind exists for credentials, so that it is never read. Not Secrets: machine plans are kept."""
    if not group and plural == "secrets":
        return False
    return any(word in plural for word in CREDENTIALS) or f"{plural}.{group}" in BY_NAME


def redact_objects(resource: str, objects: list[Obj]) -> list[Obj]:
    """Return what may be kept of the objects of one kind, given by its name for kubectl: without credentials."""
    redact = _REDACTORS.get(resource) or partial(_scrub, resource)
    return [kept for obj in objects if (kept := redact(obj))]


def is_reduced(resource: str) -> bool:
    """Whether fields of a kind, given by its name for kubectl, are left out in any case."""
    return resource in DROPPED or resource in {"secrets", "settings.harvesterhci.io"}


def _scrub(resource: str, obj: Obj) -> Obj:
    return scrub_object(drop_fields(obj, _paths(resource)) if resource in DROPPED else obj)


@cache
def _paths(resource: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(path.split(".")) for path in DROPPED[resource])


def _redact_plan(obj: Obj) -> Obj | None:
    plan = strip_plan(obj)
    return clean_object(plan) if plan else None


def _redact_setting(obj: Obj) -> Obj:
    """A Setting; of one whose value is not used, only that it exists and since when."""
    name = name_of(obj)
    if name not in USED_SETTINGS:
        metadata = {key: value for key, value in obj["metadata"].items() if key in KEPT_METADATA}
        return {key: value for key, value in obj.items() if key in KEPT} | {"metadata": metadata}
    if not (paths := USED_SETTINGS[name]):
        return scrub_object(obj)
    kept = {key: value for key, value in obj.items() if key in {*KEPT, "metadata"}}
    texts = {key: obj[key] for key in ("value", "default") if obj.get(key) is not None}
    return scrub_object(kept | {key: _keep_parts(text, paths) for key, text in texts.items()})


def _keep_parts(text: Any, paths: tuple[str, ...]) -> str:
    """These fields of a value as Harvester writes it: of the target of backups without the keys of its store."""
    import json

    if not isinstance(text, str):
        return NO_JSON
    try:
        found = json.loads(text or "null")
    except (ValueError, RecursionError):
        return NO_JSON
    if not isinstance(found, dict | None):
        return NO_JSON
    known = {path: value for path in paths if (value := field_path(path).get(found)) is not None}
    return json.dumps(_nest(known), separators=(",", ":")) if found is not None else ""


def _nest(values: dict[str, Any]) -> Obj:
    """``{"network.range": x}`` as ``{"network": {"range": x}}``."""
    nested: Obj = {}
    for path, value in values.items():
        *above, last = path.split(".")
        place = nested
        for step in above:
            place = place.setdefault(step, {})
        place[last] = value
    return nested


_REDACTORS: dict[str, Callable[[Obj], Obj | None]] = {
    **dict.fromkeys(PLAIN, clean_object),
    "jobs.batch": clean_workload,
    "secrets": _redact_plan,
    "settings.harvesterhci.io": _redact_setting,
}
"""What harvdiag keeps of Secrets: only machine plans, and of these neither plan nor token nor body."""
