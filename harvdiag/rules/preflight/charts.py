"""Charts: ManagedCharts, fleet's Bundles and addons, as Harvester's own checks count them."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import condition_path, find_condition
from harvdiag.core.fields import Obj, field_path, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.local import FLEET
from harvdiag.rules import actions, advice
from harvdiag.rules.chart_status import read_status
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts, UnjudgedError
from harvdiag.rules.gates import refusal
from harvdiag.rules.health_evidence import quote_words

CHARTS, BUNDLES = "managedcharts.management.cattle.io", "bundles.fleet.cattle.io"
HARVESTER = ObjectRef("Bundle", FLEET, "mcc-harvester")
SUMMARY = "status.summary"
WHOLE = {"desiredReady": 1, "ready": 1}
"""The summary of Bundle mcc-harvester with which check.sh is content; fleet writes no other count that is 0."""
OF_CHARTS = "mcc-"
"""How the names of the Bundles begin that Rancher makes of ManagedCharts; all are of Helm."""
OF_CHART = ("managed-chart-not-ready", "leftover-upgrade-chart", "chart-left-paused", "helm-release-locked")
OF_BUNDLE = (
    "bundle-not-ready",
    "harvester-bundle-crds-outdated",
    "system-agent-bundle-modified",
    "helm-release-locked",
)
"""Findings that say what of a chart or a Bundle is not ready."""
SHOWN = 3
"""How many objects a message names."""


@rule(
    "preflight-managed-chart-not-ready",
    short="ManagedChart not ready",
    alike="are not ready",
    needs={"ManagedChart"},
    links=["harvester/harvester#3234", "harvester/harvester#5917", "harvester/harvester#7560"],
)
def preflight_managed_chart_not_ready(facts: Facts) -> Iterator[Hit]:
    """A ManagedChart is not ready.

    Harvester refuses an upgrade while the condition Ready of any ManagedChart in fleet-local is not True, also of one
    that an earlier upgrade left behind. One without that condition passes, though nothing has been made of it yet.
    """
    for obj in facts.snapshot.objects("ManagedChart"):
        ref, ready = ObjectRef("ManagedChart", namespace_of(obj), name_of(obj)), find_condition(obj, "Ready")
        if ref.namespace != FLEET or ready.status == "True":
            continue
        yield Hit(
            subject=ref,
            severity=None if ready else Severity.WARNING,
            message=f"ManagedChart {ref.name} {_describe_chart(facts, ref, obj)}",
            evidence=(
                Evidence(ref, condition_path("Ready"), ready.status or None),
                *((Evidence(ref, condition_path("Ready"), ready.message),) if ready.message else ()),
                *field_evidence(facts, ref, SUMMARY),
            ),
            next=(
                advice.inspect_object(CHARTS, ref.name),
                advice.inspect_object(BUNDLES, f"{OF_CHARTS}{ref.name}"),
            ),
            causes=(
                *(Cause(name, ref) for name in OF_CHART),
                *(Cause(name, ObjectRef("Bundle", FLEET, f"{OF_CHARTS}{ref.name}")) for name in OF_BUNDLE),
            ),
        )


def _describe_chart(facts: Facts, ref: ObjectRef, obj: Obj) -> str:
    status = read_status(obj)
    if not status.ready:
        return "has no condition Ready: Harvester's webhook lets it pass, though nothing shows that it was installed"
    since = f" since {Timestamp(status.since)}" if status.since else ""
    text = f"managed chart {ref.name} is not ready, please wait for it to be ready or fix it"
    return f"reports that it is not ready{since}{_name_differences(obj)}: {refusal(facts, text)}"


def _name_differences(obj: Obj) -> str:
    """Return which objects fleet says are not as they should be, with what separates it; else its message."""
    status = read_status(obj)
    named = [quote_words(str(found)) for found in status.differences]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    told = "; ".join(filter(None, (quote_words(status.reason, 400), f"{', '.join(named[:SHOWN])}{more}")))
    told = told or quote_words(status.message, 400)
    return f" ({told})" if told else ""


@rule(
    "preflight-bundle-not-ready",
    short="Bundle not ready",
    alike="are ready on no cluster",
    needs={"Bundle"},
    links=["harvester/harvester#3675", "harvester/harvester#7454"],
)
def preflight_bundle_not_ready(facts: Facts) -> Iterator[Hit]:
    """A Bundle of fleet is ready on no cluster.

    check.sh fails for any Bundle of Helm, in every namespace, whose count of ready clusters is 0, apart from
    mcc-harvester, which it judges by itself. So it does for one that has no cluster to go to, which is not a fault, and
    for those of users, for which no upgrade waits. Whether one of a user is of Helm is in its values, which are never
    read.
    """
    for obj in facts.snapshot.objects("Bundle"):
        ref = ObjectRef("Bundle", namespace_of(obj), name_of(obj))
        if ref.name == HARVESTER.name or not _has_none(obj, "ready"):
            continue
        waits = ref.namespace == FLEET and ref.name.startswith(OF_CHARTS) and not _has_none(obj, "desiredReady")
        yield Hit(
            subject=ref,
            severity=None if waits else Severity.WARNING,
            message=f"Bundle {ref.namespace}/{ref.name} {_describe_bundle(obj)}: check.sh fails Helm-Bundles"
            f"{'' if waits else ' if it is one of Helm, but an upgrade does not wait for it'}",
            evidence=field_evidence(facts, ref, SUMMARY),
            next=(advice.inspect_object(BUNDLES, ref.name, ref.namespace),),
            causes=_bundle_causes(ref),
        )


def _describe_bundle(obj: Obj) -> str:
    if _has_none(obj, "desiredReady"):
        return "is meant for no cluster, so that it is ready on none"
    return f"is {read_status(obj).state or 'not ready'}{_name_differences(obj)}"


def _has_none(obj: Obj, key: str) -> bool:
    """Whether a count of the summary is 0; one that is not there is not 0 for check.sh."""
    found = field_path(f"{SUMMARY}.{key}").get(obj)
    return isinstance(found, int | float) and found == 0


def _bundle_causes(ref: ObjectRef) -> tuple[Cause, ...]:
    chart = ObjectRef("ManagedChart", FLEET, ref.name.removeprefix(OF_CHARTS))
    return (*(Cause(name, ref) for name in OF_BUNDLE), *(Cause(name, chart) for name in OF_CHART))


@rule(
    "preflight-harvester-bundle-not-ready",
    short="Harvester's Bundle not ready",
    needs={"Bundle"},
    optional={"ManagedChart"},
    links=["harvester/harvester#3675", "harvester/harvester#5917", "harvester/harvester#7375"],
)
def preflight_harvester_bundle_not_ready(facts: Facts) -> Iterator[Hit]:
    """Bundle mcc-harvester is not ready on exactly one of one cluster.

    check.sh compares its whole summary with 1 desired and 1 ready: any other count in it fails, also where all objects
    are there and fleet has not looked again.
    """
    obj = facts.snapshot.get(HARVESTER)
    if obj is None:
        yield from _missing_hits(facts)
        return
    found = field_path(SUMMARY).get(obj)
    summary = {key: value for key, value in found.items() if value} if isinstance(found, dict) else {}
    if summary == WHOLE:
        return
    counts = [f"{key} {value:g}" for key, value in sorted(summary.items()) if isinstance(value, int | float)]
    yield Hit(
        subject=HARVESTER,
        message=f"Bundle {HARVESTER.name} has {', '.join(counts) or 'no count'} in its summary, where check.sh wants "
        f"exactly desiredReady 1 and ready 1{_name_differences(obj)}: it fails Harvester-Bundles",
        evidence=field_evidence(facts, HARVESTER, SUMMARY),
        next=(
            advice.inspect_object(BUNDLES, HARVESTER.name),
            f"If every object that it names is ready, make fleet look again: {actions.RESTART_FLEET}.",
        ),
        caution=advice.UNINSTALL,
        causes=_bundle_causes(HARVESTER),
    )


def _missing_hits(facts: Facts) -> Iterator[Hit]:
    """Yield that the Bundle does not exist; where there is no Bundle at all, the source does not show fleet."""
    if not facts.snapshot.objects("Bundle"):
        raise UnjudgedError("no Bundle of fleet is in this source at all")
    yield Hit(
        subject=HARVESTER,
        message=f"Bundle {HARVESTER.name} does not exist in {FLEET}: check.sh fails Harvester-Bundles, and no new "
        "version of Harvester's own chart can be installed",
        evidence=(missing_evidence(*HARVESTER),),
        next=(advice.inspect_object(CHARTS, "harvester"), advice.IF_UNCLEAR),
        causes=tuple(Cause(name, ObjectRef("ManagedChart", FLEET, "harvester")) for name in OF_CHART),
    )
