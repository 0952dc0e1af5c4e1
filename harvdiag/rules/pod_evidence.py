"""Pods as evidence: why one does not do its work, in the words of the scheduler, the kubelet or its containers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from harvdiag.core.conditions import condition_path, find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_items, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.kinds.podstate import container_states
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.facts import Facts

__all__ = ["PodTrouble", "find_job_pods", "find_trouble", "last_warning"]

LISTS = ("status.initContainerStatuses", "status.containerStatuses")
ENDED = {"Succeeded", "Failed"}
STARTING = {"", "ContainerCreating", "PodInitializing"}
CUT = 57  # a Job's pod is named like it, cut here
FAILED_SCHEDULING = "FailedScheduling"


class PodTrouble(NamedTuple):
    """What is wrong with a Pod: a sentence's part that begins behind its name, the evidence, and the reason's word.

    `word` is empty where nothing gives a reason: it may be starting.
    """

    pod: ObjectRef
    text: str
    evidence: tuple[Evidence, ...]
    word: str = ""


def find_trouble(facts: Facts, pods: Iterable[Obj]) -> list[PodTrouble]:
    """Find what is wrong with those of these Pods that do not work; those with a reason first."""
    alive = (pod for pod in pods if not get_text(pod, "metadata.deletionTimestamp"))
    found = [trouble for pod in alive for trouble in _look(facts, pod)]
    return sorted(found, key=lambda trouble: not trouble.word)


def find_job_pods(facts: Facts, job: ObjectRef) -> tuple[Obj, ...]:
    """Find the Pods of a Job that are there; by their labels or owner, and by the name where they have neither."""
    start = job.name[:CUT]
    pods = facts.find("Pod", Wanted(namespace=job.namespace, prefixes=(start,)))
    return tuple(pod for pod in pods if _is_of_job(pod, job, start))


def _is_of_job(pod: Obj, job: ObjectRef, start: str) -> bool:
    paths = (
        'metadata.labels["batch.kubernetes.io/job-name"]',
        'metadata.labels["job-name"]',
        "metadata.ownerReferences[0].name",
    )
    named = next((text for path in paths if (text := get_text(pod, path))), "")
    rest = name_of(pod)[len(start) :]
    return named == job.name if named else rest.startswith("-") and "-" not in rest[1:]


def _look(facts: Facts, pod: Obj) -> Iterator[PodTrouble]:
    """Yield the first that is wrong with a Pod; nothing where it works or is done."""
    if get_text(pod, "status.phase") == "Succeeded":
        return
    looks = (_read_state, _read_scheduling, _read_containers, _read_start)
    yield from islice((found for look in looks if (found := look(facts, pod))), 1)


def _ref(pod: Obj) -> ObjectRef:
    return ObjectRef("Pod", namespace_of(pod), name_of(pod))


def _read_state(_: Facts, pod: Obj) -> PodTrouble | None:
    """A Pod that was evicted, or that failed."""
    if get_text(pod, "status.phase") != "Failed":
        return None
    why = get_text(pod, "status.reason") or "Failed"
    more = get_text(pod, "status.message")
    text = f"has failed ({format_value(f'{why}: {more}' if more else why)})"
    return PodTrouble(_ref(pod), text, (Evidence(_ref(pod), "status.phase", "Failed"),), why)


def _read_scheduling(facts: Facts, pod: Obj) -> PodTrouble | None:
    """A Pod that no Node takes, with the scheduler's words."""
    scheduled = find_condition(pod, "PodScheduled")
    if get_text(pod, "spec.nodeName") or get_text(pod, "status.phase") != "Pending":
        return None
    ref = _ref(pod)
    if scheduled.status == "False" and scheduled.message:
        proof = (Evidence(ref, condition_path("PodScheduled"), scheduled.message),)
        return PodTrouble(
            ref, f"is not scheduled: {format_value(scheduled.message.removesuffix('.'))}", proof, scheduled.reason
        )
    if event := last_warning(facts, ref, FAILED_SCHEDULING):
        return PodTrouble(
            ref, f"is not scheduled: {format_value(str(event.value).removesuffix('.'))}", (event,), FAILED_SCHEDULING
        )
    return PodTrouble(ref, "is not scheduled", (Evidence(ref, "status.phase", "Pending"),))


def _read_containers(_: Facts, pod: Obj) -> PodTrouble | None:
    """A container that cannot start or that ends again and again, with the reason of its last end."""
    ref = _ref(pod)
    for state in container_states(pod):
        word = get_text(state, "state.waiting.reason")
        if word in STARTING:
            continue
        name, message = get_text(state, "name"), get_text(state, "state.waiting.message")
        last = get_text(state, "lastState.terminated.reason")
        code = field_path("lastState.terminated.exitCode").get(state)
        ended = f"; it last ended with {format_value(last)}{f' ({code})' if code else ''}" if last else ""
        count = field_path("restartCount").get(state)
        many = f", {count} restarts" if isinstance(count, int) and count else ""
        said = f": {format_value(message)}" if message else ""
        path = f'{_list_of(pod, name)}["{name}"].state.waiting.reason'
        proof = [Evidence(ref, path, word)]
        proof += [Evidence(ref, path.replace("state.waiting", "lastState.terminated"), last)] if last else []
        return PodTrouble(ref, f"does not run: container {name} is in {word}{many}{said}{ended}", tuple(proof), word)
    return None


def _read_start(facts: Facts, pod: Obj) -> PodTrouble | None:
    """A Pod that has not started yet, or whose containers are not ready."""
    ref, phase = _ref(pod), get_text(pod, "status.phase")
    if phase == "Pending":
        event = last_warning(facts, ref)
        told = f": {format_value(event.value)}" if event else ""
        proof = (event,) if event else (Evidence(ref, "status.phase", phase),)
        return PodTrouble(ref, f"does not start{told}", proof, "event" if event else "")
    states = [state for state in container_states(pod) if state.get("ready") is False and not _has_ended(state)]
    if not states or phase in ENDED:
        return None
    name = get_text(states[0], "name")
    proof = (Evidence(ref, f'{_list_of(pod, name)}["{name}"].ready', False),)
    return PodTrouble(ref, f"is not ready: container {name}", proof)


def _list_of(pod: Obj, container: str) -> str:
    """The list that has the status of a container."""
    first, *_ = LISTS
    states = (state for state in get_items(pod, first) if isinstance(state, dict))
    return first if any(get_text(state, "name") == container for state in states) else LISTS[1]


def _has_ended(state: Obj) -> bool:
    return bool(field_path("state.terminated.exitCode").get(state) == 0)


def last_warning(facts: Facts, ref: ObjectRef, reason: str = "") -> Evidence | None:
    """Return the message of the last Event of type Warning about an object, as evidence; None where none was seen."""
    events = facts.find("Event", Wanted(namespace=ref.namespace, about=(ref.name,), faulty=True))
    fitting = [
        event
        for event in events
        if get_text(event, "involvedObject.kind") in {"", ref.kind} and reason in {"", get_text(event, "reason")}
    ]
    if not fitting:
        return None
    last = max(fitting, key=_event_time)
    return Evidence(ObjectRef("Event", namespace_of(last), name_of(last)), "message", get_text(last, "message"))


def _event_time(event: Obj) -> str:
    paths = ("series.lastObservedTime", "lastTimestamp", "eventTime", "metadata.creationTimestamp")
    return next((text for path in paths if (text := get_text(event, path))), "")
