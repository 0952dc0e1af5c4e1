"""P3, VMs: which run on a Node that goes, and which of them cannot be moved to another.

A support bundle has no VMs of users; what Longhorn noted as the users of the volumes that are attached there names them
all the same, but not whether they can be moved. docs/objects.md#precondition-vms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, get_text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.preconditions.removal import Removal, gaps_of
from harvdiag.cure.preconditions.words import decide, list_some
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts
from harvdiag.rules.namespaces import why_not_all
from harvdiag.rules.vm_bounds import Bound, find_bound
from harvdiag.rules.vms import VMI, vm_ref
from harvdiag.rules.volume_users import running_vms
from harvdiag.rules.volumes import VOLUME, volume_evidence

__all__ = ["BOUND", "ON_IT", "judge_vms"]

ENDED = frozenset({"Succeeded", "Failed"})
"""Phases of a VM that runs no more."""
ABLE = "LiveMigratable"
ON_IT, BOUND = "VMs on it", "VMs that cannot be migrated"
"""The values that have them."""


@dataclass(frozen=True, kw_only=True)
class _Vms:
    """The VMs on the Nodes that go: those that were seen, and those that only Longhorn names."""

    seen: Sequence[ObjectRef] = ()
    bound: Sequence[Bound] = ()
    unclear: Sequence[ObjectRef] = ()
    """Those of which nothing tells whether they can be moved."""
    noted: Sequence[ObjectRef] = ()
    evidence: tuple[Evidence, ...] = ()
    more: str = ""
    """Why there may be more than these."""

    @property
    def all(self) -> tuple[ObjectRef, ...]:
        """Every VM that is known to be there."""
        return (*self.seen, *self.noted)


def judge_vms(facts: Facts, removal: Removal) -> Precondition:
    """Judge P3: no VM runs on a Node that goes, or each of them can be moved."""
    found = _read(facts, removal) if removal.nodes else _Vms()
    unclear = (*found.unclear, *found.noted)
    untold = [f"whether {list_some(_names(unclear))} can be moved is not known"] if unclear else []
    untold += gaps_of(facts, "Node", "Setting") if found.unclear else ()
    untold += [*removal.untold, *([found.more] if found.more else [])]
    met = decide(found.bound, untold)
    bound = tuple(row.ref for row in found.bound)
    return Precondition(
        id="P3",
        asks=f"Is {removal.place} free of VMs, or can each of them be moved?",
        met=met,
        values=(
            Value(name=ON_IT, value=len(found.all), refs=found.all),
            Value(name=BOUND, value=len(bound), refs=bound),
            Value(name="VMs known from their volumes only", value=len(found.noted), refs=tuple(found.noted)),
            Value(name="every VM seen", value=not found.more and not removal.untold),
        ),
        evidence=(*(row for each in found.bound for row in each.evidence), *found.evidence),
        told=_tell(removal, found, untold if met is None else ()),
        untold=tuple(untold),
        by_hand=_by_hand(removal) if untold else (),
    )


def _on(removal: Removal) -> Wanted:
    return Wanted(fields=tuple(f"status.nodeName={name}" for name in removal.names), everywhere=True)


def _read(facts: Facts, removal: Removal) -> _Vms:
    found = facts.snapshot.find(VMI, _on(removal)).objects
    running = {vm_ref(obj): obj for obj in found if get_text(obj, "status.phase") not in ENDED}
    bound = {ref: row for ref, obj in running.items() if (row := _find_bound(facts, obj))}
    unclear = [ref for ref, obj in running.items() if ref not in bound and not _is_able(facts, obj)]
    more = why_not_all(facts, VMI, _on(removal))
    noted = {ref: shown for ref, shown in _noted(facts, removal).items() if ref not in running} if more else {}
    return _Vms(
        seen=list(running),
        bound=list(bound.values()),
        unclear=unclear,
        noted=list(noted),
        evidence=tuple(noted.values()),
        more=more,
    )


def _find_bound(facts: Facts, obj: Obj) -> Bound | None:
    """Return why a VM cannot move, as far as that can be judged: without the release only what KubeVirt says counts."""
    if not facts.snapshot.seen("Node"):
        return None
    told = facts.harvester_version or find_condition(obj, ABLE).status == "False"
    return find_bound(facts, obj) if told else None


def _is_able(facts: Facts, obj: Obj) -> bool:
    whole = facts.snapshot.seen("Node") and facts.harvester_version
    return bool(whole) and find_condition(obj, ABLE).status == "True"


def _noted(facts: Facts, removal: Removal) -> dict[ObjectRef, Evidence]:
    """Return the VMs that use the volumes attached to the Nodes, each with the field that says where.

    Longhorn may lag behind a VM that moved, so it counts only where VMs were not all seen.
    """
    wanted = Wanted(fields=tuple(f"status.currentNodeID={name}" for name in removal.names))
    found: dict[ObjectRef, Evidence] = {}
    for obj in facts.snapshot.find(VOLUME, wanted).objects:
        (shown,) = volume_evidence(obj, "status.currentNodeID")
        space = get_text(obj, "status.kubernetesStatus.namespace")
        found |= {ObjectRef(VMI, space, name): shown for name in running_vms(obj)}
    return found


def _names(refs: Sequence[ObjectRef]) -> list[str]:
    return [f"{ref.namespace}/{ref.name}" for ref in refs]


def _tell(removal: Removal, found: _Vms, untold: Sequence[str]) -> str:
    if not removal.nodes and not untold:
        return "no Node goes with it, so no VM does"
    rest = f"; {'; '.join(untold)}" if untold else ""
    number = len(found.all)
    if not number:
        return f"VMs on {removal.place}: none{' seen' if untold else ''}{rest}"
    told = f"VMs on {removal.place}: {'at least ' if found.more else ''}{number} ({list_some(_names(found.all))})"
    if not found.bound:
        return told + (rest or ", each can be moved")
    few = "one" if len(found.bound) == 1 else str(len(found.bound))
    return f"{told}, {few} not migratable ({found.bound[0].name}: {found.bound[0].why})"


def _by_hand(removal: Removal) -> tuple[str, ...]:
    nodes = ",".join(map(actions.quote_argument, removal.names)) or "NODE"
    selector = f"kubevirt.io/nodeName in ({nodes})" if len(removal.names) > 1 else f"kubevirt.io/nodeName={nodes}"
    look = f"kubectl get virtualmachineinstances.kubevirt.io -A -o wide -l {actions.quote_argument(selector)}"
    return (f"List the VMs on {removal.place}: `{look}`; column LIVE-MIGRATABLE must be True for each.",)
