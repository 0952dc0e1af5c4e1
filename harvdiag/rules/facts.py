"""Facts: what the rules read of one snapshot. Each is computed once, when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from harvdiag.core.fields import Obj, get_text
from harvdiag.core.model import CoverageEntry, Finding, ObjectRef
from harvdiag.core.policy import Limit, Policy
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import Pairing
from harvdiag.graph.references import Links
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.thresholds import JOINING, REMOVAL, STILL
from harvdiag.snapshot import Snapshot
from harvdiag.snapshot.watch import Told
from harvdiag.upgrade import Upgrades
from harvdiag.upgrade.run import UpgradeRun

if TYPE_CHECKING:
    from harvdiag.upgrade.movement import Movement
    from harvdiag.upgrade.paths import Path

__all__ = ["Facts", "NotApplicable", "UnjudgedError", "Unseen"]

Made = TypeVar("Made")


class Unseen(Exception):  # noqa: N818 - not an error: it ends a rule that cannot judge without what was not seen
    """Raised by `Facts.find` where a rule cannot judge without a list that was not seen: the rule is skipped."""

    def __init__(self, entry: CoverageEntry) -> None:
        super().__init__(entry.kind)
        self.entry = entry

    @property
    def gap(self) -> str:
        """Why it was not seen."""
        return f"{self.entry.state}: {self.entry.reason}"


class UnjudgedError(Exception):
    """Raised by a rule that cannot judge, for a reason that has no list of a kind: it is skipped."""


class NotApplicable(Exception):  # noqa: N818 - not an error: it ends a rule whose question has no meaning here
    """Raised by a rule that does not apply to this cluster, with the reason: ``only on Harvester 1.4.1 and 1.4.2``."""


class Facts:
    """One snapshot and what is derived from it: links, pairs, upgrades, and the time of collection as "now"."""

    found: tuple[Finding, ...] = ()
    """What the other rules found; for a rule declared as `fallback` only, which is run after them."""

    target = ""
    """The version to which one means to upgrade; for a preflight only, empty where it was not told."""

    def __init__(self, snapshot: Snapshot, policy: Policy | None = None) -> None:
        self.snapshot = snapshot
        self._thresholds = policy.thresholds if policy else {}
        self._movement: list[Movement | None] = []
        self._made: dict[Callable[[Facts], Any], tuple[Any, Told]] = {}
        self.answers: dict[str, str] = {}
        """What the cluster answers to questions in steps, each asked once (`harvdiag.rules.answered`)."""

    def span(self, limit: Limit | timedelta) -> timedelta:
        """Return a threshold (`harvdiag.rules.thresholds`) as the person has set it, else its default."""
        value = self._thresholds.get(limit.name, limit.default) if isinstance(limit, Limit) else limit
        return value if isinstance(value, timedelta) else timedelta()

    def number(self, limit: Limit) -> int:
        """Return a threshold that is a number."""
        value = self._thresholds.get(limit.name, limit.default)
        return value if isinstance(value, int) else 0

    def knowing(self, found: Iterable[Finding]) -> Facts:
        """Return the same facts, with what was found in them; the costly ones are computed once for both."""
        known = copy(self)
        known.found = tuple(found)
        return known

    def towards(self, target: str) -> Facts:
        """Return the same facts for an upgrade to `target`; the costly ones are computed once for both."""
        aimed = copy(self)
        aimed.target = target
        for name in ("path", "target_version"):
            vars(aimed).pop(name, None)
        return aimed

    def once(self, make: Callable[[Facts], Made]) -> Made:
        """Return what a function makes of the facts, which is kept: several rules ask for the same.

        Each rule is told on which kinds it depends, as if it were made anew. It may depend neither on the target of an
        upgrade nor on what was found, and no one may change it.
        """
        if make in self._made:
            made, told = self._made[make]
            self.snapshot.tell(told)
        else:
            told = {}
            with self.snapshot.noting(told):
                made = make(self)
            self._made[make] = made, told
        kept: Made = made
        return kept

    @cached_property
    def target_version(self) -> Obj | None:
        """The Version object of the target in the cluster, if one was seen; it refines what is known of a release."""
        with self.snapshot.watched(None):
            return self.snapshot.get(ObjectRef("Version", "harvester-system", self.target)) if self.target else None

    @cached_property
    def path(self) -> Path:
        """The way from the release installed to the target, by the lowest release from which it can be reached: as its
        Version in the cluster says, if one was seen.
        """
        from harvdiag.upgrade.paths import find_path

        with self.snapshot.watched(None):
            least = get_text(self.target_version, "spec.minUpgradableVersion")
            return find_path(self.harvester_version, self.target, least)

    @cached_property
    def links(self) -> Links:
        """Which object references which other."""
        return Links(self.snapshot)

    @cached_property
    def pairing(self) -> Pairing:
        """Which Node belongs to which Machine."""
        return Pairing(self.links)

    @cached_property
    def upgrades(self) -> Upgrades:
        """The Upgrade objects, the latest first."""
        return Upgrades(self.snapshot)

    @property
    def upgrade_run(self) -> UpgradeRun | None:
        """The Upgrade in progress, with its nodes and Jobs; None if there is none."""
        self.snapshot.touch("Upgrade")
        return self._upgrade_run

    @cached_property
    def _upgrade_run(self) -> UpgradeRun | None:
        upgrade = self.upgrades.running
        return UpgradeRun(upgrade, self.snapshot, self.pairing) if upgrade else None

    @cached_property
    def plan_run(self) -> UpgradeRun | None:
        """The UpgradePlan (Upgrade V2) in progress, with its nodes and Jobs; None if there is none."""
        plan = self.upgrades.plan
        return UpgradeRun(plan, self.snapshot, self.pairing) if plan else None

    @property
    def rollout(self) -> UpgradeRun | None:
        """The upgrade in progress, of either kind, V1 before V2; None if there is none."""
        return self.upgrade_run or self.plan_run

    @property
    def running(self) -> str:
        """The upgrade under way by kind and name, ``Upgrade hvst-upgrade-x``; empty if none is, or none was seen."""
        with self.snapshot.watched(None):
            rollout = self.rollout
        return f"{rollout.upgrade.ref.kind} {rollout.upgrade.ref.name}" if rollout else ""

    @cached_property
    def has_plan_hooks(self) -> bool:
        """Whether plan Secrets have the hooks of Upgrade V2: a name of fields, which shows nothing by itself."""
        with self.snapshot.watched(None):
            return self.rollout is not None and self.rollout.upgrade.v2

    @property
    def movement(self) -> Movement | None:
        """The last step of the upgrade in progress, and how long ago it was; None without one, or where nothing tells.

        It is found when it is first asked for, which costs as much as many checks, and kept for copies, too.
        """
        if not self._movement:
            from harvdiag.upgrade.movement import find_movement

            rollout = self.rollout
            self._movement.append(
                find_movement(rollout, self.snapshot, self.now, still=self.span(STILL)) if rollout else None
            )
        return self._movement[0]

    @cached_property
    def harvester_version(self) -> str:
        """Setting `server-version`; empty if it was not seen."""
        setting = self.snapshot.get(ObjectRef("Setting", "", "server-version"))
        return (get_text(setting, "value") or get_text(setting, "default")) if setting else ""

    @property
    def now(self) -> Timestamp:
        """The time of collection, never that of the local clock; if it is unknown, the last heartbeat of any Node.

        Kubelets send one every five minutes, which is accurate enough for durations.
        """
        if not self._now:
            self.snapshot.require("Node")
        return self._now

    @cached_property
    def _now(self) -> Timestamp:
        with self.snapshot.watched(None):
            return self.snapshot.collected_at

    def find(self, kind: str, wanted: Wanted, *, required: bool = False) -> tuple[Obj, ...]:
        """Return the objects of a large kind that are wanted, as far as they were seen (`Snapshot.find`).

        With `required`, the rule that asks is skipped where the list was not seen: absence then proves absence. A kind
        that is read so is `optional` in the declaration of a rule, as it is not read before a rule asks.
        """
        found = self.snapshot.find(kind, wanted)
        if required and found.gap is not None:
            raise Unseen(found.entry)
        return found.objects

    def recently_created(self, ref: ObjectRef) -> bool:
        """Whether it was created less than half an hour ago (``join-time``).

        It may still be joining, and a source reads its lists one after another, so some may be older than the object.
        """
        return self._happened_within(ref, "metadata.creationTimestamp", self.span(JOINING))

    def recently_deleted(self, ref: ObjectRef) -> bool:
        """Whether it was deleted less than an hour ago (``removal-time``): its parts go one by one
        (docs/objects.md#removal-machine).
        """
        return self._happened_within(ref, "metadata.deletionTimestamp", self.span(REMOVAL))

    def _happened_within(self, ref: ObjectRef, path: str, span: timedelta) -> bool:
        age = self.now.since(Timestamp(get_text(self.links.objects.get(ref), path)))
        return age is not None and age < span
