"""Movement: when an upgrade last came a step further, and whether it has stood still since for too long.

A step is a condition's transition, the begin or the end of a Job, a plan that was written or applied, a Node that is
Ready again, an image's progress, the next wait of a Job's log. Heartbeats, Events and repeated lines are none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from harvdiag.core.timestamps import Timestamp
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.jobs import ACTIVE
from harvdiag.upgrade.logs import find_job_step
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.timeline import Entry, History, find_stop, is_future

__all__ = ["STILL", "Movement", "find_movement"]

STILL = timedelta(hours=2)
"""Longer than any one step of an upgrade usually takes; where nothing moved for so long, it needs attention."""


class Movement(NamedTuple):
    """The last step that an upgrade took, and how long before the collection that was."""

    step: Entry
    age: timedelta
    still: timedelta = STILL
    """How long nothing may have moved."""

    @property
    def is_over(self) -> bool:
        """Whether it was so long ago that the upgrade stands still."""
        return self.age >= self.still


def find_movement(
    run: UpgradeRun, snapshot: Snapshot, now: Timestamp, past: History | None = None, still: timedelta = STILL
) -> Movement | None:
    """Find the last step; None where no object tells one, or the time of the collection is unknown.

    Logs are read only where the objects have shown none for too long. `past` is the history of this run, if known,
    `still` how long nothing may move.
    """
    step = find_stop((past or History(run, snapshot)).entries(logs=False), now.at)
    if step is None or now.at is None:
        return None
    if now.at - step.time >= still:
        step = max((step, *_job_steps(run, snapshot, now.at)), key=lambda entry: entry.time)
    return Movement(step, max(now.at - step.time, timedelta(0)), still)


def _job_steps(run: UpgradeRun, snapshot: Snapshot, now: datetime) -> list[Entry]:
    """What the logs of the Jobs at work show: when each began what it waits for now."""
    found = []
    for job in run.jobs:
        quote = find_job_step(snapshot, job) if job.state == ACTIVE else None
        if quote and quote.at.at and not is_future(quote.at.at, now):
            what = f"Job {job.type} went on: {quote.line}"
            found.append(Entry(time=quote.at.at, what=what, node=job.node, object=job.ref, field=quote.place))
    return found
