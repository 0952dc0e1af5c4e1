"""Fields that change by themselves, whether or not anything happens: they make no difference between two readings."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["VOLATILE_FIELDS", "VOLATILE_KEYS"]

VOLATILE_KEYS = frozenset(
    {
        "actualSize",
        "generation",
        "lastHeartbeatTime",
        "lastProbeTime",
        "lastRefreshTime",
        "lastTransitionTime",
        "lastUpdateTime",
        "managedFields",
        "observedGeneration",
        "renewTime",
        "resourceVersion",
        "selfLink",
        "storageAvailable",
    }
)
"""Keys of any object, at any depth: counters of the API, heartbeats, and how full a disk is at the moment."""
VOLATILE_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Node": (
        "status.images",
        'metadata.annotations["management.cattle.io/pod-limits"]',
        'metadata.annotations["management.cattle.io/pod-requests"]',
    ),
    "Cluster.management.cattle.io": ("status.allocatable", "status.limits", "status.requested"),
}
"""Fields of single kinds: the images on a disk, and what Rancher counts of the pods every few minutes."""
