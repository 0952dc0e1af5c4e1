"""What a Machine that is gone has left: its CustomMachine, its RKEBootstrap, its plan Secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.ways.hosts import cite, seen_by
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.steps import (
    back_up,
    delete,
    is_gone,
    lists_members,
    title,
    voters_but,
)
from harvdiag.graph.pairing import PLAN_MACHINE_LABEL
from harvdiag.graph.references import PRESENT
from harvdiag.kinds.local import FLEET
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts

__all__ = ["remove_leftover", "remove_plan"]

CATTLE_ID = "/etc/rancher/agent/cattle-id"
IDENTITY = 'files["etc/rancher/agent/cattle-id"].machine'
INIT = 'metadata.labels["rke.cattle.io/init-node"]'
READS = "journalctl -u rancher-system-agent"


@way(
    "remove-leftover",
    title="Delete what the Machine has left",
    fits="For parts of a Machine that is gone together with its host; a host that still runs with their identity loses "
    "its agent.",
)
def remove_leftover(case: Case) -> Plan:
    """Delete every part of a Machine that is gone."""
    facts, part = case.facts, case.finding.subject
    name = _machine_of(facts, part)
    if not facts.pairing.machines:
        raise Unfit("no Machine is listed at all, so that it may not be the Machine that is missing, but the list")
    left = _parts_of(facts, name)
    marked = [ref for ref in left if get_text(facts.links.objects[ref], INIT) == "true"]
    if marked:
        raise Unfit(f"{title(marked[0])} is that of the init node, which the others join")
    return Plan(
        steps=cite(facts, _leftover_steps(facts, name, left)),
        preconditions=(_judge_users(facts, name, left),),
    )


def _machine_of(facts: Facts, part: ObjectRef) -> str:
    """Return the name of the Machine that is gone."""
    if part.kind != "Secret":
        return part.name
    return get_text(facts.pairing.obj(part), PLAN_MACHINE_LABEL) or part.name.removesuffix("-machine-plan")


def _parts_of(facts: Facts, name: str) -> list[ObjectRef]:
    """Return what is left: first what no other part owns."""
    named = [ObjectRef(kind, FLEET, name) for kind in ("CustomMachine", "RKEBootstrap")]
    plans = [ref for ref in facts.pairing.plans if _machine_of(facts, ref) == name]
    return [ref for ref in (*named, *plans) if ref in facts.links.objects]


def _leftover_steps(facts: Facts, name: str, left: list[ObjectRef]) -> Iterator[PlanStep]:
    etcd = any(facts.pairing.has_role(ref, "etcd") for ref in left)
    voter = next(iter(voters_but(facts)), "") if etcd else ""
    yield PlanStep(
        what=f"Make sure that no host has the identity of {name}, on every host that runs",
        place=Place.HOST,
        commands=(f'printf %s "$(cat {CATTLE_ID})" | sha256sum | cut -c 1-12', READS),
        sees=(f"No host shows {name.removeprefix('custom-')}, nor the name of the Secret in the log of its agent.",),
    )
    yield from back_up(*left, etcd=etcd)
    collected = [ref for ref in left if ref.kind == "Secret"] if _has(left, "RKEBootstrap") else []
    for ref in left:
        if ref in collected:
            continue
        step = delete(ref)
        with_it = collected if ref.kind == "RKEBootstrap" else []
        yield replace(step, sees=(*step.sees, *map(is_gone, with_it)))
    if voter:
        yield PlanStep(
            what="Compare the members of etcd with the Nodes that vote",
            place=Place.KUBECTL,
            commands=(lists_members(voter),),
            sees=(seen_by(lists_members(voter), "lists each Node that votes, and no other"),),
        )


def _has(refs: list[ObjectRef], kind: str) -> bool:
    return any(ref.kind == kind for ref in refs)


def _judge_users(facts: Facts, name: str, left: list[ObjectRef]) -> Precondition:
    """Judge whether a Node still lives on these parts: by any link, or by the files of its host."""
    users = list(dict.fromkeys((*_linked(facts, name, left), *_named_by_files(facts, name))))
    gaps = tuple(f"Node: {gap}" for gap in [facts.snapshot.gap("Node")] if gap is not None)
    names = join_names([node.name for node in users])
    return Precondition(
        id="R1",
        asks=f"Does no host run with the identity of {name}?",
        met=False if users else None if gaps else True,
        values=(Value(name="Nodes that lead to it", value=len(users), refs=tuple(users)),),
        told=f"{names} would lose what its agent reads" if users else f"no Node leads to {name}",
        untold=gaps,
    )


def _linked(facts: Facts, name: str, left: list[ObjectRef]) -> Iterator[ObjectRef]:
    """Yield the Nodes to which the parts lead, and those that name the Machine."""
    for edge in facts.links.edges_to(ObjectRef("Machine", FLEET, name)):
        if edge.source.kind == "Node":
            yield edge.source
    for ref in left:
        for edge in facts.links.edges_from(ref, kind="Node"):
            if edge.state == PRESENT:
                yield edge.target


def _named_by_files(facts: Facts, name: str) -> Iterator[ObjectRef]:
    for node in facts.pairing.nodes:
        if get_text(facts.snapshot.host(node.name), IDENTITY) == name:
            yield node


@way(
    "remove-plan",
    title="Delete the plan Secret that no agent reads",
    fits="For a Machine with more than one: Rancher writes only the one that is named after the RKEBootstrap.",
)
def remove_plan(case: Case) -> Plan:
    """Delete every plan Secret of the Machine but the one that Rancher's bootstrap controller makes."""
    facts, machine = case.facts, case.finding.subject
    usual = ObjectRef("Secret", machine.namespace, f"{machine.name}-machine-plan")
    plans = facts.pairing.plans_of(machine)
    if usual not in plans:
        raise Unfit(f"none of them is called {usual.name}: which one Rancher writes is not told")
    odd = [plan for plan in plans if plan != usual]
    marked = [plan for plan in odd if get_text(facts.pairing.obj(plan), INIT) == "true"]
    if marked:
        raise Unfit(f"{marked[0].name} has the label of the init node")
    return Plan(
        steps=cite(facts, _plan_steps(facts, machine, usual, odd)),
        preconditions=(_judge_reader(machine, usual),),
        support=(f"What has made {join_names([plan.name for plan in odd])}.",),
    )


def _plan_steps(facts: Facts, machine: ObjectRef, usual: ObjectRef, odd: list[ObjectRef]) -> Iterator[PlanStep]:
    edge = facts.pairing.node_ref(machine)
    yield PlanStep(
        what=f"Find out which Secret the agent of {edge.value if edge else 'its host'} reads",
        place=Place.HOST,
        commands=(f"{READS} | grep -e {actions.quote_argument(usual.name)}",),
        sees=(f"The agent names {usual.name}, and none of the others.",),
    )
    yield from back_up(usual, *odd)
    for plan in odd:
        yield delete(plan)


def _judge_reader(machine: ObjectRef, usual: ObjectRef) -> Precondition:
    """Judge which Secret the agent reads: no object tells it."""
    return Precondition(
        id="R1",
        asks=f"Does the agent of {machine.name} read Secret {usual.name}?",
        met=None,
        values=(Value(name="usual Secret", value=usual.name, refs=(usual,)),),
        untold=("only the log of the agent names the Secret that it reads",),
        by_hand=(f"On its host: `{READS} | grep -e {actions.quote_argument(usual.name)}`.",),
    )
