"""What the pods of an upgrade's Jobs write, as Harvester's scripts do: package/upgrade/upgrade_{manifests,node}.sh.

An active Job repeats its last line, which is what it waits for. See docs/objects.md#upgrade-jobs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from harvdiag.training.world.objects import digest
from harvdiag.training.world.upgrades import NAME
from harvdiag.training.world.world import World

__all__ = ["EVERY", "job_lines"]

EVERY = 20  # seconds between two lines
_MOST = 2_000
_ENGINES = tuple(f"pvc-{digest(8, 'volume', i)}-e-0" for i in range(3))
_HEALTHY = (*(f"Checking running engine {engine}..." for engine in _ENGINES), "All Longhorn volumes are healthy.")
_WAIT_VMS = "Waiting for VM live-migration or shutdown...(count: 2)"
_WAIT_RKE2 = "Waiting for RKE2 to be upgraded..."
_PLAN = f"{NAME}-skip-restart-rancher-system-agent"
_WAIT_PLAN = f"Waiting for plan {_PLAN} to complete..."


def job_lines(world: World, job: Mapping[str, Any]) -> list[str]:
    """The lines of a Job's pod, up to the capture where it is still at work."""
    labels = job["metadata"]["labels"]
    node = labels.get("harvesterhci.io/node", "")
    kind = labels.get("harvesterhci.io/upgradeJobType") or labels.get("harvesterhci.io/upgradeComponent", "prepare")
    before, waits, after = _TEXTS.get(kind, _TEXTS["prepare"])(world, node)
    if not job["status"].get("active"):
        return [*before, waits, *after]
    lasts = dt.datetime.fromisoformat(world.captured_at) - dt.datetime.fromisoformat(job["status"]["startTime"])
    turns = min(_MOST, int(lasts.total_seconds()) // EVERY - len(before))
    return [*before, *[waits] * max(turns, 1)]


def _head(world: World) -> list[str]:
    now = world.release
    info = (f"harvester: {now.harvester}", f"os: {now.os}", f"kubernetes: {now.kubernetes}", f"rancher: {now.rancher}")
    return ["Using repo info:", *(f"  {line}" for line in info)]


def _prepare(world: World, _: str) -> tuple[list[str], str, list[str]]:
    image = f"docker.io/rancher/harvester:{world.version}"
    return _head(world), f"Importing {image}", ["Images are loaded."]


def _manifest(world: World, _: str) -> tuple[list[str], str, list[str]]:
    begin = [f"Creating plan {_PLAN} to make rancher-system-agent temporarily skip restarting RKE2 server..."]
    services = [
        f"Plan {_PLAN} completes.",
        f"Deleting plan {_PLAN}...",
        "Upgrading Rancher",
        f"Wait for Rancher to be upgraded to {world.release.rancher}...",
        "wait rollout -n cattle-system deployment rancher-webhook",
        "Upgrading Harvester Cluster Repo",
        "Waiting for ManagedChart fleet-local/harvester from generation 12",
        "Waiting for longhorn-manager to be upgraded...",
        *(f"Checking instance-manager (aio) pod on node {name} ..." for name in world.hosts),
    ]
    return [*_head(world), *begin], _WAIT_PLAN, services


def _pre_drain(_: World, node: str) -> tuple[list[str], str, list[str]]:
    out = f"all VMs on node {node} have been live-migrated or shutdown"
    return [*_HEALTHY, f"node/{node} modified"], _WAIT_VMS, [out]


def _post_drain(world: World, node: str) -> tuple[list[str], str, list[str]]:
    done = [
        f"node/{node} untainted",
        "Starting elemental upgrade",
        f"Upgraded to {world.release.os}",
        "Reboot scheduled",
    ]
    return [f"Post-drain {node} for {world.release.kubernetes}"], _WAIT_RKE2, done


def _restore(_: World, node: str) -> tuple[list[str], str, list[str]]:
    return [f"Restoring VMs of {node}"], "starting default/vm-1", ["Done"]


_TEXTS = {
    "prepare": _prepare,
    "manifest": _manifest,
    "pre-drain": _pre_drain,
    "post-drain": _post_drain,
    "single-node-upgrade": _post_drain,
    "restore-vm": _restore,
}
