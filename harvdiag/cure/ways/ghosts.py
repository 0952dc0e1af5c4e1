"""A Machine whose host is gone: it is deleted, and its member of etcd looked after.

See docs/objects.md#removal-etcd-hook.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.plan import PlanStep
from harvdiag.cure.ways.hosts import cite
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.steps import (
    advised,
    back_up,
    delete,
    nothing_left,
    refuse_if_paused,
    remove_member,
    title,
    voters_but,
)
from harvdiag.graph.pairing import NODE_NAME_LABEL
from harvdiag.rules import actions, advice
from harvdiag.rules.facts import Facts
from harvdiag.rules.removal import dependent_nodes, nodes_deleted_with, nodes_with_id
from harvdiag.rules.seen import read_address

__all__ = ["host_of", "remove_ghost"]

UNNAMED = "the lost host"


@way(
    "remove-ghost",
    title="Delete the Machine of the lost host",
    fits="For a Machine whose host is gone for good: no Node is lost with it. A host that is to stay is switched on "
    "instead: its kubelet makes its Node again, and Cluster API links both by providerID.",
)
def remove_ghost(case: Case) -> Plan:
    """Delete a Machine that leads to no Node."""
    facts, machine = case.facts, case.finding.subject
    refuse_if_paused(facts)
    if facts.pairing.deletion_time(machine):
        raise Unfit(f"{title(machine)} is in deletion already, and something holds it")
    if keepers := _keepers(facts, machine):
        raise Unfit(
            f"{join_names([node.name for node in keepers])} may be its host: the Node would go with it, or lose it"
        )
    etcd, host = facts.pairing.has_role(machine, "etcd"), host_of(facts, machine)
    return Plan(
        steps=cite(facts, _steps(facts, machine, host, etcd)),
        removes=machine,
        support=_ask(host) if etcd else (),
    )


def host_of(facts: Facts, machine: ObjectRef) -> str:
    """Return the name of the host of a Machine: by nodeRef, else by the label that its join has left."""
    edge = facts.pairing.node_ref(machine)
    return edge.value if edge else get_text(facts.pairing.obj(machine), NODE_NAME_LABEL)


def _keepers(facts: Facts, machine: ObjectRef) -> list[ObjectRef]:
    """Return the Nodes that need the Machine, go with it or may be its host."""
    likely = [] if facts.pairing.node_ref(machine) else facts.pairing.candidate_nodes(machine)
    ties = [
        *nodes_deleted_with(facts, machine),
        *nodes_with_id(facts, machine),
        *sorted(dependent_nodes(facts, machine)),
    ]
    return [node for node in dict.fromkeys((*ties, *likely)) if node in facts.links.objects]


def _steps(facts: Facts, machine: ObjectRef, host: str, etcd: bool) -> Iterator[PlanStep]:
    voter = next(iter(voters_but(facts, host)), "") if etcd else ""
    yield advised(actions.check_host_gone(host or machine.name, read_address(facts.pairing.obj(machine))))
    yield from back_up(machine, etcd=etcd)
    yield replace(delete(machine), caution=advice.DELETES_NODE)
    if voter:
        yield remove_member(host or UNNAMED, voter)
    yield nothing_left(host or machine.name)


def _ask(host: str) -> tuple[str, ...]:
    """Return what to ask of support where a member of etcd may be left: only the person at the API sees it."""
    return (f"Whether a member of etcd that is still listed for {host or UNNAMED} may be taken out by hand.",)
