"""A Machine whose deletion is held by the hook of its member of etcd (docs/objects.md#removal-etcd-hook)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.conditions import ALL_LISTS, conditions_of, find_condition
from harvdiag.core.fields import get_items, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.model import Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.ways.ghosts import host_of
from harvdiag.cure.ways.hosts import cite
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.rebuild import empty_steps, uninstall_step
from harvdiag.cure.ways.steps import (
    advised,
    back_up,
    is_gone,
    mark,
    nothing_left,
    place_of,
    refuse_if_paused,
    remove_member,
    title,
    voters_but,
)
from harvdiag.graph.pairing import BOOTSTRAP
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts

__all__ = ["end_deletion"]

FORCE = "rke.cattle.io/etcd-force-remove"
HOOK = 'metadata.annotations["pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup"]'
OWN = "machine.cluster.x-k8s.io"
WAITS = ("Deleting", "DrainingSucceeded", "PreTerminateDeleteHookSucceeded")
HELD = "https://github.com/harvester/harvester/issues/10534"


@way(
    "end-deletion",
    title="Let the deletion of the Machine end",
    fits="For a host that is to go, and whose Machine waits for its member to leave etcd; its VMs and replicas must "
    "leave first. The last step skips Rancher's own check of etcd, and is one for vendor support.",
)
def end_deletion(case: Case) -> Plan:
    """Take the host and its member away, then end the hook, as harvester/harvester#10534 did."""
    facts, machine = case.facts, case.finding.subject
    refuse_if_paused(facts)
    pairing, edge = facts.pairing, facts.pairing.node_ref(machine)
    node = edge.target if edge and edge.target in facts.links.objects else None
    others = [m for m in pairing.claiming_machines(node) if m != machine] if node else []
    if others:
        raise Unfit(f"Node {node.name if node else ''} belongs to {join_names([m.name for m in others])} as well")
    bootstrap = _held_by_hook(facts, machine)
    return Plan(
        steps=cite(facts, _steps(facts, machine, bootstrap, node)),
        removes=machine,
        support=(
            f"Whether {FORCE} may be set for {machine.name}, if its deletion does not end with its host gone.",
            "Which controller holds it, if a finalizer other than Cluster API's stays.",
        ),
    )


def _held_by_hook(facts: Facts, machine: ObjectRef) -> ObjectRef:
    """Return the RKEBootstrap whose controller ends the hook that holds the Machine."""
    obj, edges = facts.pairing.obj(machine), facts.links.edges_from(machine, BOOTSTRAP, "RKEBootstrap")
    strange = [str(name) for name in get_items(obj, "metadata.finalizers") if name != OWN]
    if strange:
        raise Unfit(f"the finalizers {join_names(strange)} hold it, and no object tells who ends them")
    if not get_text(obj, HOOK):
        raise Unfit("no hook holds it: its drain, its volumes or its parts do, which only its conditions tell")
    if not edges or edges[0].broken:
        raise Unfit("its RKEBootstrap is gone, whose controller would end the hook")
    return edges[0].target


def _steps(facts: Facts, machine: ObjectRef, bootstrap: ObjectRef, node: ObjectRef | None) -> Iterator[PlanStep]:
    host = host_of(facts, machine) or machine.name
    voter = next(iter(voters_but(facts, host)), "")
    shows = f"kubectl get {place_of(machine)} -o yaml"
    yield PlanStep(
        what=f"Read what {title(machine)} waits for",
        place=Place.KUBECTL,
        commands=(shows,),
        done=_told(facts, machine),
    )
    yield from back_up(machine, bootstrap, etcd=True)
    if node is not None and find_condition(facts.pairing.obj(node), "Ready").status == "True":
        yield from empty_steps(facts, node)
        yield uninstall_step(facts, node)
    else:
        yield advised(actions.check_host_gone(host))
    if voter:
        yield remove_member(host, voter)
    yield PlanStep(
        what="Wait ten minutes: without its host and its member the deletion mostly ends by itself",
        place=Place.KUBECTL,
        commands=(f"kubectl get {place_of(machine)} -w",),
        sees=(is_gone(machine),),
    )
    force = mark(
        "Only if it is still there and vendor support agrees, end the hook", Verb.ANNOTATE, bootstrap, FORCE, "true"
    )
    yield replace(force, place=Place.SUPPORT, sees=(is_gone(machine),), final=True, links=(HELD,))
    yield nothing_left(host)


def _told(facts: Facts, machine: ObjectRef) -> str:
    """Return what its conditions say of its deletion; empty where they say nothing."""
    rows = {row.type: row for row in conditions_of(facts.pairing.obj(machine), ALL_LISTS) if row.why}
    return next((f"{rows[kind].type}: {rows[kind].why}" for kind in WAITS if kind in rows), "")
