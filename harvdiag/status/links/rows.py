"""The link model: boxes for objects and for missing ones, the links between them, and the rows that they form.

A row is a connected group without the cluster objects: a Node with its Machine and the parts of that.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from harvdiag.core.keys import object_key, quote_key
from harvdiag.core.marks import ABSENT, GOOD, SEVERE, UNSEEN
from harvdiag.core.model import Finding, ObjectRef

__all__ = [
    "CLUSTER_KINDS",
    "COLUMNS",
    "PLACE",
    "RANKS",
    "Box",
    "Link",
    "LinkModel",
    "Row",
    "natural_key",
    "worst_state",
]

COLUMNS = (("Node",), ("Machine",), ("CustomMachine", "RKEBootstrap"), ("Secret",))
"""The kinds of each column of a row."""
PLACE = {kind: at for at, kinds in enumerate(COLUMNS) for kind in kinds}
CLUSTER_KINDS = (
    "Cluster.management.cattle.io",
    "Cluster.provisioning.cattle.io",
    "Cluster",
    "RKEControlPlane",
    "RKECluster",
)
"""The kinds of the cluster objects, one object each: the last column, from top to bottom."""
NUMBER = re.compile(r"([0-9]+)")
RANKS = (*SEVERE, ABSENT, UNSEEN, GOOD)


def worst_state(states: list[str]) -> str:
    """Return the worst state; ``good`` where there is none."""
    return min(states, key=RANKS.index, default="good")


def natural_key(ref: ObjectRef) -> tuple[tuple[str | int, ...], str]:
    """Return the sort key of natural order: ``hv9`` before ``hv10``."""
    parts = NUMBER.split(ref.name)
    return tuple(int(part) if at % 2 else part for at, part in enumerate(parts)), str(ref)


class Box(NamedTuple):
    """A box: an object, or with `placeholder` (``no Machine``) the place of one that should be there.

    `state` is ``good``, a severity, ``absent`` (it does not exist) or ``unseen``. `note` is its second line, `findings`
    are those about it. The name of a placeholder's `ref` is that of the object that lacks it; `exists` is False for a
    placeholder and for an object that is referenced but not found.
    """

    ref: ObjectRef
    state: str = "good"
    note: str = ""
    placeholder: str = ""
    findings: tuple[Finding, ...] = ()
    exists: bool = True

    @property
    def key(self) -> str:
        """Its key in the picture."""
        return f"{object_key(self.ref)}/none" if self.placeholder else object_key(self.ref)

    @property
    def name(self) -> str:
        """The text in the box."""
        if self.ref.kind == "Secret" and self.exists:
            return self.ref.name.removesuffix("-machine-plan")
        return self.placeholder or self.ref.name.replace("provider_id ", "providerID ")


class Link(NamedTuple):
    """A link: `source` references `target` in the fields `paths`, all that lead from the one to the other.

    `state` is that of a box; one that does not hold has a `word` for it: ``missing``,
    ``references what does not exist``. `instead` is the name that the other end references.
    """

    source: Box
    target: Box
    paths: tuple[str, ...]
    state: str = "good"
    word: str = ""
    instead: str = ""

    @property
    def key(self) -> str:
        """Its key in the picture."""
        return f"{self.source.key}>{quote_key(self.paths[0])}>{self.target.key}"

    @property
    def broken(self) -> bool:
        """Whether a finding is about it."""
        return self.state in SEVERE


class Row(NamedTuple):
    """A connected group: its boxes, the links among them, and the links to the cluster objects (`out`).

    `left` is how many boxes were left out of it, `folded` are the Nodes among them.
    """

    boxes: tuple[Box, ...]
    links: tuple[Link, ...] = ()
    out: tuple[Link, ...] = ()
    left: int = 0
    folded: tuple[ObjectRef, ...] = ()

    @property
    def state(self) -> str:
        """The worst state of anything in it."""
        links = [link.state for link in (*self.links, *self.out)]
        return worst_state([*(box.state for box in self.boxes), *links])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding about one of its boxes, each once; first those that no other finding of the row explains."""
        found = {finding.fingerprint: finding for box in self.boxes for finding in box.findings}
        return tuple(
            sorted(
                found.values(),
                key=lambda f: (any(c in found for c in f.caused_by), bool(f.caused_by), f.severity.rank),
            )
        )

    @property
    def is_linked(self) -> bool:
        """Whether every link holds, as far as was seen: no reference is missing or dangling."""
        gaps = any(box.placeholder and box.state != "unseen" for box in self.boxes)
        return not gaps and not any(link.broken or link.state == "absent" for link in (*self.links, *self.out))

    @property
    def is_held_up(self) -> bool:
        """Whether its links hold, and all its findings are consequences of faults elsewhere."""
        return self.is_linked and bool(self.findings) and all(finding.caused_by for finding in self.findings)

    @property
    def broken(self) -> bool:
        """Whether a finding is about one of its links, or about a missing one."""
        return any(link.broken for link in (*self.links, *self.out))

    @property
    def broken_nodes(self) -> list[Box]:
        """Its Nodes that are broken: those that a finding is about, as others may be healthy; all where none is."""
        return ([node for node in self.nodes if node.state in SEVERE] or self.nodes) if self.broken else []

    @property
    def nodes(self) -> list[Box]:
        """Its Nodes that exist."""
        return [box for box in self.boxes if box.ref.kind == "Node" and box.exists]

    @property
    def head(self) -> Box:
        """The box that names the row: its first Node, else its first Machine, else any."""
        return min(self.boxes, key=lambda t: (not t.exists, PLACE[t.ref.kind], natural_key(t.ref)))


class LinkModel(NamedTuple):
    """The whole graph: rows in reading order, and the cluster objects with their links.

    `gaps` are the kinds that were not seen; `findings` those that are about the links or the objects in the picture.
    """

    rows: tuple[Row, ...]
    cluster_boxes: tuple[Box, ...] = ()
    cluster_links: tuple[Link, ...] = ()
    gaps: tuple[str, ...] = ()

    def is_harmless_absence(self, box: Box) -> bool:
        """Whether a box stands for what does not exist, and no finding in the picture is about it or names it."""
        links = [*self.cluster_links, *(link for row in self.rows for link in (*row.links, *row.out))]
        boxes = [*self.cluster_boxes, *(each for row in self.rows for each in row.boxes)]
        named = {ref for each in boxes for f in each.findings for ref in (*f.targets, *(e.object for e in f.evidence))}
        blamed = any(link.broken and link.target.key == box.key for link in links)
        return box.state == ABSENT and not blamed and box.ref not in named
