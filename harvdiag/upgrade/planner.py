"""What Rancher's planner says of cluster `local` in conditions, as it stands; docs/objects.md#planner-messages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harvdiag.core.conditions import ALL_LISTS, Condition, conditions_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import latest_time
from harvdiag.kinds.local import CONTROL_PLANE, PROVISIONING
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.dialects import KnownMessage, find_known_message

__all__ = ["PlannerMessage", "planner_messages"]


@dataclass(frozen=True, kw_only=True)
class PlannerMessage:
    """A message of the planner in one condition."""

    subject: ObjectRef
    path: str
    """Where in the object the condition is."""
    message: str
    meaning: str
    machines: tuple[str, ...]
    """The Machines mentioned in the message."""
    since: str
    """The later of the condition's times, RFC 3339: Rancher sets lastUpdateTime with each message, lastTransitionTime
    with each status only.
    """
    part: str = ""
    """As in the KnownMessage; empty for a message that is not known. `stalls` and `echo` are of it, too."""
    stalls: bool = False
    error: bool = False
    """The condition reports an error rather than a wait."""
    echo: bool = False


UNKNOWN = KnownMessage("", "Rancher's planner waits; harvdiag has no explanation of this message")
FAULT = KnownMessage("", "Rancher's planner reports an error, and tries again")
MACHINE = re.compile(r"\bcustom-[0-9a-f]{12}\b")
TYPES = ("Ready", "Reconciled", "Updated", "Provisioned")
"""The conditions that the planner writes, and Rancher copies to the provisioning Cluster."""


def planner_messages(snapshot: Snapshot) -> list[PlannerMessage]:
    """Return the messages of Rancher's planner, each once, in the order of the cluster's objects.

    In its own conditions every message counts, known or not; in others only a known one. One that only repeats that
    the planner waits comes last.
    """
    messages: dict[str, PlannerMessage] = {}
    for ref in (CONTROL_PLANE, PROVISIONING):
        obj = snapshot.get(ref)
        for message in _read_messages(ref, obj) if obj else ():
            messages.setdefault(message.message, message)
    return sorted(messages.values(), key=lambda message: message.echo)


def _read_messages(ref: ObjectRef, obj: dict[str, object]) -> list[PlannerMessage]:
    rows = sorted(conditions_of(obj, ALL_LISTS), key=_place)
    return [_build_message(ref, row, known) for row in rows if row.status != "True" and (known := _classify(row))]


def _place(row: Condition) -> int:
    return TYPES.index(row.type) if row.type in TYPES else len(TYPES)


def _classify(row: Condition) -> KnownMessage | None:
    """Return what a condition says; None where it is not the planner that speaks, or nothing is said."""
    if known := find_known_message(row.message):
        return known
    if not row.message.strip() or row.type not in TYPES:
        return None
    return FAULT if _is_error(row) else UNKNOWN


def _is_error(row: Condition) -> bool:
    """Rancher writes status Unknown and reason Waiting for a wait, False and Error for an error."""
    return row.reason == "Error" or (row.status == "False" and row.reason not in {"", "Waiting"})


def _build_message(ref: ObjectRef, row: Condition, known: KnownMessage) -> PlannerMessage:
    return PlannerMessage(
        subject=ref,
        path=row.path,
        message=row.message,
        meaning=known.meaning,
        machines=tuple(dict.fromkeys(MACHINE.findall(row.message))),
        since=latest_time(row.changed, row.updated),
        part=known.part,
        stalls=known.stalls,
        error=_is_error(row),
        echo=known.echo,
    )
