"""The pods of a Deployment or DaemonSet that do not work: in a few words, since when, and as evidence."""

from __future__ import annotations

from typing import NamedTuple

from harvdiag.core.conditions import conditions_of
from harvdiag.core.fields import Obj, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.facts import Facts
from harvdiag.rules.pod_evidence import find_trouble

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


def faulty_pods(facts: Facts, workload: ObjectRef, *, required: bool = False) -> list[FaultyPod]:
    """Return the pods of a Deployment or DaemonSet that do not work, the one that has not longest first.

    With `required`, the rule that asks is skipped where the Pods of the namespace were not seen.
    """
    prefix = f"{workload.name}-"
    dashes = 1 if workload.kind == "Deployment" else 0
    wanted = Wanted(namespace=workload.namespace, prefixes=(prefix,), faulty=True)
    found = facts.find("Pod", wanted, required=required)
    own = [pod for pod in found if name_of(pod).removeprefix(prefix).count("-") == dashes]
    return sorted((_describe(facts, pod) for pod in own), key=lambda pod: (not pod.since, Timestamp(pod.since)))


def _describe(facts: Facts, pod: Obj) -> FaultyPod:
    ref = ObjectRef("Pod", namespace_of(pod), name_of(pod))
    rows = {row.type: row for row in conditions_of(pod) if row.status == "False"}
    unplaced, broken = rows.get(SCHEDULING), rows.get("Ready") or rows.get("ContainersReady")
    shown = unplaced or broken
    since = shown.since if shown else get_text(pod, "metadata.creationTimestamp")
    trouble = next(iter(find_trouble(facts, [pod])), None)
    if trouble is None:
        return FaultyPod(ref, "is not ready", since, (Evidence(ref, "status.phase", get_text(pod, "status.phase")),))
    return FaultyPod(ref, trouble.text, since, trouble.evidence)


def pod_evidence(pods: list[FaultyPod], most: int = 3) -> tuple[Evidence, ...]:
    """Return what shows that these pods do not work; at most so many of them."""
    return tuple(evidence for pod in pods[:most] for evidence in pod.evidence)
