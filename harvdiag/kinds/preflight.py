"""What only a preflight reads: claims, backups, images' copies, address pools; docs/objects.md#kinds.

A check never reads them: there may be thousands, and none tells why an upgrade that runs is stuck. Those without a
version are not objects of Kubernetes: harvdiag puts them together from what a live cluster tells.
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
    time_column,
)
from harvdiag.kinds.kind import Kind, Link
from harvdiag.kinds.local import FLEET

__all__ = ["KINDS", "KUBECONFIG", "KUBELET_CONFIG", "SERVING_CERTIFICATE"]

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
KUBELET_CONFIG = Kind(
    name="KubeletConfig",
    group="",
    plural="kubeletconfigs",
    versions=(),
    lazy=True,
    keep=("kubeletconfig.imageGCHighThresholdPercent", "kubeletconfig.imageGCLowThresholdPercent"),
    columns=(
        NAME,
        int_column("image_gc_high", "kubeletconfig.imageGCHighThresholdPercent"),
        int_column("image_gc_low", "kubeletconfig.imageGCLowThresholdPercent"),
    ),
    links=(Link("metadata.name", "Node"),),
)
"""At which percentage a node's kubelet removes images, from the kubelet itself (nodes/proxy, configz); live only."""
SERVING_CERTIFICATE = Kind(
    name="ServingCertificate",
    group="",
    plural="servingcertificates",
    versions=(),
    lazy=True,
    keep=("address", "notBefore", "notAfter"),
    columns=(
        NAME,
        field_column("address", "address"),
        time_column("valid_from", "notBefore"),
        time_column("valid_until", "notAfter"),
    ),
    links=(Link("metadata.name", "Node"),),
)
"""The certificate that the API server of a control-plane node shows in a TLS handshake; live only."""
KUBECONFIG = Kind(
    name="KubeconfigSecret",
    group="",
    plural="accesslabels",
    home=FLEET,
    versions=(),
    lazy=True,
    keep=("metadata.labels",),
    columns=(
        NAMESPACE,
        NAME,
        field_column("cluster", 'metadata.labels["cluster.x-k8s.io/cluster-name"]'),
        CREATED,
        UID,
    ),
)
"""The labels of the Secret local-kubeconfig, by which Cluster API reaches the cluster; never its data; live only.

Its plural is not that of a Secret, whose kinds are never looked at (`harvdiag.kinds.sensitive`).
"""
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

KINDS = (
    CLAIM,
    VM_BACKUP,
    SCHEDULE,
    BACKING_IMAGE,
    BACKING_IMAGE_MANAGER,
    IP_POOL,
    VERSION,
    CDI_CONFIG,
    KUBELET_CONFIG,
    SERVING_CERTIFICATE,
    KUBECONFIG,
)
