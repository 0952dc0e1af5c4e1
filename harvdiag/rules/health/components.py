"""Addons and KubeVirt: what Harvester installs beside its own pods."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harvdiag.core.conditions import Condition, find_condition
from harvdiag.core.fields import Obj, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import (
    UPGRADING,
    being_installed,
    just_ended,
    lasts,
    nodes_at_work,
    quote_words,
    under_way,
)
from harvdiag.rules.thresholds import LASTING, YOUNG
from harvdiag.rules.upgrade_evidence import condition_evidence

WORKING = frozenset({"AddonEnabling", "AddonDisabling", "AddonUpdating"})
RELEASE = re.compile(r"v?(\d+)\.(\d+)")
REFUSES = (1, 7)
"""The first release that refuses an upgrade while an Addon is being changed."""
WORKLOADS = ("virt-api", "virt-controller", "virt-operator")


@rule(
    "addon-processing",
    needs={"Addon", "Upgrade", "UpgradePlan"},
    optional={"Node"},
)
def addon_processing(facts: Facts) -> Iterator[Hit]:
    """An Addon has been changing its state for long.

    Enabling, disabling or updating an Addon takes minutes. From 1.7 on Harvester refuses an upgrade meanwhile; one that
    failed or is disabled does not matter.
    """
    for obj in facts.snapshot.objects("Addon"):
        ref, change = ObjectRef("Addon", namespace_of(obj), name_of(obj)), find_condition(obj, "InProgress")
        state = get_text(obj, "status.status")
        if not (state in WORKING or change.status == "True") or not _addon_lasts(facts, change):
            continue
        refused = _refuses_addons(facts) and not under_way(facts)
        yield Hit(
            subject=ref,
            severity=Severity.ERROR if refused else Severity.WARNING,
            message=(
                f"Addon {ref.namespace}/{ref.name} has been {state or 'in progress'} since {Timestamp(change.since)}"
                f"{f': {quote_words(change.message)}' if change.message else ''}"
                f"{'; Harvester refuses an upgrade until that ends' if refused else ''}"
            ),
            evidence=(
                *field_evidence(facts, ref, "spec.enabled", "status.status"),
                *condition_evidence(facts, ref, "InProgress", "status", "message", "since"),
                *condition_evidence(facts, ref, "OperationFailed", "status", "message"),
            ),
            next=_addon_steps(ref),
        )


def _addon_lasts(facts: Facts, change: Condition) -> bool:
    """Return whether the change has lasted longer than it takes; false where its time is unknown."""
    span = LASTING if under_way(facts) else YOUNG
    return not being_installed(facts) and lasts(facts, change.since, span, unknown=False)


def _refuses_addons(facts: Facts) -> bool:
    release = RELEASE.match(facts.harvester_version)
    return release is not None and (int(release[1]), int(release[2])) >= REFUSES


def _addon_steps(ref: ObjectRef) -> tuple[str, ...]:
    return (
        advice.inspect_object("addons.harvesterhci.io", ref.name, ref.namespace),
        (
            f"Its chart is installed by a Job: `kubectl get helmcharts.helm.cattle.io,jobs,pods -n {ref.namespace}` "
            "shows which does not end."
        ),
        advice.IF_UNCLEAR,
    )


@rule(
    "kubevirt-not-available",
    short="KubeVirt not available",
    severity=Severity.WARNING,
    holds=True,
    needs={"KubeVirt", "Upgrade", "Node", "UpgradePlan"},
    optional=UPGRADING,
    links=["harvester/harvester#10447"],
)
def kubevirt_not_available(facts: Facts) -> Iterator[Hit]:
    """KubeVirt is not available, or only in part.

    VMs can then neither start nor move to another node, which every drain of an upgrade needs; the Job apply-manifests
    waits until KubeVirt is deployed. Harvester itself does not look at it before it accepts an upgrade.
    """
    for obj in facts.snapshot.objects("KubeVirt"):
        ref = ObjectRef("KubeVirt", namespace_of(obj), name_of(obj))
        faults = [row for row in _faults(obj) if _fault_lasts(facts, row)]
        if not faults:
            continue
        yield Hit(
            subject=ref,
            message=f"KubeVirt {ref.name} {' and '.join(map(_describe_fault, faults))}",
            evidence=(
                *field_evidence(facts, ref, "status.phase", "status.observedKubeVirtVersion"),
                *(e for r in faults for e in condition_evidence(facts, ref, r.type, "status", "reason", "message")),
            ),
            next=(
                advice.inspect_object("kubevirts.kubevirt.io", ref.name, ref.namespace),
                advice.list_pods(ref.namespace),
                advice.IF_UNCLEAR,
            ),
            causes=_kubevirt_causes(ref),
        )


def _faults(obj: Obj) -> Iterator[Condition]:
    available, degraded = find_condition(obj, "Available"), find_condition(obj, "Degraded")
    if available.status == "False":
        yield available
    if degraded.status == "True":
        yield degraded


def _fault_lasts(facts: Facts, row: Condition) -> bool:
    """Return whether a condition has lasted; nodes that are being upgraded take their part of KubeVirt away."""
    span = LASTING if under_way(facts) or just_ended(facts) else YOUNG
    return not being_installed(facts) and not nodes_at_work(facts) and lasts(facts, row.since, span, unknown=False)


def _describe_fault(row: Condition) -> str:
    words = "is not available" if row.type == "Available" else "is degraded"
    since = f" since {Timestamp(row.since)}" if row.since else ""
    return f"{words}{since}{f' ({quote_words(row.why)})' if row.why else ''}"


def _kubevirt_causes(ref: ObjectRef) -> tuple[Cause, ...]:
    workloads = (ObjectRef("Deployment", ref.namespace, name) for name in WORKLOADS)
    handler = ObjectRef("DaemonSet", ref.namespace, "virt-handler")
    return (
        Cause("virt-handler-without-annotations", ref),
        Cause("daemonset-not-whole", handler),
        *(Cause("deployment-not-whole", workload) for workload in workloads),
    )
