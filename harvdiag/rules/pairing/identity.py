"""Identity: Nodes and Machines whose links contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_labels, get_text, uid_of
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
from harvdiag.rules.evidence import field_evidence, host_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.planner_advice import RESTART_CAPI
from harvdiag.rules.rejoin import rejoin_steps
from harvdiag.rules.seen import find_owner

ASK_FIRST = "Ask vendor support before you change a reference of either."
MANAGED = 'metadata.labels["harvesterhci.io/managed"]'
COPIED = "If the hosts have the same identity, the disk was copied: then nodeRef and the internal address decide."


@rule(
    "node-machine-disagree",
    short="Machine disagree",
    shows=NODE_REF,
    needs={"Node", "Machine"},
    links=["harvester/harvester#8222"],
    cures=["renew-annotation"],
)
def node_machine_disagree(facts: Facts) -> Iterator[Hit]:
    """A Node and the Machine it references do not reference each other.

    Harvester follows both directions: from the plan Secret through the Machine to the Node, and from the Node's
    annotation to the Machine. If they differ, the drain runs on one host and is acknowledged for another.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        edge = pairing.machine_ref(node)
        if edge is None or edge.state != PRESENT:
            continue
        machine = edge.target
        back = pairing.node_ref(machine)
        holders = [e.source for e in facts.links.edges_to(node, NODE_REF) if pairing.is_own(e.source)]
        if (back and back.target == node) or not (back or holders):
            continue
        other = f"Node {back.target.name}" if back else "no Node"
        claim = f", while {' and '.join(m.name for m in holders)} references {node.name}" if holders else ""
        yield Hit(
            subject=node,
            message=f"Node {node.name} references Machine {machine.name}, but that Machine references {other}{claim}",
            evidence=_disagreement_evidence(facts, node, machine, holders),
            next=_comparison_steps(facts, node, machine),
            caution=f"Do not delete Node {node.name} while that Node references {machine.name}: Harvester then deletes "
            f"that Machine, and with it {other if back else 'the node behind it'}. {advice.DELETES_NODE}",
            causes=(Cause("nodes-share-machine", machine),),
        )


def _disagreement_evidence(
    facts: Facts, node: ObjectRef, machine: ObjectRef, holders: list[ObjectRef]
) -> tuple[Evidence, ...]:
    """Return both directions of the link, and the Machines that reference the Node instead."""
    return (
        *field_evidence(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL),
        *field_evidence(facts, machine, NODE_REF, NODE_REF_UID),
        *host_evidence(facts, node),
        *(Evidence(m, NODE_REF, node.name) for m in holders),
    )


def _comparison_steps(facts: Facts, node: ObjectRef, machine: ObjectRef) -> tuple[str, ...]:
    """Return how to find out which Machine the host is really registered as."""
    return (
        find_owner(facts, node),
        advice.inspect_object("machines.cluster.x-k8s.io", machine.name),
        advice.ONE_BY_ONE,
        ASK_FIRST,
    )


@rule(
    "nodes-share-machine",
    short="shared Machine",
    needs={"Node", "Machine"},
    optional={"Upgrade", "UpgradePlan"},
    links=["harvester/harvester#8222", "rancher/rancher#45646"],
    cures=["renew-annotation", "detach-false-node"],
)
def nodes_share_machine(facts: Facts) -> Iterator[Hit]:
    """Several Nodes use one Machine.

    A host was installed from the disk or with the identity of another: both run as the same Machine. Drains, promotions
    and deletions of one of them act on the other.
    """
    for machine in facts.pairing.machines:
        by_name = facts.pairing.referencing_nodes(machine)
        by_uid = [edge.source for edge in facts.links.edges_to(machine, MACHINE_UID_LABEL)]
        nodes = by_name if len(by_name) > 1 else by_uid
        if len(nodes) < 2:
            continue
        yield _shared_machine_hit(facts, machine, nodes, by_name=nodes is by_name)


def _shared_machine_hit(facts: Facts, machine: ObjectRef, nodes: list[ObjectRef], *, by_name: bool) -> Hit:
    back = facts.pairing.node_ref(machine)
    false = [node for node in nodes if not (back and back.target == node)]
    owner = back.target if back and back.target in nodes else None
    names = " and ".join(sorted(node.name for node in nodes))
    how = "is referenced by" if by_name else "has its UID in the label rke.cattle.io/machine of"
    return Hit(
        subject=machine,
        message=f"Machine {machine.name} {how} {len(nodes)} Nodes: {names}" + _describe_owner(facts, owner, false),
        evidence=tuple(_sharing_evidence(facts, machine, (false, [n for n in nodes if n not in false]), by_name)),
        next=(
            find_owner(facts, *sorted(nodes)),
            COPIED,
            *(_false_node_steps(facts, false[0], machine) if owner and len(false) == 1 else (ASK_FIRST,)),
        ),
        caution=(
            f"Do not delete a false Node while its annotation cluster.x-k8s.io/machine references {machine.name}: "
            "Harvester deletes the Machine that a deleted Node references, here the one of a healthy host. Move its "
            "VMs and replicas away first. " + advice.QUORUM
        ),
    )


