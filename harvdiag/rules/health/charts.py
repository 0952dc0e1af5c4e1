"""The charts of Harvester: fleet's Bundles and the ManagedCharts that they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.conditions import conditions_of
from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.columns import condition_column
from harvdiag.kinds.local import FLEET
from harvdiag.rules import actions, advice
from harvdiag.rules.chart_status import ChartStatus, Difference, read_status
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import (
    being_installed,
    just_ended,
    lasts,
    quote_words,
    running_plan,
    under_way,
)
from harvdiag.rules.thresholds import LASTING, REMOVAL
from harvdiag.rules.workload_room import excused_pods, room_beside_witness
from harvdiag.upgrade.charts import is_upgrade_chart
from harvdiag.upgrade.phases import AT_NODES, AT_SERVICES

CHARTS = "managedcharts.management.cattle.io"
STEPS = {
    "Processed": condition_column("processed", "Processed"),
    "Defined": condition_column("defined", "Defined"),
}
"""What Rancher does before there is a Bundle: conditions of a ManagedChart."""
OF_UPGRADE = "hvst-upgrade-"
"""How the names of Upgrades begin, and those of what is made for one."""
OF_CHARTS = "mcc-"
"""How the names of Bundles begin that Rancher makes of ManagedCharts."""
LOCKED = "another operation"
OF_OBJECTS = ("deployment-without-room", "deployment-not-whole", "daemonset-not-whole", "kubevirt-not-available")
"""Findings about the objects of a Bundle."""
SHOWN = 3
"""How many differing objects a message names."""


class _Note(NamedTuple):
    """What the rest of the cluster says about a chart's status: words, steps, and what proves it."""

    words: str
    steps: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


KNOWN = ("helm-release-locked", "harvester-bundle-crds-outdated", "system-agent-bundle-modified")
"""The checks that tell more of a Bundle that is not ready."""


@rule(
    "bundle-not-ready",
    holds=True,
    needs={"Upgrade", "Bundle", "UpgradePlan"},
    optional={"ManagedChart", "Node", "Machine", "Deployment", "DaemonSet"},
    links=[
        "harvester/harvester#3675",
        "harvester/harvester#5917",
        "harvester/harvester#7088",
        "harvester/harvester#7375",
        "harvester/harvester#7454",
    ],
)
def bundle_not_ready(facts: Facts) -> Iterator[Hit]:
    """A fleet Bundle is not ready.

    Fleet installs Harvester and its charts by Bundles. One that could not be applied (ErrApplied), that differs from
    the cluster (Modified), or whose pods are not ready makes its ManagedChart not ready, and Harvester refuses an
    upgrade. In an upgrade, where that is normal for a while, the Job apply-manifests waits for it.
    """
    for obj in facts.snapshot.objects("Bundle"):
        ref, status = ObjectRef("Bundle", namespace_of(obj), name_of(obj)), read_status(obj)
        severity = _judge(facts, ref, obj, status) if status.state and ref.namespace == FLEET else None
        if severity is None:
            continue
        notes = list(_notes(facts, status))
        chart = ObjectRef("ManagedChart", FLEET, ref.name.removeprefix("mcc-"))
        yield Hit(
            subject=ref,
            severity=severity,
            message=f"Bundle {ref.name} {_describe(status)}{''.join(f'; {note.words}' for note in notes)}",
            evidence=(*_status_evidence(facts, ref, obj), *(e for note in notes for e in note.evidence)),
            next=tuple(_bundle_steps(ref.name, obj, status, notes)),
            caution=advice.UNINSTALL,
            causes=(
                *(Cause(name, ref) for name in KNOWN),
                *(Cause(name, chart) for name in ("chart-left-paused", "leftover-upgrade-chart")),
                *([Cause("managed-chart-not-ready", chart)] if _upgrade_name(obj) else ()),
                *_object_causes(status),
            ),
        )


def _judge(facts: Facts, ref: ObjectRef, obj: Obj, status: ChartStatus, *, failed: bool = False) -> Severity | None:
    """Return how severe a state is; None for one that passes, or that an upgrade brings about."""
    failed = failed or status.state == "ErrApplied"
    own = is_upgrade_chart(ref.kind, ref.name)
    if get_text(obj, "metadata.deletionTimestamp") or _is_of_recent_upgrade(facts, obj):
        return None
    if under_way(facts):
        return _judge_in_upgrade(facts, status, failed) if own else None
    if being_installed(facts) or not lasts(facts, status.since):
        return Severity.INFO
    settles = just_ended(facts) and status.state != "ErrApplied" and not lasts(facts, status.since, LASTING)
    if settles or _is_excused(facts, status):
        return None
    refused = own or ref.kind == "ManagedChart" or _has_chart(facts, ref)
    if refused:
        return Severity.ERROR
    return Severity.WARNING if ref.name.startswith(OF_CHARTS) else Severity.INFO  # else it is of a user


