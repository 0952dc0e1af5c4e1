"""On which upgrade path a cluster is, for the known issues: from the running upgrade, else by the release installed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from harvdiag.core.conditions import Condition
from harvdiag.core.fields import Obj, get_text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.release import on_path
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts

__all__ = ["concerned", "lasts", "path_evidence"]

SETTLING = timedelta(minutes=10)
VERSION = ObjectRef("Setting", "", "server-version")


def concerned(facts: Facts, paths: Collection[str]) -> bool:
    """Whether the cluster is on one of these paths, or at the start of one while no upgrade runs."""
    start, end = _path_of(facts)
    return any(on_path(path, start, end) for path in paths)


def path_evidence(facts: Facts) -> tuple[Evidence, ...]:
    """Return the releases between which the upgrade runs, or the one installed."""
    if (upgrade := facts.upgrades.running) is not None:
        return field_evidence(facts, upgrade.ref, "status.previousVersion", "spec.version")
    known = facts.snapshot.get(VERSION) is not None
    return field_evidence(facts, VERSION, "value") if known else ()


def lasts(facts: Facts, since: Condition | Obj | str, span: timedelta = SETTLING) -> bool:
    """Whether a condition, an object or a time is older than a span; an unknown age is none."""
    if isinstance(since, Condition):
        since = since.since
    text = since if isinstance(since, str) else get_text(since, "metadata.creationTimestamp")
    age = facts.now.since(Timestamp(text))
    return age is not None and age >= span


def _path_of(facts: Facts) -> tuple[str, str]:
    if (upgrade := facts.upgrades.running) is not None:
        return upgrade.previous_version or facts.harvester_version, upgrade.version
    if (plan := facts.upgrades.plan) is not None:
        return plan.previous_version or facts.harvester_version, plan.version
    return facts.harvester_version, ""
