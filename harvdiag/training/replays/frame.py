"""A frame: one moment of a replay, with its cluster, whose turn it is, and what changed since the frame before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import NamedTuple

from harvdiag.cluster import Cluster
from harvdiag.core.escape import escape_text
from harvdiag.core.fields import get_text, name_of
from harvdiag.core.marks import SIGNS, TO_COME
from harvdiag.core.model import ObjectRef
from harvdiag.figures import draw
from harvdiag.figures.figure import Figure
from harvdiag.status.changes.change import CHANGED, Change
from harvdiag.status.changes.comparison import Comparison
from harvdiag.training.replays.moments import Moment
from harvdiag.upgrade.handshake import KEYS
from harvdiag.upgrade.waiting import find_wait

__all__ = ["Frame", "NodeShown"]

VOLUME = "Volume.longhorn.io"
TWICE = {"Cluster.management.cattle.io", "Cluster.provisioning.cattle.io"}
"""The kinds on which only stands what another says, too."""
ENDS = {"condition Complete", "condition Failed"}
ABSENT = "absent"


class NodeShown(NamedTuple):
    """A node at a moment: its name, its mark (``good``, ``now``, ``wait``, ``warning``, ``error``) and its state."""

    name: str
    mark: str
    state: str


class Frame:
    """One moment of a replay: ``frame.title``, ``.cluster``, ``.turn``, ``.changes``, ``.figure``; a card in notebooks.

    `number` counts from 0, `key` names the moment (``hv02 h5``), `node` is the node that it is about (empty for the
    whole cluster), `minutes` have passed since the upgrade was created.
    """

    def __init__(
        self, number: int, moment: Moment, open_frame: Callable[[int], Cluster], stopped: bool = False
    ) -> None:
        """`stopped` says that it is no longer on the course of a healthy upgrade."""
        self.number = number
        self.key = moment.key
        self.title = moment.title
        self.node = moment.node
        self.minutes = int(moment.minutes)
        self._open, self._stopped = open_frame, stopped

    def __repr__(self) -> str:
        lines = [self.heading, f"Turn: {self.turn}", f"Nodes: {', '.join(map(_word_node, self.nodes))}"]
        return "\n".join(escape_text(line) for line in [*lines, *(f"- {line}" for line in self.changed)])

    @property
    def heading(self) -> str:
        """``12, +4:16 h  hv02: Rancher has drained it (h6)``"""
        return f"{self.number}, {self.clock}  {self.title}"

    @property
    def clock(self) -> str:
        """The time since the upgrade was created, in hours and minutes: ``+4:16 h``."""
        return f"+{self.minutes // 60}:{self.minutes % 60:02} h"

    @property
    def cluster(self) -> Cluster:
        """The cluster at this moment, opened when it is asked for."""
        return self._open(self.number)

    @cached_property
    def turn(self) -> str:
        """Who is to act next, and for what: ``Rancher: to drain the node``."""
        status = self.cluster.upgrade
        if status.upgrade_run is None or status.current_wait is None:
            return "no one: the upgrade is over"
        wait = status.current_wait if self._stopped else find_wait(status.upgrade_run)
        return f"{wait.actor}: {wait.what}"

    @cached_property
    def phase(self) -> str:
        """The state of the upgrade in its own word: ``UpgradingNodes``."""
        current = self.cluster.upgrade.current
        return current.state if current else ""

    @cached_property
    def nodes(self) -> tuple[NodeShown, ...]:
        """Each node with its state, by name."""
        ways = sorted(self.cluster.upgrade.progress.nodes, key=lambda way: way.name)
        return tuple(NodeShown(way.name, way.mark, way.state_word) for way in ways)

    @cached_property
    def found(self) -> tuple[str, ...]:
        """The findings that no other explains, rule and subject each: ``node-without-machine Node/hv04``."""
        return tuple(f"{f.rule} {f.subject.kind}/{f.subject.name}" for f in self.cluster.check().roots)

    @property
    def comparison(self) -> Comparison | None:
        """All that differs from the frame before; None for the first."""
        return self.cluster.compare(self._open(self.number - 1)) if self.number else None

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What changed since the frame before, without what only repeats it."""
        compared = self.comparison
        if compared is None:
            return ()
        return (*filter(_is_told, compared.changes), *_volume_changes(self._open(self.number - 1), self.cluster))

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """The same in words, and the findings that came or went."""
        compared = self.comparison
        if compared is None:
            return ()
        words = dict.fromkeys(map(_word_change, self.changes))
        new = (f"harvdiag now finds {finding.rule} {finding.subject.name}" for finding in compared.new)
        return (*words, *new, *(f"{finding.rule} {finding.subject.name} is gone" for finding in compared.gone))

    @property
    def figure(self) -> Figure:
        """The picture that tells most: the handshake of the node that it is about, else the upgrade."""
        return draw(self.cluster, "handshake", focus=f"node/{self.node}") if self._in_drain else self._upgrade

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The picture of the upgrade, and that of the handshake where a node is at its turn."""
        return (self._upgrade, self.figure) if self._in_drain else (self._upgrade,)

    @property
    def _upgrade(self) -> Figure:
        return draw(self.cluster, "upgrade")

    @property
    def _in_drain(self) -> bool:
        run = self.cluster.upgrade.upgrade_run
        return bool(self.node) and run is not None and run.node(self.node) is not None


def _volume_changes(before: Cluster, now: Cluster) -> Iterator[Change]:
    """The volumes that are no longer as healthy as they were, or are so again."""
    was, is_now = _robustness(before), _robustness(now)
    for name in was.keys() & is_now.keys():
        if was[name] != is_now[name]:
            ref = ObjectRef(VOLUME, "longhorn-system", name)
            path, sides = "status.robustness", (was[name], is_now[name])
            yield Change(sort=CHANGED, ref=ref, path=path, label="robustness", before=sides[0], now=sides[1])


def _robustness(cluster: Cluster) -> dict[str, str]:
    return {name_of(each): get_text(each, "status.robustness") for each in cluster.snapshot.objects(VOLUME)}


def _word_node(node: NodeShown) -> str:
    return f"{node.name} {SIGNS.get(node.mark, TO_COME)} {node.state}"


def _is_told(change: Change) -> bool:
    """Whether a change is worth telling: of details only the handshake, the Jobs, and what the planner says."""
    kind = change.ref.kind
    if kind in TWICE:
        return False
    if not change.detail:
        return True
    if kind == "Secret":
        return change.label in KEYS.values()
    if kind == "Job":
        return not change.path or change.label in ENDS
    return _is_said(change) or not change.path or (kind == "UpgradePlan" and change.label == "phase")


def _is_said(change: Change) -> bool:
    """Whether it is what Rancher's planner says."""
    return change.ref.kind == "RKEControlPlane" and change.label == "condition Reconciled"


def _word_change(change: Change) -> str:
    if _is_said(change):
        said = change.now.partition("Waiting: ")[2].removesuffix(")")
        return f'Rancher says "{said}"' if said else "Rancher has nothing left to do"
    return " ".join(_name_parts(change))


def _name_parts(change: Change) -> Iterator[str]:
    yield f"{change.ref.kind} {change.ref.name}"
    if change.sort != CHANGED or not change.path:
        yield f"is {change.sort}"
    elif change.label in KEYS.values():
        yield f"has no {change.label} any more" if change.now == ABSENT else f"has {change.label}"
    else:
        yield f"{change.label}: {change.before} → {change.now}"
