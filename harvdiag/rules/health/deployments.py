"""Deployments and DaemonSets of Rancher, Harvester and KubeVirt that are not whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from harvdiag.core.conditions import Condition, find_condition
from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules import actions, advice
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
    quote_words,
    under_way,
)
from harvdiag.rules.thresholds import LASTING, YOUNG
from harvdiag.rules.upgrade_evidence import condition_evidence
from harvdiag.rules.workload_pods import FaultyPod, faulty_pods, pod_evidence, pods_of
from harvdiag.rules.workload_room import absent_servers, room_beside_witness, witnesses

RANCHER, HARVESTER = "cattle-system", "harvester-system"
SYSTEM = frozenset(
    {RANCHER, HARVESTER}
    | {"cattle-fleet-system", "cattle-fleet-local-system", "cattle-provisioning-capi-system", "cattle-capi-system"}
)
"""The namespaces of what carries out an upgrade."""
BASE = frozenset({"kube-system", "longhorn-system"})
"""Those of RKE2 and Longhorn, of which only a Deployment without any pod that works is judged."""
SCALE = 'metadata.annotations["management.cattle.io/scale-available"]'
HASH = "pod-template-hash"
FEWEST_VERSIONS = 2
"""Only pods of so many versions tell them; fewer leave it to the counts of the Deployment."""
COUNTS = ("spec.replicas", *(f"status.{name}" for name in ("replicas", "updatedReplicas", "availableReplicas")))


@dataclass(frozen=True, kw_only=True)
class _Rollout:
    """How far a Deployment is: the pods wanted, existing, of the present version, and available."""

    wanted: int
    existing: int
    updated: int
    available: int
    progressing: Condition
    since: str

    @property
    def whole(self) -> bool:
        """Whether every pod that is wanted is there, works, and is of the present version."""
        return self.available >= self.wanted and self.updated >= self.wanted

    @property
    def missing(self) -> int:
        """How many pods it lacks."""
        return max(self.wanted - self.available, self.wanted - self.updated)

    @property
    def stalled(self) -> bool:
        """Whether Kubernetes has given up waiting for it."""
        return self.progressing.status == "False"


@rule(
    "deployment-without-room",
    short="Deployment without room",
    holds=True,
    needs={"Deployment", "Node", "Upgrade", "UpgradePlan"},
    optional={*UPGRADING, "Pod", "Event"},
    links=["harvester/harvester#8841", "harvester/harvester#7375", "harvester/harvester#5917"],
)
def deployment_without_room(facts: Facts) -> Iterator[Hit]:
    """A Deployment wants more pods than a cluster with a witness has room for.

    Rancher and Harvester run one pod on each management node, and a witness takes none. A Deployment that wants three
    where there are two never becomes whole: its last pod stays Pending, a rollout does not end, and pods of the old
    and of the new version answer in turn. The next upgrade is refused, or the one that runs stops.
    """
    for obj in _deployments(facts):
        ref, rollout = ObjectRef("Deployment", namespace_of(obj), name_of(obj)), _read_rollout(obj)
        room = _room(facts, obj, rollout)
        if room is None or not (rollout.stalled or _has_lasted(facts, ref, rollout)):
            continue
        pods = faulty_pods(facts, ref)
        yield Hit(
            subject=ref,
            message=(
                f"Deployment {ref.namespace}/{ref.name} wants {rollout.wanted} pods, one a node, but beside the "
                f"witness {' and '.join(node.name for node in witnesses(facts))} only {room} "
                f"{'node takes' if room == 1 else 'nodes take'} them, so that it never becomes complete"
                f"{_describe_versions(facts, ref, rollout)}"
            ),
            evidence=(*_rollout_evidence(facts, ref), *field_evidence(facts, ref, SCALE), *pod_evidence(pods)),
            next=(*_room_steps(ref, room), _look_at_pods(ref)),
            caution=(
                f"Do not scale {ref.name} or its ReplicaSets by hand, and do not delete pods of it that work: its "
                "chart or Rancher sets the number back."
            ),
            targets=tuple(witnesses(facts)),
        )


def _deployments(facts: Facts) -> list[Obj]:
    """Return the Deployments of the system that are not whole; what was made for one Upgrade is not among them.

    That there is none is known only where those of every namespace of the system were seen.
    """
    found = list(_unwhole(facts))
    for namespace in sorted(SYSTEM | BASE) if not found else ():
        facts.snapshot.require("Deployment", namespace)
    return found


def _unwhole(facts: Facts) -> Iterator[Obj]:
    for obj in facts.snapshot.objects("Deployment"):
        namespace = namespace_of(obj)
        if namespace in SYSTEM | BASE and not get_labels(obj).get("harvesterhci.io/upgrade"):
            rollout = _read_rollout(obj)
            counts = namespace in SYSTEM or not rollout.available
            if rollout.wanted > 0 and not rollout.whole and counts and _is_observed(obj):
                yield obj


def _is_observed(obj: Obj) -> bool:
    """Return whether its status is that of its present specification, and it is not being deleted."""
    seen, written = (field_path(path).get(obj) for path in ("status.observedGeneration", "metadata.generation"))
    stale = isinstance(seen, int | float) and isinstance(written, int | float) and seen < written
    return not stale and not get_text(obj, "metadata.deletionTimestamp")


def _read_rollout(obj: Obj) -> _Rollout:
    numbers = (field_path(path).get(obj) for path in COUNTS)
    wanted, *others = (int(number) if isinstance(number, int | float) else None for number in numbers)
    existing, updated, available = (number or 0 for number in others)
    progressing, up = find_condition(obj, "Progressing"), find_condition(obj, "Available")
    since = up.since if up.status == "False" else progressing.since
    return _Rollout(
        wanted=1 if wanted is None else wanted,
        existing=existing,
        updated=updated,
        available=available,
        progressing=progressing,
        since=since,
    )


def _room(facts: Facts, obj: Obj, rollout: _Rollout) -> int | None:
    """Return how many pods the nodes beside a witness have room for, if it wants more; else None.

    It must be one of those that are spread over the nodes: they are scaled by number of nodes, or have a pod on each.
    """
    room = room_beside_witness(facts)
    spread = bool(get_text(obj, SCALE)) or rollout.available == room
    return room if room and rollout.wanted > room and spread else None


def _has_lasted(facts: Facts, ref: ObjectRef, rollout: _Rollout) -> bool:
    """Return whether it has not been whole for long, by itself or by its pod that has not worked longest."""
    if rollout.since:
        return lasts(facts, rollout.since, YOUNG)
    oldest = next(iter(faulty_pods(facts, ref)), None)
    return oldest is not None and lasts(facts, oldest.since, YOUNG, unknown=False)


def _describe_versions(facts: Facts, ref: ObjectRef, rollout: _Rollout) -> str:
    """Return that pods of two versions are there, by their own labels or the Deployment's counts; else empty."""
    old = rollout.existing - rollout.updated
    if old <= 0:
        return ""
    labels = (get_labels(pod).get(HASH) for pod in pods_of(facts, ref.namespace, ref.name))
    hashes = Counter(str(label) for label in labels if label)
    if len(hashes) < FEWEST_VERSIONS:
        return f"; two versions of it run at once: {old} of {rollout.existing} pods are of the old one"
    each = ", ".join(f"{number} of {ref.name}-{name}" for name, number in sorted(hashes.items()))
    count = "two" if len(hashes) == FEWEST_VERSIONS else len(hashes)
    return f"; {count} versions of it run at once, by the pods that were seen: {quote_words(each)}"


