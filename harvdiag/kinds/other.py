"""Columns of kinds outside the catalogue that a person looks at by hand; no check reads them."""

from __future__ import annotations

from harvdiag.kinds.columns import (
    CREATED,
    DELETING,
    NAME,
    NAMESPACE,
    UID,
    Column,
    bool_column,
    field_column,
)

__all__ = ["OTHER_COLUMNS"]

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
