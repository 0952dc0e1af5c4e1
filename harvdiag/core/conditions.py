"""Conditions of Kubernetes objects: read in one place, whatever a damaged bundle holds instead of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harvdiag.core.fields import get_items

__all__ = ["ALL_LISTS", "STATUS_LIST", "Condition", "condition_path", "conditions_of", "find_condition"]

STATUS_LIST = ("status.conditions",)
ALL_LISTS = (*STATUS_LIST, "status.v1beta2.conditions", "status.deprecated.v1beta1.conditions")
"""The places in which releases of Cluster API write conditions, the usual one first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One condition; false where it has no type. What is absent is an empty string."""

    type: str = ""
    #: ``True``, ``False`` or ``Unknown``
    status: str = ""
    reason: str = ""
    message: str = ""
    #: lastTransitionTime: when the status changed, RFC 3339
    changed: str = ""
    #: lastUpdateTime: when any of it was written, RFC 3339; many kinds do not have it
    updated: str = ""
    #: lastHeartbeatTime of a Node's conditions, RFC 3339
    heartbeat: str = ""

    def __bool__(self) -> bool:
        return bool(self.type)

    @property
    def since(self) -> str:
        """When it changed; where that is not told, when it was written. RFC 3339 or empty."""
        return self.changed or self.updated

    @property
    def why(self) -> str:
        """``reason: message``, or the one of them that is there."""
        return ": ".join(part for part in (self.reason, self.message) if part)

    @property
    def path(self) -> str:
        """The place of it, as evidence names it."""
        return condition_path(self.type)


def condition_path(kind: str) -> str:
    """The place of a condition by its type, as evidence and columns name it."""
    return f"{STATUS_LIST[0]}, type {kind}"


def conditions_of(obj: Any, places: tuple[str, ...] = STATUS_LIST) -> list[Condition]:
    """The conditions of an object in their order; what is not a mapping is left out."""
    return [_read_condition(row) for place in places for row in get_items(obj, place) if isinstance(row, dict)]


def find_condition(obj: Any, kind: str, places: tuple[str, ...] = STATUS_LIST) -> Condition:
    """The first condition of a type; an empty one, which is false, where there is none."""
    return next((found for found in conditions_of(obj, places) if found.type == kind), Condition())


def _read_condition(row: dict[str, Any]) -> Condition:
    def get_word(key: str) -> str:
        return str(row.get(key) or "")

    return Condition(
        type=get_word("type"),
        status=get_word("status"),
        reason=get_word("reason"),
        message=get_word("message"),
        changed=get_word("lastTransitionTime"),
        updated=get_word("lastUpdateTime"),
        heartbeat=get_word("lastHeartbeatTime"),
    )
