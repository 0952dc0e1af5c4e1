"""What harvdiag may keep of objects that can hold credentials, and which kinds it never keeps; equal for every source.

Secrets have rules of their own (`harvdiag.kinds.plansecret`).
"""

from __future__ import annotations

from collections.abc import Callable

from harvdiag.core.fields import Obj, field, name_of
from harvdiag.kinds.plansecret import admit

__all__ = ["WITHHELD", "WITHHELD_SETTINGS", "discreet", "withheld"]

WITHHELD_SETTINGS = frozenset({"additional-ca", "cluster-registration-url", "containerd-registry", "ssl-certificates"})
"""Settings that a support bundle leaves out (rancher/support-bundle-kit, pkg/manager/collectors/harvester.go): a
private key, the passwords of registries, a URL with a token in it, and a CA of the house."""
KEPT = frozenset({"apiVersion", "kind"})
KEPT_METADATA = frozenset({"creationTimestamp", "deletionTimestamp", "generation", "name", "resourceVersion", "uid"})
"""What stays of such a Setting. Annotations may copy the whole object, conditions may quote its value, and nobody knows
what the next version adds: so this names what is kept, not what is cut."""

WITHHELD = "holds credentials: harvdiag never reads it"
"""Why a kind that is `withheld` is not looked at."""
CREDENTIALS = ("credential", "kubeconfig", "password", "secret", "token")
"""A kind with one of these in its plural is there for credentials: tokens, authtokens, samltokens,
clusterregistrationtokens and cloudcredentials of management.cattle.io, tokens, kubeconfigs and passwordchangerequests
of ext.cattle.io, tokenreviews of authentication.k8s.io, and what others call so."""
BY_NAME = {
    "authconfigs.management.cattle.io": "passwords and client secrets of the identity providers",
    "users.management.cattle.io": "hashes of passwords, before Rancher moved them into Secrets",
}
"""Kinds whose name does not tell it, and what they hold. A support bundle leaves them out, too."""
COPIES = frozenset({"kubectl.kubernetes.io/last-applied-configuration", "harvesterhci.io/volumeClaimTemplates"})
"""Annotations in which a VM is copied, or its disks are."""


def withheld(group: str, plural: str) -> bool:
    """Whether a kind exists for credentials, so that it is never read. Secrets are not: of them, plans are kept."""
    if not group and plural == "secrets":
        return False
    return any(word in plural for word in CREDENTIALS) or f"{plural}.{group}" in BY_NAME


def discreet(resource: str, objects: list[Obj]) -> list[Obj]:
    """What may be kept of these objects of one kind, which goes by its name for kubectl; of most kinds, all of it."""
    keep = _GUARDED.get(resource)
    return [fit for obj in objects if (fit := keep(obj))] if keep else objects


def _setting(obj: Obj) -> Obj:
    """A Setting; of those in `WITHHELD_SETTINGS`, that it exists and since when."""
    if name_of(obj) not in WITHHELD_SETTINGS:
        return obj
    metadata = {key: value for key, value in obj["metadata"].items() if key in KEPT_METADATA}
    return {key: value for key, value in obj.items() if key in KEPT} | {"metadata": metadata}


def _management_cluster(obj: Obj) -> Obj:
    """Rancher's Cluster without the token of its service account, in plain text there before Rancher 2.6.7."""
    if field("status.serviceAccountToken").get(obj) is None:
        return obj
    return obj | {"status": {key: value for key, value in obj["status"].items() if key != "serviceAccountToken"}}


def _vm(obj: Obj) -> Obj:
    """A VM without its volumes and the copy of itself in an annotation: cloud-init data in them holds passwords."""
    kept = {key: value for key, value in obj.items() if key != "spec"}
    if isinstance(spec := obj.get("spec"), dict):
        kept["spec"] = {key: value for key, value in spec.items() if key not in {"volumes", "template"}}
    metadata = obj.get("metadata")
    if isinstance(metadata, dict) and isinstance(notes := metadata.get("annotations"), dict):
        told = {key: value for key, value in notes.items() if key not in COPIES}
        kept["metadata"] = metadata | {"annotations": told}
    return kept


_GUARDED: dict[str, Callable[[Obj], Obj | None]] = {
    "clusters.management.cattle.io": _management_cluster,
    "secrets": admit,
    "settings.harvesterhci.io": _setting,
    "virtualmachineinstances.kubevirt.io": _vm,
    "virtualmachines.kubevirt.io": _vm,
}
