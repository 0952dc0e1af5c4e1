"""The picture as plain nodes and edges, for programs that place them themselves (Mermaid, Graphviz)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import HOLLOW, MISSING, SIGNS
from harvdiag.kinds import CATALOGUE
from harvdiag.status.links.folding import Fold
from harvdiag.status.links.notes import kind
from harvdiag.status.links.rows import PLACE, Row, Thing, Tie, worst
from harvdiag.status.links.view import Plot

__all__ = ["Joint", "Knot", "Outline", "called", "outline", "sign", "told"]


class Knot(NamedTuple):
    """A node: its key, the lines of its label, and its state."""

    key: str
    lines: tuple[str, ...]
    state: str


@dataclass(frozen=True, kw_only=True)
class Joint:
    """An edge from left to right."""

    left: str
    right: str
    forth: bool
    """Whether the left names the right."""
    back: bool
    """Whether the right names the left."""
    state: str = "good"
    label: str = ""


class Outline(NamedTuple):
    """All of them, in their order."""

    knots: tuple[Knot, ...]
    joints: tuple[Joint, ...]


def called(thing: Thing) -> str:
    """Kind and name of a thing in a line of text."""
    if thing.slot:
        return escape_text(thing.slot)
    bare = CATALOGUE[thing.ref.kind].bare if thing.ref.kind in PLACE else kind(thing.ref.kind)
    return escape_text(f"{bare} {thing.ref.name.replace('provider_id ', 'providerID ')}")


def sign(state: str) -> str:
    """The sign of a state in a line of text: ``✗``, ``!``, ``i``, ``✓``, ``?``, ``○`` for what does not exist."""
    return SIGNS.get(state, HOLLOW)


def outline(found: Plot) -> Outline:
    """What the picture shows, folded as it is."""
    knots, joints = [], []
    target = next((tie.target.key for row in found.web.rows for tie in row.out if tie.state == "good"), "")
    for number, entry in enumerate(found.entries):
        if isinstance(entry, Fold):
            key = f"bundle/{number}"
            knots.append(Knot(key, (escape_text(told(entry)),), entry.state))
            joints += (
                [Joint(left=key, right=target, forth=True, back=False)] if target and entry.state == "good" else []
            )
            continue
        knots += [_knot(thing) for thing in entry.things]
        joints += [*_joints(entry.ties), *_outward(entry)]
    knots += [_knot(thing) for thing in found.web.hub]
    return Outline(tuple(knots), (*joints, *_joints(found.web.spokes)))


def told(fold: Fold) -> str:
    """What a fold stands for, in a few words."""
    return fold.told


def _knot(thing: Thing) -> Knot:
    word = "" if thing.real or thing.slot else MISSING[thing.state]
    note = thing.note if thing.ref.kind in {"Node", "Machine"} else ""
    mark = "" if thing.state == "good" else f"{sign(thing.state)} "
    lines = filter(None, (f"{mark}{called(thing)}", escape_text(note), word))
    return Knot(thing.key, tuple(lines), thing.state)


def _joints(ties: Iterable[Tie]) -> Iterator[Joint]:
    """One edge for both directions; of those that hold, no short cuts past a column."""
    pairs: dict[tuple[str, str], list[tuple[Tie, bool]]] = {}
    for tie in ties:
        places = [PLACE.get(thing.ref.kind, len(PLACE)) for thing in (tie.source, tie.target)]
        if tie.state == "good" and abs(places[0] - places[1]) > 1:
            continue
        forth = places[0] <= places[1]
        ends = (tie.source.key, tie.target.key) if forth else (tie.target.key, tie.source.key)
        pairs.setdefault(ends, []).append((tie, forth))
    for (left, right), found in pairs.items():
        words = [f"{tie.paths[0]}: {tie.word}" for tie, _ in found if tie.word]
        state = worst([tie.state for tie, _ in found])
        ways = {forth for _, forth in found}
        yield Joint(
            left=left,
            right=right,
            forth=True in ways,
            back=False in ways,
            state=state,
            label=escape_text("; ".join(words)),
        )


def _outward(row: Row) -> Iterator[Joint]:
    """One edge to the cluster objects for all ties that hold, and one for each that does not."""
    good = sorted((tie for tie in row.out if not tie.word), key=lambda tie: -PLACE[tie.source.ref.kind])
    for tie in [*good[:1], *(tie for tie in row.out if tie.word)]:
        word = f"{tie.paths[0]}: {tie.word}" if tie.word else ""
        yield Joint(
            left=tie.source.key, right=tie.target.key, forth=True, back=False, state=tie.state, label=escape_text(word)
        )
