"""The services that an upgrade depends on: fleet's bundles, charts, and the labels that a newer Rancher needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.conditions import Condition, conditions_of
from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import PLAN_MACHINE_LABEL
from harvdiag.kinds.columns import condition_column
from harvdiag.kinds.local import FLEET, LOCAL, MANAGEMENT
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.charts import is_upgrade_chart
from harvdiag.upgrade.phases import AT_SERVICES

ADMINISTRATED = 'metadata.annotations["provisioning.cattle.io/administrated"]'
CLUSTER_LABELS = tuple(f"plan.cattle.io/cluster-{part}" for part in ("group", "kind", "name"))
CHARTS = "managedcharts.management.cattle.io"
CHART_STEPS = {
    "Processed": condition_column("processed", "Processed"),
    "Defined": condition_column("defined", "Defined"),
}
LOCKED = "another operation"
"""Helm: "another operation (install/upgrade/rollback) is in progress"."""
LASTING = timedelta(hours=2)
"""How long a passing fault may last before it is reported: Helm retries for minutes, not for hours."""
UNINSTALL = "Never uninstall a Helm release of Harvester: that deletes the objects it installed."
SETTLED = timedelta(minutes=10)
"""How long a fault must have lasted while an upgrade runs: the upgrade and fleet retry by themselves."""
RELEASE = re.compile(r"v?(\d+)\.(\d+)")
SET_ADMINISTRATED = (
    "Join no host before the annotation is set.",
    (
        "Set the annotation: `kubectl annotate clusters.management.cattle.io local "
        "provisioning.cattle.io/administrated=true`; later releases do it (harvester/harvester#11336)."
    ),
)


@rule(
    "bundle-not-ready",
    needs={"Upgrade", "Bundle", "UpgradePlan"},
    links=["harvester/harvester#3675", "harvester/harvester#3616", "harvester/harvester#7088"],
)
def bundle_not_ready(facts: Facts) -> Iterator[Hit]:
    """A fleet Bundle that the upgrade installs could not be applied.

    The Job apply-manifests waits until each chart of Harvester is installed. Fleet reports ErrApplied if Helm failed:
    mostly because an earlier operation on the release never ended ("another operation is in progress"). That a Bundle
    is not ready for a while is normal in an upgrade, and not a finding.
    """
    if _affected_upgrade(facts) is None:
        return
    for obj in facts.snapshot.objects("Bundle"):
        ref = ObjectRef("Bundle", get_text(obj, "metadata.namespace"), name_of(obj))
        if not (_is_upgrade_chart(ref) and _apply_failed(obj) and _has_lasted(facts, obj)):
            continue
        yield Hit(
            subject=ref,
            message=f"Bundle {ref.name} could not be applied: {_failure_message(obj) or 'fleet gives no reason'}",
            evidence=(*field_evidence(facts, ref, "status.summary"), *_condition_evidence(ref, obj)),
            next=_release_steps(ref.name),
            caution=UNINSTALL,
        )


def _release_steps(bundle: str) -> tuple[str, ...]:
    return (
        advice.inspect_object("bundles.fleet.cattle.io", bundle),
        (
            "Check the state of its Helm release: `helm list -A -a`. Roll back one that stays at "
            "pending-upgrade with `helm rollback` to its last deployed revision; newer releases do so by "
            "themselves."
        ),
        (
            "If that does not help, restart fleet's agent: `kubectl rollout restart deployment -n "
            "cattle-fleet-local-system fleet-agent`."
        ),
    )


@rule(
    "managed-chart-not-ready",
    needs={"Upgrade", "ManagedChart", "UpgradePlan"},
    links=["harvester/harvester#3234", "harvester/harvester#3675"],
)
def managed_chart_not_ready(facts: Facts) -> Iterator[Hit]:
    """A ManagedChart that the upgrade waits for has failed.

    The Job apply-manifests waits for each ManagedChart ("Waiting for ManagedChart"). One whose chart cannot be read, or
    whose Bundle cannot be applied, does not become ready. That it is not ready for a while is normal in an upgrade.
    """
    if _affected_upgrade(facts) is None:
        return
    for obj in facts.snapshot.objects("ManagedChart"):
        failed = [kind for kind, column in CHART_STEPS.items() if column.value(obj) == "False"]
        ref = ObjectRef("ManagedChart", get_text(obj, "metadata.namespace"), name_of(obj))
        if not (_is_upgrade_chart(ref) and (failed or _apply_failed(obj)) and _has_lasted(facts, obj)):
            continue
        what = "its Bundle could not be applied" if not failed else f"its condition {failed[0]} is False"
        yield Hit(
            subject=ref,
            message=f"ManagedChart {ref.name} has failed: {what}"
            + (f": {reason}" if (reason := _failure_message(obj)) else ""),
            evidence=(
                *field_evidence(facts, ref, "spec.version", "spec.paused", "status.summary"),
                *_condition_evidence(ref, obj),
            ),
            next=(
                advice.inspect_object(CHARTS, ref.name),
                (
                    "Look at its Bundle: `kubectl get bundles.fleet.cattle.io -n fleet-local "
                    f"{advice.quote_argument(f'mcc-{ref.name}')} -o yaml`."
                ),
            ),
            causes=(Cause("bundle-not-ready", ObjectRef("Bundle", FLEET, f"mcc-{ref.name}")),),
        )


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
    return next((time for time, age in ages.items() if age is not None and age > LASTING), "")


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
            "Roll a pending release back with `helm rollback` to its last deployed revision.",
        ),
        caution=UNINSTALL,
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


def _has_lasted(facts: Facts, obj: Obj) -> bool:
    """Return whether the fault has lasted or its time is unknown; what an ended upgrade left behind does not change."""
    stamps = [row.since for row in _false_conditions(obj)]
    ages = [age for stamp in stamps if (age := facts.now.since(Timestamp(stamp))) is not None]
    return facts.upgrades.running is None or not ages or max(ages) > SETTLED


def _apply_failed(obj: Obj) -> bool:
    count = field_path("status.summary.errApplied").get(obj)
    return isinstance(count, int | float) and count > 0


def _false_conditions(obj: Obj) -> list[Condition]:
    return [condition for condition in conditions_of(obj) if condition.status == "False"]


def _failure_message(obj: Obj) -> str:
    return next((row.message for row in _false_conditions(obj) if row.message), "")


def _condition_evidence(ref: ObjectRef, obj: Obj) -> Iterator[Evidence]:
    for row in _false_conditions(obj):
        yield Evidence(ref, row.path, row.message or "False")


@rule(
    "cluster-not-administrated",
    severity=Severity.WARNING,
    needs={"Cluster.management.cattle.io", "Setting", "Upgrade"},
    links=["harvester/harvester#11336", "harvester/harvester#11341"],
)
def cluster_not_administrated(facts: Facts) -> Iterator[Hit]:
    """Rancher does not treat the cluster as one that it provisions itself.

    From Rancher 2.15 (Harvester 1.9) on, an annotation on the management Cluster decides how a joining host is
    treated. Without it the host counts as imported: it becomes a Node, and no Machine is ever created for it.
    """
    ref = MANAGEMENT
    obj = facts.snapshot.get(ref)
    if obj is None or not _since_1_9(facts):
        return
    if get_text(obj, ADMINISTRATED) == "true" or _services_under_way(facts):
        return
    yield Hit(
        subject=ref,
        message=(
            "Management Cluster local lacks the annotation provisioning.cattle.io/administrated: a host that joins "
            "now gets no Machine"
        ),
        evidence=(*field_evidence(facts, ref, ADMINISTRATED), Evidence(_VERSION, "value", facts.harvester_version)),
        next=SET_ADMINISTRATED,
        caution=(
            "A host that has already joined without a Machine gets none through this annotation: see the finding of "
            "its Node."
        ),
    )


_VERSION = ObjectRef("Setting", "", "server-version")


@rule(
    "rancher-plan-without-cluster-labels",
    short="Rancher plan without cluster labels",
    needs={"Secret", "Upgrade", "Setting"},
)
def rancher_plan_without_cluster_labels(facts: Facts) -> Iterator[Hit]:
    """A plan Secret lacks the labels by which Rancher 2.15 finds its cluster.

    From Rancher 2.15 (Harvester 1.9) on, plan Secrets carry plan.cattle.io/cluster-group, -kind and -name. The
    controller that cordons and drains a node ignores a Secret without them: that node stays at "Images preloaded".
    """
    plans = {plan: get_labels(facts.pairing.obj(plan)) for plan in facts.pairing.plans}
    complete = [plan for plan, present in plans.items() if all(present.get(key) for key in CLUSTER_LABELS)]
    if not (complete or _since_1_9(facts)) or _services_under_way(facts):
        return
    for plan, present in plans.items():
        if plan in complete or facts.recently_created(plan) or facts.recently_deleted(plan):
            continue
        missing = [key for key in CLUSTER_LABELS if not present.get(key)]
        others = f"which {len(complete)} others have" if complete else "which Harvester 1.9 and newer write"
        yield Hit(
            subject=plan,
            message=f"Plan Secret {plan.name} lacks {' and '.join(missing)}, {others}: Rancher will not drain its node",
            evidence=field_evidence(facts, plan, *(f'metadata.labels["{key}"]' for key in missing), PLAN_MACHINE_LABEL),
            next=_label_steps(plan.name),
            caution=f"Do not delete Secret {plan.name}: the host's agent loses its account with that Secret.",
            causes=(
                Cause("plan-without-machine", plan),
                Cause("cluster-paused", LOCAL),
            ),
        )


def _label_steps(plan: str) -> tuple[str, ...]:
    """Return how to make Rancher write the labels: it does so when it reconciles the RKEBootstrap."""
    return (
        (
            "Look at the RKEBootstrap of the same name, for Rancher writes the labels when it next reconciles "
            "that: `kubectl get rkebootstraps.rke.cattle.io -n fleet-local "
            f"{advice.quote_argument(plan.removesuffix('-machine-plan'))} -o yaml`."
        ),
        (
            "If the RKEBootstrap is in order, restart Rancher so that it reconciles again: `kubectl rollout "
            "restart deployment -n cattle-system rancher`."
        ),
    )


def _since_1_9(facts: Facts) -> bool:
    """Return whether the cluster's release includes Rancher 2.15 or newer; false if the release is unknown."""
    release = RELEASE.match(facts.harvester_version)
    return release is not None and (int(release[1]), int(release[2])) >= (1, 9)


def _services_under_way(facts: Facts) -> bool:
    """Return whether the services are being upgraded: Rancher is being replaced and will write what it needs."""
    return facts.upgrade_run is not None and facts.upgrade_run.upgrade.state == AT_SERVICES
