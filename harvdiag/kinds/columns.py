"""Columns: one fact of an object, its type in a table, and the field it stands in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from harvdiag.core.conditions import ALL_LISTS, condition_path, find_condition
from harvdiag.core.fields import Obj, field, items, labels

__all__ = [
    "COMMON",
    "CREATED",
    "DELETING",
    "NAME",
    "NAMESPACE",
    "OWNER",
    "UID",
    "Column",
    "at",
    "condition",
    "count",
    "flag",
    "roles",
    "time",
    "unset",
]

LONGEST_INT = 20
ROLE_LABELS = {
    "node-role.kubernetes.io/control-plane": "control-plane",
    "node-role.kubernetes.io/etcd": "etcd",
    "node-role.harvesterhci.io/witness": "witness",
    "rke.cattle.io/control-plane-role": "control-plane",
    "rke.cattle.io/etcd-role": "etcd",
    "rke.cattle.io/worker-role": "worker",
}


class Column(NamedTuple):
    """A column of a table: `dtype` is pandas' name of it (``str``, ``boolean``, ``Int64``, ``datetime64[ns, UTC]``).

    `source` says for people where the fact stands; `paths` are the fields, where it is no more than one of them.
    """

    name: str
    dtype: str
    source: str
    value: Callable[[Obj], Any]
    paths: tuple[str, ...] = ()


def at(name: str, *paths: str, dtype: str = "str") -> Column:
    """The first of `paths` that holds something; an empty string counts as nothing."""
    fields = [field(path) for path in paths]

    def value(obj: Obj) -> Any:
        found = (path.get(obj) for path in fields)
        return next((_as(dtype, v) for v in found if v is not None and v != ""), None)

    return Column(name, dtype, " or ".join(paths), value, paths)


def _as(dtype: str, value: Any) -> Any:
    """The value in the column's type; None where it does not fit (never a guess)."""
    match dtype:
        case "boolean":
            return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value))
        case "Int64":
            return _whole(str(value))
        case _:
            return value if isinstance(value, str) else str(value)


def _whole(text: str) -> int | None:
    """A whole number that 64 bits hold."""
    if len(text) > LONGEST_INT or not text.isascii() or not text.removeprefix("-").isdigit():
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def time(name: str, path: str) -> Column:
    """A moment, RFC 3339 in the object."""
    return at(name, path, dtype="datetime64[ns, UTC]")


def flag(name: str, *paths: str) -> Column:
    """True or false; absent stays absent."""
    return at(name, *paths, dtype="boolean")


def count(name: str, *paths: str) -> Column:
    """A whole number."""
    return at(name, *paths, dtype="Int64")


def unset(name: str, path: str) -> Column:
    """True where `path` is absent or false: ``spec.unschedulable`` absent means that pods may be scheduled."""
    return Column(name, "boolean", f"not {path}", lambda obj: field(path).get(obj) is not True)


def condition(name: str, kind: str) -> Column:
    """Status of a condition (``True``, ``False``, ``Unknown``), whichever of the API's lists it stands in."""

    def value(obj: Obj) -> str | None:
        return find_condition(obj, kind, ALL_LISTS).status or None

    return Column(name, "str", condition_path(kind), value)


def roles(name: str = "roles") -> Column:
    """The roles of a Node, Machine, RKEBootstrap or plan Secret, from its labels; absent where it has none."""

    def value(obj: Obj) -> str | None:
        mine = labels(obj)
        found = [role for key, role in ROLE_LABELS.items() if mine.get(key) == "true"]
        return " ".join(sorted(set(found))) or None

    return Column(name, "str", "metadata.labels: " + ", ".join(ROLE_LABELS), value)


def _owner(obj: Obj) -> str | None:
    owners = [owner for owner in items(obj, "metadata.ownerReferences") if isinstance(owner, dict)]
    return ", ".join(f"{owner.get('kind')}/{owner.get('name')}" for owner in owners) or None


NAMESPACE = at("namespace", "metadata.namespace")
NAME = at("name", "metadata.name")
OWNER = Column("owner", "str", "metadata.ownerReferences", _owner)
DELETING = time("deleting", "metadata.deletionTimestamp")
CREATED = time("created", "metadata.creationTimestamp")
UID = at("uid", "metadata.uid")
COMMON = (NAMESPACE, NAME, OWNER, DELETING, CREATED, UID)
