"""Grouping of similar items, and lists of names with a limit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from harvdiag.core.escape import escape_text

__all__ = ["group_by", "join_escaped"]

Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)


def group_by(items: Iterable[Item], key: Callable[[Item], Key]) -> list[tuple[Key, list[Item]]]:
    """Return the items with the same key together, ordered by the first occurrence of each key.

    Unlike `itertools.groupby`, items with the same key need not be adjacent.
    """
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.items())


def join_escaped(names: Sequence[str], most: int = 40) -> str:
    """Return the names separated by commas and escaped, for a hint or an alternative text; at most `most` of them."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return escape_text(", ".join(names[:most])) + rest
