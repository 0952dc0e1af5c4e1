"""Reading of ``status.conditions``, in one place; tolerates whatever a damaged bundle contains instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harvdiag.core.fields import get_items

__all__ = [
    "ALL_LISTS",
    "CONDITIONS",
    "STATUS_LIST",
    "Condition",
    "condition_path",
    "conditions_of",
    "find_condition",
    "with_conditions",
]

CONDITIONS = ("status.conditions", "status.v1beta2", "status.deprecated")
"""Where conditions are, in any version of an API."""

STATUS_LIST = ("status.conditions",)
ALL_LISTS = (*STATUS_LIST, "status.v1beta2.conditions", "status.deprecated.v1beta1.conditions")
"""The paths at which releases of Cluster API write conditions, the usual one first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One condition; false if it has no type. Absent fields are empty strings."""

    type: str = ""
    #: ``True``, ``False`` or ``Unknown``
    status: str = ""
    reason: str = ""
    message: str = ""
    #: lastTransitionTime: when the status changed, RFC 3339
    changed: str = ""
    #: lastUpdateTime: when the condition was last written, RFC 3339; many kinds do not have it
    updated: str = ""
    #: lastHeartbeatTime of a Node's conditions, RFC 3339
    heartbeat: str = ""

    def __bool__(self) -> bool:
        return bool(self.type)

    @property
    def since(self) -> str:
        """When its status changed; if unknown, when it was last written. RFC 3339 or empty."""
        return self.changed or self.updated

    @property
    def why(self) -> str:
        """``reason: message``, or the one of them that is set."""
        return ": ".join(part for part in (self.reason, self.message) if part)

    @property
    def path(self) -> str:
        """The path of this condition, as evidence shows it."""
        return condition_path(self.type)


def condition_path(kind: str) -> str:
    """Return the path of a condition by its type, as evidence and columns show it."""
    return f"{STATUS_LIST[0]}, type {kind}"


def with_conditions(obj: Any, *made: dict[str, str]) -> list[Any]:
    """Return the rows of ``status.conditions`` with these in place of those of the same types; others as they are."""
    types = {row["type"] for row in made}
    kept = [
        row for row in get_items(obj, STATUS_LIST[0]) if not (isinstance(row, dict) and str(row.get("type")) in types)
    ]
    return [*kept, *made]


def conditions_of(obj: Any, places: tuple[str, ...] = STATUS_LIST) -> list[Condition]:
    """Return the conditions of an object in their order, without entries that are not mappings."""
    return [_read_condition(row) for row in _iterate_rows(obj, places)]


def find_condition(obj: Any, kind: str, places: tuple[str, ...] = STATUS_LIST) -> Condition:
    """Return the first condition of a type; if there is none, an empty one, which is false."""
    # Asked for each Node by each plan and column, so only the condition that is found becomes a record.
    for row in _iterate_rows(obj, places):
        if str(row.get("type") or "") == kind:
            return _read_condition(row)
    return _ABSENT


def _iterate_rows(obj: Any, places: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for place in places:
        for row in get_items(obj, place):
            if isinstance(row, dict):
                yield row


def _read_condition(row: dict[str, Any]) -> Condition:
    get = row.get
    return Condition(
        type=str(get("type") or ""),
        status=str(get("status") or ""),
        reason=str(get("reason") or ""),
        message=str(get("message") or ""),
        changed=str(get("lastTransitionTime") or ""),
        updated=str(get("lastUpdateTime") or ""),
        heartbeat=str(get("lastHeartbeatTime") or ""),
    )


_ABSENT = Condition()
