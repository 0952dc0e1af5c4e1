"""The kinds of what runs on the hosts and must leave them before a drain; docs/objects.md#kinds.

VirtualMachineInstances are not among them: their `spec` may hold user data with passwords in plain text, and whatever
is in the catalogue is saved.
"""

from __future__ import annotations

from harvdiag.kinds.columns import CREATED, DELETING, NAME, NAMESPACE, UID, at, count
from harvdiag.kinds.kind import Kind, Link

__all__ = ["KINDS"]


VOLUME = Kind(
    name="Volume.longhorn.io",
    group="longhorn.io",
    plural="volumes",
    home="longhorn-system",
    versions=("v1beta2", "v1beta1"),
    columns=(
        NAMESPACE,
        NAME,
        at("state", "status.state"),
        at("robustness", "status.robustness"),
        at("node", "status.currentNodeID"),
        count("replicas", "spec.numberOfReplicas"),
        at("claim_namespace", "status.kubernetesStatus.namespace"),
        at("claim", "status.kubernetesStatus.pvcName"),
        DELETING,
        CREATED,
        UID,
    ),
    links=(Link("status.currentNodeID", "Node"),),
)

KINDS = (VOLUME,)
