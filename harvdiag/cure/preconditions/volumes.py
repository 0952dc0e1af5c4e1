"""P2, Longhorn: whether all volumes are healthy, and which data would go with the replicas on a Node.

A replica is healthy where it was once and has not failed since, and its process is not in error; of a volume that is
detached none runs. docs/objects.md#precondition-volumes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.preconditions.removal import Removal, gaps_of
from harvdiag.cure.preconditions.words import decide, list_some, names_of
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.facts import Facts
from harvdiag.rules.volumes import LONGHORN, TROUBLE, VOLUME, volume_evidence, volume_ref

__all__ = ["DEGRADED", "FAULTED", "HELD", "LAST", "is_healthy", "judge_volumes", "of_volumes"]

DEGRADED, FAULTED = "degraded volumes", "faulted volumes"
HELD = "volumes with a replica on it"
LAST = "volumes whose last healthy replica is on it"
"""The value that no plan may pass over."""
REPLICA = "Replica"
BROKEN = frozenset({"error", "unknown"})
"""States of a replica's process in which it is not known to have the data."""
MANY = 500
"""From how many volumes on all replicas are read at once."""


@dataclass(frozen=True, kw_only=True)
class _Volumes:
    """The volumes in trouble, those with replicas on the Nodes that go, and those that have healthy ones only there."""

    degraded: Sequence[Obj] = ()
    faulted: Sequence[Obj] = ()
    held: Sequence[ObjectRef] = ()
    last: Sequence[ObjectRef] = ()
    replicas: Sequence[Obj] = ()
    """The healthy replicas of the last ones."""
    untold: tuple[str, ...] = ()


def judge_volumes(facts: Facts, removal: Removal) -> Precondition:
    """Judge P2: no volume is degraded or faulted, and the last healthy replica of none is on a Node that goes."""
    found = _read(facts, removal) if removal.nodes else _Volumes()
    untold = (*removal.untold, *found.untold)
    met = decide(found.degraded or found.faulted or found.last, untold)
    return Precondition(
        id="P2",
        asks=f"Are all volumes healthy, and is the last healthy replica of none on {removal.place}?",
        met=met,
        values=(
            Value(name=DEGRADED, value=len(found.degraded), refs=tuple(map(volume_ref, found.degraded))),
            Value(name=FAULTED, value=len(found.faulted), refs=tuple(map(volume_ref, found.faulted))),
            Value(name=HELD, value=len(found.held), refs=tuple(found.held)),
            Value(name=LAST, value=len(found.last), refs=tuple(found.last)),
        ),
        evidence=_evidence(found),
        told=_tell(removal, found, untold),
        untold=untold,
        by_hand=_by_hand(removal) if untold else (),
    )


def _read(facts: Facts, removal: Removal) -> _Volumes:
    trouble = facts.snapshot.find(VOLUME, TROUBLE)
    here = facts.snapshot.find(REPLICA, Wanted(fields=tuple(f"spec.nodeID={name}" for name in removal.names)))
    volumes = list(dict.fromkeys(name for obj in here.objects if (name := get_text(obj, "spec.volumeName"))))
    healthy = {get_text(obj, "spec.volumeName") for obj in here.objects if is_healthy(obj)}
    every = facts.snapshot.find(REPLICA, of_volumes(healthy)) if healthy else here
    gaps = [f"{VOLUME}: {trouble.gap}"] if trouble.gap is not None else []
    gaps += [f"{REPLICA}: {gap}" for gap in dict.fromkeys((here.gap, every.gap)) if gap is not None]
    gaps += gaps_of(facts, "Node")
    whole = every.gap is None and facts.snapshot.seen("Node")
    lost = healthy - _safe_elsewhere(facts, removal, every.objects) if whole else set()
    last = [name for name in volumes if name in lost]
    return _Volumes(
        degraded=[obj for obj in trouble.objects if get_text(obj, "status.robustness") == "degraded"],
        faulted=[obj for obj in trouble.objects if get_text(obj, "status.robustness") == "faulted"],
        held=[ObjectRef(VOLUME, LONGHORN, name) for name in volumes],
        last=[ObjectRef(VOLUME, LONGHORN, name) for name in last],
        replicas=[obj for obj in here.objects if get_text(obj, "spec.volumeName") in last and is_healthy(obj)],
        untold=tuple(gaps),
    )


def of_volumes(names: Collection[str]) -> Wanted:
    """Return what asks for the replicas of volumes."""
    fields = tuple(f"spec.volumeName={name}" for name in sorted(names))
    return Wanted(fields=fields if len(fields) <= MANY else ())


def _safe_elsewhere(facts: Facts, removal: Removal, replicas: Sequence[Obj]) -> set[str]:
    """Return the volumes that have a healthy replica on a Node that stays and is not down; an inactive one is none."""
    stay = {node.name for node in facts.pairing.nodes if node not in removal.nodes and not _is_down(facts, node)}
    return {
        get_text(obj, "spec.volumeName")
        for obj in replicas
        if get_text(obj, "spec.nodeID") in stay
        and is_healthy(obj)
        and field_path("spec.active").get(obj) is not False
        and get_text(obj, "status.currentState") not in BROKEN
    }


def is_healthy(replica: Obj) -> bool:
    """Return whether a replica has the data of its volume."""
    return bool(get_text(replica, "spec.healthyAt")) and not get_text(replica, "spec.failedAt")


def _is_down(facts: Facts, node: ObjectRef) -> bool:
    return find_condition(facts.pairing.obj(node), "Ready").status in {"False", "Unknown"}


def _evidence(found: _Volumes) -> tuple[Evidence, ...]:
    shown = [row for obj in (*found.degraded, *found.faulted) for row in volume_evidence(obj, "status.robustness")]
    for obj in found.replicas:
        ref = ObjectRef(REPLICA, namespace_of(obj), name_of(obj))
        shown += [Evidence(ref, path, get_text(obj, path)) for path in ("spec.nodeID", "spec.healthyAt")]
    return tuple(shown)


def _tell(removal: Removal, found: _Volumes, untold: Sequence[str]) -> str:
    if not removal.nodes and not untold:
        return "no Node goes with it, so no replica does"
    last = f"volumes whose last healthy replica is on {removal.place}"
    parts = [
        f"{what}: {list_some(names)}"
        for what, names in (
            (last, names_of(found.last)),
            (DEGRADED, [name_of(obj) for obj in found.degraded]),
            (FAULTED, [name_of(obj) for obj in found.faulted]),
        )
        if names
    ]
    if parts:
        return "; ".join(parts)
    if untold:
        return f"the state of volumes and replicas cannot be told: {'; '.join(untold)}"
    return f"{last}: none of {len(found.held)}; none is degraded or faulted"


def _by_hand(removal: Removal) -> tuple[str, ...]:
    look = (
        f"List volumes and replicas: `kubectl get volumes.longhorn.io,replicas.longhorn.io -n {LONGHORN} -o wide`; "
        f"each volume with a replica on {removal.place} needs another healthy one."
    )
    return (look,)
