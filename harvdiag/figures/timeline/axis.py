"""The time axis: from a time to its x, with long silences compressed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

__all__ = ["Axis", "Stretch", "build_axis"]

SHARE, SHORTEST = 0.3, timedelta(minutes=30)
"""A silence is compressed where it is longer than this share of the busy time, and than half an hour."""
APART, SILENT = 72.0, 0.6
STEPS = tuple(timedelta(minutes=m) for m in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 40320))
EPOCH = datetime(2000, 1, 3, tzinfo=UTC)


class Stretch(NamedTuple):
    """A part of the axis, in time and in x. `silent`: nothing happened, and the time is compressed."""

    began: datetime
    ended: datetime
    left: float
    right: float
    silent: bool

    @property
    def duration(self) -> timedelta:
        """The time between its ends."""
        return self.ended - self.began


class Axis(NamedTuple):
    """The stretches from left to right, without gaps."""

    stretches: tuple[Stretch, ...]

    @property
    def left(self) -> float:
        """The x at which it begins."""
        return self.stretches[0].left

    @property
    def right(self) -> float:
        """The x at which it ends."""
        return self.stretches[-1].right

    def place(self, time: datetime) -> float:
        """Return the x of a time; the nearer end of the axis for one outside it."""
        for stretch in self.stretches:
            if time <= stretch.ended:
                part = (time - stretch.began) / stretch.duration if stretch.duration else 0.0
                return stretch.left + max(part, 0.0) * (stretch.right - stretch.left)
        return self.right

    def ticks(self) -> Iterator[datetime]:
        """Yield round times, far enough apart for their labels; none within a silence."""
        busy = [stretch for stretch in self.stretches if not stretch.silent]
        step = next((step for step in STEPS if all(_ticks_fit(stretch, step) for stretch in busy)), STEPS[-1])
        for stretch in busy:
            first = stretch.began - (stretch.began - EPOCH) % step
            count = int((stretch.ended - first) / step) + 1
            for tick in (first + step * i for i in range(min(count, 100))):
                if stretch.began <= tick <= stretch.ended:
                    yield tick


def _ticks_fit(stretch: Stretch, step: timedelta) -> bool:
    wide = stretch.right - stretch.left
    return not stretch.duration or wide * (step / stretch.duration) >= APART


def build_axis(busy: Iterable[tuple[datetime, datetime]], end: datetime, left: float, wide: float, gap: float) -> Axis:
    """Build the axis over the busy times, up to `end`; each long silence takes `gap` of the width.

    At least two fifths of the width are for the busy times, so that of a narrow one it takes less.
    """
    runs = _merge_runs(sorted(busy), end)
    silent = [(ended, began) for (_, ended), (began, _) in pairwise(runs)]
    works = sum((ended - began for began, ended in runs), timedelta())
    gap = min(gap, wide * SILENT / max(len(silent), 1))
    room = wide - gap * len(silent)
    stretches: list[Stretch] = []
    x = left
    for index, (began, ended) in enumerate(runs):
        takes = room * ((ended - began) / works) if works else room / len(runs)
        stretches.append(Stretch(began, ended, x, x + takes, silent=False))
        x += takes
        if index < len(silent):
            stretches.append(Stretch(*silent[index], x, x + gap, silent=True))
            x += gap
    return Axis(tuple(stretches))


def _merge_runs(busy: Sequence[tuple[datetime, datetime]], end: datetime) -> list[tuple[datetime, datetime]]:
    """Merge the busy times that no long silence separates; the last extends to the end."""
    merged: list[tuple[datetime, datetime]] = []
    for began, ended in [*busy, (end, end)]:
        if merged and began <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], ended)
        else:
            merged.append((began, ended))
    whole = sum((ended - began for began, ended in merged), timedelta())
    breaks = [began - ended for (_, ended), (began, _) in pairwise(merged)]
    long = max(SHORTEST, (whole + sum((b for b in breaks if b <= SHORTEST), timedelta())) * SHARE)
    # Only the longest three: each takes width from the busy times.
    worst = sorted((b for b in breaks if b > long), reverse=True)[:3]
    runs = merged[:1]
    for (began, ended), silence in zip(merged[1:], breaks, strict=True):
        if silence > long and silence >= worst[-1] and len(runs) <= 3:
            runs.append((began, ended))
        else:
            runs[-1] = runs[-1][0], ended
    # A single time needs some width of its own.
    least = timedelta(minutes=1)
    return [(a, b if b > a or index == len(runs) - 1 else a + least) for index, (a, b) in enumerate(runs)]
