"""What the link graph is made of: objects and gaps, the ties between them, and the rows that they form.

A row is what hangs together without the cluster objects: a Node with its Machine and that one's parts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from harvdiag.core.keys import object_key, quote_key
from harvdiag.core.marks import ABSENT, GOOD, SEVERE, UNSEEN
from harvdiag.core.model import Finding, ObjectRef

__all__ = ["COLUMNS", "HUB", "PLACE", "RANKS", "Row", "Thing", "Tie", "Web", "natural", "worst"]

COLUMNS = (("Node",), ("Machine",), ("CustomMachine", "RKEBootstrap"), ("Secret",))
"""The kinds of each column of a row."""
PLACE = {kind: at for at, kinds in enumerate(COLUMNS) for kind in kinds}
HUB = (
    "Cluster.management.cattle.io",
    "Cluster.provisioning.cattle.io",
    "Cluster",
    "RKEControlPlane",
    "RKECluster",
)
"""The cluster objects, of which there is one each: the last column, from above."""
NUMBER = re.compile(r"([0-9]+)")
RANKS = (*SEVERE, ABSENT, UNSEEN, GOOD)


def worst(states: list[str]) -> str:
    """The state that matters most; ``good`` where there is none."""
    return min(states, key=RANKS.index, default="good")


def natural(ref: ObjectRef) -> tuple[tuple[str | int, ...], str]:
    """What to sort names by: ``hv9`` before ``hv10``."""
    parts = NUMBER.split(ref.name)
    return tuple(int(part) if at % 2 else part for at, part in enumerate(parts)), str(ref)


class Thing(NamedTuple):
    """A box: an object, or with `slot` (``no Machine``) the place of one that should be there.

    `state` is ``good``, a severity, ``absent`` (it does not exist) or ``unseen``. `note` is its second line, `told` are
    the findings about it. The name of a slot's `ref` is that of the object that misses it.
    """

    ref: ObjectRef
    state: str = "good"
    note: str = ""
    slot: str = ""
    told: tuple[Finding, ...] = ()
    real: bool = True

    @property
    def key(self) -> str:
        """Its key in the picture."""
        return f"{object_key(self.ref)}/none" if self.slot else object_key(self.ref)

    @property
    def name(self) -> str:
        """What stands in the box."""
        if self.ref.kind == "Secret" and self.real:
            return self.ref.name.removesuffix("-machine-plan")
        return self.slot or self.ref.name.replace("provider_id ", "providerID ")


class Tie(NamedTuple):
    """A link: `source` names `target` in the fields `paths`, all that lead from the one to the other.

    `state` is that of a thing; one that does not hold has a `word` for it: ``missing``, ``names what does not exist``.
    `instead` is the name in it of what the other end names.
    """

    source: Thing
    target: Thing
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
    """What hangs together: its things, the ties among them, and the ties to the cluster objects (`out`).

    `left` is how many things were left out of it, `folded` are the Nodes among them.
    """

    things: tuple[Thing, ...]
    ties: tuple[Tie, ...] = ()
    out: tuple[Tie, ...] = ()
    left: int = 0
    folded: tuple[ObjectRef, ...] = ()

    @property
    def state(self) -> str:
        """The worst state of anything in it."""
        ties = [tie.state for tie in (*self.ties, *self.out)]
        return worst([*(thing.state for thing in self.things), *ties])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding about one of its things, each once; those first that nothing in the row explains."""
        found = {finding.fingerprint: finding for thing in self.things for finding in thing.told}
        return tuple(
            sorted(
                found.values(),
                key=lambda f: (any(c in found for c in f.caused_by), bool(f.caused_by), f.severity.rank),
            )
        )

    @property
    def linked(self) -> bool:
        """Whether all that it should name is there, or at least nothing is known to be wrong with it."""
        gaps = any(thing.slot and thing.state != "unseen" for thing in self.things)
        return not gaps and not any(tie.broken or tie.state == "absent" for tie in (*self.ties, *self.out))

    @property
    def held(self) -> bool:
        """Whether its links hold, and all that was found follows from what is wrong elsewhere."""
        return self.linked and bool(self.findings) and all(finding.caused_by for finding in self.findings)

    @property
    def broken(self) -> bool:
        """Whether a finding is about one of its links, or about one that should be there."""
        return any(tie.broken for tie in (*self.ties, *self.out))

    @property
    def ill(self) -> list[Thing]:
        """Its Nodes that are broken: those that a finding is about, for another may be quite well; else all."""
        return ([node for node in self.nodes if node.state in SEVERE] or self.nodes) if self.broken else []

    @property
    def nodes(self) -> list[Thing]:
        """Its Nodes that exist."""
        return [thing for thing in self.things if thing.ref.kind == "Node" and thing.real]

    @property
    def head(self) -> Thing:
        """What the row is called after: its first Node, else its first Machine, else whatever is there."""
        return min(self.things, key=lambda t: (not t.real, PLACE[t.ref.kind], natural(t.ref)))


class Web(NamedTuple):
    """The whole graph: rows in the order in which they are read, and the cluster objects with their ties.

    `gaps` are the kinds that were not seen; `findings` those that are about the links or the objects in the picture.
    """

    rows: tuple[Row, ...]
    hub: tuple[Thing, ...] = ()
    spokes: tuple[Tie, ...] = ()
    gaps: tuple[str, ...] = ()
