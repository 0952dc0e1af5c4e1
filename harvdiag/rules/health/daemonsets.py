"""DaemonSets of the system that lack a pod on a Node that is Ready."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import (
    UPGRADING,
    being_installed,
    just_ended,
    lasts,
    leaving_hosts,
    nodes_at_work,
    under_way,
)
from harvdiag.rules.thresholds import LASTING, YOUNG
from harvdiag.rules.workload_pods import FaultyPod, faulty_pods, pod_evidence

SYSTEM = frozenset({"harvester-system", "kube-system", "longhorn-system", "cattle-system"})
COUNTS = ("status.desiredNumberScheduled", "status.numberAvailable", "status.updatedNumberScheduled")


@rule(
    "daemonset-not-whole",
    short="DaemonSet not whole",
    severity=Severity.WARNING,
    holds=True,
    needs={"DaemonSet", "Node", "Upgrade", "UpgradePlan"},
    optional={*UPGRADING, "Pod", "Event"},
    links=["harvester/harvester#10447", "harvester/harvester#7454"],
)
def daemonset_not_whole(facts: Facts) -> Iterator[Hit]:
    """A DaemonSet of the system lacks a pod on a Node that is Ready.

    These pods give a node its network, its storage and its VMs. An upgrade waits until those of KubeVirt and Longhorn
    run on every node.
    """
    for obj in facts.snapshot.objects("DaemonSet"):
        ref = ObjectRef("DaemonSet", namespace_of(obj), name_of(obj))
        wanted, available = _count(obj, COUNTS[0]), _count(obj, COUNTS[1])
        missing = wanted - available
        if missing <= 0 or ref.namespace not in SYSTEM or get_text(obj, "metadata.deletionTimestamp"):
            continue
        if missing <= _unready(facts):
            continue
        pods = faulty_pods(facts, ref, required=True)
        if not pods or not _is_judged(facts, pods[0]) or missing <= _unready(facts) + leaving_hosts(facts):
            continue
        yield Hit(
            subject=ref,
            message=(f"DaemonSet {ref.namespace}/{ref.name} works on {available} of {wanted} nodes only; {pods[0]}"),
            evidence=(*field_evidence(facts, ref, *COUNTS), *pod_evidence(pods)),
            next=(
                advice.list_pods(ref.namespace),
                advice.describe_pod(pods[0].ref.namespace, pods[0].ref.name),
                advice.IF_UNCLEAR,
            ),
            causes=tuple(_causes(facts)),
        )


def _count(obj: Obj, path: str) -> int:
    number = field_path(path).get(obj)
    return int(number) if isinstance(number, int | float) else 0


def _unready(facts: Facts) -> int:
    """Return how many Nodes are not Ready: the pods there are not available either."""
    rows = (find_condition(facts.pairing.obj(node), "Ready") for node in facts.pairing.nodes)
    return sum(row.status in {"False", "Unknown"} for row in rows)


def _is_judged(facts: Facts, oldest: FaultyPod) -> bool:
    if being_installed(facts) or nodes_at_work(facts):
        return False
    return lasts(facts, oldest.since, LASTING if under_way(facts) or just_ended(facts) else YOUNG, unknown=False)


def _causes(facts: Facts) -> Iterator[Cause]:
    names = ("node-keeps-pods-away", "node-under-pressure")
    return (Cause(name, node) for node in facts.pairing.nodes for name in names)
