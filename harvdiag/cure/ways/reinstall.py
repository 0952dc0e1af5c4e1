"""A host that is taken out of the cluster and installed again: the documented way, and what must come before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.ways.claims import NAMES, own_machine
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.steps import (
    advised,
    back_up,
    cite,
    delete,
    is_gone,
    look,
    mark,
    place_of,
    remove_member,
    title,
    voters_but,
)
from harvdiag.graph.pairing import BOOTSTRAP, MACHINE_ANNOTATION, MACHINE_UID_LABEL
from harvdiag.graph.references import PRESENT
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import has_role
from harvdiag.rules.rejoin import version_to_install

HOOK = "pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup"
HOOK_PATH = f'metadata.annotations["{HOOK}"]'

__all__ = ["detach_false_node", "leave", "reinstall", "stop"]


@way(
    "reinstall",
    title="Take the host out of the cluster, and install it again",
    fits="For a host whose own Machine cannot be repaired: its VMs and replicas leave, it is wiped, and joins as new.",
)
def reinstall(case: Case) -> Plan:
    """Remove a Node with its Machine as it is documented, and let the host join again."""
    facts, subject = case.facts, case.finding.subject
    node = subject if subject.kind == "Node" else _node_of(facts, subject)
    named = facts.pairing.machine_ref(node)
    owner = named.target if named and named.state == PRESENT else None
    if subject.kind == "Machine" and owner != subject:
        raise Unfit(f"Node {node.name} does not name {subject.name}: which of them goes with the host is not clear")
    beside = [ref for ref in case.finding.targets if ref.kind == "Machine" and ref not in (owner, subject)]
    beside = [ref for ref in beside if ref in facts.links.objects]
    return Plan(
        steps=cite(facts, _steps(facts, node, beside)),
        never=Action(verb=Verb.DELETE, ref=node),
        support=(f"how {node.name} can keep its disks, if its VMs or replicas cannot leave it",),
    )


def _node_of(facts: Facts, machine: ObjectRef) -> ObjectRef:
    edge = facts.pairing.node_ref(machine)
    if edge is None or edge.state != PRESENT:
        raise Unfit(f"{title(machine)} has no Node, so that there is no host to install again")
    return edge.target


@way(
    "detach-false-node",
    title="Detach the false Node from the Machine of another, and install its host again",
    fits="For a host that runs with the Machine of another, as its disk or its identity was copied: that Machine and "
    "its Node stay. That the annotation stays off was derived from code and not reported.",
)
def detach_false_node(case: Case) -> Plan:
    """Take the false Node out of the cluster without the Machine that it names."""
    facts, machine = case.facts, case.finding.subject
    node = _false_node(facts, machine)
    edge = facts.pairing.machine_ref(node)
    shared = edge is not None and edge.target == machine
    return Plan(
        steps=cite(facts, _steps(facts, node, (), machine if shared else None)),
        never=Action(verb=Verb.DELETE, ref=node),
        support=(f"what to do if the annotation of {node.name} comes back", f"whether {node.name} can keep its disks"),
    )


def _false_node(facts: Facts, machine: ObjectRef) -> ObjectRef:
    """Return the only Node that uses the Machine of another."""
    back = facts.pairing.node_ref(machine)
    users = [*facts.pairing.referencing_nodes(machine), *_by_label(facts, machine)]
    if back is None or back.target not in users:
        raise Unfit(f"{title(machine)} references none of the Nodes that use it: which is the false one is not told")
    false = [node for node in dict.fromkeys(users) if node != back.target]
    if len(false) != 1:
        raise Unfit(f"{join_names([node.name for node in false])} all use it: one at a time, with vendor support")
    named = facts.pairing.machine_ref(false[0])
    if named is not None and named.target == machine and own_machine(facts, false[0]):
        raise Unfit(f"{false[0].name} has a Machine of its own: only its annotation is wrong")
    return false[0]


def _by_label(facts: Facts, machine: ObjectRef) -> list[ObjectRef]:
    return [edge.source for edge in facts.links.edges_to(machine, MACHINE_UID_LABEL)]


def _steps(
    facts: Facts, node: ObjectRef, beside: Sequence[ObjectRef], shared: ObjectRef | None = None
) -> Iterator[PlanStep]:
    etcd = has_role(facts, node, "etcd")
    voter = next(iter(voters_but(facts, node.name)), "") if etcd else ""
    named = facts.pairing.machine_ref(node)
    own = [named.target] if named and named.state == PRESENT and named.target != shared else []
    yield from leave(node)
    yield from back_up(node, *own, *beside, etcd=etcd)
    if shared is not None:
        yield _detach(facts, node, shared)
    yield stop(node)
    yield PlanStep(
        what=f"Delete host {node.name}",
        place=Place.UI,
        commands=(f"Hosts → {node.name} → ⋮ → Delete",),
        sees=_sees_deletion(facts, node, own),
        final=True,
        action=Action(verb=Verb.DELETE_HOST, ref=node),
    )
    if own and _is_held(facts, own[0]):
        yield _release(own[0])
    for machine in beside:
        yield delete(machine)
    if voter:
        yield remove_member(node.name, voter)
    yield advised(actions.verify_removed(node.name))
    yield PlanStep(
        what=advised(actions.reinstall_host(node.name, version_to_install(facts))).what,
        place=Place.INSTALLER,
        sees=(
            look(
                "kubectl get machines.cluster.x-k8s.io -n fleet-local -o wide", f"lists {node.name} with a Running one"
            ),
        ),
        action=Action(verb=Verb.JOIN, ref=node),
    )


def _sees_deletion(facts: Facts, node: ObjectRef, own: Sequence[ObjectRef]) -> tuple[str, ...]:
    """Return how one sees that a Node goes with its Machine, or that the hook holds both."""
    if own and _is_held(facts, own[0]):
        return (look(f"kubectl get {place_of(own[0])}", "shows it in phase Deleting"),)
    return (is_gone(node), *map(is_gone, own))


def _is_held(facts: Facts, machine: ObjectRef) -> bool:
    """Whether the hook of a Machine stays, as its RKEBootstrap is gone, on which Rancher's controller acts."""
    obj = facts.pairing.obj(machine)
    bootstrap = machine._replace(kind="RKEBootstrap", name=get_text(obj, BOOTSTRAP) or machine.name)
    return bool(get_text(obj, HOOK_PATH)) and bootstrap not in facts.links.objects


