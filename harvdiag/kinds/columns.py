"""Columns: one fact of an object, its type in a table, and its field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from harvdiag.core.conditions import ALL_LISTS, CONDITIONS, condition_path, find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_labels

__all__ = [
    "COMMON",
    "CONDITIONS",
    "CREATED",
    "DELETING",
    "NAME",
    "NAMESPACE",
    "OWNER",
    "UID",
    "Column",
    "bool_column",
    "condition_column",
    "field_column",
    "int_column",
    "roles_column",
    "time_column",
    "unset_column",
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

    `source` describes where the fact is; `paths` are the fields if it is the value of one of them.
    """

    name: str
    dtype: str
    source: str
    value: Callable[[Obj], Any]
    paths: tuple[str, ...] = ()


def field_column(name: str, *paths: str, dtype: str = "str") -> Column:
    """Return a column with the first of `paths` that is set; an empty string counts as unset."""
    fields = [field_path(path) for path in paths]

    def value(obj: Obj) -> Any:
        values = (path.get(obj) for path in fields)
        return next((_convert_value(dtype, v) for v in values if v is not None and v != ""), None)

    return Column(name, dtype, " or ".join(paths), value, paths)


def _convert_value(dtype: str, value: Any) -> Any:
    """The value in the column's type; None if it does not fit."""
    match dtype:
        case "boolean":
            return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value))
        case "Int64":
            return _parse_int64(str(value))
        case _:
            return value if isinstance(value, str) else str(value)


def _parse_int64(text: str) -> int | None:
    """An integer of 64 bits; None if it is not one."""
    if len(text) > LONGEST_INT or not text.isascii() or not text.removeprefix("-").isdigit():
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def time_column(name: str, *paths: str) -> Column:
    """Return a column with the first of these times that is set, RFC 3339 in the object."""
    return field_column(name, *paths, dtype="datetime64[ns, UTC]")


def bool_column(name: str, *paths: str) -> Column:
    """Return a boolean column; absent stays absent."""
    return field_column(name, *paths, dtype="boolean")


def int_column(name: str, *paths: str) -> Column:
    """Return an integer column."""
    return field_column(name, *paths, dtype="Int64")


def unset_column(name: str, path: str) -> Column:
    """Return a column that is true unless `path` is true: ``spec.unschedulable`` absent means schedulable."""
    return Column(name, "boolean", f"not {path}", lambda obj: field_path(path).get(obj) is not True)


def condition_column(name: str, kind: str) -> Column:
    """Return a column with the status of a condition (``True``, ``False``, ``Unknown``), in any of the API's lists."""

    def value(obj: Obj) -> str | None:
        return find_condition(obj, kind, ALL_LISTS).status or None

    return Column(name, "str", condition_path(kind), value)


def roles_column(name: str = "roles") -> Column:
    """Return a column with the roles of a Node, Machine, RKEBootstrap or plan Secret, from its labels, if any."""

    def value(obj: Obj) -> str | None:
        own_labels = get_labels(obj)
        own_roles = {role for key, role in ROLE_LABELS.items() if own_labels.get(key) == "true"}
        return " ".join(sorted(own_roles)) or None

    return Column(name, "str", "metadata.labels: " + ", ".join(ROLE_LABELS), value)


def _owner_names(obj: Obj) -> str | None:
    owners = [owner for owner in get_items(obj, "metadata.ownerReferences") if isinstance(owner, dict)]
    return ", ".join(f"{owner.get('kind')}/{owner.get('name')}" for owner in owners) or None


NAMESPACE = field_column("namespace", "metadata.namespace")
NAME = field_column("name", "metadata.name")
OWNER = Column("owner", "str", "metadata.ownerReferences", _owner_names)
DELETING = time_column("deleting", "metadata.deletionTimestamp")
CREATED = time_column("created", "metadata.creationTimestamp")
UID = field_column("uid", "metadata.uid")
COMMON = (NAMESPACE, NAME, OWNER, DELETING, CREATED, UID)