def _sharing_evidence(
    facts: Facts, machine: ObjectRef, nodes: tuple[list[ObjectRef], list[ObjectRef]], by_name: bool
) -> Iterator[Evidence]:
    """Yield what the false Nodes and then the others say of the Machine that they share, and what it says itself."""
    false, others = nodes
    fields = (MACHINE_ANNOTATION, MACHINE_UID_LABEL)
    field, other_field = fields if by_name else reversed(fields)
    for node in false:
        yield from (*field_evidence(facts, node, field), *host_evidence(facts, node))
    yield from field_evidence(facts, machine, NODE_REF, 'metadata.labels["rke.cattle.io/machine-id"]')
    for node in false:
        yield from field_evidence(facts, node, other_field, MANAGED)
    for node in others:
        yield from (*field_evidence(facts, node, *fields), *host_evidence(facts, node))


def _describe_owner(facts: Facts, owner: ObjectRef | None, false: list[ObjectRef]) -> str:
    """Describe which of the Nodes the Machine references, and what the others lack; empty if none is the owner."""
    if owner is None or not false:
        return ""
    bare = [node for node in false if not facts.pairing.claiming_machines(node)]
    managed = all(get_labels(facts.pairing.obj(node)).get("harvesterhci.io/managed") == "true" for node in bare)
    so = "" if managed else ", so that Harvester does not manage it"
    names = " and ".join(node.name for node in bare)
    never = f"; {names} reuses an old installation and never got a Machine or a plan of its own{so}" if bare else ""
    return f". It references {owner.name}{never}"


def _false_node_steps(facts: Facts, node: ObjectRef, machine: ObjectRef) -> tuple[str, ...]:
    """Return the steps that rejoin the Node, unless it has a Machine of its own: then only its annotation is wrong."""
    claims = facts.pairing.claiming_machines(node)
    if claims:
        return (
            (
                f"Do not uninstall {node.name}: Machine {claims[0].name} is its own. Find in the log of Cluster API's "
                "controller why that name is not written to the Node."
            ),
            advice.inspect_object("machines.cluster.x-k8s.io", claims[0].name),
            RESTART_CAPI,
        )
    edge = facts.pairing.machine_ref(node)
    return rejoin_steps(facts, node, machine if edge and edge.target == machine else None)


@rule(
    "node-follows-other-machine",
    short="follows other Machine",
    shows=NODE_REF,
    alike="run the plan of a Machine other than the one they reference",
    needs={"Node", "Machine"},
    links=["rancher/rancher#45646"],
    cures=["renew-annotation", "reinstall"],
)
def node_follows_other_machine(facts: Facts) -> Iterator[Hit]:
    """A Node runs the plan of a Machine other than the one it references.

    The label rke.cattle.io/machine (and plan.cattle.io/machine-name from Harvester 1.9) comes with the plan that the
    host actually runs. Rancher finds the Node by it; Cluster API and Harvester use the annotation. If the two differ,
    the plan of one host controls another, and a recreated Machine never finds its Node.
    """
    for node, machine, follows in _foreign_plans(facts):
        other = follows[0].name
        whose = other if follows[0] in facts.links.objects else f"a Machine that is gone ({other})"
        yield Hit(
            subject=node,
            message=f"Node {node.name} references Machine {machine.name}, but runs the plan of {whose}",
            evidence=(
                *field_evidence(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL, MACHINE_NAME_LABEL),
                *field_evidence(facts, machine, "metadata.uid", NODE_REF),
            ),
            next=(find_owner(facts, node), advice.inspect_host(node.name), ASK_FIRST),
            caution=f"Do not delete Node {node.name} or either Machine before it is clear which is whose. "
            f"{advice.DELETES_NODE}",
            causes=(
                Cause("nodes-share-machine", machine),
                Cause("node-machine-disagree", node),
                *tuple(Cause("nodes-share-machine", m) for m in follows),
            ),
        )


