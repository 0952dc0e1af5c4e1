"""The logging of an upgrade, which Harvester sets up before anything else."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import condition_path, find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.facts import Facts
from harvdiag.rules.pod_evidence import PodTrouble, find_trouble
from harvdiag.rules.thresholds import BROKEN, LATE
from harvdiag.rules.upgrade_evidence import age_since, current_upgrade
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.wording import format_duration

SYSTEM, OPERATORS = "harvester-system", "cattle-logging-system"
TIMEOUT = "Timeout"
STEPS = (
    ("LoggingOperatorReady", "its logging operator is not deployed"),
    ("InfraReady", "its fluentd and fluent-bit are not ready"),
    ("Started", "its rules for collecting logs are not active"),
)
"""The conditions of an UpgradeLog in their order, with what the first that is not True means."""


@rule(
    "upgrade-logging-not-ready",
    short="logging not ready",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "UpgradeLog", "UpgradePlan"},
    optional={"ManagedChart", "Pod", "Event"},
    links=["harvester/harvester#7955", "harvester/harvester#7654"],
)
def upgrade_logging_not_ready(facts: Facts) -> Iterator[Hit]:
    """The logging of an upgrade does not come up.

    Before it downloads anything, Harvester deploys a logging operator, fluentd and fluent-bit, unless the Upgrade says
    spec.logEnabled: false. Older releases wait for them without end; newer ones let the Upgrade fail after
    logReadyTimeout, by default 5 minutes.
    """
    rollout = current_upgrade(facts)
    upgrade = rollout.upgrade if rollout else None
    ready = upgrade.conditions.get("LogReady") if upgrade else None
    if upgrade is None or ready is None or not _concerns(upgrade):
        return
    age = age_since(facts, ready.since)
    log = next((obj for obj in facts.snapshot.objects("UpgradeLog") if _is_of(obj, upgrade)), None)
    speaks = upgrade.failed or age >= facts.span(LATE)
    pods = _find_pods(facts, log, required=not speaks) if log and (age >= facts.span(BROKEN) or upgrade.failed) else []
    if speaks or pods:
        waits = "" if upgrade.failed else f"; it has waited for {format_duration(age)}"
        yield _logging_hit(facts, upgrade, log, pods, waits)


def _concerns(upgrade: Upgrade) -> bool:
    """Whether the upgrade waits for its logging, or failed by that."""
    ready = upgrade.conditions["LogReady"]
    return ready.status == "Unknown" if upgrade.running else (ready.status, ready.reason) == ("False", TIMEOUT)


def _is_of(log: Obj, upgrade: Upgrade) -> bool:
    return get_text(log, "spec.upgradeName") == upgrade.ref.name


def _find_pods(facts: Facts, log: Obj, *, required: bool) -> list[PodTrouble]:
    """Find the pods of an UpgradeLog that do not work."""
    prefixes = (f"{name_of(log)}-",)
    wanted = (Wanted(namespace=space, prefixes=prefixes, faulty=True) for space in (SYSTEM, OPERATORS))
    found = (facts.find("Pod", question, required=required) for question in wanted)
    return [pod for pods in found for pod in find_trouble(facts, pods) if pod.word]


def _logging_hit(facts: Facts, upgrade: Upgrade, log: Obj | None, pods: list[PodTrouble], waits: str) -> Hit:
    ref = ObjectRef("UpgradeLog", namespace_of(log), name_of(log)) if log else None
    step = next(((kind, text) for kind, text in STEPS if find_condition(log, kind).status != "True"), None)
    chart = ObjectRef("ManagedChart", "fleet-local", f"{name_of(log)}-operator") if log else None
    told = find_condition(facts.snapshot.get(chart), "Ready").message if chart else ""
    why = f"; Pod {pods[0].pod.name} {pods[0].text}" if pods else f": {format_value(told)}" if told else ""
    what = "it has no UpgradeLog" if log is None else step[1] if step else "Harvester has not taken note of it"
    return Hit(
        subject=upgrade.ref,
        message=f"The logging of Upgrade {upgrade.ref.name} does not come up: {what}{why}{waits}",
        evidence=(
            *((_step_evidence(ref, log, step[0]),) if ref and step else ()),
            *(line for pod in pods[:2] for line in pod.evidence),
            *((Evidence(chart, condition_path("Ready"), told),) if chart and told else ()),
            Evidence(upgrade.ref, condition_path("LogReady"), upgrade.status("LogReady")),
        ),
        next=tuple(_logging_steps(upgrade, ref, pods)),
        caution=advice.UNTOUCHED_NODES,
        causes=tuple(_leftover_causes(facts, upgrade)),
        targets=(*((ref,) if ref else ()), *(pod.pod for pod in pods[:2])),
    )


def _step_evidence(ref: ObjectRef, log: Obj | None, kind: str) -> Evidence:
    return Evidence(ref, condition_path(kind), find_condition(log, kind).status or None)


def _logging_steps(upgrade: Upgrade, log: ObjectRef | None, pods: list[PodTrouble]) -> Iterator[str]:
    if any("Image" in pod.word for pod in pods):
        yield (
            "Without a way to the internet, give the Logging of this upgrade images that the nodes have: "
            f"{actions.edit_logging(upgrade.ref.name)} (harvester/harvester#7955); in newer releases also its "
            "FluentbitAgent."
        )
    if log:
        name = actions.quote_argument(f"{log.name}-operator")
        yield advice.inspect_object("upgradelogs.harvesterhci.io", log.name, log.namespace)
        yield f"Check its operator: `kubectl get managedcharts.management.cattle.io -n fleet-local {name} -o yaml`."
    if not upgrade.failed:
        yield actions.stop_upgrade(upgrade.ref.name, " to go on without logs")
    yield f"Then {actions.START_UPGRADE} without Enable Logging (spec.logEnabled: false)."


def _leftover_causes(facts: Facts, upgrade: Upgrade) -> Iterator[Cause]:
    """Return what an earlier upgrade left behind: its operator manages the same kinds."""
    for log in facts.snapshot.objects("UpgradeLog"):
        if not _is_of(log, upgrade):
            yield Cause("leftover-upgrade-log", ObjectRef("UpgradeLog", namespace_of(log), name_of(log)))
    for chart in facts.snapshot.objects("ManagedChart"):
        ref = ObjectRef("ManagedChart", namespace_of(chart), name_of(chart))
        yield Cause("leftover-upgrade-chart", ref)
        yield Cause("managed-chart-not-ready", ref)
