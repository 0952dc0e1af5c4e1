"""Folding of equal rows: healthy rows become one entry; of equal faults the first few stay, and a count of the rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, TypeAlias

from harvdiag.core.listing import group_by
from harvdiag.status.links.phrases import describe_repeated
from harvdiag.status.links.rows import PLACE, Box, Row, natural_key
from harvdiag.status.summary import format_count

__all__ = ["Entry", "Fold", "fold_rows", "trim_row"]

WELL, HELD, ROOM, MOST, TALL = 8, 3, 12, 3, 12


class Fold(NamedTuple):
    """Equal rows that are shown as one entry; `more` where others like them are shown one by one."""

    rows: tuple[Row, ...]
    more: bool = False

    @property
    def state(self) -> str:
        """The state that they have in common."""
        return self.rows[0].state

    @property
    def names(self) -> list[str]:
        """The names of their Nodes, else of what each row is called after."""
        return [box.ref.name for row in self.rows for box in (row.nodes or [row.head])]

    @property
    def noun(self) -> str:
        """How many they are: ``46 nodes``, ``2 Machines``."""
        return format_count(len(self.names), self._kind)

    @property
    def rules(self) -> list[str]:
        """The rules of their findings, root causes first."""
        return list(dict.fromkeys(finding.rule for row in self.rows for finding in row.findings))

    @property
    def is_held_up(self) -> bool:
        """Whether they only wait for others."""
        return self.rows[0].is_held_up

    @property
    def waits(self) -> str:
        """That they are held up, and how: ``held up by the faults above: never started``."""
        shorts = dict.fromkeys(row.findings[0].short for row in self.rows if row.findings)
        return f"held up by the faults above ({', '.join(filter(None, shorts))})"

    @property
    def summary(self) -> str:
        """What they stand for: ``46 nodes: every link holds``, ``and 27 more nodes have no Machine``."""
        if self.is_held_up:
            return f"{self.noun}: every link holds; {self.waits}"
        if self.state == "good":
            return f"{self.noun}: every link holds"
        if found := next((finding for row in self.rows for finding in row.findings), None):
            return f"and {describe_repeated(len(self.names), self._kind, found)}"
        what = {"unseen": "links not seen"}.get(self.state, "links that lead to nothing")
        return f"{'and ' if self.more else ''}{format_count(len(self.names), f'more {self._kind}')}: {what}"

    @property
    def _kind(self) -> str:
        kinds = {row.nodes[0].ref.kind if row.nodes else row.head.ref.kind for row in self.rows}
        kind = kinds.pop() if len(kinds) == 1 else "row"
        return "node" if kind == "Node" else kind

    def count(self, kind: str) -> int:
        """Return how many objects of a kind are in it."""
        return sum(box.ref.kind == kind and box.exists for row in self.rows for box in row.boxes)


Entry: TypeAlias = Row | Fold


def fold_rows(rows: Sequence[Row], whole: bool = False) -> list[Entry]:
    """Return the rows and folds in the order of the picture. `whole` folds nothing."""
    if whole:
        return list(rows)
    if len(rows) < WELL:
        return _fold_held_up(rows)
    alike = group_by(rows, _row_signature)
    few = min(MOST, max(1, ROOM // max(1, sum(mark != WELL_MARK for mark, _ in alike))))
    found: list[Entry] = []
    for mark, members in alike:
        if mark == WELL_MARK:
            found += [Fold(tuple(members))] if len(members) >= WELL else members
        elif mark == HELD_MARK:
            found += [Fold(tuple(members))] if len(members) >= HELD else members
        elif len(members) <= few + 2:
            found += members
        else:
            found += [*members[:few], Fold(tuple(members[few:]), more=True)]
    return found


WELL_MARK: tuple[object, ...] = ("good", (), ())
HELD_MARK: tuple[object, ...] = ("held up",)


def _fold_held_up(rows: Sequence[Row]) -> list[Entry]:
    """Return the rows, of which those that only wait for the same fault are one entry, in the place of the first."""
    held = [row for row in rows if row.is_held_up]
    if len(held) < HELD:
        return list(rows)
    at = rows.index(held[0])
    return [*rows[:at], Fold(tuple(held)), *(row for row in rows[at:] if not row.is_held_up)]


def _row_signature(row: Row) -> tuple[object, ...]:
    """What makes two rows equal: the same findings, and the same missing objects; or that both are held up."""
    if row.is_held_up:
        return HELD_MARK
    lacking = tuple(sorted((t.ref.kind, t.state) for t in row.boxes if not t.exists))
    return (row.state, tuple(finding.rule for finding in row.findings), lacking)


def trim_row(row: Row, most: int = TALL) -> Row:
    """Return the row with at most `most` boxes in a column, those that findings are about first.

    Of many Nodes of one Machine, the first few that are broken are kept, and the one that is not.
    """
    ill = [node for node in row.nodes if node.state != "good"]
    if len(ill) > MOST + 2:
        row = _drop_nodes(row, ill[MOST:])
    kept: dict[str, None] = {}
    for kinds in group_by(row.boxes, lambda box: PLACE[box.ref.kind]):
        urgent = sorted(kinds[1], key=_box_urgency)
        kept |= dict.fromkeys(box.key for box in urgent[:most])
    if len(kept) == len(row.boxes):
        return row
    return _keep_boxes(row, kept)


def _keep_boxes(row: Row, kept: Collection[str]) -> Row:
    boxes = tuple(box for box in row.boxes if box.key in kept)
    links = tuple(link for link in row.links if link.source.key in kept and link.target.key in kept)
    out = tuple(link for link in row.out if link.source.key in kept)
    gone = [box for box in row.boxes if box.key not in kept]
    nodes = [box.ref for box in gone if box.ref.kind == "Node" and box.exists]
    return Row(boxes, links, out, row.left + len(gone), row.folded + tuple(nodes))


def _drop_nodes(row: Row, nodes: Sequence[Box]) -> Row:
    """The row without these Nodes and without what is linked to nothing else in it."""
    gone = {node.key for node in nodes}
    beside: dict[str, set[str]] = {}
    for link in row.links:
        beside.setdefault(link.source.key, set()).add(link.target.key)
        beside.setdefault(link.target.key, set()).add(link.source.key)
    lost = {key for key, near in beside.items() if near and near <= gone}
    return _keep_boxes(row, [box.key for box in row.boxes if box.key not in gone | lost])


def _box_urgency(box: Box) -> tuple[object, ...]:
    return not box.findings, box.state == "good", natural_key(box.ref)
