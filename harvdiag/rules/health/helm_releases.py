"""A Helm release that an interrupted operation has locked."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import Condition, conditions_of
from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.local import FLEET
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.thresholds import LASTING
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.charts import is_upgrade_chart
from harvdiag.upgrade.phases import AT_SERVICES

LOCKED = "another operation"
"""Helm: "another operation (install/upgrade/rollback) is in progress"."""


@rule(
    "helm-release-locked",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "Bundle", "ManagedChart", "UpgradePlan"},
    links=["harvester/harvester#3675", "harvester/harvester#3616", "harvester/harvester#7088"],
)
def helm_release_locked(facts: Facts) -> Iterator[Hit]:
    """A Helm release of Harvester has been locked for hours.

    "another operation (install/upgrade/rollback) is in progress" passes when that operation ends. If that was
    interrupted, as by a restart of fleet's agent, the release stays pending and the upgrade of the services waits for
    it.
    """
    if _affected_upgrade(facts) is None:
        return
    for kind in ("Bundle", "ManagedChart"):
        for obj in facts.snapshot.objects(kind):
            ref = ObjectRef(kind, get_text(obj, "metadata.namespace"), name_of(obj))
            since = "" if _apply_failed(obj) or not _is_upgrade_chart(ref) else _locked_since(facts, obj)
            if since:
                yield _locked_hit(facts, ref, obj, since)


def _locked_since(facts: Facts, obj: Obj) -> str:
    """Return since when it reports another operation; empty if it does not, or not for hours, or without a time."""
    times = [row.since for row in _false_conditions(obj) if LOCKED in row.message]
    ages = {time: facts.now.since(Timestamp(time)) for time in times}
    return next((time for time, age in ages.items() if age is not None and age > facts.span(LASTING)), "")


def _locked_hit(facts: Facts, ref: ObjectRef, obj: Obj, since: str) -> Hit:
    bundle = ObjectRef("Bundle", FLEET, f"mcc-{ref.name}")
    return Hit(
        subject=ref,
        message=(
            f"{ref.kind} {ref.name} has not been ready since {Timestamp(since)}: Helm reports that another operation "
            "on the release is in progress, and none takes hours"
        ),
        evidence=(*_condition_evidence(ref, obj), *field_evidence(facts, ref, "status.summary")),
        next=(
            "Check the state of the Helm releases: `helm list -A -a`; an interrupted operation shows as pending.",
            advice.ROLL_BACK,
        ),
        caution=advice.UNINSTALL,
        causes=tuple(
            Cause(name, bundle) for name in ("helm-release-locked", "bundle-not-ready") if ref.kind != "Bundle"
        ),
    )


def _affected_upgrade(facts: Facts) -> Upgrade | None:
    """Return the Upgrade that such a fault blocks or made fail: the running one, or the latest if that failed."""
    running, failed = facts.upgrades.running, facts.upgrades.failed
    if running:
        return running if running.state == AT_SERVICES else None
    return failed if failed and failed.status("NodesUpgraded") == "" else None


def _is_upgrade_chart(ref: ObjectRef) -> bool:
    return ref.namespace == FLEET and is_upgrade_chart(ref.kind, ref.name)


def _apply_failed(obj: Obj) -> bool:
    count = field_path("status.summary.errApplied").get(obj)
    return isinstance(count, int | float) and count > 0


def _false_conditions(obj: Obj) -> list[Condition]:
    return [condition for condition in conditions_of(obj) if condition.status == "False"]


def _condition_evidence(ref: ObjectRef, obj: Obj) -> Iterator[Evidence]:
    for row in _false_conditions(obj):
        yield Evidence(ref, row.path, row.message or "False")
