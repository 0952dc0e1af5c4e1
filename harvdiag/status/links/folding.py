"""What is alike is told once: healthy rows as one bundle, and of equal faults the first few and how many more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple, TypeAlias

from harvdiag.core.listing import group_by
from harvdiag.status.links.phrases import likewise
from harvdiag.status.links.rows import PLACE, Row, Thing, natural
from harvdiag.status.summary import counted

__all__ = ["Entry", "Fold", "fold", "trim"]

WELL, ROOM, MOST, TALL = 8, 12, 3, 12


class Fold(NamedTuple):
    """Rows that are alike and told as one; `more` where others like them are shown."""

    rows: tuple[Row, ...]
    more: bool = False

    @property
    def state(self) -> str:
        """What they have in common."""
        return self.rows[0].state

    @property
    def names(self) -> list[str]:
        """What they are called after."""
        return [thing.ref.name for row in self.rows for thing in (row.nodes or [row.head])]

    @property
    def noun(self) -> str:
        """How many they are, in words: ``46 nodes``, ``2 Machines``."""
        return counted(len(self.names), self._kind)

    @property
    def rules(self) -> list[str]:
        """The checks that found them, root causes first."""
        return list(dict.fromkeys(finding.rule for row in self.rows for finding in row.findings))

    @property
    def held(self) -> bool:
        """Whether they only wait for others."""
        return self.rows[0].held

    @property
    def told(self) -> str:
        """What they stand for, in words: ``46 nodes: every link holds``, ``and 27 more nodes have no Machine``."""
        if self.held:
            return f"{counted(len(self.names), f'more {self._kind}')}: every link holds, held up by what is told above"
        if self.state == "good":
            return f"{self.noun}: every link holds"
        if found := next((finding for row in self.rows for finding in row.findings), None):
            return f"and {likewise(len(self.names), self._kind, found)}"
        what = {"unseen": "links not seen"}.get(self.state, "links that lead to nothing")
        return f"{'and ' if self.more else ''}{counted(len(self.names), f'more {self._kind}')}: {what}"

    @property
    def _kind(self) -> str:
        kinds = {row.nodes[0].ref.kind if row.nodes else row.head.ref.kind for row in self.rows}
        kind = kinds.pop() if len(kinds) == 1 else "row"
        return "node" if kind == "Node" else kind

    def count(self, kind: str) -> int:
        """How many objects of a kind there are in it."""
        return sum(thing.ref.kind == kind and thing.real for row in self.rows for thing in row.things)


Entry: TypeAlias = Row | Fold


def fold(rows: Sequence[Row], whole: bool = False) -> list[Entry]:
    """The rows and folds in the order of the picture. `whole` folds nothing."""
    if whole or len(rows) < WELL:
        return list(rows)
    alike = group_by(rows, _mark)
    few = min(MOST, max(1, ROOM // max(1, sum(mark != WELL_MARK for mark, _ in alike))))
    found: list[Entry] = []
    for mark, members in alike:
        if mark == WELL_MARK:
            found += [Fold(tuple(members))] if len(members) >= WELL else members
        elif len(members) <= few + 2:
            found += members
        else:
            found += [*members[:few], Fold(tuple(members[few:]), more=True)]
    return found


WELL_MARK: tuple[object, ...] = ("good", (), ())


def _mark(row: Row) -> tuple[object, ...]:
    """What makes two rows alike: the same findings, and the same things that are not there."""
    lacking = tuple(sorted((t.ref.kind, t.state) for t in row.things if not t.real))
    return (row.state, tuple(finding.rule for finding in row.findings), lacking)


def trim(row: Row, most: int = TALL) -> Row:
    """The row with no more than so many boxes in a column, those that findings are about first.

    Of many Nodes that hang on one Machine the first few are kept that are broken, and the one that is not.
    """
    ill = [node for node in row.nodes if node.state != "good"]
    if len(ill) > MOST + 2:
        row = _without(row, ill[MOST:])
    kept: dict[str, None] = {}
    for kinds in group_by(row.things, lambda thing: PLACE[thing.ref.kind]):
        urgent = sorted(kinds[1], key=_calm)
        kept |= dict.fromkeys(thing.key for thing in urgent[:most])
    if len(kept) == len(row.things):
        return row
    return _kept(row, kept)


def _kept(row: Row, kept: Collection[str]) -> Row:
    things = tuple(thing for thing in row.things if thing.key in kept)
    ties = tuple(tie for tie in row.ties if tie.source.key in kept and tie.target.key in kept)
    out = tuple(tie for tie in row.out if tie.source.key in kept)
    gone = [thing for thing in row.things if thing.key not in kept]
    nodes = [thing.ref for thing in gone if thing.ref.kind == "Node" and thing.real]
    return Row(things, ties, out, row.left + len(gone), row.folded + tuple(nodes))


def _without(row: Row, nodes: Sequence[Thing]) -> Row:
    """The row without these Nodes and what nothing else in it is tied to."""
    gone = {node.key for node in nodes}
    beside: dict[str, set[str]] = {}
    for tie in row.ties:
        beside.setdefault(tie.source.key, set()).add(tie.target.key)
        beside.setdefault(tie.target.key, set()).add(tie.source.key)
    lost = {key for key, near in beside.items() if near and near <= gone}
    return _kept(row, [thing.key for thing in row.things if thing.key not in gone | lost])


def _calm(thing: Thing) -> tuple[object, ...]:
    return not thing.told, thing.state == "good", natural(thing.ref)
