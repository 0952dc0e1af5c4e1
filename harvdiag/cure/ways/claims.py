"""Nodes and Machines that several claim: whose is whose, and how the other is set aside without the Node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.fields import get_text, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.ways.hosts import cite, seen_by
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.steps import (
    RESTART_CAPI,
    ask_support,
    back_up,
    is_gone,
    lists_members,
    mark,
    place_of,
    reach_capi,
    runs_with,
    title,
    voters_but,
)
from harvdiag.graph.pairing import BOOTSTRAP, MACHINE_ANNOTATION, MACHINE_UID_LABEL
from harvdiag.rules import actions, advice
from harvdiag.rules.facts import Facts
from harvdiag.rules.removal import dependent_nodes, infrastructure_of, nodes_deleted_with

__all__ = ["NAMES", "judge_support", "own_machine", "renew_annotation", "set_aside"]

NAMES = "cluster.x-k8s.io/machine"
PAUSED = "cluster.x-k8s.io/paused"
FORCE = "rke.cattle.io/etcd-force-remove"
SHARED = "https://github.com/harvester/harvester/issues/7065"


@way(
    "renew-annotation",
    title="Let Cluster API write the Machine of the Node again",
    fits="For a Node that names a wrong Machine while its own has it, by nodeRef and providerID; nothing on it moves.",
)
def renew_annotation(case: Case) -> Plan:
    """Take the wrong annotation off each such Node: Cluster API writes it on the Node that has the providerID."""
    facts, subject = case.facts, case.finding.subject
    wrong = {
        node: own
        for node in facts.pairing.nodes
        if (own := own_machine(facts, node)) and _names_other(facts, node, own)
    }
    users = [subject] if subject.kind == "Node" else facts.pairing.referencing_nodes(subject)
    if not any(node in wrong for node in users):
        raise Unfit("no Node with a Machine of its own names another there")
    return Plan(
        steps=cite(facts, _renewals(facts, wrong)),
        support=("Why Cluster API has not written the annotation before, if it does not come back.",),
    )


def own_machine(facts: Facts, node: ObjectRef) -> ObjectRef | None:
    """Return the only Machine that has a Node by nodeRef and providerID, and whose plan it runs, if any; else None."""
    claims = facts.pairing.claiming_machines(node)
    if len(claims) != 1 or facts.pairing.deletion_time(claims[0]):
        return None
    back, provider = facts.pairing.node_ref(claims[0]), get_text(facts.pairing.obj(node), "spec.providerID")
    parts = (facts.links.objects.get(ref) for ref in (claims[0], infrastructure_of(facts, claims[0])))
    same = provider and provider in {get_text(part, "spec.providerID") for part in parts}
    runs = get_text(facts.pairing.obj(node), MACHINE_UID_LABEL) in ("", uid_of(facts.pairing.obj(claims[0])))
    return claims[0] if back is not None and back.target == node and same and runs else None


def _names_other(facts: Facts, node: ObjectRef, own: ObjectRef) -> bool:
    edge = facts.pairing.machine_ref(node)
    return edge is not None and edge.target != own


def _renewals(facts: Facts, wrong: dict[ObjectRef, ObjectRef]) -> Iterator[PlanStep]:
    yield from back_up(*wrong)
    for node, own in wrong.items():
        old = get_text(facts.pairing.obj(node), MACHINE_ANNOTATION)
        step = mark(f"Take the name of {old} off Node {node.name}", Verb.ANNOTATE, node, NAMES, None)
        shows = f"names {own.name} in its annotation {NAMES}, within a minute"
        yield replace(
            step,
            sees=(seen_by(f"kubectl get {place_of(node)} -o yaml", shows),),
            back=f"`kubectl annotate {place_of(node)} {NAMES}={actions.quote_argument(old)} --overwrite`",
            caution="If it does not come back, delete neither, and restart Cluster API: "
            f"`{reach_capi(facts, RESTART_CAPI)}`.",
        )


@way(
    "set-aside",
    title="Set the stale Machine aside without its Node",
    fits="For a Node that has its own Machine and a stale one: the stale one goes, the Node and its own Machine stay. "
    "It follows from the code of the controllers, and no one has reported it: vendor support decides.",
)
def set_aside(case: Case) -> Plan:
    """Take away each Machine that claims a Node beside its own, by its finalizer: Cluster API never acts on it."""
    facts, subject = case.facts, case.finding.subject
    node = subject if subject.kind == "Node" else _claimed_by(facts, subject)
    own = _owner_of(facts, node)
    stale = [machine for machine in facts.pairing.claiming_machines(node) if machine != own]
    if subject in (own, *stale):
        stale = [machine for machine in stale if machine == subject]
    if not stale:
        raise Unfit(f"{own.name} is the own Machine of {node.name}")
    for machine in stale:
        if others := sorted(dependent_nodes(facts, machine) - {node}):
            raise Unfit(f"Node {others[0].name} names {machine.name}, or runs its plan")
    return Plan(
        steps=cite(facts, _setting_aside(facts, node, own, stale)),
        preconditions=(judge_support(stale, "goes by its finalizer"),),
        never=None if facts.pairing.deletion_time(stale[0]) else Action(verb=Verb.DELETE, ref=stale[0]),
        support=(f"Whether {join_names([m.name for m in stale])} can be set aside, and what Rancher does then.",),
    )


def _claimed_by(facts: Facts, machine: ObjectRef) -> ObjectRef:
    found = [node for node in nodes_deleted_with(facts, machine) if node in facts.links.objects]
    if not found:
        raise Unfit(f"{title(machine)} has no Node that could be lost")
    return found[0]


def _owner_of(facts: Facts, node: ObjectRef) -> ObjectRef:
    """Return the Machine that a Node names, whose plan it runs, and that is not being deleted."""
    claims, obj = facts.pairing.claiming_machines(node), facts.pairing.obj(node)
    edge, runs = facts.pairing.machine_ref(node), get_text(obj, MACHINE_UID_LABEL)
    own = edge.target if edge is not None and edge.target in claims else None
    if own is None:
        raise Unfit(f"Node {node.name} names none of its Machines {join_names([m.name for m in claims])}")
    if facts.pairing.deletion_time(own):
        raise Unfit(f"{own.name}, which Node {node.name} names, is itself being deleted")
    if runs and runs != uid_of(facts.pairing.obj(own)):
        raise Unfit(f"Node {node.name} names {own.name}, but runs the plan of another Machine")
    return own


def judge_support(stale: list[ObjectRef], what: str) -> Precondition:
    """Judge R1, whether vendor support has agreed to what no one has reported: no object tells it."""
    names = join_names([machine.name for machine in stale])
    return Precondition(
        id="R1",
        asks=f"Has vendor support agreed that {names} {what}?",
        met=None,
        values=(Value(name="Machines", value=len(stale), refs=tuple(stale)),),
        untold=("no report of this way exists, and no object tells the answer of support",),
        by_hand=("Ask vendor support, with a support bundle of the cluster as it is now.",),
    )


def _setting_aside(facts: Facts, node: ObjectRef, own: ObjectRef, stale: list[ObjectRef]) -> Iterator[PlanStep]:
    yield PlanStep(
        what=f"See as which Machine {node.name} runs",
        place=Place.HOST,
        commands=("cat /etc/rancher/agent/cattle-id",),
        sees=(f"It is the label rke.cattle.io/machine-id of {own.name}.",),
        caution=advice.DELETES_NODE,
    )
    for machine in stale:
        yield from _aside(facts, node, machine)
    voter = next(iter(voters_but(facts)), "")
    if voter:
        yield PlanStep(
            what=f"See that {node.name} is what it was",
            place=Place.KUBECTL,
            commands=(f"kubectl get {place_of(node)} -o wide", lists_members(voter)),
            sees=(runs_with(own, node),),
        )


def _aside(facts: Facts, node: ObjectRef, machine: ObjectRef) -> Iterator[PlanStep]:
    edges = facts.links.edges_from(machine, BOOTSTRAP, "RKEBootstrap")
    bootstrap = edges[0].target if edges and not edges[0].broken else None
    parts = [ref for ref in (infrastructure_of(facts, machine), bootstrap) if ref in facts.links.objects]
    yield from back_up(machine, *[ref for ref in parts if ref is not None], *facts.pairing.plans_of(machine), etcd=True)
    yield ask_support(f"Have vendor support agree to the next steps for {machine.name}, and to their order")
    pause = mark(
        f"Pause {title(machine)}, so that Cluster API does not act on it", Verb.ANNOTATE, machine, PAUSED, "true"
    )
    yield replace(pause, back=f"`kubectl annotate {place_of(machine)} {PAUSED}-`")
    if bootstrap is not None:
        force = f"Tell Rancher to take no member out of etcd with {title(bootstrap)}"
        yield replace(
            mark(force, Verb.ANNOTATE, bootstrap, FORCE, "true"),
            back=f"`kubectl annotate {place_of(bootstrap)} {FORCE}-`",
        )
    if not facts.pairing.deletion_time(machine):
        yield PlanStep(
            what=f"Ask for the deletion of {title(machine)}, which stays held",
            place=Place.KUBECTL,
            commands=(f"kubectl delete {place_of(machine)} --wait=false",),
            sees=(seen_by(f"kubectl get {place_of(machine)}", "still shows it"),),
            action=Action(verb=Verb.DELETE, ref=machine),
            final=True,
        )
    yield _release(facts, node, machine)


def _release(facts: Facts, node: ObjectRef, machine: ObjectRef) -> PlanStep:
    """Return the step that removes the finalizers: the API removes the Machine, and no controller acts on it."""
    path = "metadata.finalizers"
    command = actions.merge_patch("machines.cluster.x-k8s.io", machine.name, {"metadata": {"finalizers": None}})
    parts = [ref for ref in (infrastructure_of(facts, machine),) if ref in facts.links.objects]
    return PlanStep(
        what=f"Take the finalizers off {title(machine)}: it goes, and its parts with it, and Node {node.name} stays",
        place=Place.KUBECTL,
        commands=(command,),
        sees=(
            is_gone(machine),
            *map(is_gone, parts),
            seen_by(f"kubectl get {place_of(node)}", "shows it, without a deletion"),
        ),
        final=True,
        action=Action(verb=Verb.PATCH, ref=machine, changes=((path, None),)),
    )
