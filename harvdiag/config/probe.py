"""Probes: whether a field of a kind is kept at all, tried with an object that has it."""

from __future__ import annotations

from typing import Any

from harvdiag.core.query import FieldQuery, Step
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Listing
from harvdiag.snapshot.reader import vet_listing

__all__ = ["is_kept"]

VALUE = "probe"
FARTHEST = 100
"""The highest place in a list that is tried."""


def is_kept(kind: Kind, query: FieldQuery) -> bool:
    """Return whether the field is kept of objects of a kind: neither dropped nor masked, whatever it holds."""
    obj: dict[str, Any] = {
        "apiVersion": f"{kind.group}/v1" if kind.group else "v1",
        "kind": kind.bare,
        "metadata": {"name": VALUE, "namespace": kind.home},
        **({"type": kind.only} if kind.only else {}),
    }
    _merge(obj, _build(query.steps))
    kept, _ = vet_listing(Listing(kind=kind, items=[obj]))
    return any(found.value is not None and found.value != "***" for each in kept for found in query.find(each))


def _build(steps: tuple[Step, ...]) -> Any:
    """An object in which the steps lead to the value."""
    if not steps:
        return VALUE
    step, inner = steps[0], _build(steps[1:])
    if isinstance(step, str):
        return {step: inner}
    if isinstance(step, int):
        return [*({} for _ in range(min(step, FARTHEST))), inner]
    if step.key and isinstance(inner, dict):
        _merge(inner, {step.key: step.value})
    return [inner]


def _merge(target: dict[str, Any], source: dict[str, Any]) -> None:
    """Lay the source over the target; what the target has already stays, as an object needs it to be one."""
    for key, value in source.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target.setdefault(key, value)
