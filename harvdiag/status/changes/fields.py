"""The fields in which two readings of one object differ, without those that change by themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from harvdiag.core.fields import Obj
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.volatile import VOLATILE_FIELDS, VOLATILE_KEYS

__all__ = ["FieldChange", "compare_fields"]

IDENTITIES = ("type", "name", "key", "uid", "ip", "address", "id")
"""The keys by one of which the entries of a list are told apart, the first that all of them have."""
DELETION = "deletionTimestamp"
OPEN = frozenset({"", "metadata", "metadata.annotations", "metadata.labels", "spec", "status"})
"""Where no mapping is as good as an empty one: what is in the other is told key by key."""


class FieldChange(NamedTuple):
    """One field that differs; None: it is absent."""

    path: str
    before: Any
    now: Any


def compare_fields(kind: str, before: Obj, now: Obj, known: Collection[str]) -> Iterator[FieldChange]:
    """Compare two readings of an object of a kind, field by field; `known` are paths that others have compared.

    Of a mapping or an entry of a list that is on one side only, it is one change. Times that moved on are none, but a
    time that was set or removed is.
    """
    skipped = frozenset({*known, *VOLATILE_FIELDS.get(kind, ()), "metadata.uid", "metadata.creationTimestamp"})
    yield from _Walk(skipped).compare("", before, now)


class _Walk:
    """The way through two values at once."""

    def __init__(self, skipped: Collection[str]) -> None:
        self._skipped = skipped

    def compare(self, path: str, before: Any, now: Any) -> Iterator[FieldChange]:
        """Compare two values at one path."""
        if before == now or path in self._skipped:
            return
        one, other = (_as_mapping(path, value) for value in (before, now))
        if one is not None and other is not None:
            for key in dict.fromkeys((*one, *other)):
                if key not in VOLATILE_KEYS:
                    yield from self.compare(_join_path(path, key), one.get(key), other.get(key))
            return
        rows = _match_rows(before, now)
        if rows is not None:
            for name, was, is_ in rows:
                yield from self._compare_row(f"{path}, {name}", was, is_)
            return
        was, is_ = _without_noise(before), _without_noise(now)
        if was != is_ and not _is_time_passing(path, was, is_):
            yield FieldChange(path, was, is_)

    def _compare_row(self, path: str, before: Any, now: Any) -> Iterator[FieldChange]:
        """Compare two entries of a list; a condition is one value."""
        if path in self._skipped or not (_is_condition(path, before) or _is_condition(path, now)):
            yield from self.compare(path, before, now)
            return
        was, is_ = _describe_condition(before), _describe_condition(now)
        if was != is_:
            yield FieldChange(path, was, is_)


def _as_mapping(path: str, value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, dict):
        return value
    return {} if path in OPEN and _is_unset(value) else None


def _match_rows(before: Any, now: Any) -> list[tuple[str, Any, Any]] | None:
    """The entries of two lists by what identifies them; None where these are no such lists."""
    lists = [value or [] for value in (before, now)]
    if not all(isinstance(value, list) for value in lists) or not any(lists):
        return None
    for key in IDENTITIES:
        one, other = (_index_rows(rows, key) for rows in lists)
        if one is not None and other is not None:
            return [(f"{key} {name}", one.get(name), other.get(name)) for name in dict.fromkeys((*one, *other))]
    return None


def _index_rows(rows: list[Any], key: str) -> dict[str, Any] | None:
    """The entries of a list by a key; None where one has none, or two have the same."""
    names = [row.get(key) if isinstance(row, dict) else None for row in rows]
    if not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        return None
    return dict(zip(map(str, names), rows, strict=True))


def _is_condition(path: str, row: Any) -> bool:
    return "conditions, type " in path and isinstance(row, dict) and "status" in row


def _describe_condition(row: Any) -> str | None:
    """``False (NodeLost: the node did not answer)``"""
    if not isinstance(row, dict):
        return None
    why = ": ".join(str(row[key]) for key in ("reason", "message") if row.get(key))
    status = str(row.get("status") or "")
    return f"{status} ({why})".strip() if why else status or None


def _without_noise(value: Any) -> Any:
    """A value without the keys that change by themselves; None where nothing is left, as for an empty text."""
    if isinstance(value, dict):
        value = {key: _without_noise(each) for key, each in value.items() if key not in VOLATILE_KEYS}
    elif isinstance(value, list):
        value = [_without_noise(each) for each in value]
    return None if _is_unset(value) else value


def _is_unset(value: Any) -> bool:
    """Whether the API might as well have left it out; false and 0 are values."""
    return value is None or value in ("", {}, [])


def _is_time_passing(path: str, before: Any, now: Any) -> bool:
    """Whether both are times, which move on, but for that of a deletion."""
    return not path.endswith(DELETION) and all(
        isinstance(value, str) and "T" in value and Timestamp(value) for value in (before, now)
    )


def _join_path(path: str, key: str) -> str:
    """The path of a key below another: keys with dots or slashes are in brackets."""
    plain = key.replace("-", "").replace("_", "").isalnum()
    step = key if plain else f'["{key}"]'
    return step if not path else f"{path}{step}" if step.startswith("[") else f"{path}.{step}"
