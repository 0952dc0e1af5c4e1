"""How many things become few: what is alike together, and names listed with a limit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from harvdiag.core.escape import escape_text

__all__ = ["group_by", "join_escaped"]

Thing = TypeVar("Thing")
Mark = TypeVar("Mark", bound=Hashable)


def group_by(things: Iterable[Thing], mark: Callable[[Thing], Mark]) -> list[tuple[Mark, list[Thing]]]:
    """The things that have the same mark together, in the order in which each mark comes first."""
    found: dict[Mark, list[Thing]] = {}
    for thing in things:
        found.setdefault(mark(thing), []).append(thing)
    return list(found.items())


def join_escaped(names: Sequence[str], most: int = 40) -> str:
    """The names for a hint or an alternative text; of very many the first."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return escape_text(", ".join(names[:most])) + rest
