"""The objects that should be there and are not: the Machine of a Node, the Node and the parts of a Machine.

An expected link is broken only where a finding says so; where its kind was not seen, it is shown as unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harvdiag.core.marks import SEVERE
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.graph.pairing import BOOTSTRAP, INFRASTRUCTURE, MACHINE_ANNOTATION, NODE_REF, PLAN_MACHINE_LABEL, Pairing
from harvdiag.status.links.rows import Box, Link

__all__ = ["find_missing"]

OWNERS = "metadata.ownerReferences"


class ExpectedLink(NamedTuple):
    """An object of kind `owner` should reference one of `kind` in `path`, or be referenced by it."""

    owner: str
    kind: str
    path: str

    def broken(self, finding: Finding) -> bool:
        """Whether the finding says that this link is missing."""
        return finding.missing == (self.owner, self.kind)


EXPECTED = (
    ExpectedLink("Node", "Machine", MACHINE_ANNOTATION),
    ExpectedLink("Machine", "Node", NODE_REF),
    ExpectedLink("Machine", "CustomMachine", INFRASTRUCTURE),
    ExpectedLink("Machine", "RKEBootstrap", BOOTSTRAP),
    ExpectedLink("Machine", "Secret", PLAN_MACHINE_LABEL),
    ExpectedLink("CustomMachine", "Machine", OWNERS),
    ExpectedLink("RKEBootstrap", "Machine", OWNERS),
    ExpectedLink("Secret", "Machine", PLAN_MACHINE_LABEL),
)
WORDS = {"Secret": "plan Secret"}


def find_missing(boxes: Sequence[Box], links: Sequence[Link], pairing: Pairing) -> tuple[list[Box], list[Link]]:
    """Return placeholders for the missing objects of a row, and the missing links to them or to objects that exist."""
    found: dict[str, Box] = {}
    expected = []
    for slot in EXPECTED:
        for owner in (box for box in boxes if box.ref.kind == slot.owner and box.exists):
            if _is_filled(owner, slot, boxes, links, pairing):
                continue
            state = _missing_state(owner, slot, pairing)
            partner = next((t for t in boxes if t.ref.kind == slot.kind), None)
            # An object of that kind is in the row, and no finding is about the field: no fault to draw.
            if partner and state not in SEVERE:
                continue
            target = partner or _build_placeholder(owner, slot, state)
            expected.append(Link(owner, found.setdefault(target.key, target), (slot.path,), state, _state_word(state)))
    return [box for box in found.values() if box.placeholder], expected


def _is_filled(owner: Box, slot: ExpectedLink, boxes: Sequence[Box], links: Sequence[Link], pairing: Pairing) -> bool:
    """Whether the expected link is there: the field itself, or any link where no finding is about the field."""
    if slot.kind == "Secret" and pairing.plans_of(owner.ref):
        return True
    ends = [link for link in links if {owner.ref, slot.kind} <= {link.source.ref, link.target.ref, *_end_kinds(link)}]
    if any(map(slot.broken, owner.findings)):
        return any(link.source == owner and any(p.startswith(slot.path) for p in link.paths) for link in ends)
    beside = any(t.ref.kind == slot.kind for t in boxes) and slot.owner != "Machine"
    return bool(ends) or beside


def _end_kinds(link: Link) -> Iterator[str]:
    yield link.source.ref.kind
    yield link.target.ref.kind


def _missing_state(owner: Box, slot: ExpectedLink, pairing: Pairing) -> str:
    about = next((finding for finding in owner.findings if slot.broken(finding)), None)
    if about:
        return str(about.severity)
    return "absent" if pairing.links.seen(slot.kind) else "unseen"


def _build_placeholder(owner: Box, slot: ExpectedLink, state: str) -> Box:
    word = WORDS.get(slot.kind, slot.kind)
    text = f"{word} not seen" if state == "unseen" else f"no {word}"
    return Box(ObjectRef(slot.kind, owner.ref.namespace, owner.ref.name), state, "", text, exists=False)


def _state_word(state: str) -> str:
    return "not seen" if state == "unseen" else "missing"
