"""A host that is rebuilt although a Machine has it: its own, which cannot be repaired, or that of another host."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.ways.claims import NAMES, own_machine
from harvdiag.cure.ways.hosts import cite, seen_by
from harvdiag.cure.ways.model import Case, Plan, Unfit, way
from harvdiag.cure.ways.rebuild import ask_of_upgrade, judge_joining, rebuild_steps
from harvdiag.cure.ways.steps import is_gone, mark, place_of, refuse_if_paused, title
from harvdiag.graph.pairing import BOOTSTRAP, MACHINE_ANNOTATION, MACHINE_UID_LABEL
from harvdiag.graph.references import PRESENT
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts

__all__ = ["detach_false_node", "reinstall"]

HOOK = "pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup"
HOOK_PATH = f'metadata.annotations["{HOOK}"]'


@way(
    "reinstall",
    title="Rebuild the host, and its Machine with it",
    fits="For a host whose own Machine cannot be repaired: its VMs and replicas leave, it is wiped, and joins as new.",
)
def reinstall(case: Case) -> Plan:
    """Remove a Node with its Machine as it is documented, and let the host join again."""
    facts, subject = case.facts, case.finding.subject
    refuse_if_paused(facts)
    node = subject if subject.kind == "Node" else _node_of(facts, subject)
    if facts.pairing.deletion_time(node):
        raise Unfit(f"Node {node.name} is in deletion already")
    named = facts.pairing.machine_ref(node)
    own = named.target if named and named.state == PRESENT else None
    if own is None or (subject.kind == "Machine" and own != subject):
        raise Unfit(f"Node {node.name} does not name {subject.name}: which Machine goes with the host is not clear")
    held = [_release(own)] if _is_held(facts, own) else []
    return Plan(
        steps=cite(facts, rebuild_steps(facts, node, after=held)),
        preconditions=judge_joining(facts, node),
        support=(*_ask(node), *ask_of_upgrade(facts, node)),
    )


def _node_of(facts: Facts, machine: ObjectRef) -> ObjectRef:
    edge = facts.pairing.node_ref(machine)
    if edge is None or edge.state != PRESENT:
        raise Unfit(f"{title(machine)} has no Node, so that there is no host to install again")
    return edge.target


def _ask(node: ObjectRef) -> tuple[str, ...]:
    return (f"How {node.name} can keep its disks, if its VMs or replicas cannot leave it.",)


def _is_held(facts: Facts, machine: ObjectRef) -> bool:
    """Whether the hook of a Machine stays, as its RKEBootstrap is gone, on which Rancher's controller acts."""
    obj = facts.pairing.obj(machine)
    bootstrap = machine._replace(kind="RKEBootstrap", name=get_text(obj, BOOTSTRAP) or machine.name)
    return bool(get_text(obj, HOOK_PATH)) and bootstrap not in facts.links.objects


def _release(machine: ObjectRef) -> PlanStep:
    """Return the step that ends the hook by hand, once the host and its member are gone."""
    step = mark(
        f"With vendor support, end the hook that holds {title(machine)}: without its RKEBootstrap Rancher does not",
        *(Verb.ANNOTATE, machine, HOOK, None),
    )
    caution = "Only with the host off, and its member out of etcd: Rancher takes none out any longer."
    return replace(step, place=Place.SUPPORT, sees=(is_gone(machine),), caution=caution)


@way(
    "detach-false-node",
    title="Detach the false Node from the Machine of another, and rebuild its host",
    fits="For a host that runs with the Machine of another, as its disk or its identity was copied: that Machine and "
    "its Node stay. That the annotation stays off was derived from code and not reported.",
)
def detach_false_node(case: Case) -> Plan:
    """Take the false Node out of the cluster without the Machine that it names."""
    facts, machine = case.facts, case.finding.subject
    refuse_if_paused(facts)
    node = _false_node(facts, machine)
    edge = facts.pairing.machine_ref(node)
    detached = [_detach(facts, node, machine)] if edge is not None and edge.target == machine else []
    return Plan(
        steps=cite(facts, rebuild_steps(facts, node, first=detached)),
        preconditions=judge_joining(facts, node),
        never=Action(verb=Verb.DELETE, ref=node),
        support=(
            f"What to do if the name of {machine.name} comes back on Node {node.name}.",
            *_ask(node),
            *ask_of_upgrade(facts, node),
        ),
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


def _by_label(facts: Facts, machine: ObjectRef) -> Iterator[ObjectRef]:
    return (edge.source for edge in facts.links.edges_to(machine, MACHINE_UID_LABEL))


def _detach(facts: Facts, node: ObjectRef, shared: ObjectRef) -> PlanStep:
    """Return the step that takes the name of another's Machine off a Node: Harvester would delete it with the Node."""
    step = mark(f"Detach Node {node.name} from {title(shared)}", Verb.ANNOTATE, node, NAMES, None)
    old = actions.quote_argument(get_text(facts.pairing.obj(node), MACHINE_ANNOTATION))
    return replace(
        step,
        sees=(seen_by(f"kubectl get {place_of(node)} -o yaml", f"has no annotation {NAMES} after a minute"),),
        back=f"`kubectl annotate {place_of(node)} {NAMES}={old}`",
        caution="If it comes back, stop here: deleting the Node would delete the Machine of a healthy host.",
    )
