"""The kinds on which Harvester itself runs, and the image that an upgrade waits for; docs/objects.md#kinds.

Each has a list of the fields that are kept: no environment, nothing that no check needs.
"""

from __future__ import annotations

from harvdiag.kinds.columns import (
    CREATED,
    NAME,
    NAMESPACE,
    UID,
    condition_column,
    field_column,
    int_column,
)
from harvdiag.kinds.kind import Kind

__all__ = ["KINDS"]

HARVESTER = "harvester-system"

WORKLOAD_METADATA = (
    'metadata.annotations["management.cattle.io/scale-available"]',
    'metadata.annotations["deployment.kubernetes.io/revision"]',
    'metadata.annotations["meta.helm.sh/release-name"]',
)
DEPLOYMENT = Kind(
    name="Deployment",
    group="apps",
    plural="deployments",
    home="cattle-system",
    keep=(
        *WORKLOAD_METADATA,
        "spec.replicas",
        "spec.paused",
        "spec.strategy.type",
        "spec.selector",
        "spec.template.spec.containers.name",
        "spec.template.spec.containers.image",
        "status",
    ),
    columns=(
        NAMESPACE,
        NAME,
        int_column("desired", "spec.replicas"),
        int_column("ready", "status.readyReplicas"),
        int_column("updated", "status.updatedReplicas"),
        int_column("available", "status.availableReplicas"),
        condition_column("condition_available", "Available"),
        condition_column("progressing", "Progressing"),
        CREATED,
        UID,
    ),
)
DAEMONSET = Kind(
    name="DaemonSet",
    group="apps",
    plural="daemonsets",
    home=HARVESTER,
    keep=(
        *WORKLOAD_METADATA,
        "spec.selector",
        "spec.template.spec.containers.name",
        "spec.template.spec.containers.image",
        "status",
    ),
    columns=(
        NAMESPACE,
        NAME,
        int_column("desired", "status.desiredNumberScheduled"),
        int_column("ready", "status.numberReady"),
        int_column("updated", "status.updatedNumberScheduled"),
        int_column("available", "status.numberAvailable"),
        CREATED,
        UID,
    ),
)
ADDON = Kind(
    name="Addon",
    group="harvesterhci.io",
    plural="addons",
    home=HARVESTER,
    versions=("v1beta1",),
    keep=("spec.enabled", "spec.chart", "spec.version", "spec.repo", "status"),
    columns=(
        NAMESPACE,
        NAME,
        field_column("enabled", "spec.enabled", dtype="boolean"),
        field_column("state", "status.status"),
        condition_column("processing", "InProgress"),
        CREATED,
        UID,
    ),
)
IMAGE = Kind(
    name="VirtualMachineImage",
    group="harvesterhci.io",
    plural="virtualmachineimages",
    home=HARVESTER,
    versions=("v1beta1",),
    keep=(
        'metadata.annotations["harvesterhci.io/os-upgrade-image"]',
        'metadata.annotations["harvesterhci.io/storageClassName"]',
        "spec.displayName",
        "spec.sourceType",
        "spec.url",
        "spec.backend",
        "spec.retry",
        "status",
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("display_name", "spec.displayName"),
        field_column("source", "spec.sourceType"),
        field_column("url", "spec.url"),
        int_column("progress", "status.progress"),
        int_column("failed", "status.failed"),
        condition_column("initialized", "Initialized"),
        condition_column("imported", "Imported"),
        CREATED,
        UID,
    ),
)
KUBEVIRT = Kind(
    name="KubeVirt",
    group="kubevirt.io",
    plural="kubevirts",
    home=HARVESTER,
    keep=("spec.workloadUpdateStrategy", "spec.configuration.migrations", "status"),
    columns=(
        NAMESPACE,
        NAME,
        field_column("phase", "status.phase"),
        condition_column("available", "Available"),
        condition_column("degraded", "Degraded"),
        CREATED,
        UID,
    ),
)

KINDS = (DEPLOYMENT, DAEMONSET, ADDON, IMAGE, KUBEVIRT)
