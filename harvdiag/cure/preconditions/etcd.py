"""P1, etcd: whether the members that stay keep the quorum, and who takes the place of a management node.

Of N members more than half must answer, also for one of them to be removed: a host that is off counts until then. The
members are read off the Nodes' conditions; docs/objects.md#precondition-etcd.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import field_path, get_labels, get_text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.preconditions.removal import Removal, gaps_of
from harvdiag.cure.preconditions.words import decide, list_some
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import has_role
from harvdiag.rules.machine_pairs import MANAGED
from harvdiag.rules.volumes import WITNESS

__all__ = ["judge_etcd"]

VOTER, READY = "EtcdIsVoter", "Ready"
KNOWN = {"True": True, "False": False, "Unknown": False}
ENOUGH = 3
"""As many management nodes Harvester wants, and promotes workers until it has them."""
WORKER = "node-role.harvesterhci.io/worker"
"""Of a Node that is to stay a worker."""
ROLES = ("master", "control-plane", "etcd")
"""The roles of which a management node has one."""


@dataclass(frozen=True, kw_only=True)
class _Member:
    """What may be a member of etcd; None is not known."""

    ref: ObjectRef
    votes: bool | None
    up: bool | None
    goes: bool = False


@dataclass(frozen=True, kw_only=True)
class _Quorum:
    """The members that vote, and whether enough of them stay."""

    members: Sequence[_Member]

    @property
    def voters(self) -> tuple[ObjectRef, ...]:
        return tuple(member.ref for member in self.members if member.votes)

    @property
    def remaining(self) -> tuple[ObjectRef, ...]:
        return tuple(member.ref for member in self.members if member.votes and member.up and not member.goes)

    @property
    def open(self) -> list[ObjectRef]:
        """Those of which it is not known whether they vote, or answer."""
        return [m.ref for m in self.members if m.votes is None or (m.votes and m.up is None and not m.goes)]

    @property
    def kept(self) -> bool | None:
        """Whether more than half of all voters stay and answer, whatever is not known of some of them."""
        best, worst = (self._is_kept(hope) for hope in (True, False))
        return best if best == worst else None

    def _is_kept(self, hope: bool) -> bool:
        """As if each that is not known helped, or hurt: one that votes and answers helps, one that only votes hurts."""
        total = left = 0
        for member in self.members:
            stays = not member.goes and (hope if member.up is None else member.up)
            votes = (stays if hope else not stays) if member.votes is None else member.votes
            total += votes
            left += votes and stays
        return left >= total // 2 + 1


def judge_etcd(facts: Facts, removal: Removal) -> Precondition:
    """Judge P1: the voters that stay are a quorum, and a management node that goes is one of three, or is replaced."""
    untold = [*removal.untold, *gaps_of(facts, "Node")]
    quorum = _Quorum(members=(*_members(facts, removal), *_lost_members(facts, removal)))
    managers = [node for node in facts.pairing.nodes if _is_manager(facts, node)]
    workers = _promotable(facts, removal)
    short = any(node in managers for node in removal.nodes) and len(managers) < ENOUGH and not workers
    kept = quorum.kept if quorum.voters or quorum.open else None
    if kept is None and not untold:
        untold.append(_why_open(quorum))
    values = (
        Value(name="voters", value=len(quorum.voters), refs=quorum.voters),
        Value(name="voters that remain", value=len(quorum.remaining), refs=quorum.remaining),
        Value(name="quorum kept", value=None if untold and kept is not False else kept),
        Value(name="management nodes", value=len(managers), refs=tuple(managers)),
        Value(name="worker to promote", value=workers[0].name if workers else "", refs=tuple(workers[:1])),
    )
    bad = (not removal.untold and kept is False) or (short and not gaps_of(facts, "Node"))
    met = decide(bad, untold)
    return Precondition(
        id="P1",
        asks=f"Does etcd keep its quorum without {removal.place}?",
        met=met,
        values=values,
        evidence=_evidence(facts),
        told=_tell(quorum, kept, (removal, len(managers), short), untold if met is None else ()),
        untold=tuple(untold),
        by_hand=_by_hand(quorum),
    )


def _members(facts: Facts, removal: Removal) -> list[_Member]:
    """Return the Nodes that vote in etcd, or may: those with the role of which no condition tells it."""
    found = []
    for node in facts.pairing.nodes:
        votes, up = (KNOWN.get(_status(facts, node, kind)) for kind in (VOTER, READY))
        if votes or (votes is None and has_role(facts, node, "etcd")):
            found.append(_Member(ref=node, votes=votes, up=up, goes=node in removal.nodes))
    return found


def _status(facts: Facts, node: ObjectRef, kind: str) -> str:
    return find_condition(facts.pairing.obj(node), kind).status


def _lost_members(facts: Facts, removal: Removal) -> list[_Member]:
    """Return the Machines of etcd whose Node is gone: their member may be left, and it never answers."""
    lost = []
    for machine in facts.pairing.machines:
        edge = facts.pairing.node_ref(machine)
        if edge is not None and edge.broken and facts.pairing.has_role(machine, "etcd"):
            lost.append(_Member(ref=machine, votes=None, up=False, goes=machine in removal.machines))
    return lost


def _is_manager(facts: Facts, node: ObjectRef) -> bool:
    return any(has_role(facts, node, role) for role in ROLES)


def _promotable(facts: Facts, removal: Removal) -> list[ObjectRef]:
    """Return the workers that Harvester would promote, of which it takes the oldest: harvester:promote_controller.go.

    A cordoned one, one that is to stay a worker and a witness are not promoted; without a Machine the Job never ends.
    """
    stay = [node for node in facts.pairing.nodes if node not in removal.nodes]
    if len(stay) < ENOUGH:
        return []
    fit = [node for node in stay if not _is_manager(facts, node) and _may_be_promoted(facts, node)]
    return sorted(fit, key=lambda node: get_text(facts.pairing.obj(node), "metadata.creationTimestamp"))


def _may_be_promoted(facts: Facts, node: ObjectRef) -> bool:
    obj, labels = facts.pairing.obj(node), get_labels(facts.pairing.obj(node))
    edge = facts.pairing.machine_ref(node)
    return (
        _status(facts, node, READY) == "True"
        and MANAGED in labels
        and not {WORKER, WITNESS} & labels.keys()
        and field_path("spec.unschedulable").get(obj) is not True
        and edge is not None
        and not edge.broken
    )


def _why_open(quorum: _Quorum) -> str:
    lost = [ref.name for ref in quorum.open if ref.kind == "Machine"]
    nodes = [ref.name for ref in quorum.open if ref.kind == "Node"]
    told = [f"of {list_some(nodes)} it is not known whether it votes in etcd, or answers"] if nodes else []
    told += [f"etcd may still have the member of Machine {list_some(lost)}, whose Node is gone"] if lost else []
    return "; ".join(told) or "no Node has the role etcd"


def _evidence(facts: Facts) -> tuple[Evidence, ...]:
    shown = []
    for node in facts.pairing.nodes:
        for kind, good in ((VOTER, ""), (READY, "True")):
            found = find_condition(facts.pairing.obj(node), kind)
            if found.status and found.status != good and (kind == VOTER or has_role(facts, node, "etcd")):
                shown.append(Evidence(node, found.path, found.status))
    return tuple(shown)


def _tell(quorum: _Quorum, kept: bool | None, managers: tuple[Removal, int, bool], untold: Sequence[str]) -> str:
    removal, number, short = managers
    if untold:
        return f"the etcd voters that remain cannot be told: {'; '.join(untold)}"
    word = "kept" if kept else "lost"
    told = f"etcd voters that remain: {len(quorum.remaining)} of {len(quorum.voters)}, quorum {word}"
    if kept and short:
        told += f", but only {number} management nodes and no worker to promote"
    elif removal.nodes and not any(member.goes and member.votes is not False for member in quorum.members):
        told += f"; {removal.place} has no vote"
    return told


def _by_hand(quorum: _Quorum) -> tuple[str, ...]:
    """The Nodes do not tell of a member whose Node is gone."""
    asked = next(iter(quorum.remaining or quorum.voters), None)
    return (f"See the members of etcd itself: {actions.list_etcd_members(asked.name)}.",) if asked else ()
