"""Whether an upgrade runs, and since when another is over: what the rules about leftovers share."""

from __future__ import annotations

from datetime import timedelta

from harvdiag.core.fields import Obj, get_labels, get_text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.thresholds import REMOVAL
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.owners import V2_LABEL, upgrade_of
from harvdiag.upgrade.v2 import UpgradePlan

__all__ = ["STATE", "Ended", "ended_upgrade", "ended_upgrades", "recently_ended", "upgrade_running"]

HOME = "harvester-system"
STATE = 'metadata.labels["harvesterhci.io/upgradeState"]'


class Ended:
    """An Upgrade or UpgradePlan that is gone, or over and settled: its name, and what proves that."""

    def __init__(self, facts: Facts, name: str, upgrade: Upgrade | None, *, v2: bool = False) -> None:
        self.ref = ObjectRef("UpgradePlan", "", name) if v2 else ObjectRef("Upgrade", HOME, name)
        self.facts = facts
        self.upgrade = upgrade

    @property
    def gone(self) -> bool:
        """Whether it no longer exists."""
        return self.upgrade is None

    @property
    def words(self) -> str:
        """Such as ``Upgrade hvst-upgrade-abcde, which does not exist``."""
        fate = "which does not exist" if self.gone else "which is over"
        return f"{self.ref.kind} {self.ref.name}, {fate}"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """That it does not exist, or its state."""
        if self.gone:
            return (missing_evidence(*self.ref),)
        return field_evidence(self.facts, self.ref, STATE if self.ref.kind == "Upgrade" else "status.currentPhase")


def ended_upgrade(facts: Facts, obj: Obj, name: str = "") -> Ended | None:
    """Return the Upgrade that an object was made for, if that is gone or over; None if it is not left over.

    `name` is that of the Upgrade, where the object itself does not tell. One that is being deleted does not
    count, nor one so young that its Upgrade may not have been read.
    """
    name = name or upgrade_of(obj)
    age = facts.now.since(Timestamp(get_text(obj, "metadata.creationTimestamp")))
    if not name or get_text(obj, "metadata.deletionTimestamp") or (age is not None and age < timedelta(minutes=10)):
        return None
    v2 = bool(get_labels(obj).get(V2_LABEL))
    both = facts.upgrades.plans if v2 else [*facts.upgrades.all, *facts.upgrades.plans]
    upgrade = next((upgrade for upgrade in both if upgrade.ref.name == name), None)
    if upgrade is not None and not _has_settled(facts, upgrade):
        return None
    return Ended(facts, name, upgrade, v2=upgrade.v2 if upgrade else v2)


def ended_upgrades(facts: Facts) -> list[Upgrade]:
    """Return the Upgrades that are over and settled, the latest first."""
    return [upgrade for upgrade in facts.upgrades.all if _has_settled(facts, upgrade)]


def _has_settled(facts: Facts, upgrade: Upgrade) -> bool:
    """Return whether an Upgrade ended more than an hour ago and its clean-up is not pending."""
    age = _time_since_end(facts, upgrade)
    return not upgrade.running and upgrade.cleanup_state != "Pending" and age is not None and age >= facts.span(REMOVAL)


def upgrade_running(facts: Facts) -> bool:
    """Return whether an upgrade of either kind runs."""
    return facts.upgrade_run is not None or facts.upgrades.plan is not None


def recently_ended(facts: Facts) -> bool:
    """Return whether an Upgrade ended within the hour, or still cleans up: Harvester removes its objects one by one.

    If the end of the latest is unknown, it may have been a moment ago.
    """
    ages = [_time_since_end(facts, upgrade) for upgrade in facts.upgrades.all]
    ages += [facts.now.since(Timestamp(plan.progressing.since)) for plan in facts.upgrades.plans]
    recent = any(age is not None and age < facts.span(REMOVAL) for age in ages) or ages[:1] == [None]
    return recent or any(upgrade.cleanup_state == "Pending" for upgrade in facts.upgrades.all)


def _time_since_end(facts: Facts, upgrade: Upgrade) -> timedelta | None:
    """Return how long ago it ended, by its last condition if Completed has no time; None if no condition has one."""
    completed = upgrade.progressing if isinstance(upgrade, UpgradePlan) else upgrade.conditions.get("Completed")
    ended = completed.since if completed else ""
    return facts.now.since(Timestamp(ended or latest_time(*(row.since for row in upgrade.conditions.values()))))
