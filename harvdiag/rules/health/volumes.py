"""Longhorn volumes that are degraded or faulted for a reason of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from harvdiag.core.conditions import condition_path, find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import just_ended
from harvdiag.rules.lost_replicas import LostReplica, find_lost_replicas
from harvdiag.rules.thresholds import DEGRADED, REBUILD
from harvdiag.rules.volume_faults import (
    FEW,
    Stake,
    find_stake,
    name_volume,
    sort_degraded,
)
from harvdiag.rules.volumes import (
    LONGHORN,
    VOLUME,
    degraded_age,
    storage_nodes,
    volume_evidence,
    volume_ref,
    volumes_in_trouble,
)

REPLENISHED = timedelta(minutes=10)
"""How long Longhorn waits for a replica to come back before it builds another, unless it is told otherwise."""
QUEUE = 50
"""Of how many degraded volumes the engines are read, to see whether a replica is being rebuilt."""
SEEN = {"Node.longhorn.io", "Node", "Upgrade", "UpgradePlan"}


@rule(
    "volume-degraded",
    holds=True,
    needs=SEEN,
    optional={VOLUME, "Replica", "Engine", "InstanceManager", "Setting.longhorn.io"},
    links=["harvester/harvester#4773", "harvester/harvester#7067"],
)
def volume_degraded(facts: Facts) -> Iterator[Hit]:
    """A volume is degraded, and no node is at fault.

    A replica cannot be placed, or failed and is not rebuilt. With three Nodes or more Harvester refuses an upgrade as
    long as one volume is degraded. A rebuild of up to two hours is normal.
    """
    stake = find_stake(facts) if volumes_in_trouble(facts) else None
    own = sort_degraded(facts, stake).own if stake else ()
    if stake is None or not own:
        return
    modes, lost = _replica_modes(facts, own[:QUEUE]), find_lost_replicas(facts, own[:FEW])
    young = facts.span(DEGRADED) + REPLENISHED
    # Longhorn rebuilds some at a time: while it does, and after an upgrade has restarted the hosts, they have time.
    if just_ended(facts) or any("WO" in each.values() for each in modes.values()):
        young = facts.span(REBUILD)
    hits = [
        hit
        for obj in own[:FEW]
        if (hit := _degraded_hit(facts, stake, obj, (modes.get(name_of(obj), {}), lost.get(name_of(obj))), young))
    ]
    if len(own) > FEW and hits:
        others = f"; {len(own) - 1} other volumes are degraded too: {join_names([name_of(obj) for obj in own[1:]])}"
        hits = [replace(hits[0], message=hits[0].message + others, targets=tuple(map(volume_ref, own[1:])))]
    yield from hits


def _replica_modes(facts: Facts, volumes: Sequence[Obj]) -> dict[str, dict[str, str]]:
    """Return for each volume the modes of its replicas as its engine has them: RW, WO (being rebuilt) or ERR."""
    labels = tuple(f"longhornvolume={name_of(obj)}" for obj in volumes)
    modes: dict[str, dict[str, str]] = {}
    for engine in facts.find("Engine", Wanted(labels=labels)):
        found = field_path("status.replicaModeMap").get(engine)
        if isinstance(found, dict):
            modes.setdefault(get_text(engine, "spec.volumeName"), {}).update(found)
    return modes


def _degraded_hit(
    facts: Facts, stake: Stake, obj: Obj, replicas: tuple[dict[str, str], LostReplica | None], young: timedelta
) -> Hit | None:
    """Judge one volume: by its age, by what Longhorn says of its replicas, and by whether one is being rebuilt."""
    ref, age = volume_ref(obj), degraded_age(facts, obj)
    modes, lost = replicas
    scheduled = find_condition(obj, "Scheduled")
    crowded = find_condition(obj, "TooManySnapshots").status == "True"
    rebuilding = [name for name, mode in modes.items() if mode == "WO"]
    unplaced = scheduled.status == "False"
    span = facts.span(DEGRADED) if unplaced or crowded else young
    severity = _degraded_severity(facts, stake, age, span, bool(rebuilding))
    if severity is None:
        return None
    since = get_text(obj, "status.lastDegradedAt")
    why = _degraded_reason(scheduled.why if unplaced else "", rebuilding, crowded=crowded, unplaced=unplaced)
    why = why or (f": {lost.words}" if lost else "")
    return Hit(
        subject=ref,
        message=(
            f"{name_volume(obj)} is degraded{f' since {Timestamp(since)}' if Timestamp(since) else ''}{why}; "
            f"{stake.text}"
        ),
        evidence=(
            *volume_evidence(obj, "status.robustness", "spec.numberOfReplicas", "status.lastDegradedAt"),
            *(
                (Evidence(ref, condition_path("Scheduled"), scheduled.message or scheduled.reason or "False"),)
                if unplaced
                else ()
            ),
            *((Evidence(ref, condition_path("TooManySnapshots"), "True"),) if crowded else ()),
            *(lost.evidence if lost else ()),
        ),
        next=(
            *_degraded_steps(obj, severity, unplaced=unplaced, crowded=crowded, rebuilding=bool(rebuilding)),
            *(lost.steps if lost else ()),
        ),
        caution=advice.FEWER_REPLICAS if unplaced else "",
        targets=lost.objects if lost else (),
        severity=severity,
    )


def _degraded_severity(
    facts: Facts, stake: Stake, age: timedelta | None, young: timedelta, rebuilding: bool
) -> Severity | None:
    """During an upgrade only hours count; else a rebuild has its time, and a young state is not a fault yet."""
    long = age is not None and age >= facts.span(REBUILD)
    if stake.running:
        return Severity.WARNING if long else None
    if rebuilding:
        return Severity.WARNING if long else Severity.INFO
    return Severity.INFO if age is not None and age < young else Severity.ERROR


def _degraded_reason(unscheduled: str, rebuilding: Sequence[str], *, crowded: bool, unplaced: bool) -> str:
    """Return why, as Longhorn tells it: `unscheduled` is its message about a replica that it could not place."""
    if unplaced:
        return f": Longhorn cannot place a replica{f' ({format_value(unscheduled)})' if unscheduled else ''}"
    if rebuilding:
        return f": replica {rebuilding[0]} is being rebuilt"
    return ": it has too many snapshots, so that no replica can be rebuilt" if crowded else ""


def _degraded_steps(obj: Obj, severity: Severity, *, unplaced: bool, crowded: bool, rebuilding: bool) -> Iterator[str]:
    name = actions.quote_argument(name_of(obj))
    if unplaced:
        yield (
            "Free space or add a disk (Hosts → ⋮ → Edit Config → Storage → Add Disk), or lower its replicas to those "
            f"that it has: {actions.set_replicas(name_of(obj), 'NUMBER')}. Waiting does not help as long as no disk "
            "takes the replica."
        )
    if crowded:
        yield f"Delete snapshots of it: Longhorn UI → Volume → {name_of(obj)} → Snapshots."
    if rebuilding:
        yield "Let the rebuild finish and collect again."
    yield (
        f"Look at its replicas and engine: `kubectl get replicas.longhorn.io,engines.longhorn.io -n {LONGHORN} "
        f"-l longhornvolume={name}`."
    )
    if not (unplaced or crowded or rebuilding):
        yield advice.IF_UNCLEAR if severity is not Severity.INFO else "Collect again: a rebuild begins within minutes."


@rule(
    "volume-faulted",
    needs={"Node"},
    optional={VOLUME, "Node.longhorn.io"},
    links=["harvester/harvester#3648"],
)
def volume_faulted(facts: Facts) -> Iterator[Hit]:
    """A volume is faulted: no replica of it can be used, and its data cannot be reached.

    Harvester's webhook does not see it: it looks for degraded volumes alone. What uses the volume does not run, and a
    drain can hang on it.
    """
    faulted = [obj for obj in volumes_in_trouble(facts) if get_text(obj, "status.robustness") == "faulted"]
    shown = faulted[:1] if len(faulted) > FEW else faulted
    for obj in shown:
        ref, age = volume_ref(obj), degraded_age(facts, obj)
        rest = faulted[1:] if len(shown) < len(faulted) else []
        names = join_names([name_of(other) for other in rest])
        others = f"; {len(rest)} other volumes are faulted too: {names}" if rest else ""
        used = get_text(obj, "status.state") != "detached" or get_text(obj, "spec.nodeID")
        young = age is not None and age < facts.span(DEGRADED)
        down = [node for node in storage_nodes(facts) if node.down]
        away = f"; Longhorn Node {down[0].name} {down[0].fault}" if down else ""
        yield Hit(
            subject=ref,
            message=f"{name_volume(obj)} is faulted: none of its replicas can be used{away}{others}",
            evidence=volume_evidence(obj, "status.robustness", "status.state", "spec.numberOfReplicas"),
            next=_faulted_steps(name_of(obj)),
            caution="Do not delete the volume or a failed replica: one of them may be salvaged.",
            severity=Severity.INFO if young else Severity.ERROR if used else Severity.WARNING,
            causes=tuple(Cause("node-unready", ObjectRef("Node", "", node.name)) for node in down),
            targets=tuple(map(volume_ref, rest)),
        )


def _faulted_steps(name: str) -> tuple[str, ...]:
    return (
        (
            "Look where its replicas are and when they failed: `kubectl get replicas.longhorn.io "
            f"-n {LONGHORN} -l longhornvolume={actions.quote_argument(name)} -o yaml` (spec.nodeID, spec.failedAt)."
        ),
        "Bring their hosts and disks back; Longhorn salvages the volume by itself when it is attached again.",
        "Harvester does not refuse an upgrade for it: do not begin one before.",
        f"If it stays faulted: Longhorn UI → Volume → {name} → Salvage, or restore it from a backup.",
    )