def _rollout_evidence(facts: Facts, ref: ObjectRef) -> tuple[Evidence, ...]:
    rows = ("Available", "Progressing")
    told = (e for kind in rows for e in condition_evidence(facts, ref, kind, "status", "reason", "message"))
    return (*field_evidence(facts, ref, *COUNTS), *told)


def _room_steps(ref: ObjectRef, room: int) -> tuple[str, ...]:
    if ref.namespace != RANCHER:
        return advice.set_chart_replicas(room)
    name = actions.quote_argument(ref.name)
    return (
        (
            f"Tell Rancher the number of nodes: `kubectl annotate deployment -n {RANCHER} {name} "
            f"management.cattle.io/scale-available={room} --overwrite`; Rancher then scales the Deployment itself."
        ),
        (
            f"An upgrade of Rancher's chart sets it back, unless its value `replicas` is -{room}, as newer releases of "
            "Harvester set it (harvester/harvester#8857)."
        ),
    )


def _look_at_pods(ref: ObjectRef) -> str:
    return f"Verify: `kubectl get deployment,pods -n {ref.namespace} -o wide` shows every pod of {ref.name} Running."


@rule(
    "deployment-not-whole",
    short="Deployment not whole",
    alike="are not whole either",
    holds=True,
    needs={"Deployment", "Node", "Upgrade", "UpgradePlan"},
    optional={*UPGRADING, "Pod", "Event"},
    links=["harvester/harvester#7200", "harvester/harvester#4804"],
)
def deployment_not_whole(facts: Facts) -> Iterator[Hit]:
    """A Deployment of Rancher, Harvester or KubeVirt is not whole.

    Pods are missing, do not work, or are still of an earlier version. The charts then count as not ready, for which
    Harvester refuses an upgrade; in an upgrade the Job apply-manifests waits for each of them ("wait rollout"). Of RKE2
    and Longhorn only one that has no pod at work is judged: names are not resolved then, or volumes not attached.
    """
    for obj in _deployments(facts):
        ref, rollout = ObjectRef("Deployment", namespace_of(obj), name_of(obj)), _read_rollout(obj)
        if _room(facts, obj, rollout) is not None or not _is_judged(facts, ref, rollout):
            continue
        pods = faulty_pods(facts, ref)
        yield Hit(
            subject=ref,
            severity=Severity.WARNING if rollout.available or ref.namespace in BASE else Severity.ERROR,
            message=(
                f"Deployment {ref.namespace}/{ref.name} is not whole{_since(rollout)}: {rollout.available} of "
                f"{rollout.wanted} pods are available{_describe_versions(facts, ref, rollout)}{_describe_pods(pods)}"
            ),
            evidence=(*_rollout_evidence(facts, ref), *pod_evidence(pods)),
            next=(_look_at_pods(ref), *_pod_steps(pods), advice.IF_UNCLEAR),
            causes=tuple(_node_causes(facts)),
        )


