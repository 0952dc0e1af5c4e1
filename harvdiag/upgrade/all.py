"""The Upgrade objects of a snapshot, and which of them is the current one."""

from __future__ import annotations

from functools import cached_property

from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.wording import created_at

__all__ = ["Upgrades"]


class Upgrades:
    """The Upgrade objects of a snapshot, the latest first."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @property
    def all(self) -> list[Upgrade]:
        """Every Upgrade, the one labelled latest first, then the youngest."""
        self._snapshot.touch("Upgrade")
        return self._all

    @cached_property
    def _all(self) -> list[Upgrade]:
        found = [Upgrade(obj) for obj in self._snapshot.objects("Upgrade")]
        found.sort(key=created_at, reverse=True)
        return sorted(found, key=lambda u: not u.latest)

    @property
    def plan(self) -> UpgradePlan | None:
        """The UpgradePlan (Upgrade V2) that is under way, the youngest first, one that another keeps from running last;
        None where none is.
        """
        found = sorted((plan for plan in self.plans if plan.running), key=created_at, reverse=True)
        return min(found, key=lambda plan: bool(plan.blocked), default=None)

    @property
    def under_way(self) -> Upgrade | None:
        """The upgrade that is under way, of either kind, V1 before V2; None where none is."""
        return self.running or self.plan

    @property
    def plans(self) -> list[UpgradePlan]:
        """Every UpgradePlan."""
        self._snapshot.touch("UpgradePlan")
        return self._plans

    @cached_property
    def _plans(self) -> list[UpgradePlan]:
        return [UpgradePlan(obj) for obj in self._snapshot.objects("UpgradePlan")]

    @property
    def running(self) -> Upgrade | None:
        """The Upgrade that is under way, or None."""
        return next((upgrade for upgrade in self.all if upgrade.running), None)

    @property
    def last(self) -> Upgrade | None:
        """The last upgrade of either kind: the latest Upgrade, or an UpgradePlan that is younger; None without any."""
        latest = next(iter(self.all), None)
        plan = max(self.plans, key=created_at, default=None)
        return plan if plan and (latest is None or created_at(plan) > created_at(latest)) else latest

    @property
    def failed_plan(self) -> UpgradePlan | None:
        """The last UpgradePlan, where it has failed, none runs, and no Upgrade has taken over since."""
        last = max(self.plans, key=created_at, default=None)
        if last is None or not last.failed or self.under_way:
            return None
        return None if any(created_at(upgrade) > created_at(last) for upgrade in self.all) else last

    @property
    def failed(self) -> Upgrade | None:
        """The last Upgrade, where none runs, it has failed, and no UpgradePlan has taken over since."""
        last = next(iter(self.all), None)
        if last is None or self.running or not last.failed:
            return None
        good = any(not plan.failed and created_at(plan) > created_at(last) for plan in self.plans)
        return None if good else last
