"""Seen from the Node: does it have its Machine, and only its own?"""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag import advice
from harvdiag.facts import Facts
from harvdiag.fields import labels, text, uid_of
from harvdiag.model import Evidence, ObjectRef, Severity
from harvdiag.pairs import E1, E2, E3, E4, E5, E6, FLEET
from harvdiag.rules import Cause, Hit, host_signs, rule, show

MANAGED = 'metadata.labels["harvesterhci.io/managed"]'
UNPAIRED = ("node-without-machine", "node-half-joined", "node-dangling-machine", "node-machine-disagree")
PAIRING = {"Node", "Machine", "CustomMachine", "RKEBootstrap"}


@rule(
    "node-without-machine",
    needs=PAIRING,
    links=["harvester/harvester#8236", "harvester/harvester#8179", "harvester/harvester#8222"],
)
def node_without_machine(facts: Facts) -> Iterator[Hit]:
    """A Node has no Machine: it names none, and none points at it.

    Rancher upgrades a node through the plan Secret of its Machine: it asks there for the drain, and the node's agent
    takes its new version from there. A Node without a Machine is never asked. It stays at "Images preloaded" while the
    others succeed, and the upgrade never ends.
    """
    pairing = facts.pairing
    for node in filter(pairing.orphan, pairing.nodes):
        yield Hit(
            node,
            f"Node {node.name} has no Machine: it names none, and none of the {len(pairing.machines)} Machines in "
            f"{FLEET} points at it",
            (*show(facts, node, E1, E4, E6), *host_signs(facts, node), *_machines(facts)),
            (
                (
                    "See that it is so: `kubectl get machines.cluster.x-k8s.io -n fleet-local -o wide` lists every "
                    "Machine with its node."
                ),
                advice.look_on_host(node.name),
                *advice.rejoin(node.name),
            ),
            f"Delete none of the Machines that exist: each belongs to another, healthy node. Deleting Node {node.name} "
            "stops its VMs and loses its replicas, so move both away first. " + advice.QUORUM,
        )


@rule("node-half-joined", needs=PAIRING, links=["harvester/harvester#8179"])
def node_half_joined(facts: Facts) -> Iterator[Hit]:
    """A Machine was made for the Node, but the Node does not name it.

    The join stopped half-way: Cluster API writes the Machine's name on the Node last. Until then Harvester finds no
    Machine for it, acknowledges no drain, and refuses or stalls an upgrade.
    """
    pairing = facts.pairing
    for node in filter(pairing.half_joined, pairing.nodes):
        tied = pairing.claims(node) or pairing.traces(node)
        names = " and ".join(machine.name for machine in tied)
        signs = [edge for edge in facts.links.to(node) if edge.source.name in {m.name for m in tied}]
        yield Hit(
            node,
            f"Node {node.name} names no Machine, though {names} was made for it",
            (
                *show(facts, node, E1, E4),
                *(Evidence(edge.source, edge.path, edge.value) for edge in signs),
                *(Evidence(machine, E2, _node(facts, machine)) for machine in tied),
            ),
            (
                advice.describe("machines.cluster.x-k8s.io", tied[0].name),
                (
                    "Read the condition NodeHealthy there: WaitingForNodeRef means that Cluster API has not found "
                    "the Node; look at the log of its controller, and whether Secret local-kubeconfig has the label "
                    "cluster.x-k8s.io/cluster-name=local (harvester/harvester#6041)."
                ),
                advice.look_on_host(node.name),
            ),
            "Do not write the annotation by hand: it is Cluster API's, and Harvester deletes the Machine it names "
            "when the Node goes.",
            tuple(Cause("machine-without-node-ref", m) for m in tied if not pairing.node_ref(m)),
        )


@rule("node-dangling-machine", needs={"Node", "Machine"}, links=["harvester/harvester#7392"])
def node_dangling_machine(facts: Facts) -> Iterator[Hit]:
    """A Node names a Machine that does not exist.

    Its Machine was deleted while the host went on. No plan Secret is left through which the node could be drained or
    upgraded, and its agent works for a Machine that is gone.
    """
    pairing = facts.pairing
    for node in filter(pairing.dangling, pairing.nodes):
        edge = pairing.named(node)
        others = pairing.claims(node)
        claim = f"; instead {' and '.join(m.name for m in others)} claims it" if others else ""
        yield Hit(
            node,
            f"Node {node.name} names Machine {edge.value if edge else ''}, which does not exist{claim}",
            (*show(facts, node, E1, E4, E6), *(Evidence(m, E2, _node(facts, m)) for m in others)),
            (
                f"Find out who deleted it: `kubectl get events -n {FLEET}`, and the log of the pods `rancher`.",
                advice.look_on_host(node.name),
                *(_settle_claims(others) if others else advice.rejoin(node.name)),
            ),
            f"Deleting Node {node.name} stops its VMs and loses its replicas, so move both away first. "
            + (advice.DELETES_NODE if others else advice.QUORUM),
        )


