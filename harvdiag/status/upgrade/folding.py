"""The nodes of an upgrade that are alike, put together in a big cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from harvdiag.core.listing import group_by
from harvdiag.status.upgrade.progress import Way

__all__ = ["Lane", "folded"]

FEW, ALIKE, TROUBLED = 8, 3, 5
"""From so many nodes on those that are alike share a lane: so many that are well, so many in the same trouble."""


class Lane(NamedTuple):
    """One lane: the nodes in it, all of the same state and mark, and what is said below it (empty: nothing)."""

    ways: Sequence[Way]
    says: str

    @property
    def first(self) -> Way:
        """The node that stands for all."""
        return self.ways[0]


def folded(ways: Sequence[Way]) -> list[Lane]:
    """The lanes: in a big cluster nodes that are alike share one; what is said is said once for those in a row."""
    big, found = len(ways) > FEW, list[Lane]()
    for (mark, *_), alike in group_by(ways, lambda way: (way.mark, way.rule, way.state, way.at)):
        most = TROUBLED if mark in {"error", "warning"} else ALIKE
        together = big and len(alike) >= most and mark != "now"
        found += [Lane(alike, "")] if together else [Lane([way], "") for way in alike]
    return [lane._replace(says=said) for lane, said in zip(found, _said(found), strict=True)]


def _said(lanes: Sequence[Lane]) -> Iterator[str]:
    """What is said below each lane: of those in a row for which the same holds, the last."""
    for _, row in groupby(lanes, key=lambda lane: (lane.first.mark, lane.first.rule or lane.first.name)):
        same = list(row)
        first = next((lane.first for lane in same if lane.first.says), same[0].first)
        yield from [""] * (len(same) - 1)
        yield first.said_of("each of them") if sum(len(lane.ways) for lane in same) > 1 else first.says
