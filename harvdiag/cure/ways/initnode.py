"""The label of the init node, which the others join: set where it is lost, taken off where it is one too many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.model import Verb
from harvdiag.cure.plan import PlanStep
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.ways.hosts import cite, seen_by
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.steps import back_up, mark, place_of
from harvdiag.graph.pairing import PLAN_MACHINE_LABEL
from harvdiag.kinds.local import FLEET
from harvdiag.rules.facts import Facts

__all__ = ["mark_init_node", "unmark_init_node"]

INIT = "rke.cattle.io/init-node"
URL = 'metadata.annotations["rke.cattle.io/join-url"]'
JOINED = 'metadata.annotations["rke.cattle.io/joined-to"]'
LISTS = f"kubectl get secrets -n {FLEET} -l {INIT}=true"
WRONG = "https://github.com/harvester/harvester/issues/6178"
"""What a wrong init node does."""


@way(
    "mark-init-node",
    title="Mark the server that the others join",
    fits="For a cluster whose servers have all joined one and the same, so that it is known which the init node is.",
)
def mark_init_node(case: Case) -> Plan:
    """Give the label back to the plan Secret of the server that all others have joined."""
    facts = case.facts
    plan = _joined_by_all(facts)
    step = mark(f"Mark Secret {plan.name} as that of the init node", Verb.LABEL, plan, INIT, "true")
    return Plan(
        steps=cite(facts, _marking(plan, replace(step, sees=(seen_by(LISTS, f"lists {plan.name} alone"), _goes_on())))),
        preconditions=(_judge_server(facts, plan),),
        support=("Why the label was lost, and whether Rancher's planner keeps it.",),
    )


def _goes_on() -> str:
    """What Rancher's planner says once it has an init node."""
    told = "no longer waits for a bootstrap node in its condition Updated"
    return seen_by(f"kubectl get clusters.provisioning.cattle.io -n {FLEET} local -o yaml", told)


def _joined_by_all(facts: Facts) -> ObjectRef:
    """Return the plan Secret of the server that all others have joined; it has joined none itself."""
    plans = [plan for plan in facts.pairing.plans if facts.pairing.has_role(plan, "etcd")]
    if not plans:
        raise Unfit("no plan Secret has the role etcd")
    first = [plan for plan in plans if not _read(facts, plan, JOINED)]
    if len(first) != 1:
        raise Unfit(f"{len(first)} servers have joined no other: which one the init node is cannot be told")
    url = _read(facts, first[0], URL)
    others = [plan for plan in facts.pairing.plans if plan != first[0] and _read(facts, plan, JOINED) != url]
    if not url or others:
        names = join_names([plan.name for plan in others]) or first[0].name
        raise Unfit(f"{names} joined another server than {first[0].name}")
    return first[0]


def _read(facts: Facts, plan: ObjectRef, path: str) -> str:
    return get_text(facts.pairing.obj(plan), path)


def _marking(plan: ObjectRef, *steps: PlanStep) -> Iterator[PlanStep]:
    yield from back_up(plan)
    for step in steps:
        label = f"{INIT}{'-' if (step.action and step.action.changes[0][1]) else '=true'}"
        ref = step.action.ref if step.action and step.action.ref else plan
        yield replace(step, back=f"`kubectl label {place_of(ref)} {label}`", links=(WRONG,))


def _judge_server(facts: Facts, plan: ObjectRef) -> Precondition:
    """Judge whether the server of a plan Secret is alive, and votes in etcd."""
    node = _node_of(facts, plan)
    obj = facts.links.objects.get(node) if node else None
    votes, ready = (find_condition(obj, kind).status for kind in ("EtcdIsVoter", "Ready"))
    known = bool(votes and ready) or facts.links.seen("Node")
    host = node.name if node else plan.name
    return Precondition(
        id="R1",
        asks=f"Is {host} a member of etcd that votes and answers?",
        met=votes == ready == "True" if known else None,
        values=(Value(name="EtcdIsVoter", value=votes or None), Value(name="Ready", value=ready or None)),
        told=f"{host}: EtcdIsVoter = {votes or 'absent'}, Ready = {ready or 'absent'}",
        untold=() if known else ("its Node was not seen",),
    )


def _node_of(facts: Facts, plan: ObjectRef) -> ObjectRef | None:
    edges = facts.links.edges_from(plan, PLAN_MACHINE_LABEL)
    edge = facts.pairing.node_ref(edges[0].target) if edges and edges[0].target in facts.links.objects else None
    return edge.target if edge else None


@way(
    "unmark-init-node",
    title="Take the label off the servers that have joined another",
    fits="For a cluster in which one of the marked servers is joined by all others: that one is the init node.",
)
def unmark_init_node(case: Case) -> Plan:
    """Take the label of the init node off every plan Secret but that of the server which all others have joined."""
    facts = case.facts
    real = _joined_by_all(facts)
    marked = [plan for plan in facts.pairing.plans if _read(facts, plan, f'metadata.labels["{INIT}"]') == "true"]
    if real not in marked:
        raise Unfit(f"{real.name}, which all others have joined, is not among the marked ones")
    others = [plan for plan in marked if plan != real]
    steps = [mark(f"Take the label off Secret {plan.name}", Verb.LABEL, plan, INIT, None) for plan in others]
    last = replace(steps[-1], sees=(seen_by(LISTS, f"lists {real.name} alone"),))
    return Plan(
        steps=cite(facts, _marking(others[0], *steps[:-1], last)),
        preconditions=(_judge_server(facts, real),),
        support=("What has marked the others.",),
    )
