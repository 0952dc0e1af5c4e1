"""The link picture as plain nodes and edges, for programs with a layout of their own (Mermaid, Graphviz)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import HOLLOW, MISSING, SIGNS
from harvdiag.kinds import CATALOGUE
from harvdiag.status.links.folding import Fold
from harvdiag.status.links.notes import kind_label
from harvdiag.status.links.rows import PLACE, Box, Link, Row, worst_state
from harvdiag.status.links.view import LinkRows

__all__ = [
    "Outline",
    "OutlineEdge",
    "OutlineNode",
    "box_label",
    "build_outline",
    "fold_label",
    "format_faults",
    "state_sign",
]


class OutlineNode(NamedTuple):
    """A node: its key, the lines of its label, and its state."""

    key: str
    lines: tuple[str, ...]
    state: str


@dataclass(frozen=True, kw_only=True)
class OutlineEdge:
    """An edge from left to right."""

    left: str
    right: str
    forth: bool
    """Whether the left references the right."""
    back: bool
    """Whether the right references the left."""
    state: str = "good"
    label: str = ""


class Outline(NamedTuple):
    """All nodes and edges, in order."""

    nodes: tuple[OutlineNode, ...]
    edges: tuple[OutlineEdge, ...]


def box_label(box: Box) -> str:
    """Return kind and name of a box for a line of text."""
    if box.placeholder:
        return escape_text(box.placeholder)
    bare = CATALOGUE[box.ref.kind].bare if box.ref.kind in PLACE else kind_label(box.ref.kind)
    return escape_text(f"{bare} {box.ref.name.replace('provider_id ', 'providerID ')}")


def format_faults(ties: Iterable[Link]) -> str:
    """Return the fields of links that do not hold, and how they are broken; empty where all hold."""
    return "; ".join(f"{escape_text(tie.paths[0])}: {escape_text(tie.word)}" for tie in ties if tie.word)


def state_sign(state: str) -> str:
    """Return the mark of a state in text: ``✗``, ``!``, ``i``, ``✓``, ``?``, ``○`` for what does not exist."""
    return SIGNS.get(state, HOLLOW)


def build_outline(found: LinkRows) -> Outline:
    """Build the nodes and edges of what the picture shows, with its folds."""
    nodes, edges = [], []
    target = next((link.target.key for row in found.model.rows for link in row.out if link.state == "good"), "")
    for number, entry in enumerate(found.entries):
        if isinstance(entry, Fold):
            key = f"bundle/{number}"
            nodes.append(OutlineNode(key, (escape_text(fold_label(entry)),), entry.state))
            edges += (
                [OutlineEdge(left=key, right=target, forth=True, back=False)]
                if target and entry.state == "good"
                else []
            )
            continue
        nodes += [_build_node(box) for box in entry.boxes]
        edges += [*_build_edges(entry.links), *_hub_edges(entry)]
    nodes += [_build_node(box) for box in found.model.cluster_boxes]
    return Outline(tuple(nodes), (*edges, *_build_edges(found.model.cluster_links)))


def fold_label(fold: Fold) -> str:
    """Return what a fold stands for, in a few words."""
    return fold.summary


def _build_node(box: Box) -> OutlineNode:
    word = "" if box.exists or box.placeholder else MISSING[box.state]
    note = box.note if box.ref.kind in {"Node", "Machine"} else ""
    mark = "" if box.state == "good" else f"{state_sign(box.state)} "
    lines = filter(None, (f"{mark}{box_label(box)}", escape_text(note), word))
    return OutlineNode(box.key, tuple(lines), box.state)


def _build_edges(links: Iterable[Link]) -> Iterator[OutlineEdge]:
    """One edge for both directions; valid links that skip a column are left out."""
    pairs: dict[tuple[str, str], list[tuple[Link, bool]]] = {}
    for link in links:
        places = [PLACE.get(box.ref.kind, len(PLACE)) for box in (link.source, link.target)]
        if link.state == "good" and abs(places[0] - places[1]) > 1:
            continue
        forth = places[0] <= places[1]
        ends = (link.source.key, link.target.key) if forth else (link.target.key, link.source.key)
        pairs.setdefault(ends, []).append((link, forth))
    for (left, right), found in pairs.items():
        words = [f"{link.paths[0]}: {link.word}" for link, _ in found if link.word]
        state = worst_state([link.state for link, _ in found])
        ways = {forth for _, forth in found}
        yield OutlineEdge(
            left=left,
            right=right,
            forth=True in ways,
            back=False in ways,
            state=state,
            label=escape_text("; ".join(words)),
        )


def _hub_edges(row: Row) -> Iterator[OutlineEdge]:
    """One edge to the cluster objects for all valid links, and one for each other link."""
    good = sorted((link for link in row.out if not link.word), key=lambda link: -PLACE[link.source.ref.kind])
    for link in [*good[:1], *(link for link in row.out if link.word)]:
        word = f"{link.paths[0]}: {link.word}" if link.word else ""
        yield OutlineEdge(
            left=link.source.key,
            right=link.target.key,
            forth=True,
            back=False,
            state=link.state,
            label=escape_text(word),
        )
