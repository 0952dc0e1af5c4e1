"""Whose is it? Nodes and Machines whose signs do not agree with one another."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import labels, text, uid_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.graph.pairing import (
    MACHINE_ANNOTATION,
    MACHINE_NAME_LABEL,
    MACHINE_UID_LABEL,
    NODE_REF,
    NODE_REF_UID,
    PROVIDER_ID,
)
from harvdiag.graph.references import PRESENT
from harvdiag.kinds.local import FLEET
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import host_signs, show
from harvdiag.rules.facts import Facts
from harvdiag.rules.rejoin import rejoin

MANAGED = 'metadata.labels["harvesterhci.io/managed"]'


@rule(
    "node-machine-disagree",
    short="Machine disagree",
    shows=NODE_REF,
    needs={"Node", "Machine"},
    links=["harvester/harvester#8222"],
)
def node_machine_disagree(facts: Facts) -> Iterator[Hit]:
    """A Node and the Machine it names do not point at each other.

    Harvester goes both ways: from the plan Secret over the Machine to the Node, and from the Node's annotation to the
    Machine. Where they differ, the drain runs on one host and is acknowledged for another.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        edge = pairing.machine_ref(node)
        if edge is None or edge.state != PRESENT:
            continue
        machine = edge.target
        back = pairing.node_ref(machine)
        holders = [e.source for e in facts.links.edges_to(node, NODE_REF) if e.source.namespace == FLEET]
        if (back and back.target == node) or not (back or holders):
            continue
        other = f"Node {back.target.name}" if back else "no Node"
        claim = f", while {' and '.join(m.name for m in holders)} points at {node.name}" if holders else ""
        yield Hit(
            subject=node,
            message=f"Node {node.name} names Machine {machine.name}, but that Machine points at {other}{claim}",
            evidence=(
                *show(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL),
                *show(facts, machine, NODE_REF, NODE_REF_UID),
                *host_signs(facts, node),
                *(Evidence(m, NODE_REF, node.name) for m in holders),
            ),
            next=(
                (
                    f"Find the true owner: the content of /etc/rancher/agent/cattle-id on {node.name} is the label "
                    "rke.cattle.io/machine-id of its own Machine."
                ),
                advice.describe("machines.cluster.x-k8s.io", machine.name),
                advice.ONE_BY_ONE,
            ),
            caution=f"Do not delete Node {node.name} while that Node names {machine.name}: Harvester then deletes that "
            f"Machine, and with it {other if back else 'the node behind it'}. {advice.DELETES_NODE}",
            causes=(Cause("nodes-share-machine", machine),),
        )


@rule(
    "nodes-share-machine",
    short="shared Machine",
    needs={"Node", "Machine"},
    links=["harvester/harvester#8222", "rancher/rancher#45646"],
)
def nodes_share_machine(facts: Facts) -> Iterator[Hit]:
    """Several Nodes follow one Machine.

    A host was installed from the disk or the identity of another: both run as the same Machine. Drains, promotions and
    deletions meant for one of them act on the other.
    """
    for machine in facts.pairing.machines:
        by_name = facts.pairing.referencing_nodes(machine)
        by_uid = [edge.source for edge in facts.links.edges_to(machine, MACHINE_UID_LABEL)]
        nodes = by_name if len(by_name) > 1 else by_uid
        if len(nodes) < 2:
            continue
        yield _shared(facts, machine, nodes, by_name=nodes is by_name)


def _shared(facts: Facts, machine: ObjectRef, nodes: list[ObjectRef], *, by_name: bool) -> Hit:
    back = facts.pairing.node_ref(machine)
    false = [node for node in nodes if not (back and back.target == node)]
    owner = back.target if back and back.target in nodes else None
    field = MACHINE_ANNOTATION if by_name else MACHINE_UID_LABEL
    names = " and ".join(sorted(node.name for node in nodes))
    how = "is named by" if by_name else "has its uid on the label rke.cattle.io/machine of"
    return Hit(
        subject=machine,
        message=f"Machine {machine.name} {how} {len(nodes)} Nodes: {names}" + _whose(facts, owner, false),
        evidence=(
            *(evidence for node in false for evidence in (*show(facts, node, field), *host_signs(facts, node))),
            *show(facts, machine, NODE_REF, 'metadata.labels["rke.cattle.io/machine-id"]'),
            *(
                e
                for node in false
                for e in show(facts, node, MACHINE_UID_LABEL if by_name else MACHINE_ANNOTATION, MANAGED)
            ),
            *(
                e
                for node in nodes
                if node not in false
                for e in (*show(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL), *host_signs(facts, node))
            ),
        ),
        next=(
            (
                "Find the true owner: on each host compare /etc/rancher/agent/cattle-id with the Machine's "
                "label rke.cattle.io/machine-id. If both match, the disk was copied: go by nodeRef and the "
                "internal address."
            ),
            *(_settle(facts, false[0], machine) if owner and len(false) == 1 else ()),
        ),
        caution=(
            f"Do not delete a false Node while its annotation cluster.x-k8s.io/machine names {machine.name}: Harvester "
            "deletes the Machine that a deleted Node names, here the one of a healthy host. Move its VMs and "
            "replicas away first. " + advice.QUORUM
        ),
    )


def _whose(facts: Facts, owner: ObjectRef | None, false: list[ObjectRef]) -> str:
    """Which of them the Machine points at, and what the others never got."""
    if owner is None or not false:
        return ""
    bare = [node for node in false if not facts.pairing.claiming_machines(node)]
    managed = all(labels(facts.pairing.obj(node)).get("harvesterhci.io/managed") == "true" for node in bare)
    so = "" if managed else ", so that Harvester does not manage it"
    names = " and ".join(node.name for node in bare)
    never = f"; {names} took over an old installation and never got a Machine or a plan of its own{so}" if bare else ""
    return f". It points at {owner.name}{never}"