def _since(rollout: _Rollout) -> str:
    return f" since {Timestamp(rollout.since)}" if rollout.since else ""


def _describe_pods(pods: list[FaultyPod]) -> str:
    return "".join(f"; {pod}" for pod in pods[:2])


def _is_judged(facts: Facts, ref: ObjectRef, rollout: _Rollout) -> bool:
    """Return whether nothing explains that it is not whole: no rollout that moves, no node that is away."""
    moved = rollout.progressing.status == "True" and not lasts(facts, rollout.progressing.updated, unknown=True)
    away = len(absent_servers(facts))
    if moved or being_installed(facts) or (away and rollout.missing <= away):
        return False
    if under_way(facts) or just_ended(facts):
        late = not nodes_at_work(facts) and (rollout.stalled or lasts(facts, rollout.since, LASTING, unknown=False))
    else:
        late = rollout.stalled or _has_lasted(facts, ref, rollout)
    return late and rollout.missing > away + leaving_hosts(facts)


def _pod_steps(pods: list[FaultyPod]) -> Iterator[str]:
    for pod in pods[:1]:
        yield advice.describe_pod(pod.ref.namespace, pod.ref.name)
        if "Pending" not in pod.words:
            yield advice.read_last_log(pod.ref.namespace, pod.ref.name)


def _node_causes(facts: Facts) -> Iterator[Cause]:
    names = ("node-unready", "node-cordoned", "node-keeps-pods-away", "node-under-pressure")
    return (Cause(name, node) for node in facts.pairing.nodes for name in names)
