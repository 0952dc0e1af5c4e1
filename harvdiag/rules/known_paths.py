"""On which upgrade path a cluster is, for the known issues: from the running upgrade, else by the release installed.

Before an upgrade whose version was told it is the path to that, over all its steps.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from harvdiag.core.conditions import Condition
from harvdiag.core.fields import Obj, get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.release import on_path
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts, NotApplicable, UnjudgedError

__all__ = ["UNKNOWN_START", "ahead", "begins", "concerned", "lasts", "off_path", "path_evidence", "path_pairs"]

SETTLING = timedelta(minutes=10)
VERSION = ObjectRef("Setting", "", "server-version")
UNKNOWN_START = f"the release installed is not known: it is the value of Setting {VERSION.name}"


def concerned(facts: Facts, paths: Collection[str]) -> bool:
    """Whether the cluster is on one of these paths, or at the start of one while no upgrade runs."""
    return any(on_path(path, start, end) for path in paths for start, end in path_pairs(facts))


def begins(facts: Facts, paths: Collection[str]) -> bool:
    """Whether the first step is on one of these paths: for what each upgrade sets again, so that later ones differ."""
    start, end = path_pairs(facts)[0]
    return any(on_path(path, start, end) for path in paths)


def off_path(facts: Facts, why: str) -> NotApplicable | UnjudgedError:
    """Return what ends a rule that is not of the cluster's path: without the start of that, none is ruled out."""
    return NotApplicable(why) if path_pairs(facts)[0][0] else UnjudgedError(UNKNOWN_START)


def ahead(facts: Facts) -> Severity | None:
    """Return the severity of an issue that an upgrade which was named will meet; None where none was named."""
    return Severity.WARNING if facts.target else None


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


def path_pairs(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Return each step of the path as two versions; the second is empty where only the start is known."""
    if (upgrade := facts.upgrades.running) is not None:
        return ((upgrade.previous_version or facts.harvester_version, upgrade.version),)
    if (plan := facts.upgrades.plan) is not None:
        return ((plan.previous_version or facts.harvester_version, plan.version),)
    if not facts.target:
        return ((facts.harvester_version, ""),)
    return facts.path.pairs