def _settle_claims(machines: list[ObjectRef]) -> tuple[str, ...]:
    """A Node that a living Machine claims need not be joined anew: its annotation is merely old."""
    return (
        advice.describe("machines.cluster.x-k8s.io", machines[0].name),
        (
            "If its phase is Running and its providerID is the Node's, the Node belongs to it: look at the log of "
            "Cluster API's controller for why it does not write its name on the Node."
        ),
    )


@rule("node-machine-disagree", needs={"Node", "Machine"}, links=["harvester/harvester#8222"])
def node_machine_disagree(facts: Facts) -> Iterator[Hit]:
    """A Node and the Machine it names do not point at each other.

    Harvester goes both ways: from the plan Secret over the Machine to the Node, and from the Node's annotation to the
    Machine. Where they differ, the drain runs on one host and is acknowledged for another.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        edge = pairing.named(node)
        machine = edge.target if edge and not edge.broken and edge.target in facts.links.objects else None
        if machine is None:
            continue
        back = pairing.node_ref(machine)
        holders = [edge.source for edge in facts.links.to(node, E2) if edge.source.namespace == FLEET]
        if (back and back.target == node) or not (back or holders):
            continue
        other = f"Node {back.target.name}" if back else "no Node"
        claim = f", while {' and '.join(m.name for m in holders)} points at {node.name}" if holders else ""
        yield Hit(
            node,
            f"Node {node.name} names Machine {machine.name}, but that Machine points at {other}{claim}",
            (
                *show(facts, node, E1, E4),
                *show(facts, machine, E2, E3),
                *host_signs(facts, node),
                *(Evidence(m, E2, node.name) for m in holders),
            ),
            (
                (
                    f"Find the true owner: the content of /etc/rancher/agent/cattle-id on {node.name} is the label "
                    "rke.cattle.io/machine-id of its own Machine."
                ),
                advice.describe("machines.cluster.x-k8s.io", machine.name),
                advice.ONE_BY_ONE,
            ),
            f"Do not delete Node {node.name} while it names {machine.name}: Harvester then deletes that Machine, and "
            f"with it {other if back else 'its node'}. {advice.DELETES_NODE}",
            (Cause("nodes-share-machine", machine),),
        )


@rule(
    "node-with-several-machines", needs={"Node", "Machine"}, links=["harvester/harvester#7065", "rancher/rancher#45646"]
)
def node_with_several_machines(facts: Facts) -> Iterator[Hit]:
    """Several Machines claim one Node.

    The Node was added again before its old Machine was gone. Each of them cordons, drains and annotates the same
    Node; it is cordoned again after every uncordon, and when the stale Machine is finally deleted, the live Node goes
    with it.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        claims = pairing.claims(node)
        if len(claims) < 2:
            continue
        edge = pairing.named(node)
        stale = [machine for machine in claims if pairing.deleting(machine)]
        fields = (E2, E6, "metadata.deletionTimestamp") if stale else (E2, E6)
        yield Hit(
            node,
            f"Node {node.name} is claimed by {len(claims)} Machines: {', '.join(m.name for m in claims)}"
            + (f" ({', '.join(m.name for m in stale)} being deleted)" if stale else ""),
            (*show(facts, node, E1, E4), *(e for machine in claims for e in show(facts, machine, *fields))),
            (
                advice.BACK_UP,
                (
                    f"Tell the true one by three signs: the Node's annotation ({edge.value if edge else 'absent'}), "
                    "its label rke.cattle.io/machine (the uid of its Machine), and the cattle-id on the host (label "
                    "rke.cattle.io/machine-id of its Machine)."
                ),
                "Ask vendor support how to take the stale one away without Cluster API deleting the Node.",
            ),
            advice.DELETES_NODE,
            tuple(Cause("machine-stuck-deleting", machine) for machine in stale),
        )