def _is_excused(facts: Facts, status: ChartStatus) -> bool:
    """Return whether it only lacks pods for hosts that are in maintenance, or are being removed."""
    short = [(found.wanted or 0) - found.ready if found.ready is not None else None for found in status.differences]
    if status.state != "NotReady" or not short or None in short:
        return False
    facts.snapshot.require("Node")
    return max(lacks for lacks in short if lacks is not None) <= excused_pods(facts)


def _judge_in_upgrade(facts: Facts, status: ChartStatus, failed: bool) -> Severity | None:
    """Return how severe a state of an own chart is while an upgrade runs: it waits for the charts in phase 6 alone."""
    phase = facts.upgrade_run.upgrade.state if facts.upgrade_run else ""
    if phase == AT_SERVICES and failed:
        return Severity.ERROR if lasts(facts, status.since) else None
    passing = not failed and (LOCKED in status.message or phase == AT_NODES or running_plan(facts) is not None)
    return None if passing or not lasts(facts, status.since, LASTING, unknown=False) else Severity.WARNING


def _has_chart(facts: Facts, bundle: ObjectRef) -> bool:
    name = bundle.name.removeprefix("mcc-")
    return name != bundle.name and facts.snapshot.get(ObjectRef("ManagedChart", FLEET, name)) is not None


def _upgrade_name(obj: Obj) -> str:
    """Return the Upgrade for which it was made, by its label or its name; empty for a chart of the cluster."""
    label = get_labels(obj).get("harvesterhci.io/upgrade")
    name = name_of(obj).removeprefix("mcc-")
    return str(label) if label else "-".join(name.split("-")[:3]) if name.startswith(OF_UPGRADE) else ""


def _is_of_recent_upgrade(facts: Facts, obj: Obj) -> bool:
    """Return whether it was made for an Upgrade that runs, or ended within the hour: that one cares for it."""
    owner = _upgrade_name(obj)
    upgrade = next((upgrade for upgrade in facts.upgrades.all if upgrade.ref.name == owner), None) if owner else None
    completed = upgrade.conditions.get("Completed") if upgrade else None
    return upgrade is not None and (upgrade.running or not lasts(facts, completed.since if completed else "", REMOVAL))


def _describe(status: ChartStatus) -> str:
    since = f" since {Timestamp(status.since)}" if status.since else ""
    named = ", ".join(quote_words(str(found)) for found in status.differences[:SHOWN])
    more = f" and {len(status.differences) - SHOWN} more" if len(status.differences) > SHOWN else ""
    failed = status.state == "ErrApplied"
    reason = quote_words(status.reason, 400) if failed and status.reason else ""
    told = "; ".join(filter(None, (reason, f"{named}{more}"))) or quote_words(status.message, 400)
    if failed:
        return f"could not be applied{since}: {told or 'fleet gives no reason'}"
    return f"is {status.state}{since}{f': {told}' if told else ''}"


def _notes(facts: Facts, status: ChartStatus) -> Iterator[_Note]:
    """Return what contradicts the status, or explains it."""
    short = [found for found in status.differences if found.ready is not None and found.ready < (found.wanted or 0)]
    room = room_beside_witness(facts) if facts.snapshot.seen("Node") and short else None
    crowded = [found for found in short if found.ref.kind == "Deployment" and room and (found.wanted or 0) > room]
    if crowded and room:
        yield _witness_note(crowded, room)
    for found in (found for found in short if found not in crowded):
        yield from _stale_notes(facts, found)


def _witness_note(crowded: list[Difference], room: int) -> _Note:
    names = " and ".join(f"{found.ref.namespace}/{found.ref.name}" for found in crowded)
    wanted = max(found.wanted or 0 for found in crowded)
    return _Note(
        f"a witness takes none of these pods, so {names} can have {room} of {wanted} at most, and the chart's replicas "
        f"must be {room}",
        advice.set_chart_replicas(room),
    )


def _stale_notes(facts: Facts, found: Difference) -> Iterator[_Note]:
    """Return that the object itself is whole, though fleet counts less; or how to find out where it was not seen."""
    ref = found.ref
    paths = {"DaemonSet": ("status.numberAvailable", "status.desiredNumberScheduled")}
    paths |= {"Deployment": ("status.availableReplicas", "spec.replicas")}
    if ref.kind not in paths:
        return
    obj = facts.snapshot.get(ref)
    look = f"`kubectl get {ref.kind.lower()} -n {ref.namespace} {actions.quote_argument(ref.name)}`"
    if obj is None:
        if _every_node_counts(facts, found):
            words = f"all {found.wanted} Nodes are Ready, so that count may be stale"
            yield _Note(words, (f"Compare with {look}: if all are available there, fleet's status is stale.", *REFRESH))
        return
    available, desired = (field_path(path).get(obj) for path in paths[ref.kind])
    if isinstance(available, int | float) and isinstance(desired, int | float) and available >= desired > 0:
        words = f"that status is stale: {ref.kind} {ref.namespace}/{ref.name} itself has {available:g} of {desired:g}"
        yield _Note(words, REFRESH, field_evidence(facts, ref, *paths[ref.kind]))


REFRESH = (
    (
        f"Make fleet look again: restart its agent, {actions.RESTART_FLEET}. It only reads and applies what is already "
        "there."
    ),
)


