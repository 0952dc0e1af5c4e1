"""What should be there and is not: the Machine of a Node, the Node and the parts of a Machine.

A slot is broken only where a finding says so; where its kind was not seen, nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harvdiag.core.marks import SEVERE
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.graph.pairing import BOOTSTRAP, INFRASTRUCTURE, MACHINE_ANNOTATION, NODE_REF, PLAN_MACHINE_LABEL, Pairing
from harvdiag.status.links.rows import Thing, Tie

__all__ = ["missing"]

OWNERS = "metadata.ownerReferences"


class Slot(NamedTuple):
    """An object of `owner` should name one of `kind` in `path`, or be named in it."""

    owner: str
    kind: str
    path: str

    def broken(self, finding: Finding) -> bool:
        """Whether the finding says that this link is missing."""
        return finding.missing == (self.owner, self.kind)


SLOTS = (
    Slot("Node", "Machine", MACHINE_ANNOTATION),
    Slot("Machine", "Node", NODE_REF),
    Slot("Machine", "CustomMachine", INFRASTRUCTURE),
    Slot("Machine", "RKEBootstrap", BOOTSTRAP),
    Slot("Machine", "Secret", PLAN_MACHINE_LABEL),
    Slot("CustomMachine", "Machine", OWNERS),
    Slot("RKEBootstrap", "Machine", OWNERS),
    Slot("Secret", "Machine", PLAN_MACHINE_LABEL),
)
WORDS = {"Secret": "plan Secret"}


def missing(things: Sequence[Thing], ties: Sequence[Tie], pairing: Pairing) -> tuple[list[Thing], list[Tie]]:
    """The empty slots of a row and the ties that should lead there, or to the object that is there already."""
    found: dict[str, Thing] = {}
    expected = []
    for slot in SLOTS:
        for owner in (thing for thing in things if thing.ref.kind == slot.owner and thing.real):
            if _held(owner, slot, things, ties, pairing):
                continue
            state = _state(owner, slot, pairing)
            partner = next((t for t in things if t.ref.kind == slot.kind), None)
            if partner and state not in SEVERE:
                continue
            target = partner or _empty(owner, slot, state)
            expected.append(Tie(owner, found.setdefault(target.key, target), (slot.path,), state, _word(state)))
    return [thing for thing in found.values() if thing.slot], expected


def _held(owner: Thing, slot: Slot, things: Sequence[Thing], ties: Sequence[Tie], pairing: Pairing) -> bool:
    """Whether something fills the slot: the field itself, or any link where no finding asks for more."""
    if slot.kind == "Secret" and pairing.plans_of(owner.ref):
        return True
    ends = [tie for tie in ties if {owner.ref, slot.kind} <= {tie.source.ref, tie.target.ref, *_kinds(tie)}]
    if any(map(slot.broken, owner.told)):
        return any(tie.source == owner and any(p.startswith(slot.path) for p in tie.paths) for tie in ends)
    beside = any(t.ref.kind == slot.kind for t in things) and slot.owner != "Machine"
    return bool(ends) or beside


def _kinds(tie: Tie) -> Iterator[str]:
    yield tie.source.ref.kind
    yield tie.target.ref.kind


def _state(owner: Thing, slot: Slot, pairing: Pairing) -> str:
    about = next((finding for finding in owner.told if slot.broken(finding)), None)
    if about:
        return str(about.severity)
    return "absent" if pairing.links.seen(slot.kind) else "unseen"


def _empty(owner: Thing, slot: Slot, state: str) -> Thing:
    word = WORDS.get(slot.kind, slot.kind)
    text = f"{word} not seen" if state == "unseen" else f"no {word}"
    return Thing(ObjectRef(slot.kind, owner.ref.namespace, owner.ref.name), state, "", text, real=False)


def _word(state: str) -> str:
    return "not seen" if state == "unseen" else "missing"