def _foreign_plans(facts: Facts) -> Iterator[tuple[ObjectRef, ObjectRef, list[ObjectRef]]]:
    """Yield each Node, the Machine that it references, and the other Machines whose plan it runs."""
    pairing = facts.pairing
    for node in pairing.nodes:
        edge = pairing.machine_ref(node)
        if edge is None or edge.target not in facts.links.objects:
            continue
        machine, obj = edge.target, pairing.obj(node)
        uid, name = get_text(obj, MACHINE_UID_LABEL), get_text(obj, MACHINE_NAME_LABEL)
        own = uid_of(pairing.obj(machine))
        # An unseen UID of the Machine proves nothing; the name's label (Harvester 1.9) is independent of it.
        follows = (
            [e.target for e in facts.links.edges_from(node, MACHINE_UID_LABEL)] if own and uid not in ("", own) else []
        )
        follows += [ObjectRef("Machine", FLEET, name)] if name not in ("", machine.name) else []
        if follows:
            yield node, machine, follows


@rule(
    "node-recreated",
    short="recreated",
    severity=Severity.WARNING,
    needs={"Node", "Machine"},
    no_cure="The pair works by name, and Cluster API never writes a nodeRef again: that its uid was set by hand is not "
    "reported. Leave it, and ask vendor support if something looks for the Node by its uid.",
)
def node_recreated(facts: Facts) -> Iterator[Hit]:
    """A Node was recreated: its Machine references an earlier one of the same name.

    The Node object was deleted and created again while its Machine stayed: the UID in status.nodeRef is not the Node's.
    The pair still works by name, but whatever references the Node by UID has lost it. Only v1beta1 has that UID.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        machines = [e.source for e in facts.links.edges_to(node, NODE_REF) if e.source in facts.links.objects]
        machines = [m for m in machines if pairing.is_own(m) and pairing.uid_differs(m)]
        if machines:
            names = " and ".join(machine.name for machine in machines)
            yield Hit(
                subject=node,
                message=(
                    f"Node {node.name} is not the one that {names} was paired with: it was recreated under the same "
                    "name"
                ),
                evidence=(
                    *(e for machine in machines for e in field_evidence(facts, machine, NODE_REF, NODE_REF_UID)),
                    *field_evidence(facts, node, "metadata.uid", "metadata.creationTimestamp"),
                ),
                next=(
                    advice.inspect_object("nodes", node.name, ""),
                    "Compare the other links of the pair before an upgrade; if one differs, ask vendor support.",
                ),
                causes=(Cause("node-replaced", node),),
            )


@rule(
    "machine-provider-id-differs",
    short="Machine providerID differs",
    severity=Severity.WARNING,
    needs={"Node", "Machine", "CustomMachine"},
    cures=["correct-id", "reinstall"],
)
def machine_provider_id_differs(facts: Facts) -> Iterator[Hit]:
    """A Machine and its Node have different provider IDs.

    Cluster API finds the Node of a Machine by providerID. The pair lasts as long as nothing changes it; once the
    nodeRef is lost, the Machine takes the Node that has its provider ID, or none.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        edge = pairing.node_ref(machine)
        if edge is None or edge.state != PRESENT:
            continue
        own = get_text(pairing.obj(edge.target), PROVIDER_ID)
        if odd := _parts_with_other_id(facts, machine, own):
            yield Hit(
                subject=machine,
                message=f"Machine {machine.name} belongs to Node {edge.value}, but {odd[0].kind} {odd[0].name} has "
                f"providerID {get_text(facts.links.objects[odd[0]], PROVIDER_ID)} and the Node {own or 'none'}",
                evidence=(
                    *(e for part in odd for e in field_evidence(facts, part, PROVIDER_ID)),
                    *field_evidence(facts, edge.target, PROVIDER_ID),
                    *field_evidence(facts, machine, NODE_REF),
                ),
                next=(
                    advice.inspect_object("machines.cluster.x-k8s.io", machine.name),
                    _others_with_id(facts, odd[0], (machine, edge.target)),
                    "Ask vendor support before you change a providerID.",
                ),
                caution=advice.DELETES_NODE,
            )


def _others_with_id(facts: Facts, part: ObjectRef, own: tuple[ObjectRef, ...]) -> str:
    """Return which other Node or Machine has the providerID of a part; both lists were seen."""
    wanted, pairing = get_text(facts.links.objects[part], PROVIDER_ID), facts.pairing
    others = [ref for ref in (*pairing.nodes, *pairing.machines) if ref not in own]
    found = [f"{ref.kind} {ref.name}" for ref in others if get_text(pairing.obj(ref), PROVIDER_ID) == wanted]
    whose = f"{' and '.join(found)} has it too" if found else "no other Node or Machine has it"
    return f"{advice.SEEN}that providerID, {wanted}: {whose}."


def _parts_with_other_id(facts: Facts, machine: ObjectRef, own: str) -> list[ObjectRef]:
    """Return which of the Machine and its CustomMachine have a providerID that is not the Node's `own`."""
    parts = [machine, machine._replace(kind="CustomMachine")]
    present = [part for part in parts if part in facts.links.objects]
    return [part for part in present if get_text(facts.links.objects[part], PROVIDER_ID) not in ("", own)]
