"""The kinds of the cluster `local` itself, of Cluster API and of Rancher; docs/objects.md#kinds and #links."""

from __future__ import annotations

from harvdiag.kinds.columns import (
    CONDITIONS,
    CREATED,
    DELETING,
    NAME,
    NAMESPACE,
    OWNER,
    UID,
    bool_column,
    condition_column,
    field_column,
)
from harvdiag.kinds.kind import Kind, Link
from harvdiag.kinds.local import FLEET

__all__ = ["KINDS"]


COLUMNS = (
    NAMESPACE,
    NAME,
    field_column("phase", "status.phase"),
    bool_column("paused", "spec.paused"),
    condition_column("ready", "Ready"),
    field_column("kubernetes", "spec.kubernetesVersion", "status.version.gitVersion"),
    field_column("control_plane", "spec.controlPlaneRef.name"),
    field_column("infrastructure", "spec.infrastructureRef.name"),
    OWNER,
    DELETING,
    CREATED,
    UID,
)

FIELDS = (
    "spec.controlPlaneRef",
    "spec.infrastructureRef",
    "spec.kubernetesVersion",
    "spec.paused",
    "status.observedGeneration",
    "status.phase",
    "status.ready",
    *CONDITIONS,
)
CLUSTER = Kind(
    name="Cluster",
    group="cluster.x-k8s.io",
    plural="clusters",
    home=FLEET,
    versions=("v1beta1", "v1beta2", "v1alpha4", "v1alpha3"),
    stored=(
        *FIELDS,
        "spec.topology.version",
    ),
    columns=COLUMNS,
    links=(Link("spec.controlPlaneRef", by="reference"), Link("spec.infrastructureRef", by="reference")),
)
PROVISIONING = Kind(
    name="Cluster.provisioning.cattle.io",
    group="provisioning.cattle.io",
    plural="clusters",
    home=FLEET,
    columns=COLUMNS,
    stored=(*FIELDS, "spec.rkeConfig.upgradeStrategy", "status.clusterName"),
    links=(Link("status.clusterName", "Cluster.management.cattle.io"),),
)
MANAGEMENT = Kind(
    name="Cluster.management.cattle.io",
    group="management.cattle.io",
    plural="clusters",
    home="",
    versions=("v3",),
    stored=(
        *FIELDS,
        'metadata.annotations["provisioning.cattle.io/administrated"]',
        "status.version.gitVersion",
    ),
    columns=COLUMNS,
)
RKECLUSTER = Kind(
    name="RKECluster",
    group="rke.cattle.io",
    plural="rkeclusters",
    home=FLEET,
    stored=FIELDS,
    columns=COLUMNS,
)
RKECONTROLPLANE = Kind(
    name="RKEControlPlane",
    group="rke.cattle.io",
    plural="rkecontrolplanes",
    home=FLEET,
    stored=(
        *(*FIELDS, "spec.provisionGeneration", "spec.upgradeStrategy", "status.initialized"),
        *("status.etcdSnapshotRestorePhase", "status.etcdSnapshotCreatePhase", "status.rotateEncryptionKeysPhase"),
    ),
    columns=COLUMNS,
)

KINDS = (CLUSTER, PROVISIONING, MANAGEMENT, RKECLUSTER, RKECONTROLPLANE)
