"""Seen from the Node: does it have its Machine, and only its own?"""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import labels, text
from harvdiag.core.model import Evidence, ObjectRef, Reason
from harvdiag.graph.pairing import MACHINE_ANNOTATION, MACHINE_UID_LABEL, NODE_REF, PROVIDER_ID
from harvdiag.kinds.local import FLEET, LOCAL
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import host_signs, show
from harvdiag.rules.facts import Facts
from harvdiag.rules.rejoin import rejoin
from harvdiag.upgrade.plans import SYSTEM_AGENT, node_plans

WISHED = 'metadata.annotations["rke.cattle.io/labels"]'
MANAGED = 'metadata.labels["harvesterhci.io/managed"]'
UNPAIRED = ("node-without-machine", "node-half-joined", "node-dangling-machine", "node-machine-disagree")
PAIRING = {"Node", "Machine", "CustomMachine", "RKEBootstrap"}


@rule(
    "node-without-machine",
    short="no Machine",
    shows=NODE_REF,
    alike="have no Machine",
    missing=("Node", "Machine"),
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
    for node in filter(pairing.is_orphan, pairing.nodes):
        if facts.fresh(node) or facts.leaving(node):
            continue
        yield Hit(
            subject=node,
            message=(
                f"Node {node.name} has no Machine: it names none, and none of the {len(pairing.machines)} Machines in "
                f"{FLEET} points at it"
            ),
            evidence=(
                *show(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL, PROVIDER_ID),
                *host_signs(facts, node),
                *_machines(facts),
            ),
            next=(advice.SEE_MACHINES, advice.look_on_host(node.name), *_repair(facts, node)),
            caution=(
                f"No Machine belongs to {node.name}: deleting one is no help for {node.name}, and may take another "
                f"Node away. Deleting Node {node.name} stops its VMs and loses its replicas, so move both away first. "
                f"{advice.QUORUM}"
            ),
            causes=(Cause("no-machine-listed", LOCAL), *_not_registered(facts, node)),
        )


def _not_registered(facts: Facts, node: ObjectRef) -> list[Cause]:
    """Rancher's plan that registers hosts, where it is at work on this very Node."""
    plans = node_plans(facts.snapshot.objects("Plan"))
    mine = [plan for plan in plans if plan.ref.name == SYSTEM_AGENT and node.name in plan.applying]
    return [Cause("system-agent-plan-stuck", plan.ref) for plan in mine]


def _repair(facts: Facts, node: ObjectRef) -> tuple[str, ...]:
    """Join it anew, unless the cluster stands on it: then only Rancher's own plan can register it."""
    etcd = [n for n in facts.pairing.nodes if _is_etcd(facts, n)]
    if len(facts.pairing.nodes) == 1 or etcd == [node]:
        return advice.register_first(node.name)
    if not facts.pairing.machines:
        return ("Uninstall no host before you know why there is no Machine at all.",)
    return rejoin(facts, node)


def _is_etcd(facts: Facts, node: ObjectRef) -> bool:
    return labels(facts.pairing.obj(node)).get("node-role.kubernetes.io/etcd") == "true"


@rule(
    "node-half-joined",
    short="half joined",
    shows=NODE_REF,
    missing=("Node", "Machine"),
    needs=PAIRING,
    links=["harvester/harvester#8179"],
)
def node_half_joined(facts: Facts) -> Iterator[Hit]:
    """A Machine was made for the Node, but the Node does not name it.

    The join stopped half-way: Cluster API writes the Machine's name on the Node last. Until then Harvester finds no
    Machine for it, acknowledges no drain, and refuses or stalls an upgrade.
    """
    pairing = facts.pairing
    for node in filter(pairing.is_half_joined, pairing.nodes):
        if facts.fresh(node):
            continue
        tied = pairing.claiming_machines(node) or pairing.weak_matches(node)
        names = " and ".join(machine.name for machine in tied)
        signs = [edge for edge in facts.links.edges_to(node) if edge.source.name in {m.name for m in tied}]
        yield Hit(
            subject=node,
            message=f"Node {node.name} names no Machine, though {names} was made for it",
            evidence=(
                *show(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL),
                *(Evidence(edge.source, edge.path, edge.value) for edge in signs),
                *(Evidence(machine, NODE_REF, _node(facts, machine)) for machine in tied),
            ),
            next=(
                advice.describe("machines.cluster.x-k8s.io", tied[0].name),
                (
                    "Read the condition NodeHealthy there: WaitingForNodeRef means that Cluster API has not found "
                    "the Node; look at the log of its controller, and whether Secret local-kubeconfig has the label "
                    "cluster.x-k8s.io/cluster-name=local (harvester/harvester#6041)."
                ),
                advice.look_on_host(node.name),
            ),
            caution=(
                "Do not write the annotation cluster.x-k8s.io/machine by hand: Cluster API writes that, and Harvester "
                f"deletes the Machine that {node.name} names when the Node goes."
            ),
            causes=(Cause("node-with-several-machines", node),),
        )


@rule(
    "node-dangling-machine",
    short="dangling Machine",
    alike="name a Machine that does not exist",
    needs={"Node", "Machine"},
    links=["harvester/harvester#7392"],
)
def node_dangling_machine(facts: Facts) -> Iterator[Hit]:
    """A Node names a Machine that does not exist.

    Its Machine was deleted while the host went on. Rancher's planner knows only Machines: the node is neither drained
    nor upgraded, and a plan Secret that remains is renewed by nobody.
    """
    pairing = facts.pairing
    for node in filter(pairing.is_dangling, pairing.nodes):
        if facts.leaving(node):
            continue
        edge = pairing.machine_ref(node)
        others = pairing.claiming_machines(node)
        claim = f"; instead {' and '.join(m.name for m in others)} claims it" if others else ""
        yield Hit(
            subject=node,
            message=f"Node {node.name} names Machine {edge.value if edge else ''}, which does not exist{claim}",
            evidence=(
                *show(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL, PROVIDER_ID),
                *(Evidence(m, NODE_REF, _node(facts, m)) for m in others),
            ),
            next=(
                advice.SEE_MACHINES,
                f"Find out who deleted it: `kubectl get events -n {FLEET}`, and the log of the pods `rancher`.",
                advice.look_on_host(node.name),
                *(_settle_claims(others) if others else _repair(facts, node)),
            ),
            caution=f"Deleting Node {node.name} stops its VMs and loses its replicas, so move both away first. "
            + (advice.DELETES_NODE if others else advice.QUORUM),
            causes=(Cause("no-machine-listed", LOCAL),),
            targets=(edge.target,) if edge else (),
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


@rule(
    "node-with-several-machines",
    short="with several machines",
    needs={"Node", "Machine"},
    links=["harvester/harvester#7065", "rancher/rancher#45646"],
)
def node_with_several_machines(facts: Facts) -> Iterator[Hit]:
    """Several Machines claim one Node.

    The Node was added again before its old Machine was gone. Each of them cordons, drains and annotates the same
    Node; it is cordoned again after every uncordon, and when the stale Machine is finally deleted, the live Node goes
    with it.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        claims = pairing.claiming_machines(node)
        if len(claims) < 2:
            continue
        edge = pairing.machine_ref(node)
        stale = [machine for machine in claims if pairing.deletion_time(machine)]
        fields = (NODE_REF, PROVIDER_ID, "metadata.deletionTimestamp") if stale else (NODE_REF, PROVIDER_ID)
        yield Hit(
            subject=node,
            message=f"Node {node.name} is claimed by {len(claims)} Machines: {', '.join(m.name for m in claims)}"
            + (f" ({', '.join(m.name for m in stale)} being deleted)" if stale else ""),
            evidence=(
                *show(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL),
                *(e for machine in claims for e in show(facts, machine, *fields)),
            ),
            next=(
                advice.BACK_UP,
                (
                    f"Tell the true one by three signs: the Node's annotation ({edge.value if edge else 'absent'}), "
                    "its label rke.cattle.io/machine (the uid of its Machine), and the cattle-id on the host (label "
                    "rke.cattle.io/machine-id of its Machine)."
                ),
                "Ask vendor support how to take the stale one away without Cluster API deleting the Node.",
            ),
            caution=advice.DELETES_NODE,
            causes=tuple(Cause("machine-stuck-deleting", machine) for machine in stale),
        )


@rule(
    "node-not-managed",
    short="not managed",
    alike="lack the label harvesterhci.io/managed=true",
    reason=Reason.NOT_MANAGED,
    needs=PAIRING,
    links=["harvester/harvester#8179"],
)
def node_not_managed(facts: Facts) -> Iterator[Hit]:
    """A Node lacks the label harvesterhci.io/managed=true.

    The plans of an upgrade select that label, while the upgrade counts all Nodes: it waits without end for
    "plan … skip-restart-rancher-system-agent". The label normally arrives with the plan of the Node's Machine.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        value = labels(pairing.obj(node)).get("harvesterhci.io/managed")
        if value == "true" or facts.fresh(node):
            continue
        yield Hit(
            subject=node,
            message=f"Node {node.name} is not managed by Harvester: its label harvesterhci.io/managed is "
            + (f"{value!r}" if value else "absent"),
            evidence=(*show(facts, node, MANAGED, MACHINE_UID_LABEL), *_wish(facts, node)),
            next=_why_unmanaged(facts, node),
            caution=(
                "Setting the label by hand lets the upgrade go past the plans, but a Node without a Machine then stops "
                'that upgrade later, at "Images preloaded", where Harvester no longer lets one delete the Upgrade '
                "(harvester/harvester#8236)."
            ),
            causes=(*(Cause(name, node) for name in UNPAIRED), *_shared(facts, node)),
        )


def _wish(facts: Facts, node: ObjectRef) -> list[Evidence]:
    """The labels that the Node's RKEBootstrap asks for."""
    parts = [edge.source for edge in facts.links.edges_to(node) if edge.source.kind == "RKEBootstrap"]
    return [evidence for part in parts for evidence in show(facts, part, WISHED)]


def _why_unmanaged(facts: Facts, node: ObjectRef) -> tuple[str, ...]:
    """Where to look: whether the plan came, and whether it asked for the label."""
    if text(facts.pairing.obj(node), MACHINE_UID_LABEL):
        return (
            (
                "The plan of a Machine ran here once, for the Node has its label rke.cattle.io/machine: look who "
                f"took the other label off, `kubectl get node {advice.arg(node.name)} --show-managed-fields -o yaml`."
            ),
        )
    if any("harvesterhci.io/managed" in str(evidence.value) for evidence in _wish(facts, node)):
        return (f"Its RKEBootstrap asks for the label, but the plan never came: {advice.look_on_host(node.name)}",)
    return (
        (
            "Compare the labels in /etc/rancher/rancherd/config.yaml with those of a healthy host: the installation's "
            "configuration may lack the label."
        ),
    )


def _shared(facts: Facts, node: ObjectRef) -> list[Cause]:
    """A Node that took over another's Machine never runs a plan of its own."""
    edge = facts.pairing.machine_ref(node)
    return [Cause("nodes-share-machine", edge.target)] if edge else []


def _machines(facts: Facts) -> list[Evidence]:
    """Where each Machine points, as long as that is a list one can read."""
    machines = facts.pairing.machines
    return [Evidence(m, NODE_REF, _node(facts, m)) for m in machines] if len(machines) <= 8 else []


def _node(facts: Facts, machine: ObjectRef) -> str | None:
    edge = facts.pairing.node_ref(machine)
    return edge.value if edge else None
