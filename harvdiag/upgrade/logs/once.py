"""What a log shows is searched for once: several rules and reports ask the same of one snapshot."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from harvdiag.snapshot import Snapshot

__all__ = ["once"]

P = ParamSpec("P")
T = TypeVar("T")


def once(find: Callable[Concatenate[Snapshot, P], T]) -> Callable[Concatenate[Snapshot, P], T]:
    """Let a function of a snapshot keep its answers as long as the snapshot lives; its arguments must be hashable."""
    answers: WeakKeyDictionary[Snapshot, dict[Any, T]] = WeakKeyDictionary()

    @wraps(find)
    def ask(snapshot: Snapshot, /, *args: P.args, **kwargs: P.kwargs) -> T:
        known, key = answers.setdefault(snapshot, {}), (args, tuple(kwargs.items()))
        if key not in known:
            known[key] = find(snapshot, *args, **kwargs)
        return known[key]

    return ask