@rule("node-not-managed", needs=PAIRING, links=["harvester/harvester#8179"])
def node_not_managed(facts: Facts) -> Iterator[Hit]:
    """A Node lacks the label harvesterhci.io/managed=true.

    The plans of an upgrade select that label, while the upgrade counts all Nodes: it waits without end for
    "plan … skip-restart-rancher-system-agent". The label arrives with the Machine's plan, so its absence shows that
    the plan never reached the host.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        value = labels(pairing.obj(node)).get("harvesterhci.io/managed")
        if value == "true":
            continue
        wish = [
            evidence
            for edge in facts.links.to(node)
            if edge.source.kind == "RKEBootstrap"
            for evidence in show(facts, edge.source, 'metadata.annotations["rke.cattle.io/labels"]')
        ]
        yield Hit(
            node,
            f"Node {node.name} is not managed by Harvester: its label harvesterhci.io/managed is "
            + (f"{value!r}" if value else "absent"),
            (*show(facts, node, MANAGED), *wish),
            (
                (
                    "If its RKEBootstrap asks for the label (annotation rke.cattle.io/labels), the plan was never "
                    f"applied: look at `journalctl -u rancher-system-agent` on {node.name}."
                ),
                (
                    "If it does not, the installation's configuration lacked it: compare the labels in "
                    "/etc/rancher/rancherd/config.yaml with those of a healthy host."
                ),
            ),
            "Setting the label by hand lets the upgrade go past the plans, but a Node without a Machine then stops "
            "it later, "
            'at "Images preloaded", where it can no longer be deleted (harvester/harvester#8236).',
            (*(Cause(name, node) for name in UNPAIRED), *_shared(facts, node)),
        )


@rule("node-recreated", severity=Severity.WARNING, needs={"Node", "Machine"})
def node_recreated(facts: Facts) -> Iterator[Hit]:
    """The Machine knows another Node of the same name.

    The Node object was deleted and made again while its Machine stayed: the uid in status.nodeRef is not the Node's.
    The pair still works by name, but whatever held the Node by its uid has lost it. Only v1beta1 keeps that uid.
    """
    pairing = facts.pairing
    for machine in pairing.machines:
        edge = pairing.uid_differs(machine)
        if edge:
            yield Hit(
                edge.target,
                f"Node {edge.target.name} is not the one that Machine {machine.name} was paired with: it was made "
                "again under the same name",
                (
                    *show(facts, machine, E2, E3),
                    *show(facts, edge.target, "metadata.uid", "metadata.creationTimestamp"),
                ),
                (
                    advice.describe("nodes", edge.target.name, ""),
                    "Compare the other signs of the pair before an upgrade.",
                ),
            )


@rule("node-follows-other-machine", needs={"Node", "Machine"}, links=["rancher/rancher#45646"])
def node_follows_other_machine(facts: Facts) -> Iterator[Hit]:
    """A Node runs the plan of another Machine than the one it names.

    The label rke.cattle.io/machine (and plan.cattle.io/machine-name from Harvester 1.9) comes with the plan that the
    host really runs. Rancher finds the Node by it; Cluster API and Harvester go by the annotation. Where the two
    differ, the plan of one host decides over another, and a Machine made anew never finds its Node.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        edge = pairing.named(node)
        if edge is None or edge.target not in facts.links.objects:
            continue
        machine, obj = edge.target, pairing.obj(node)
        uid, name = text(obj, E4), text(obj, E5)
        follows = [e.target for e in facts.links.of(node, E4)] if uid not in ("", uid_of(pairing.obj(machine))) else []
        follows += [ObjectRef("Machine", FLEET, name)] if name not in ("", machine.name) else []
        if follows:
            yield Hit(
                node,
                f"Node {node.name} names Machine {machine.name}, but runs the plan of "
                + (
                    follows[0].name
                    if follows[0] in facts.links.objects
                    else f"a Machine that is gone ({follows[0].name})"
                ),
                (*show(facts, node, E1, E4, E5), *show(facts, machine, "metadata.uid", E2)),
                (
                    (
                        f"Compare /etc/rancher/agent/cattle-id on {node.name} with the label "
                        f"rke.cattle.io/machine-id of Machine {machine.name}."
                    ),
                    advice.look_on_host(node.name),
                ),
                f"Do not delete Node {node.name} or either Machine before it is clear which is whose. "
                f"{advice.DELETES_NODE}",
                (
                    Cause("nodes-share-machine", machine),
                    Cause("node-machine-disagree", node),
                    *tuple(Cause("nodes-share-machine", m) for m in follows),
                ),
            )


def _shared(facts: Facts, node: ObjectRef) -> list[Cause]:
    """A Node that took over another's Machine never runs a plan of its own."""
    edge = facts.pairing.named(node)
    return [Cause("nodes-share-machine", edge.target)] if edge else []


def _machines(facts: Facts) -> list[Evidence]:
    """Where each Machine points, as long as that is a list one can read."""
    machines = facts.pairing.machines
    return [Evidence(m, E2, _node(facts, m)) for m in machines] if len(machines) <= 8 else []


def _node(facts: Facts, machine: ObjectRef) -> str | None:
    edge = facts.pairing.node_ref(machine)
    return edge.value if edge else None