def _settle(facts: Facts, node: ObjectRef, machine: ObjectRef) -> tuple[str, ...]:
    """Join it anew, unless a Machine of its own claims it: then only what it says is wrong."""
    claims = facts.pairing.claiming_machines(node)
    if claims:
        return (
            (
                f"Do not uninstall {node.name}: Machine {claims[0].name} is its own. Look at the log of Cluster API's "
                "controller for why that name is not written on the Node."
            ),
            advice.describe("machines.cluster.x-k8s.io", claims[0].name),
        )
    edge = facts.pairing.machine_ref(node)
    return rejoin(facts, node, machine if edge and edge.target == machine else None)


@rule(
    "node-follows-other-machine",
    short="follows other Machine",
    shows=NODE_REF,
    alike="run the plan of another Machine than the one they name",
    needs={"Node", "Machine"},
    links=["rancher/rancher#45646"],
)
def node_follows_other_machine(facts: Facts) -> Iterator[Hit]:
    """A Node runs the plan of another Machine than the one it names.

    The label rke.cattle.io/machine (and plan.cattle.io/machine-name from Harvester 1.9) comes with the plan that the
    host really runs. Rancher finds the Node by it; Cluster API and Harvester go by the annotation. Where the two
    differ, the plan of one host decides over another, and a Machine made anew never finds its Node.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        edge = pairing.machine_ref(node)
        if edge is None or edge.target not in facts.links.objects:
            continue
        machine, obj = edge.target, pairing.obj(node)
        uid, name = text(obj, MACHINE_UID_LABEL), text(obj, MACHINE_NAME_LABEL)
        own = uid_of(pairing.obj(machine))
        follows = (
            [e.target for e in facts.links.edges_from(node, MACHINE_UID_LABEL)] if own and uid not in ("", own) else []
        )
        follows += [ObjectRef("Machine", FLEET, name)] if name not in ("", machine.name) else []
        if follows:
            other = follows[0].name
            whose = other if follows[0] in facts.links.objects else f"a Machine that is gone ({other})"
            yield Hit(
                subject=node,
                message=f"Node {node.name} names Machine {machine.name}, but runs the plan of {whose}",
                evidence=(
                    *show(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL, MACHINE_NAME_LABEL),
                    *show(facts, machine, "metadata.uid", NODE_REF),
                ),
                next=(
                    (
                        f"Compare /etc/rancher/agent/cattle-id on {node.name} with the label "
                        f"rke.cattle.io/machine-id of Machine {machine.name}."
                    ),
                    advice.look_on_host(node.name),
                ),
                caution=f"Do not delete Node {node.name} or either Machine before it is clear which is whose. "
                f"{advice.DELETES_NODE}",
                causes=(
                    Cause("nodes-share-machine", machine),
                    Cause("node-machine-disagree", node),
                    *tuple(Cause("nodes-share-machine", m) for m in follows),
                ),
            )


@rule("node-recreated", short="recreated", severity=Severity.WARNING, needs={"Node", "Machine"})
def node_recreated(facts: Facts) -> Iterator[Hit]:
    """The Machine knows another Node of the same name.

    The Node object was deleted and made again while its Machine stayed: the uid in status.nodeRef is not the Node's.
    The pair still works by name, but whatever held the Node by its uid has lost it. Only v1beta1 keeps that uid.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        machines = [e.source for e in facts.links.edges_to(node, NODE_REF) if e.source in facts.links.objects]
        machines = [m for m in machines if m.namespace == FLEET and pairing.uid_differs(m)]
        if machines:
            names = " and ".join(machine.name for machine in machines)
            yield Hit(
                subject=node,
                message=(
                    f"Node {node.name} is not the one that {names} was paired with: it was made again under the same "
                    "name"
                ),
                evidence=(
                    *(evidence for machine in machines for evidence in show(facts, machine, NODE_REF, NODE_REF_UID)),
                    *show(facts, node, "metadata.uid", "metadata.creationTimestamp"),
                ),
                next=(
                    advice.describe("nodes", node.name, ""),
                    "Compare the other signs of the pair before an upgrade.",
                ),
            )


@rule(
    "machine-provider-id-differs",
    short="Machine providerID differs",
    severity=Severity.WARNING,
    needs={"Node", "Machine", "CustomMachine"},
)
def machine_provider_id_differs(facts: Facts) -> Iterator[Hit]:
    """A Machine and its Node have different provider ids.

    Cluster API finds the Node of a Machine by providerID. The pair holds as long as nobody touches it; once the nodeRef
    is lost, the Machine takes the Node that has its id, or none.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        edge = pairing.node_ref(machine)
        if edge is None or edge.state != PRESENT:
            continue
        own = text(pairing.obj(edge.target), PROVIDER_ID)
        parts = [machine, machine._replace(kind="CustomMachine")]
        odd = [
            p for p in parts if p in facts.links.objects and text(facts.links.objects[p], PROVIDER_ID) not in ("", own)
        ]
        if odd:
            yield Hit(
                subject=machine,
                message=f"Machine {machine.name} belongs to Node {edge.value}, but {odd[0].kind} {odd[0].name} has "
                f"providerID {text(facts.links.objects[odd[0]], PROVIDER_ID)} and the Node {own or 'none'}",
                evidence=(
                    *(e for part in odd for e in show(facts, part, PROVIDER_ID)),
                    *show(facts, edge.target, PROVIDER_ID),
                    *show(facts, machine, NODE_REF),
                ),
                next=(
                    advice.describe("machines.cluster.x-k8s.io", machine.name),
                    "See whether another Node or Machine has that id.",
                ),
                caution=advice.DELETES_NODE,
            )
