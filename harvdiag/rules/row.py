"""A check of Harvester's own before an upgrade, and what answers it here: one row of docs/preflight.md."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "ADDONS_SETTLED",
    "CERTIFICATES_LAST",
    "MACHINES_RUN",
    "NO_BACKUP",
    "NO_CERTIFICATES",
    "NO_DISKS",
    "PAIRED",
    "PROVISIONED",
    "SCHEDULES_SUSPENDED",
    "USER_OWN",
    "USER_VMS",
    "VMS_MIGRATE",
    "Row",
    "Tool",
]
MACHINES_RUN = "every Machine is in the phase Running"
PAIRED = "Nodes and Machines are as many, and each Node and its Machine name one another"
NO_BACKUP = "no VM backup or snapshot is in progress"
SCHEDULES_SUSPENDED = "every schedule of backups and snapshots is suspended"
VMS_MIGRATE = "no running VM is unable to migrate"
ADDONS_SETTLED = "every enabled addon has been deployed, and every other one is disabled"
NO_CERTIFICATES = "in a bundle, or a snapshot taken without --preflight: certificates are not in it"
NO_DISKS = "in a bundle, or a snapshot taken without --preflight: no object tells how full a disk is"
USER_VMS = "in a bundle, VMs of user namespaces"
USER_OWN = "in a bundle, those of user namespaces"
PROVISIONED = "the Cluster local of Cluster API is Provisioned"
CERTIFICATES_LAST = "no certificate of the API servers expires within 7 days"
"""What several of the tools ask, or harvdiag cannot know of several."""


class Tool(StrEnum):
    """Who makes a check before an upgrade."""

    WEBHOOK = "webhook"
    """Harvester's admission webhook, which refuses an Upgrade."""
    SCRIPT = "check.sh"
    """The script of harvester/upgrade-helpers, run on a host."""
    PLAN = "UpgradePlan"
    """The webhook and the first phase of Upgrade V2."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One check of Harvester's, and the rules that answer it."""

    tool: Tool
    id: str
    """``V13`` of the webhook, the name that the script prints, a word for V2."""
    asks: str
    """What must be true for it to pass, in one clause."""
    rules: tuple[str, ...] = ()
    """The rules that judge the same fact; none where neither a bundle nor the API tells it."""
    go: tuple[str, ...] = ()
    """The ids of the same check in Harvester's pre-check in Go."""
    since: str = ""
    """The first release that makes it: ``v1.5.1``; empty: every one that is supported."""
    only: str = ""
    """The releases that alone make it: ``1.4.1, 1.4.2``, ``1.7.x``; empty: see `since`."""
    skip: str = ""
    """The annotation of the Upgrade with which it is skipped."""
    adds: str = ""
    """What harvdiag says more, or otherwise: where the check is blind or wrong."""
    unknown: str = ""
    """What harvdiag cannot know, in one clause; with no rules, why it cannot judge at all."""
    by_hand: tuple[str, ...] = ()
    """The commands that answer it where harvdiag does not: on which host, and what they must show."""
    running: bool = False
    """Whether it is also asked while an upgrade runs."""

    @property
    def key(self) -> str:
        """Tool and id: ``webhook V13``."""
        return f"{self.tool} {self.id}"
