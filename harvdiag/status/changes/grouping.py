"""The differences grouped by host; equal differences of many hosts are folded into one group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harvdiag.core.fields import get_text
from harvdiag.core.listing import group_by
from harvdiag.core.model import ObjectRef
from harvdiag.graph.pairing import PLAN_MACHINE_LABEL
from harvdiag.status.changes.change import CHANGED, GONE, NEW, RECREATED, STATE, Change
from harvdiag.status.changes.comparison import Comparison

__all__ = ["CLUSTER", "Group", "Step", "group_changes"]

CLUSTER = "the cluster"
OF_MACHINE = {"Machine", "CustomMachine", "RKEBootstrap", "Secret"}
ROOM, SAMPLE, STEPS = 8, 3, 9
ORDER = (RECREATED, GONE, NEW, CHANGED)


class Step(NamedTuple):
    """What is drawn as one: a change, or an object with the parts that came or went with it."""

    change: Change
    parts: tuple[str, ...] = ()


class Group(NamedTuple):
    """One host, or the cluster itself: its steps, how many `more` there are, and the hosts that it stands for."""

    name: str
    steps: tuple[Step, ...]
    more: int = 0
    alike: tuple[str, ...] = ()


def group_changes(comparison: Comparison, whole: bool = False) -> list[Group]:
    """Group the changes by host, those with objects that came or went first; equal groups of many hosts are folded.

    Details are left out (`Change.detail`). `whole` folds nothing.
    """
    shown = [change for change in comparison.changes if not change.detail]
    found = [
        Group(name, tuple(_build_steps(changes)))
        for name, changes in group_by(shown, lambda change: _find_host(comparison, change.ref))
    ]
    found.sort(key=lambda group: (min(map(_step_weight, group.steps)), group.name == CLUSTER, group.name))
    if whole:
        return found
    if len(found) > ROOM:
        found = _fold_groups(found)
    return [group._replace(steps=group.steps[:STEPS], more=len(group.steps[STEPS:])) for group in found]


def _fold_groups(found: Sequence[Group]) -> list[Group]:
    """Keep the first of the groups whose steps differ only in names, and put the rest of them into one."""
    kept: list[Group] = []
    sorts = group_by(found, lambda group: tuple(_step_signature(step) for step in group.steps))
    for at, (_, alike) in enumerate(sorts):
        if len(kept) >= ROOM:
            rest = tuple(group.name for _, more in sorts[at:] for group in more)
            return [*kept, Group(f"and {len(rest)} more with other changes", (), alike=rest)]
        keep = alike if len(alike) <= SAMPLE + 1 else alike[:SAMPLE]
        kept += keep
        if rest := tuple(group.name for group in alike[len(keep) :]):
            kept.append(Group(f"and {len(rest)} more like this", (), alike=rest))
    return kept


def _build_steps(changes: Sequence[Change]) -> list[Step]:
    """Build the steps of a host: a Machine and its parts that came or went together are one."""
    steps = []
    taken: set[ObjectRef] = set()
    for change in sorted(changes, key=_sort_key):
        if change.ref in taken and not change.path:
            continue
        parts = [c.ref for c in changes if not c.path and c.sort == change.sort and _is_part(c.ref, change)]
        taken |= set(parts)
        steps.append(Step(change, tuple(ref.kind for ref in parts)))
    return steps


def _sort_key(change: Change) -> tuple[int, bool, bool, tuple[int, ObjectRef]]:
    return (ORDER.index(change.sort), bool(change.path), change.path != STATE, _kind_rank(change.ref))


def _is_part(ref: ObjectRef, change: Change) -> bool:
    whole = change.ref.kind == "Machine" and not change.path
    return whole and ref.kind in OF_MACHINE - {"Machine"} and ref.name.startswith(change.ref.name)


def _kind_rank(ref: ObjectRef) -> tuple[int, ObjectRef]:
    return (("Node", "Machine").index(ref.kind) if ref.kind in {"Node", "Machine"} else 2, ref)


def _step_weight(step: Step) -> int:
    change = step.change
    if not change.path or change.sort == RECREATED:
        return 0
    return 1 if change.sort != CHANGED else 2


def _step_signature(step: Step) -> tuple[str, str, str, int]:
    return (step.change.sort, step.change.ref.kind, step.change.path, len(step.parts))


def _find_host(comparison: Comparison, ref: ObjectRef) -> str:
    """The name of the Node that an object belongs to; of a Machine without one its own."""
    if ref.kind == "Node":
        return ref.name
    if ref.kind not in OF_MACHINE:
        return CLUSTER
    sides = (comparison.now, comparison.before)
    obj = next((side.objects[ref] for side in sides if ref in side.objects), None)
    machine = (
        (get_text(obj, PLAN_MACHINE_LABEL) or ref.name.removesuffix("-machine-plan"))
        if ref.kind == "Secret"
        else ref.name
    )
    node = next((side.partners[f"Machine {machine}"] for side in sides if f"Machine {machine}" in side.partners), "")
    return node or f"Machine {machine}"
