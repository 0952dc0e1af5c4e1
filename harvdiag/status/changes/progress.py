"""How far the upgrade got between two readings: its phase, its nodes, and which of them moved from where to where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harvdiag.core.fields import uid_of
from harvdiag.status.changes.side import Side
from harvdiag.upgrade.phases import FAILED, STATES
from harvdiag.upgrade.phases_v2 import place_of
from harvdiag.upgrade.v1 import Upgrade

__all__ = ["BACK", "ON", "WRONG", "NodeMove", "Standing", "UpgradeChange", "compare_upgrades", "find_direction"]

ON, BACK, WRONG = "on", "back", "wrong"
"""Which way a node moved in the order of the upgrade's states; the last is a failure."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where an upgrade is at one time; `done` of `of` nodes have succeeded."""

    kind: str
    name: str
    version: str
    """The target version; empty where it is unknown."""
    state: str
    """Its own word for the phase, such as ``UpgradingNodes``."""
    phase: int | None
    """The number of the phase, None for one that no known release writes; `phases` is that of the last."""
    phases: int
    running: bool
    failed: bool
    done: int
    of: int
    percent: int
    """As the UI shows it."""

    @property
    def reached(self) -> tuple[str, str, str, int, bool, bool]:
        """What makes a difference: the sizes follow from the Nodes, which may not have been seen."""
        return (self.name, self.version, self.state, self.done, self.running, self.failed)


@dataclass(frozen=True, kw_only=True)
class NodeMove:
    """A node that moved from one state of the upgrade to another; empty: it was not in its list."""

    node: str
    before: str
    now: str
    direction: str
    reason: str = ""
    """What the upgrade says of its present state."""


@dataclass(frozen=True, kw_only=True)
class UpgradeChange:
    """The upgrade on both sides, under way or else the last, and the nodes that moved in it."""

    before: Standing | None
    now: Standing | None
    moves: tuple[NodeMove, ...] = ()
    began: bool = False
    """Whether that of now was started, or got another version, in between."""
    gap: str = ""
    """Why the two cannot be compared; empty where they can."""

    @property
    def changed(self) -> bool:
        """Whether the upgrade got anywhere, or another began."""
        one, other = (side.reached if side else None for side in (self.before, self.now))
        return not self.gap and (one != other or bool(self.moves))


def compare_upgrades(before: Side, now: Side) -> UpgradeChange:
    """Compare the upgrades of two readings of one cluster."""
    gap = _find_gap(before, now)
    began = not gap and _was_begun(before.upgrade, now.upgrade)
    moves = () if gap or began else tuple(_find_moves(before, now))
    return UpgradeChange(before=_read_standing(before), now=_read_standing(now), moves=moves, began=began, gap=gap)


def find_direction(before: str, now: str) -> str:
    """Return which way a node moved from one state to another."""
    one, other = (STATES[place].order if (place := place_of(state)) in STATES else 0 for state in (before, now))
    return BACK if other < one else ON if other < STATES[FAILED].order else WRONG


def _find_gap(before: Side, now: Side) -> str:
    """Why Upgrades that are not there may exist; of those that are on both sides nothing is left open."""
    if before.upgrade and now.upgrade:
        return ""
    sides = (("before", before), ("now", now))
    gaps = [
        f"{kind} not seen {when} ({gap})"
        for when, side in sides
        if side.upgrade is None
        for kind in ("Upgrade", "UpgradePlan")
        if (gap := side.gap(kind))
    ]
    return gaps[0] if gaps else ""


def _was_begun(before: Upgrade | None, now: Upgrade | None) -> bool:
    if now is None:
        return False
    other = before is None or before.ref != now.ref or uid_of(before.obj) != uid_of(now.obj)
    return other or (before is not None and before.version != now.version)


def _read_standing(side: Side) -> Standing | None:
    upgrade, run = side.upgrade, side.diagnosis.shown
    if upgrade is None or run is None:
        return None
    percent = run.percent
    return Standing(
        kind=upgrade.ref.kind,
        name=upgrade.ref.name,
        version=upgrade.version,
        state=upgrade.state,
        phase=upgrade.phase.number if upgrade.phase else None,
        phases=upgrade.phases[-1].number,
        running=upgrade.running,
        failed=upgrade.failed,
        done=percent.done,
        of=percent.of,
        percent=percent.total,
    )


def _find_moves(before: Side, now: Side) -> Iterator[NodeMove]:
    for node in sorted({*before.states, *now.states}):
        was, is_ = before.states.get(node, ""), now.states.get(node, "")
        if was != is_:
            status = now.upgrade.statuses.get(node) if now.upgrade else None
            reason = ": ".join(filter(None, (status.reason, status.message))) if status else ""
            yield NodeMove(node=node, before=was, now=is_, direction=find_direction(was, is_), reason=reason)
