"""The state of a Longhorn Volume in one word, on the object and in the text of it, so that few need be parsed."""

from __future__ import annotations

from collections.abc import Callable

from harvdiag.core.fields import Obj, field_path, get_items, get_text

__all__ = ["IDLE", "SINGLE", "UNSETTLED", "is_in_state", "may_be_in_state", "workloads_of"]

SINGLE = "single"
"""It wants one replica."""
UNSETTLED = "unsettled"
"""It is not healthy: degraded, faulted, or detached, of which Longhorn knows nothing."""
IDLE = "idle"
"""It is attached, and none of the Pods that Longhorn noted as its users runs."""
COUNT, OF_MANAGER = b"numberOfReplicas: ", b"f:numberOfReplicas: "
"""The field that each Volume has once, and its namesake in the record of who wrote what."""
ONE, HEALTHY, ATTACHED = COUNT + b"1", b"robustness: healthy", b"state: attached"
RUNS = b"podStatus: Running"


def workloads_of(obj: Obj) -> list[Obj]:
    """Return the Pods that use a volume, as Longhorn noted them: podName, podStatus, workloadName, workloadType."""
    return [row for row in get_items(obj, "status.kubernetesStatus.workloadsStatus") if isinstance(row, dict)]


def is_in_state(obj: Obj, state: str) -> bool:
    """Whether a Volume is in a state."""
    return _ON_OBJECT[state](obj)


def may_be_in_state(state: str, text: bytes) -> bool:
    """Whether a text may have a Volume in a state: the text of one Volume, or of several, as the kit writes it.

    False is certain; where it is true there may be none.
    """
    return _IN_TEXT[state](text)


def _count(text: bytes) -> int:
    return text.count(COUNT) - text.count(OF_MANAGER)


def _is_single(obj: Obj) -> bool:
    wanted = field_path("spec.numberOfReplicas").get(obj)
    return isinstance(wanted, int | float) and not isinstance(wanted, bool) and wanted == 1


def _is_idle(obj: Obj) -> bool:
    attached = get_text(obj, "status.state") == "attached"
    return attached and all(row.get("podStatus") != "Running" for row in workloads_of(obj))


_ON_OBJECT: dict[str, Callable[[Obj], bool]] = {
    SINGLE: _is_single,
    UNSETTLED: lambda obj: get_text(obj, "status.robustness") != "healthy",
    IDLE: _is_idle,
}
_IN_TEXT: dict[str, Callable[[bytes], bool]] = {
    SINGLE: lambda text: ONE in text,
    UNSETTLED: lambda text: text.count(HEALTHY) < max(_count(text), 1),
    IDLE: lambda text: ATTACHED in text and (RUNS not in text or _count(text) > 1),
}