def _release(machine: ObjectRef) -> PlanStep:
    """Return the step that ends the hook by hand, once the host and its member are gone."""
    step = mark(
        f"With vendor support, end the hook of {title(machine)}: without its RKEBootstrap Rancher does not",
        *(Verb.ANNOTATE, machine, HOOK, None),
    )
    caution = "Only with its host off, and its member out of etcd: take that out first, as in the step after this one."
    return replace(step, place=Place.SUPPORT, sees=(is_gone(machine),), caution=caution)


def leave(node: ObjectRef) -> Iterator[PlanStep]:
    """Yield the steps by which everything leaves a host that still runs."""
    none = look("kubectl get replicas.longhorn.io -n longhorn-system -o wide", f"lists none on {node.name}")
    yield replace(
        advised(actions.evict_replicas(node.name)),
        sees=(none,),
        back="set allowScheduling to true and evictionRequested to false",
        action=Action(verb=Verb.DRAIN, ref=node),
    )
    yield PlanStep(
        what=f"Move the VMs of {node.name} away",
        place=Place.UI,
        commands=(actions.maintenance(node.name),),
        sees=(look(f"kubectl get virtualmachineinstances -A -l kubevirt.io/nodeName={node.name}", "lists none"),),
        back=actions.maintenance(node.name).replace("Enable", "Disable"),
    )


def stop(node: ObjectRef) -> PlanStep:
    """Return the step after which a host cannot come back."""
    return PlanStep(
        what=f"Uninstall {node.name} as root, so that it cannot register again, and switch it off",
        place=Place.HOST,
        commands=("/opt/rke2/bin/rke2-uninstall.sh",),
        sees=(look(f"kubectl get {place_of(node)}", "says NotReady"),),
        final=True,
        action=Action(verb=Verb.UNINSTALL, ref=node),
    )


def _detach(facts: Facts, node: ObjectRef, shared: ObjectRef) -> PlanStep:
    """Return the step that takes the name of another's Machine off a Node: Harvester would delete it with the Node."""
    step = mark(f"Detach Node {node.name} from {title(shared)}", Verb.ANNOTATE, node, NAMES, None)
    old = actions.quote_argument(get_text(facts.pairing.obj(node), MACHINE_ANNOTATION))
    return replace(
        step,
        sees=(look(f"kubectl get {place_of(node)} -o yaml", f"has no annotation {NAMES} after a minute"),),
        back=f"`kubectl annotate {place_of(node)} {NAMES}={old}`",
        caution="If it comes back, stop here: deleting the Node would delete the Machine of a healthy host.",
    )
