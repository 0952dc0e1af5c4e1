"""Room for the images of a new release on the disk of a node, as Harvester's webhook and its script reckon."""

from __future__ import annotations

__all__ = ["FIXED_THRESHOLD", "NEW_IMAGES", "THRESHOLD", "will_exceed"]

NEW_IMAGES = 13 << 30
"""Bytes that the images of a release take (validator.go, check.sh)."""
FIXED_THRESHOLD = 85
"""The percentage by which they judge, which is also the default of kubelets."""
THRESHOLD = "kubeletconfig.imageGCHighThresholdPercent"
"""The field with the percentage at which a kubelet removes images."""


def will_exceed(used: int, capacity: int, percent: int) -> bool:
    """Whether a disk is above a percentage once the images are loaded; exactly that percentage is not."""
    return (used + NEW_IMAGES) * 100 > percent * capacity
