"""The pods of a Deployment or DaemonSet that do not work: in a few words, since when, and as evidence."""

from __future__ import annotations

from typing import NamedTuple

from harvdiag.core.conditions import conditions_of
from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.podstate import reason, restarts
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import quote_words

__all__ = ["FaultyPod", "faulty_pods", "pod_evidence", "pods_of"]

SCHEDULING = "PodScheduled"


class FaultyPod(NamedTuple):
    """One pod that does not work. `since` is empty where nothing tells it."""

    ref: ObjectRef
    words: str
    since: str
    evidence: tuple[Evidence, ...]

    def __str__(self) -> str:
        return f"pod {self.ref.name} {self.words}"


def pods_of(facts: Facts, namespace: str, workload: str) -> list[Obj]:
    """Return the pods of a Deployment, those that were seen, by their names."""
    prefix = f"{workload}-"
    found = facts.find("Pod", Wanted(namespace=namespace, prefixes=(prefix,)))
    # A Deployment names its pods NAME-HASH-ID: longer names belong to another whose name begins alike.
    return [pod for pod in found if name_of(pod).removeprefix(prefix).count("-") == 1]


def faulty_pods(facts: Facts, workload: ObjectRef) -> list[FaultyPod]:
    """Return the pods of a Deployment or DaemonSet that do not work, the one that has not longest first."""
    prefix = f"{workload.name}-"
    dashes = 1 if workload.kind == "Deployment" else 0
    found = facts.find("Pod", Wanted(namespace=workload.namespace, prefixes=(prefix,), faulty=True))
    own = [pod for pod in found if name_of(pod).removeprefix(prefix).count("-") == dashes]
    return sorted((_describe(facts, pod) for pod in own), key=lambda pod: (not pod.since, Timestamp(pod.since)))


def _describe(facts: Facts, pod: Obj) -> FaultyPod:
    ref = ObjectRef("Pod", namespace_of(pod), name_of(pod))
    rows = {row.type: row for row in conditions_of(pod) if row.status == "False"}
    unplaced, broken = rows.get(SCHEDULING), rows.get("Ready") or rows.get("ContainersReady")
    since = (unplaced or broken).since if unplaced or broken else get_text(pod, "metadata.creationTimestamp")
    words, evidence = _explain(facts, ref, pod)
    return FaultyPod(ref, words, since, evidence)


def _explain(facts: Facts, ref: ObjectRef, pod: Obj) -> tuple[str, tuple[Evidence, ...]]:
    """Return why a pod does not work: the scheduler's words, the reason of a container, or its phase."""
    scheduling = next((row for row in conditions_of(pod) if row.type == SCHEDULING and row.status == "False"), None)
    phase = get_text(pod, "status.phase") or "of unknown phase"
    if scheduling is not None and scheduling.message:
        return f"is {phase}: {quote_words(scheduling.message)}", (Evidence(ref, scheduling.path, scheduling.message),)
    if event := _latest_event(facts, ref, "FailedScheduling") if phase == "Pending" else None:
        seen = Evidence(ObjectRef("Event", ref.namespace, name_of(event)), "message", get_text(event, "message"))
        return f"is {phase}: {quote_words(get_text(event, 'message'))}", (seen,)
    why, count = reason(pod), restarts(pod)
    told = f"is {phase} with {why}" if why else f"is {phase}" if phase != "Running" else "is not ready"
    again = f" after {count} restarts" if count else ""
    states = field_path("status.containerStatuses").get(pod)
    seen = [Evidence(ref, "status.containerStatuses", states)] if states else []
    return f"{told}{again}", (Evidence(ref, "status.phase", phase), *seen)


def _latest_event(facts: Facts, ref: ObjectRef, wanted: str) -> Obj | None:
    events = facts.find("Event", Wanted(namespace=ref.namespace, about=(ref.name,), faulty=True))
    own = [event for event in events if get_text(event, "reason") == wanted and get_text(event, "message")]
    return max(own, key=lambda event: Timestamp(get_text(event, "lastTimestamp")), default=None)


def pod_evidence(pods: list[FaultyPod], most: int = 3) -> tuple[Evidence, ...]:
    """Return what shows that these pods do not work; at most so many of them."""
    return tuple(evidence for pod in pods[:most] for evidence in pod.evidence)
