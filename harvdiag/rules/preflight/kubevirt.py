"""KubeVirt before an upgrade: whether VMs could be moved at all."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import Condition, find_condition
from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.release import ANY
from harvdiag.core.suggest import join_names
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import lasts, quote_words
from harvdiag.rules.thresholds import YOUNG
from harvdiag.rules.virt_handlers import STRATEGY_VERSION, unmarked_handlers

WAITS = "no VM can be moved meanwhile, and the upgrade waits for it"


@rule(
    "preflight-kubevirt-not-ready",
    short="KubeVirt not ready",
    needs={"KubeVirt", "Node"},
    optional={"Pod"},
    links=["harvester/harvester#10447"],
    paths=(ANY,),
)
def preflight_kubevirt_not_ready(facts: Facts) -> Iterator[Hit]:
    """KubeVirt is not available or degraded, or one of its virt-handlers is not of its release.

    Harvester's webhook does not look at it, so the upgrade begins; then VMs cannot be moved, no node is drained, and
    the Job apply-manifests waits until KubeVirt is deployed.
    """
    for obj in facts.snapshot.objects("KubeVirt"):
        ref = ObjectRef("KubeVirt", namespace_of(obj), name_of(obj))
        if faults := _faults(obj):
            yield _fault_hit(facts, ref, faults)
        elif bare := unmarked_handlers(facts):
            yield _handler_hit(ref, bare)


def _faults(obj: Obj) -> list[Condition]:
    available, degraded = find_condition(obj, "Available"), find_condition(obj, "Degraded")
    faults = [available] if available and available.status != "True" else []
    return [*faults, degraded] if degraded.status == "True" else faults


def _fault_hit(facts: Facts, ref: ObjectRef, faults: list[Condition]) -> Hit:
    lasting = any(lasts(facts, row.since, YOUNG) for row in faults)
    states = [f"{row.type} is {row.status}{f' ({quote_words(row.why)})' if row.why else ''}" for row in faults]
    return Hit(
        subject=ref,
        severity=None if lasting else Severity.INFO,
        message=f"KubeVirt {ref.name} does not work as it should: {join_names(states)}; {WAITS}",
        evidence=tuple(Evidence(ref, row.path, row.why or row.status) for row in faults),
        next=(
            advice.inspect_object("kubevirts.kubevirt.io", ref.name, ref.namespace),
            advice.list_pods(ref.namespace),
        ),
        causes=tuple(Cause(name, ref) for name in ("kubevirt-not-available", "virt-handler-without-annotations")),
    )


def _handler_hit(ref: ObjectRef, bare: list[Obj]) -> Hit:
    """Pods that KubeVirt's operator will take for old ones at its next rollout, which is part of most upgrades."""
    pods = tuple(ObjectRef("Pod", namespace_of(pod), name_of(pod)) for pod in bare)
    return Hit(
        subject=ref,
        severity=Severity.WARNING,
        message=f"KubeVirt {ref.name} is available, but Pod {join_names([pod.name for pod in pods])} has no mark of "
        "its release: the operator takes it for an old one at the next rollout, and waits for its end",
        evidence=tuple(Evidence(pod, STRATEGY_VERSION, None) for pod in pods),
        next=tuple(_recreate(pod) for pod in pods),
        caution="Until its Pod is back, no VM of that node can be started or moved; those that run keep running.",
        targets=pods,
    )


def _recreate(pod: ObjectRef) -> str:
    return f"Let its DaemonSet recreate it: {actions.delete_object('pods', pod.name, pod.namespace)}."
