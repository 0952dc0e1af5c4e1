"""Redaction of objects that can contain credentials, and the kinds that are never kept; the same for every source.

Secrets have rules of their own (`harvdiag.kinds.plansecret`).
"""

from __future__ import annotations

from collections.abc import Callable

from harvdiag.core.fields import Obj, field_path, name_of
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
COPIES = frozenset({"kubectl.kubernetes.io/last-applied-configuration", "harvesterhci.io/volumeClaimTemplates"})
"""Annotations that contain a copy of a VM, or of its disks."""


def is_sensitive(group: str, plural: str) -> bool:
    """Whether a kind exists for credentials, so that it is never read. Not Secrets: machine plans are kept."""
    if not group and plural == "secrets":
        return False
    return any(word in plural for word in CREDENTIALS) or f"{plural}.{group}" in BY_NAME


def redact_objects(resource: str, objects: list[Obj]) -> list[Obj]:
    """Return what may be kept of the objects of one kind, given by its name for kubectl; of most kinds, all."""
    redact = _REDACTORS.get(resource)
    return [kept for obj in objects if (kept := redact(obj))] if redact else objects


def is_reduced(resource: str) -> bool:
    """Whether fields of a kind, given by its name for kubectl, may be left out."""
    return resource in _REDACTORS


def _redact_setting(obj: Obj) -> Obj:
    """A Setting; of those in `WITHHELD_SETTINGS`, only that it exists and since when."""
    if name_of(obj) not in WITHHELD_SETTINGS:
        return obj
    metadata = {key: value for key, value in obj["metadata"].items() if key in KEPT_METADATA}
    return {key: value for key, value in obj.items() if key in KEPT} | {"metadata": metadata}


def _redact_cluster(obj: Obj) -> Obj:
    """Rancher's Cluster without the token of its service account, in plain text before Rancher 2.6.7."""
    if field_path("status.serviceAccountToken").get(obj) is None:
        return obj
    return obj | {"status": {key: value for key, value in obj["status"].items() if key != "serviceAccountToken"}}


def _redact_vm(obj: Obj) -> Obj:
    """A VM without its volumes and the copy of itself in an annotation: cloud-init data in them holds passwords."""
    kept = {key: value for key, value in obj.items() if key != "spec"}
    if isinstance(spec := obj.get("spec"), dict):
        kept["spec"] = {key: value for key, value in spec.items() if key not in {"volumes", "template"}}
    metadata = obj.get("metadata")
    if isinstance(metadata, dict) and isinstance(notes := metadata.get("annotations"), dict):
        annotations = {key: value for key, value in notes.items() if key not in COPIES}
        kept["metadata"] = metadata | {"annotations": annotations}
    return kept


_REDACTORS: dict[str, Callable[[Obj], Obj | None]] = {
    "clusters.management.cattle.io": _redact_cluster,
    "secrets": strip_plan,
    "settings.harvesterhci.io": _redact_setting,
    "virtualmachineinstances.kubevirt.io": _redact_vm,
    "virtualmachines.kubevirt.io": _redact_vm,
}
