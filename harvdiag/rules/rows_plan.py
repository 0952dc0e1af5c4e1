"""The checks of Upgrade V2: the webhook of UpgradePlan, which tells all faults at once, and its first phase."""

from __future__ import annotations

from harvdiag.rules.hands import CERTIFICATES, DISKS
from harvdiag.rules.hands_storage import VOLUMES
from harvdiag.rules.row import (
    ADDONS_SETTLED,
    CERTIFICATES_LAST,
    MACHINES_RUN,
    NO_BACKUP,
    NO_CERTIFICATES,
    NO_DISKS,
    PAIRED,
    SCHEDULES_SUSPENDED,
    VMS_MIGRATE,
    Row,
    Tool,
)

__all__ = ["ROWS"]

FIRST = "v1.7.1"
"""The first release that can be upgraded by an UpgradePlan."""
ALL = "management.harvesterhci.io/skip-webhook"
SKIPS = {
    "disk": "management.harvesterhci.io/skip-garbage-collection-threshold-check",
    "certificates": "management.harvesterhci.io/min-certs-expiration-in-day",
}
"""The annotations that skip one check; for the others, `ALL`."""
ADDS = {
    "vms": "why each cannot; it asks with restoreVM, too, which spares no plan; on 1.7 also those with a CD-ROM or a "
    "container disk, which it lets pass and KubeVirt does not move",
}
"""What harvdiag says more, or otherwise."""
RUNNING = {"concurrent", "cleanup"}
"""What is asked while an upgrade runs, too."""


def _row(word: str, asks: str, *rules: str, go: str = "", hand: tuple[str, tuple[str, ...]] = ("", ())) -> Row:
    """`hand` is what harvdiag cannot know, and the commands that tell it."""
    return Row(
        tool=Tool.PLAN,
        id=word,
        asks=asks,
        rules=rules,
        go=(go,) if go else (),
        since=FIRST,
        skip=SKIPS.get(word, ALL),
        adds=ADDS.get(word, ""),
        unknown=hand[0],
        by_hand=hand[1],
        running=word in RUNNING,
    )


ROWS = (
    _row(
        "version",
        "the plan names a version or an image, the Version exists, and it can be reached from the release installed",
        "preflight-version-unknown",
        "preflight-path-unsupported",
    ),
    _row("concurrent", "no other UpgradePlan is under way", "preflight-other-upgrade"),
    _row("cleanup", "no plan still cleans up", "preflight-cleanup-pending"),
    _row(
        "nodes",
        "every Node is Ready and schedulable; one without a Ready condition is not",
        "preflight-node-not-ready",
        "preflight-node-unschedulable",
        go="node-status",
    ),
    _row(
        "cluster",
        "the Cluster local of provisioning is ready",
        "preflight-provisioning-cluster-not-ready",
        go="capi-cluster-state",
    ),
    _row(
        "machines",
        MACHINES_RUN,
        "preflight-machine-not-running",
        "machine-failed",
        go="capi-machine-state",
    ),
    _row(
        "pairing",
        PAIRED,
        "preflight-machine-count",
        "preflight-node-machine-mismatch",
        go="capi-machine-count",
    ),
    _row(
        "volumes",
        "no volume is degraded (with three nodes or more), none has a single replica (also on one node)",
        "preflight-volume-degraded",
        "volume-faulted",
        "preflight-single-replica-volume",
        "preflight-plan-single-replica-volume",
        go="longhorn-volume-health",
        hand=("", VOLUMES),
    ),
    _row("vm-backups", NO_BACKUP, "preflight-vm-backup-running"),
    _row("schedules", SCHEDULES_SUSPENDED, "preflight-backup-schedule-active"),
    _row("vms", VMS_MIGRATE, "preflight-vm-not-migratable", "preflight-plan-vm-not-migratable", go="virtual-machines"),
    _row("charts", "every ManagedChart is ready", "preflight-managed-chart-not-ready", go="helm-bundles"),
    _row("addons", ADDONS_SETTLED, "preflight-addon-processing"),
    _row(
        "pause-nodes",
        "the nodes to pause exist",
        hand=("the UpgradePlan does not exist yet", ()),
    ),
    _row(
        "disk",
        "13 GiB of new images fit on each Node below the threshold of the kubelet",
        "preflight-disk-space",
        go="node-free-space",
        hand=(NO_DISKS, DISKS),
    ),
    _row(
        "certificates",
        CERTIFICATES_LAST,
        "preflight-certificate-expiring",
        go="certificates",
        hand=(NO_CERTIFICATES, CERTIFICATES),
    ),
)
