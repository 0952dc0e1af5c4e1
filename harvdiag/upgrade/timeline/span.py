"""A span of time in an upgrade, and the Jobs that spans are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from harvdiag.core.timestamps import Timestamp
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.jobs import COMPLETE, FAILED, every_job
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.timeline.note import is_future, parse_time

__all__ = ["HOOKS", "Clock", "Span", "Work", "build_span", "collect_work", "idle_before"]

HOOKS = frozenset({"pre-drain", "post-drain", "restore-vm", "single-node-upgrade"})
"""The Jobs of a node's turn."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A phase of the upgrade or a step of one node, whose steps are its Jobs by type, and between them ``kubernetes``
    (drain and new RKE2) and ``restart``.
    """

    node: str
    """Empty for a phase."""
    step: str
    """The phase's label, such as ``UpgradingNodes``, or the node's step."""
    began: datetime | None
    """UTC, as `ended`; None where it is unknown, or its time is impossible."""
    ended: datetime | None
    """None also while it is in progress."""
    duration: timedelta | None
    """None where one of them is, or where both are equal, so that nothing is known of the time between."""
    gap: timedelta | None
    """The time before it in which no Job ran on any node, and none restarted; for a phase no longer than since the one
    before. None where there was none or it is not known.
    """


class Work(NamedTuple):
    """One Job: what it does, for which node, and when."""

    step: str
    node: str
    began: datetime | None
    ended: datetime | None


class Clock:
    """Parser of the times of one collection: a time after it is impossible, and dropped."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._now = Timestamp(snapshot.manifest.captured_at).at

    def __call__(self, written: str) -> datetime | None:
        """The time of a field, or None."""
        at = parse_time(written)
        return at if at and not is_future(at, self._now) else None


def collect_work(run: UpgradeRun, snapshot: Snapshot, clock: Clock) -> list[Work]:
    """Return every Job of the upgrade, the oldest first; those without a time last."""
    return sorted(_read_work(run, snapshot, clock), key=lambda w: (w.began is None, w.began, w.node, w.step))


def _read_work(run: UpgradeRun, snapshot: Snapshot, clock: Clock) -> Iterator[Work]:
    for job in every_job(snapshot.objects("Job"), run.upgrade.ref.name):
        over = job.state in {COMPLETE, FAILED}
        yield Work(job.type, job.node, clock(job.began), clock(job.ended) if over else None)


def build_span(node: str, step: str, began: datetime | None, ended: datetime | None) -> Span:
    """Build a span; an end before its begin is dropped. Its gap is set later."""
    if began and ended and ended < began:
        ended = None
    return Span(
        node=node,
        step=step,
        began=began,
        ended=ended,
        duration=ended - began if began and ended and ended > began else None,
        gap=None,
    )


def idle_before(began: datetime | None, busy: Iterable[Span], since: datetime | None = None) -> timedelta | None:
    """Return how long before a time nothing of `busy` ran, but not longer than `since`."""
    if began is None:
        return None
    ends = [one.ended for one in busy if one.began and one.began < began]
    ends_before = [end for end in (*ends, since) if end and end <= began]
    # What has no end, or one after the begin, was still running.
    quiet = sum(end is not None and end <= began for end in ends) == len(ends)
    return began - max(ends_before) if quiet and ends_before and max(ends_before) < began else None
