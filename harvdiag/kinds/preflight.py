"""What only a preflight reads: claims, backups, images' copies, address pools; docs/objects.md#kinds.

A check never reads them: there may be thousands, and none tells why an upgrade that runs is stuck.
"""

from __future__ import annotations

from harvdiag.core.conditions import STATUS_LIST
from harvdiag.kinds.columns import (
    CREATED,
    DELETING,
    NAME,
    NAMESPACE,
    UID,
    bool_column,
    field_column,
    int_column,
)
from harvdiag.kinds.kind import Kind

__all__ = ["KINDS"]

HARVESTER = "harvester-system"
LONGHORN = "longhorn-system"
CLAIM = Kind(
    name="PersistentVolumeClaim",
    group="",
    plural="persistentvolumeclaims",
    home=HARVESTER,
    lazy=True,
    keep=(
        'metadata.annotations["harvesterhci.io/imageId"]',
        'metadata.annotations["harvesterhci.io/goldenImage"]',
        "spec.accessModes",
        "spec.resources.requests.storage",
        "spec.storageClassName",
        "spec.volumeMode",
        "spec.volumeName",
        "status.capacity",
        "status.phase",
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("phase", "status.phase"),
        field_column("volume", "spec.volumeName"),
        field_column("size", "spec.resources.requests.storage"),
        field_column("storage_class", "spec.storageClassName"),
        DELETING,
        CREATED,
        UID,
    ),
)
VM_BACKUP = Kind(
    name="VirtualMachineBackup",
    group="harvesterhci.io",
    plural="virtualmachinebackups",
    home=HARVESTER,
    versions=("v1beta1",),
    lazy=True,
    keep=("spec.type", "spec.source", "status.readyToUse", "status.error", *STATUS_LIST),
    columns=(
        NAMESPACE,
        NAME,
        field_column("type", "spec.type"),
        field_column("source", "spec.source.name"),
        bool_column("ready", "status.readyToUse"),
        DELETING,
        CREATED,
        UID,
    ),
)
SCHEDULE = Kind(
    name="ScheduleVMBackup",
    group="harvesterhci.io",
    plural="schedulevmbackups",
    home=HARVESTER,
    versions=("v1beta1",),
    lazy=True,
    keep=("spec.cron", "spec.suspend", "spec.vmbackup.type", "spec.vmbackup.source", "status.suspended", *STATUS_LIST),
    columns=(
        NAMESPACE,
        NAME,
        field_column("cron", "spec.cron"),
        bool_column("suspended", "status.suspended", "spec.suspend"),
        field_column("source", "spec.vmbackup.source.name"),
        CREATED,
        UID,
    ),
)
BACKING_IMAGE = Kind(
    name="BackingImage",
    group="longhorn.io",
    plural="backingimages",
    home=LONGHORN,
    versions=("v1beta2", "v1beta1"),
    lazy=True,
    keep=(
        'metadata.annotations["harvesterhci.io/imageId"]',
        "spec.minNumberOfCopies",
        "spec.disks",
        "spec.diskFileSpecMap",
        "status.diskFileStatusMap",
        "status.size",
    ),
    columns=(NAMESPACE, NAME, int_column("copies", "spec.minNumberOfCopies"), DELETING, CREATED, UID),
)
BACKING_IMAGE_MANAGER = Kind(
    name="BackingImageManager",
    group="longhorn.io",
    plural="backingimagemanagers",
    home=LONGHORN,
    versions=("v1beta2", "v1beta1"),
    lazy=True,
    keep=("spec.nodeID", "spec.image", "status.currentState", "status.ownerID"),
    columns=(
        NAMESPACE,
        NAME,
        field_column("node", "spec.nodeID"),
        field_column("state", "status.currentState"),
        CREATED,
        UID,
    ),
)
IP_POOL = Kind(
    name="IPPool",
    group="whereabouts.cni.cncf.io",
    plural="ippools",
    home="kube-system",
    versions=("v1alpha1",),
    lazy=True,
    keep=("spec.range", "spec.allocations"),
    columns=(NAMESPACE, NAME, field_column("range", "spec.range"), CREATED, UID),
)
VERSION = Kind(
    name="Version",
    group="harvesterhci.io",
    plural="versions",
    home=HARVESTER,
    versions=("v1beta1",),
    lazy=True,
    keep=("spec.minUpgradableVersion", "spec.releaseDate", "spec.tags"),
    columns=(
        NAMESPACE,
        NAME,
        field_column("minimum", "spec.minUpgradableVersion"),
        field_column("released", "spec.releaseDate"),
        CREATED,
        UID,
    ),
)
CDI_CONFIG = Kind(
    name="CDIConfig",
    group="cdi.kubevirt.io",
    plural="cdiconfigs",
    versions=("v1beta1",),
    lazy=True,
    keep=("status.defaultPodResourceRequirements.limits.memory",),
    columns=(
        NAME,
        field_column("importer_memory", "status.defaultPodResourceRequirements.limits.memory"),
        CREATED,
        UID,
    ),
)

KINDS = (CLAIM, VM_BACKUP, SCHEDULE, BACKING_IMAGE, BACKING_IMAGE_MANAGER, IP_POOL, VERSION, CDI_CONFIG)
