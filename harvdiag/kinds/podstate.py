"""The state of a Pod in a few words, for columns and for evidence."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import conditions_of, find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_text

__all__ = ["BROKEN", "container_states", "is_unready", "may_be_unready", "not_ready", "reason", "restarts"]

BROKEN = frozenset({"Pending", "Failed", "Unknown"})
"""Phases of a Pod in which it does not work: the others are Running and Succeeded."""
UNREADY_TEXT = (b'status: "False"', b"status: 'False'", *(f"phase: {phase}".encode() for phase in sorted(BROKEN)))
"""One of these is in the text of each Pod that is not ready, as the kit writes it, or another writer of YAML."""

LISTS = ("status.initContainerStatuses", "status.containerStatuses")


def container_states(obj: Obj) -> list[Obj]:
    """Return the statuses of a Pod's containers, those that run before the others first."""
    return [state for path in LISTS for state in get_items(obj, path) if isinstance(state, dict)]


def not_ready(obj: Obj) -> str | None:
    """Return the names of the containers that are not ready, joined by commas; None if all are."""
    states = (state for state in get_items(obj, LISTS[1]) if isinstance(state, dict))
    return ", ".join(get_text(state, "name") for state in states if state.get("ready") is False) or None


def is_unready(obj: Obj) -> bool:
    """Whether a Pod is not ready by its condition, or is in a phase in which it does not work; none that has completed.

    Where the node of a Pod is away, or a gate keeps it, its containers still count as ready.
    """
    ready, phase = find_condition(obj, "Ready"), get_text(obj, "status.phase")
    if phase == "Succeeded" or ready.reason == "PodCompleted":
        return False
    return phase in BROKEN or ready.status == "False"


def may_be_unready(text: bytes) -> bool:
    """Whether a text may have a Pod that is not ready: that of one Pod or of several. False is certain."""
    return any(word in text for word in UNREADY_TEXT)


def restarts(obj: Obj) -> int | None:
    """Return how often its containers were restarted in all; None if no status is known."""
    counts = [state.get("restartCount") for state in container_states(obj)]
    known = [count for count in counts if isinstance(count, int)]
    return sum(known) if known else None


def reason(obj: Obj) -> str | None:
    """Return why a Pod does not work: its own reason, a container's, or that of a condition; None if it works."""
    return next(filter(None, _reasons(obj)), None)


def _reasons(obj: Obj) -> Iterator[str]:
    yield get_text(obj, "status.reason")
    for state in container_states(obj):
        yield get_text(state, "state.waiting.reason")
        if field_path("state.terminated.exitCode").get(state):
            yield get_text(state, "state.terminated.reason")
    for row in conditions_of(obj):
        if row.status == "False" and row.type in {"PodScheduled", "Ready"}:
            yield row.reason if row.reason != "ContainersNotReady" or get_text(obj, "status.phase") == "Running" else ""
