"""A Machine with the providerID of another host: the ID of its own Node is written back, with vendor support."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_text, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.ways.claims import judge_support
from harvdiag.cure.ways.hosts import cite, seen_by
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.steps import ask_support, back_up, place_of, title
from harvdiag.graph.pairing import MACHINE_UID_LABEL, PROVIDER_ID
from harvdiag.graph.references import PRESENT
from harvdiag.kinds import CATALOGUE
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts
from harvdiag.rules.removal import infrastructure_of

__all__ = ["correct_id"]


@way(
    "correct-id",
    title="Give the Machine the providerID of its own Node again",
    fits="For a Machine and a Node that name each other while a providerID is that of another host: nothing is "
    "removed. It follows from the code of Cluster API, and no one has reported it: vendor support decides.",
)
def correct_id(case: Case) -> Plan:
    """Write the providerID of the Node on its CustomMachine and its Machine."""
    facts, subject = case.facts, case.finding.subject
    machine = subject if subject.kind == "Machine" else _stranger(facts, subject)
    node = _own_node(facts, machine)
    own = get_text(facts.pairing.obj(node), PROVIDER_ID)
    parts = [ref for ref in (infrastructure_of(facts, machine), machine) if ref in facts.links.objects]
    odd = [ref for ref in parts if get_text(facts.links.objects[ref], PROVIDER_ID) not in ("", own)]
    if not own or not odd:
        raise Unfit(f"Node {node.name} has no providerID" if not own else f"{title(machine)} has that of {node.name}")
    return Plan(
        steps=cite(facts, _steps(facts, machine, node, odd)),
        preconditions=(judge_support([machine], "gets another providerID"),),
        support=(f"What has given {machine.name} the providerID of another host.",),
    )


def _stranger(facts: Facts, node: ObjectRef) -> ObjectRef:
    """Return the Machine that claims a Node by providerID alone, and is that of another Node."""
    for machine in facts.pairing.claiming_machines(node):
        edge = facts.pairing.node_ref(machine)
        if edge is not None and edge.target != node and edge.state == PRESENT:
            return machine
    raise Unfit(f"each Machine that claims Node {node.name} is made for it")


def _own_node(facts: Facts, machine: ObjectRef) -> ObjectRef:
    """Return the Node that a Machine and it name each other, by all links but the providerID."""
    edge = facts.pairing.node_ref(machine)
    named = facts.pairing.machine_ref(edge.target) if edge and edge.state == PRESENT else None
    if edge is None or named is None or named.target != machine:
        raise Unfit(f"{title(machine)} and its Node do not name each other")
    runs = get_text(facts.pairing.obj(edge.target), MACHINE_UID_LABEL)
    if runs not in ("", uid_of(facts.pairing.obj(machine))):
        raise Unfit(f"{edge.target.name} does not run the plan of {machine.name}")
    return edge.target


def _steps(facts: Facts, machine: ObjectRef, node: ObjectRef, odd: list[ObjectRef]) -> Iterator[PlanStep]:
    own = get_text(facts.pairing.obj(node), PROVIDER_ID)
    yield from back_up(machine, *[ref for ref in odd if ref != machine])
    yield ask_support(f"Have vendor support agree that the providerID of {machine.name} is set by hand")
    for ref in odd:
        old = get_text(facts.links.objects[ref], PROVIDER_ID)
        yield PlanStep(
            what=f"Set the providerID of {title(ref)} to that of Node {node.name}",
            place=Place.KUBECTL,
            commands=(_patch(ref, own),),
            sees=(seen_by(f"kubectl get {place_of(ref)} -o yaml", f"keeps spec.providerID {own} for ten minutes"),),
            back=f"`{_patch(ref, old)}`",
            caution="Until then delete neither: with an empty nodeRef Cluster API deletes the Node that has the ID.",
            action=Action(verb=Verb.PATCH, ref=ref, changes=((PROVIDER_ID, own),)),
        )


def _patch(ref: ObjectRef, value: str) -> str:
    return actions.merge_patch(CATALOGUE[ref.kind].resource, ref.name, {"spec": {"providerID": value}}, ref.namespace)
