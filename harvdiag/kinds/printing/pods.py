"""Pods in a table: how many containers are ready, the state in one word, and restarts; by the rules of kubectl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harvdiag.core.ages import format_age
from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_text
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.kinds.printing.column import AGE, NAME, PrintColumn, computed, field

__all__ = ["PODS"]

CONTAINERS, INIT = "status.containerStatuses", "status.initContainerStatuses"
ENDED = frozenset({"Succeeded", "Failed"})


def _statuses(obj: Obj, path: str) -> list[Obj]:
    return [state for state in get_items(obj, path) if isinstance(state, dict)]


def _ready(obj: Obj) -> str:
    """``1/2``: the containers that are ready, and all; of a Pod that no node has taken, those of its spec."""
    states = _statuses(obj, CONTAINERS)
    ready = sum(state.get("ready") is True and _is_set(state, "state.running") for state in states)
    return f"{ready}/{len(get_items(obj, 'spec.containers')) or len(states)}"


def _status(obj: Obj) -> str:
    phase, reason = get_text(obj, "status.phase"), get_text(obj, "status.reason")
    shown = _initializing(obj) or _running_state(obj, reason or phase)
    if not get_text(obj, "metadata.deletionTimestamp"):
        return shown or "Unknown"
    if reason == "NodeLost":
        return "Unknown"
    return shown if phase in ENDED else "Terminating"


def _initializing(obj: Obj) -> str:
    """The state of the first init container that is not done; empty where all are."""
    states = _statuses(obj, INIT)
    total = len(get_items(obj, "spec.initContainers")) or len(states)
    for index, state in enumerate(states):
        if field_path("state.terminated.exitCode").get(state) == 0 or state.get("started") is True:
            continue  # one that was started and goes on is a sidecar
        if _is_set(state, "state.terminated"):
            return f"Init:{_ending(state)}"
        waiting = get_text(state, "state.waiting.reason")
        return f"Init:{waiting}" if waiting not in {"", "PodInitializing"} else f"Init:{index}/{total}"
    return ""


def _running_state(obj: Obj, shown: str) -> str:
    states = _statuses(obj, CONTAINERS)
    for state in reversed(states):
        if waiting := get_text(state, "state.waiting.reason"):
            shown = waiting
        elif _is_set(state, "state.terminated"):
            shown = _ending(state)
    going = any(state.get("ready") is True and _is_set(state, "state.running") for state in states)
    if shown == "Completed" and going:  # some containers are done, others still run
        return "Running" if find_condition(obj, "Ready").status == "True" else "NotReady"
    return shown


def _ending(state: Obj) -> str:
    """Why a container ended: its reason, else its signal or exit code."""
    if reason := get_text(state, "state.terminated.reason"):
        return reason
    if signal := field_path("state.terminated.signal").get(state):
        return f"Signal:{signal}"
    return f"ExitCode:{field_path('state.terminated.exitCode').get(state)}"


def _is_set(state: Obj, path: str) -> bool:
    value: Any = field_path(path).get(state)
    return isinstance(value, dict)


def _restarts(obj: Obj, now: Timestamp) -> str:
    """``3 (5m ago)``"""
    states = _statuses(obj, INIT if _initializing(obj) else CONTAINERS)
    counts = [count for state in states if isinstance(count := state.get("restartCount"), int)]
    last = latest_time(*(get_text(state, "lastState.terminated.finishedAt") for state in states))
    return f"{sum(counts)} ({format_age(last, now)} ago)" if sum(counts) and last else str(sum(counts))


def _addresses(obj: Obj) -> str:
    listed: Sequence[Any] = get_items(obj, "status.podIPs")
    first = next((get_text(each, "ip") for each in listed if isinstance(each, dict)), "")
    return get_text(obj, "status.podIP") or first


PODS = (
    NAME,
    computed("READY", _ready),
    computed("STATUS", _status),
    PrintColumn("RESTARTS", _restarts),
    AGE,
    computed("IP", _addresses, wide=True),
    field("NODE", "spec.nodeName", wide=True),
    field("NOMINATED NODE", "status.nominatedNodeName", wide=True),
)
