"""Columns of kinds outside the catalogue that a person looks at by hand; no check reads them."""

from __future__ import annotations

from harvdiag.kinds.columns import (
    CONDITIONS,
    CREATED,
    DELETING,
    NAME,
    NAMESPACE,
    UID,
    Column,
    bool_column,
    field_column,
)

__all__ = ["OTHER_COLUMNS", "OTHER_FIELDS", "STATE"]

OTHER_COLUMNS: dict[str, tuple[Column, ...]] = {
    "persistentvolumeclaims": (
        NAMESPACE,
        NAME,
        field_column("phase", "status.phase"),
        field_column("volume", "spec.volumeName"),
        field_column("capacity", "status.capacity.storage"),
        field_column("storage_class", "spec.storageClassName"),
        DELETING,
        CREATED,
        UID,
    ),
    "volumeattachments.storage.k8s.io": (
        NAME,
        field_column("attacher", "spec.attacher"),
        field_column("volume", "spec.source.persistentVolumeName"),
        field_column("node", "spec.nodeName"),
        bool_column("attached", "status.attached"),
        field_column("attach_error", "status.attachError.message"),
        field_column("detach_error", "status.detachError.message"),
        DELETING,
        CREATED,
        UID,
    ),
}
STATE = ("status.phase", "status.state", "spec.paused", "spec.suspend", "spec.nodeName", *CONDITIONS)
"""What tells of an object of any kind how it is."""
_SCALE = (
    "spec.replicas",
    "spec.selector.matchLabels",
    "status.replicas",
    "status.readyReplicas",
    "status.availableReplicas",
)
_CONTAINERS = ("spec.template.spec.containers.name", "spec.template.spec.containers.image")
OTHER_FIELDS: dict[str, tuple[str, ...]] = {
    "cronjobs.batch": ("spec.schedule", "spec.timeZone", "spec.suspend", "status.active", "status.lastScheduleTime"),
    "events.events.k8s.io": (
        *("regarding", "note", "reason", "type", "eventTime", "series", "reportingController", "deprecatedCount"),
        *("deprecatedFirstTimestamp", "deprecatedLastTimestamp", "deprecatedSource.component"),
    ),
    "leases.coordination.k8s.io": ("spec.holderIdentity", "spec.renewTime", "spec.leaseDurationSeconds"),
    "persistentvolumeclaims": (
        *("spec.accessModes", "spec.storageClassName", "spec.volumeMode", "spec.volumeName", "spec.resources.requests"),
        *("status.accessModes", "status.capacity", *STATE),
    ),
    "persistentvolumes": (
        *("spec.accessModes", "spec.capacity", "spec.claimRef", "spec.persistentVolumeReclaimPolicy"),
        *(
            "spec.storageClassName",
            "spec.volumeMode",
            "spec.csi.driver",
            "spec.csi.volumeHandle",
            "status.reason",
            *STATE,
        ),
    ),
    "replicasets.apps": (*_SCALE, *_CONTAINERS, *STATE),
    "services": ("spec.clusterIP", "spec.externalIPs", "spec.externalName", "spec.ports", "spec.selector", "spec.type"),
    "statefulsets.apps": (*_SCALE, *_CONTAINERS, "status.currentReplicas", "status.updatedReplicas", *STATE),
    "storageclasses.storage.k8s.io": ("provisioner", "reclaimPolicy", "volumeBindingMode", "allowVolumeExpansion"),
    "volumeattachments.storage.k8s.io": ("spec.attacher", "spec.nodeName", "spec.source", "status"),
}
"""What is given to others of kinds outside the catalogue that a person looks at: what `harvdiag get` shows of them."""
