"""Which items of a list can be used, and what an empty list means."""

from __future__ import annotations

from typing import Any

from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import State
from harvdiag.kinds import CATALOGUE, qualified_name
from harvdiag.kinds.kind import Kind

__all__ = ["empty_state", "find_fault"]


def empty_state(kind: Kind) -> tuple[State, str]:
    """Return the state of an empty list. The collector ran on a Node, so a list without any Node was not collected."""
    if kind.name == "Node":
        return (
            State.FAILED,
            "no Node is listed, which is impossible: the list is incomplete, or this cluster is not in use",
        )
    return State.EMPTY, ""


def find_fault(item: Any, kind: Kind, names: set[tuple[str, str]], typed: bool) -> str:
    """Return why an item of a list is unusable; empty if it is usable.

    Lists of 2021 omit the kind, in all items or in none.
    """
    if not isinstance(item, dict):
        return "is not an object"
    if not name_of(item):
        return "has no name"
    if typed and not item.get("kind"):
        return f"({name_of(item)}) has no kind"
    if typed and _is_foreign(item, kind):
        return f"({name_of(item)}) is a {item['kind']} of {item.get('apiVersion')}, not a {kind.name}"
    if (namespace_of(item), name_of(item)) in names:
        return f"({name_of(item)}) is a duplicate"
    return ""


def _is_foreign(item: Obj, kind: Kind) -> bool:
    group = str(item.get("apiVersion", "")).rpartition("/")[0]
    return group != kind.group or (kind.name in CATALOGUE and qualified_name(group, str(item["kind"])) != kind.name)
