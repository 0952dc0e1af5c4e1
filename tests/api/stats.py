"""Invented figures of a kubelet: what /stats/summary says of a node's disks, and /configz of its settings."""

from __future__ import annotations

from typing import Any

from harvdiag.training.world.objects import number

_GIB = 1 << 30


def summary(node: str) -> dict[str, Any]:
    """The summary of a node; its figures depend on the name alone."""
    at = "2025-05-08T09:59:50Z"
    disk = _filesystem(node, "fs", 150 * _GIB)
    images = _filesystem(node, "images", 150 * _GIB)
    head: dict[str, Any] = {"nodeName": node, "startTime": "2025-05-07T13:02:11Z"}
    head |= {"cpu": {"time": at, "usageNanoCores": 1_200_000_000 + number(10**9, node)}}
    head |= {"memory": {"time": at, "availableBytes": 40 * _GIB, "workingSetBytes": 88 * _GIB}}
    runtime = {"imageFs": {"time": at} | images, "containerFs": {"time": at} | images}
    return {"node": head | {"fs": {"time": at} | disk, "runtime": runtime}, "pods": []}


def config() -> dict[str, Any]:
    """The configuration of a kubelet, as its /configz has it; the thresholds are those of Kubernetes."""
    thresholds = {"imageGCHighThresholdPercent": 85, "imageGCLowThresholdPercent": 80}
    return {"kubeletconfig": {"maxPods": 200, "clusterDomain": "cluster.local", **thresholds}}


def _filesystem(node: str, which: str, capacity: int) -> dict[str, int]:
    used = number(capacity // 2, node, which, "used")
    inodes = 9_830_400
    taken = number(inodes // 3, node, which, "inodes")
    found = {"availableBytes": capacity - used, "capacityBytes": capacity, "usedBytes": used}
    return found | {"inodesFree": inodes - taken, "inodes": inodes, "inodesUsed": taken}
