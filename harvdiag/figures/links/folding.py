"""What is alike is told once: healthy rows as one bundle, and of equal faults the first few and how many more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from harvdiag.figures.links.chains import PLACE, Row, Thing
from harvdiag.figures.parts import groups

__all__ = ["Entry", "Fold", "fold", "trim"]

WELL, ROOM, MOST, TALL = 8, 12, 3, 12


def __dir__() -> list[str]:
    return __all__


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
        kinds = {row.nodes[0].ref.kind if row.nodes else row.head.ref.kind for row in self.rows}
        count = len(self.names)
        kind = kinds.pop() if len(kinds) == 1 else "row"
        return f"{count} {'node' if kind == 'Node' else kind}{'' if count == 1 else 's'}"

    @property
    def rules(self) -> list[str]:
        """The checks that found them, root causes first."""
        return list(dict.fromkeys(finding.rule for row in self.rows for finding in row.findings))

    @property
    def count_word(self) -> str:
        """How many more, in words: ``180 more nodes``."""
        number, _, noun = self.noun.partition(" ")
        return f"{number} more {noun}"

    def count(self, kind: str) -> int:
        """How many objects of a kind there are in it."""
        return sum(thing.ref.kind == kind and thing.real for row in self.rows for thing in row.things)


Entry: TypeAlias = Row | Fold


def fold(rows: Sequence[Row], whole: bool = False) -> list[Entry]:
    """The rows and folds in the order of the picture. `whole` folds nothing."""
    if whole or len(rows) < WELL:
        return list(rows)
    alike = groups(rows, _mark)
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
    """The row with no more than so many boxes in a column, those that findings are about first."""
    kept: dict[str, None] = {}
    for kinds in groups(row.things, lambda thing: PLACE[thing.ref.kind]):
        urgent = sorted(kinds[1], key=_calm)
        kept |= dict.fromkeys(thing.key for thing in urgent[:most])
    if len(kept) == len(row.things):
        return row
    things = tuple(thing for thing in row.things if thing.key in kept)
    ties = tuple(tie for tie in row.ties if tie.source.key in kept and tie.target.key in kept)
    out = tuple(tie for tie in row.out if tie.source.key in kept)
    return Row(things, ties, out, len(row.things) - len(things))


def _calm(thing: Thing) -> tuple[bool, bool]:
    return not thing.told, thing.state == "good"
