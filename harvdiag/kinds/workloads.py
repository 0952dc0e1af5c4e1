"""The kinds of workloads that must leave a host before a drain; docs/objects.md#kinds.

VirtualMachineInstances are not among them: their `spec` may contain user data with passwords in plain text, and every
kind of the catalogue is saved.
"""

from __future__ import annotations

from harvdiag.kinds.columns import CONDITIONS, CREATED, DELETING, NAME, NAMESPACE, UID, field_column, int_column
from harvdiag.kinds.kind import Kind, Link

__all__ = ["KINDS"]


VOLUME = Kind(
    name="Volume.longhorn.io",
    group="longhorn.io",
    plural="volumes",
    home="longhorn-system",
    versions=("v1beta2", "v1beta1"),
    stored=(
        "spec.accessMode",
        "spec.backendStoreDriver",
        "spec.dataEngine",
        "spec.dataLocality",
        "spec.diskSelector",
        "spec.migratable",
        "spec.migrationNodeID",
        "spec.nodeID",
        "spec.nodeSelector",
        "spec.numberOfReplicas",
        "spec.replicaSoftAntiAffinity",
        "spec.size",
        "status.actualSize",
        "status.currentMigrationNodeID",
        "status.currentNodeID",
        "status.kubernetesStatus",
        "status.lastDegradedAt",
        "status.robustness",
        "status.state",
        *CONDITIONS,
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("state", "status.state"),
        field_column("robustness", "status.robustness"),
        field_column("node", "status.currentNodeID"),
        int_column("replicas", "spec.numberOfReplicas"),
        field_column("claim_namespace", "status.kubernetesStatus.namespace"),
        field_column("claim", "status.kubernetesStatus.pvcName"),
        DELETING,
        CREATED,
        UID,
    ),
    links=(Link("status.currentNodeID", "Node"),),
)

KINDS = (VOLUME,)
