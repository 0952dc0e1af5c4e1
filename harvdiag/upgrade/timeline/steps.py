"""The steps of each node in an upgrade: its Jobs, and the steps between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from harvdiag.core.conditions import find_condition
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.phases import DONE, REBOOT
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.timeline.span import HOOKS, Clock, Span, Work, build_span

__all__ = ["find_steps"]

KUBERNETES, RESTART = "kubernetes", "restart"
LONGEST = timedelta(hours=2)
"""A Node that becomes Ready later than that after its hook did not do so because of the upgrade's restart."""


def find_steps(run: UpgradeRun, snapshot: Snapshot, jobs: Sequence[Work], clock: Clock) -> list[Span]:
    """Return each node's steps in their order, one node after the other, without their gaps."""
    return [found for node in run.nodes for found in _node_steps(node, jobs, snapshot, clock)]


def _node_steps(node: NodeUpgrade, jobs: Sequence[Work], snapshot: Snapshot, clock: Clock) -> Iterator[Span]:
    own_jobs = [work for work in jobs if work.node == node.name and work.began]
    ready = _ready_since(node, snapshot, clock)
    for work, after in pairwise((*own_jobs, None)):
        if work:
            yield build_span(node.name, work.step, work.began, work.ended)
            yield from _steps_between(node, (work, after), jobs, ready)


def _steps_between(
    node: NodeUpgrade, pair: tuple[Work, Work | None], jobs: Sequence[Work], ready: datetime | None
) -> Iterator[Span]:
    """What a node does after a hook, until the next of its Jobs: the two of `pair`."""
    before, after = pair
    if before.ended is None:
        return
    if before.step == "pre-drain" and (after is None or after.step == "post-drain"):
        yield build_span(node.name, KUBERNETES, before.ended, after.began if after else None)
    if before.step == "post-drain" and after is None and node.place == REBOOT:
        yield build_span(node.name, RESTART, before.ended, None)
    if before.step == "post-drain" and node.place == DONE and ready and before.ended < ready <= before.ended + LONGEST:
        began = (work.began for work in jobs if work.step in HOOKS and (work.node != node.name or work is after))
        # A hook begins when the node before is done: what became Ready later than that did so for another reason.
        if ready <= min((at for at in began if at and at > before.ended), default=ready):
            yield build_span(node.name, RESTART, before.ended, ready)


def _ready_since(node: NodeUpgrade, snapshot: Snapshot, clock: Clock) -> datetime | None:
    """Since when the Node is Ready; None where it is not."""
    ready = find_condition(snapshot.get(node.ref), "Ready")
    return clock(ready.changed) if ready and node.ready == "True" else None
