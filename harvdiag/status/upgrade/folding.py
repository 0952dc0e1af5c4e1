"""Folding of equal nodes of an upgrade into lanes, in a large cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from harvdiag.core.listing import group_by
from harvdiag.status.upgrade.progress import NodeProgress

__all__ = ["Lane", "fold_nodes"]

FEW, ALIKE, TROUBLED = 8, 3, 5
"""With more than FEW nodes, at least ALIKE equal ones share a lane, or TROUBLED ones in the same trouble."""


class Lane(NamedTuple):
    """One lane: its nodes, all of the same state and mark, and the message below it (may be empty)."""

    nodes: Sequence[NodeProgress]
    says: str

    @property
    def first(self) -> NodeProgress:
        """The node that stands for all."""
        return self.nodes[0]


def fold_nodes(ways: Sequence[NodeProgress]) -> list[Lane]:
    """Return the lanes: in a large cluster equal nodes share one; a message for a run of lanes is given once."""
    big, found = len(ways) > FEW, list[Lane]()
    for (mark, *_), alike in group_by(ways, lambda way: (way.mark, way.rule, way.state, way.at)):
        most = TROUBLED if mark in {"error", "warning"} else ALIKE
        together = big and len(alike) >= most and mark != "now"
        found += [Lane(alike, "")] if together else [Lane([way], "") for way in alike]
    return [lane._replace(says=message) for lane, message in zip(found, _assign_messages(found), strict=True)]


def _assign_messages(lanes: Sequence[Lane]) -> Iterator[str]:
    """The message below each lane; of a run of lanes with the same message only the last has it."""
    for _, row in groupby(lanes, key=lambda lane: (lane.first.mark, lane.first.rule or lane.first.name)):
        same = list(row)
        first = next((lane.first for lane in same if lane.first.says), same[0].first)
        yield from [""] * (len(same) - 1)
        yield first.said_of("each of them") if sum(len(lane.nodes) for lane in same) > 1 else first.says
