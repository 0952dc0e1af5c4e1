"""The commands that answer the checks of storage by hand, where its objects were not seen."""

from __future__ import annotations

__all__ = ["ADDRESSES", "IMAGE_COPIES", "VOLUMES"]

VOLUMES = (
    (
        "kubectl get volumes.longhorn.io -n longhorn-system -o custom-columns=NAME:.metadata.name,STATE:.status.state,"
        "HEALTH:.status.robustness,REPLICAS:.spec.numberOfReplicas,PODS:.status.kubernetesStatus.workloadsStatus[*].podStatus"
    ),
)
IMAGE_COPIES = (
    (
        "kubectl get backingimages.longhorn.io -n longhorn-system "
        "-o custom-columns=NAME:.metadata.name,COPIES:.spec.minNumberOfCopies"
    ),
)
ADDRESSES = (
    "kubectl get settings.harvesterhci.io storage-network rwx-network",
    "kubectl get instancemanagers.longhorn.io,backingimagemanagers.longhorn.io -n longhorn-system",
    "kubectl get ippools.whereabouts.cni.cncf.io -n kube-system -o yaml",
)
"""The range less what is excluded and what its pool has given out must leave an address for each manager."""
