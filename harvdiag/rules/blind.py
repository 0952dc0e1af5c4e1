"""What the checks of Harvester's own do not see, though harvdiag answers their question with it."""

from __future__ import annotations

from harvdiag.core.model import Finding
from harvdiag.rules.disk_room import FIXED_THRESHOLD, THRESHOLD, will_exceed
from harvdiag.rules.row import Row

__all__ = ["is_blind"]

BLIND = {
    "webhook V1": ("preflight-path-unsupported",),
    "webhook V3": ("UpgradePlan",),
    "webhook V4": ("UpgradePlan",),
    "webhook V6": ("volume-faulted",),
    "webhook V14": ("machine-failed",),
    "check.sh CAPI-Machine-Count": ("preflight-node-machine-mismatch",),
    "check.sh CAPI-Machine-State": ("machine-failed",),
    "check.sh Longhorn-Volume-Health-Status": ("volume-faulted",),
    "UpgradePlan version": ("preflight-path-unsupported",),
    "UpgradePlan concurrent": ("Upgrade",),
    "UpgradePlan cleanup": ("Upgrade",),
    "UpgradePlan machines": ("machine-failed",),
    "UpgradePlan volumes": ("volume-faulted",),
}
"""By tool and id of a check, the rules, or the kinds of subjects, whose findings it lets pass."""


ABSENT = {"webhook V12": ("preflight-node-not-ready",), "webhook V10": ("preflight-managed-chart-not-ready",)}
"""The rules whose findings a check lets pass where the condition that they are about is not there at all."""


DISKS = "preflight-disk-space"
MOVES_DISKS = ("UpgradePlan vms", "preflight-vm-not-migratable")
"""A check that lets pass VMs that only a CD-ROM or a container disk binds to their host."""


def is_blind(row: Row, finding: Finding) -> bool:
    """Return whether a check of Harvester's own lets pass what was found to its question."""
    if finding.rule == DISKS:
        return _has_room(row.key, finding)
    if (row.key, finding.rule) == MOVES_DISKS:
        spec = [shown.path for shown in finding.evidence if shown.path.startswith("spec.")]
        return bool(spec) and all(path.endswith((".cdrom", ".containerDisk.image")) for path in spec)
    if finding.rule in ABSENT.get(row.key, ()):
        return any(shown.value is None for shown in finding.evidence[:1])
    return bool({finding.rule, finding.subject.kind} & {*BLIND.get(row.key, ())})


def _has_room(key: str, finding: Finding) -> bool:
    """Whether a check lets the disk of a node pass: two judge by a fixed threshold, Upgrade V2 by that of the kubelet.

    A disk with room by both thresholds is told for another reason, for which the webhook alone refuses.
    """
    told = {shown.path: shown.value for shown in finding.evidence}
    used, capacity = told.get("fs.usedBytes"), told.get("fs.capacityBytes")
    if not isinstance(used, int) or not isinstance(capacity, int):
        return key.startswith("check.sh")
    own = told.get(THRESHOLD)
    fixed, by_own = (
        not will_exceed(used, capacity, percent)
        for percent in (FIXED_THRESHOLD, own if isinstance(own, int) else FIXED_THRESHOLD)
    )
    return {"webhook V13": fixed and not by_own, "UpgradePlan disk": by_own}.get(key, fixed)
