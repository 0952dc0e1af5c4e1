"""A row of the link graph as a tree, for terminals and narrow pictures: each object below the one it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.status.links.rows import PLACE, Box, Link, Row, natural_key

__all__ = ["Branch", "list_branches"]


class Branch(NamedTuple):
    """An object in the tree of its row, and its links to the object that it hangs from.

    `rails` has an entry for each level above: whether another branch follows there; the last is its own level. Empty
    for a root. `known`: it was listed before, with what hangs from it.
    """

    box: Box
    ties: tuple[Link, ...] = ()
    rails: tuple[bool, ...] = ()
    known: bool = False


def list_branches(row: Row) -> Iterator[Branch]:
    """Yield the objects of a row from the Nodes down, each followed by those linked to it further right."""
    seen: set[str] = set()
    for box in sorted(row.boxes, key=lambda t: (PLACE[t.ref.kind], not t.exists, natural_key(t.ref))):
        if box.key not in seen:
            yield Branch(box)
            yield from _list_children(row, box, (), seen)


def _list_children(row: Row, box: Box, rails: tuple[bool, ...], seen: set[str]) -> Iterator[Branch]:
    # Links run in circles (Node to Machine and back): what was shown must not be entered again.
    seen.add(box.key)
    neighbours: dict[str, tuple[Box, list[Link]]] = {}
    for tie in row.links:
        other = tie.target if tie.source.key == box.key else tie.source
        if box.key in {tie.source.key, tie.target.key} and PLACE[other.ref.kind] > PLACE[box.ref.kind]:
            neighbours.setdefault(other.key, (other, []))[1].append(tie)
    children = sorted(neighbours.values(), key=lambda pair: (PLACE[pair[0].ref.kind], natural_key(pair[0].ref)))
    children = [
        pair for pair in children if PLACE[pair[0].ref.kind] == PLACE[box.ref.kind] + 1 or _lacks_parent(row, pair[0])
    ]
    for index, (other, ties) in enumerate(children):
        deeper, known = (*rails, index < len(children) - 1), other.key in seen
        yield Branch(other, tuple(ties), deeper, known)
        if not known:
            yield from _list_children(row, other, deeper, seen)


def _lacks_parent(row: Row, box: Box) -> bool:
    """Whether nothing in the column to its left is linked to it, so that it must be shown further left."""
    ends = [
        tie.source if tie.target.key == box.key else tie.target
        for tie in row.links
        if box.key in {tie.source.key, tie.target.key}
    ]
    return not any(PLACE[end.ref.kind] == PLACE[box.ref.kind] - 1 for end in ends)