def _every_node_counts(facts: Facts, found: Difference) -> bool:
    """Return whether a DaemonSet that was not seen wants a pod on every Node, and all of them are Ready."""
    column = condition_column("ready", "Ready")
    nodes = facts.snapshot.objects("Node")
    return (
        found.ref.kind == "DaemonSet"
        and found.wanted == len(nodes)
        and all(column.value(node) == "True" for node in nodes)
    )


def _object_causes(status: ChartStatus) -> Iterator[Cause]:
    """Return the findings about the objects themselves: they say why these are not ready."""
    for found in status.differences:
        for name in (
            "deployment-without-room",
            "deployment-not-whole",
            "daemonset-not-whole",
            "kubevirt-not-available",
        ):
            yield Cause(name, found.ref)


def _bundle_steps(bundle: str, obj: Obj, status: ChartStatus, notes: list[_Note]) -> Iterator[str]:
    count = field_path("spec.forceSyncGeneration").get(obj)
    generation = int(count) if isinstance(count, int | float) else 0
    yield advice.inspect_object("bundles.fleet.cattle.io", bundle)
    yield from (step for note in notes for step in note.steps)
    if status.state == "ErrApplied":
        yield (
            f"Check the state of its Helm release: `helm list -A -a`. {advice.ROLL_BACK} Newer releases do so by "
            "themselves."
        )
    if status.state == "Modified":
        yield (
            "Find out who changed that object; a change that is meant belongs into `spec.values` or `spec.diff` of the "
            "ManagedChart."
        )
        yield f"Otherwise {actions.sync_bundle(bundle, generation + 1)}."
    if status.state in {"ErrApplied", "OutOfSync", "WaitApplied", "Pending"}:
        yield (f"If that does not help, restart fleet's agent: {actions.RESTART_FLEET}.")


def _status_evidence(facts: Facts, ref: ObjectRef, obj: Obj) -> tuple[Evidence, ...]:
    rows = [row for row in conditions_of(obj) if row.status not in {"True", ""}]
    told = (Evidence(ref, row.path, row.message or row.status) for row in rows)
    return (*field_evidence(facts, ref, "status.summary"), *told)


@rule(
    "managed-chart-not-ready",
    holds=True,
    needs={"Upgrade", "ManagedChart", "UpgradePlan"},
    optional={"Node", "Machine"},
    links=["harvester/harvester#3234", "harvester/harvester#3675", "harvester/harvester#5917"],
)
def managed_chart_not_ready(facts: Facts) -> Iterator[Hit]:
    """A ManagedChart is not ready.

    Harvester refuses an upgrade while the condition Ready of any ManagedChart is not True, also that of one which an
    earlier upgrade left behind. In an upgrade the Job apply-manifests waits for each ("Waiting for ManagedChart"): one
    whose chart cannot be read, or whose Bundle cannot be applied, does not become ready.
    """
    for obj in facts.snapshot.objects("ManagedChart"):
        ref, status = ObjectRef("ManagedChart", namespace_of(obj), name_of(obj)), read_status(obj)
        failed = [kind for kind, column in STEPS.items() if column.value(obj) == "False"]
        wrong = ref.namespace == FLEET and bool(failed or status.state)
        severity = _judge(facts, ref, obj, status, failed=bool(failed)) if wrong else None
        if severity is None:
            continue
        at_rest = severity is Severity.ERROR and not under_way(facts)
        passes = at_rest and status.ready.status in {"True", ""}
        refused = "; Harvester refuses an upgrade until it is ready" if at_rest and not passes else ""
        yield Hit(
            subject=ref,
            severity=Severity.WARNING if passes else severity,
            message=f"ManagedChart {ref.name} {_describe_chart(status, failed)}{refused}",
            evidence=(*field_evidence(facts, ref, "spec.version", "spec.paused"), *_status_evidence(facts, ref, obj)),
            next=_chart_steps(ref),
            causes=_chart_causes(ref, obj),
        )


def _describe_chart(status: ChartStatus, failed: list[str]) -> str:
    if failed:
        reason = f": {quote_words(status.message, 400)}" if status.message else ""
        return f"has failed: its condition {failed[0]} is False{reason}"
    return _describe(status)


def _chart_steps(ref: ObjectRef) -> tuple[str, ...]:
    return (
        advice.inspect_object(CHARTS, ref.name),
        (
            "Look at its Bundle: `kubectl get bundles.fleet.cattle.io -n fleet-local "
            f"{actions.quote_argument(f'mcc-{ref.name}')} -o yaml`."
        ),
        advice.IF_UNCLEAR,
    )


def _chart_causes(ref: ObjectRef, obj: Obj) -> tuple[Cause, ...]:
    bundle = ObjectRef("Bundle", FLEET, f"mcc-{ref.name}")
    own = tuple(Cause(name, ref) for name in ("leftover-upgrade-chart", "chart-left-paused", "helm-release-locked"))
    return own if _upgrade_name(obj) else (*own, Cause("bundle-not-ready", bundle))
