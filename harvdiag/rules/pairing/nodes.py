"""Nodes: does each have its own Machine, and only that one?"""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_labels, get_text
from harvdiag.core.model import Evidence, ObjectRef, Reason
from harvdiag.graph.pairing import MACHINE_ANNOTATION, MACHINE_UID_LABEL, NODE_REF, PROVIDER_ID
from harvdiag.kinds.local import FLEET, LOCAL
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, host_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import explain_host
from harvdiag.rules.planner_advice import LABEL_KUBECONFIG, RESTART_CAPI
from harvdiag.rules.rejoin import rejoin_steps
from harvdiag.rules.seen import read_condition
from harvdiag.upgrade.plans import SYSTEM_AGENT, node_plans

NODE_HEALTHY = "Read the condition NodeHealthy there: WaitingForNodeRef means that Cluster API has not found the Node."
REQUESTED_LABELS = 'metadata.annotations["rke.cattle.io/labels"]'
MANAGED = 'metadata.labels["harvesterhci.io/managed"]'
UNPAIRED = ("node-without-machine", "node-half-joined", "node-dangling-machine", "node-machine-disagree")
WAYS_OF_A_HOST = ("register", "rebuild", "by-hand")
PAIRING = {"Node", "Machine", "CustomMachine", "RKEBootstrap"}


@rule(
    "node-without-machine",
    short="no Machine",
    shows=NODE_REF,
    alike="have no Machine",
    missing=("Node", "Machine"),
    needs=PAIRING,
    optional={"Plan", "Upgrade", "UpgradePlan"},
    links=["harvester/harvester#8236", "harvester/harvester#8179", "harvester/harvester#8222"],
    cures=WAYS_OF_A_HOST,
)
def node_without_machine(facts: Facts) -> Iterator[Hit]:
    """A Node has no Machine: it references none, and none references it.

    Rancher upgrades a node through the plan Secret of its Machine: it requests the drain there, and the node's agent
    reads its new version there. A Node without a Machine is never asked to drain. It stays at "Images preloaded" while
    the others succeed, and the upgrade never ends.
    """
    pairing = facts.pairing
    for place, node in enumerate(filter(pairing.is_orphan, pairing.nodes)):
        if facts.recently_created(node) or facts.recently_deleted(node):
            continue
        logs = explain_host(facts, node, place)
        yield Hit(
            subject=node,
            message=(
                f"Node {node.name} has no Machine: it references no Machine, and none of the {len(pairing.machines)} "
                f"Machines in {FLEET} references it"
            ),
            evidence=(
                *field_evidence(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL, PROVIDER_ID),
                *host_evidence(facts, node),
                *logs.evidence,
                *_node_ref_evidence(facts),
            ),
            next=(advice.LIST_MACHINES, *logs.steps, *_repair_steps(facts, node)),
            caution=(
                f"No Machine belongs to {node.name}: deleting one does not help {node.name}, and may delete another "
                f"Node. Deleting Node {node.name} stops its VMs and loses its replicas, so move both away first. "
                f"{advice.QUORUM}"
            ),
            causes=(Cause("no-machine-listed", LOCAL), *_registration_causes(facts, node)),
        )


def _registration_causes(facts: Facts, node: ObjectRef) -> list[Cause]:
    """Return Rancher's Plan that registers hosts, if it is being applied to this Node."""
    plans = node_plans(facts.snapshot.objects("Plan"))
    applying = [plan for plan in plans if plan.ref.name == SYSTEM_AGENT and node.name in plan.applying]
    return [Cause("system-agent-plan-stuck", plan.ref) for plan in applying]


def _repair_steps(facts: Facts, node: ObjectRef) -> tuple[str, ...]:
    """Return the steps that rejoin the Node, unless the cluster depends on it: then it must not be uninstalled."""
    # Uninstalling the only etcd member would lose the state of the cluster.
    others = (n for n in facts.pairing.nodes if n != node and _is_etcd(facts, n))
    if len(facts.pairing.nodes) == 1 or (_is_etcd(facts, node) and not any(others)):
        return advice.only_node_steps(node.name)
    if not facts.pairing.machines:
        return ("Do not uninstall any host before you know why there is no Machine at all.",)
    return rejoin_steps(facts, node)


def _is_etcd(facts: Facts, node: ObjectRef) -> bool:
    return get_labels(facts.pairing.obj(node)).get("node-role.kubernetes.io/etcd") == "true"


@rule(
    "node-half-joined",
    short="half joined",
    shows=NODE_REF,
    missing=("Node", "Machine"),
    needs=PAIRING,
    links=["harvester/harvester#8179"],
    cures=("link-again", "register", "rebuild"),
)
def node_half_joined(facts: Facts) -> Iterator[Hit]:
    """A Machine was created for the Node, but the Node does not reference it.

    The join stopped half-way: Cluster API writes the Machine's name to the Node last. Until then Harvester finds no
    Machine for it, acknowledges no drain, and an upgrade is refused or stalls.
    """
    pairing = facts.pairing
    for place, node in enumerate(filter(pairing.is_half_joined, pairing.nodes)):
        if facts.recently_created(node):
            continue
        logs = explain_host(facts, node, place)
        # A nodeRef is certain; the weaker traces of a join count only where there is none.
        machines = pairing.claiming_machines(node) or pairing.weak_matches(node)
        names = " and ".join(machine.name for machine in machines)
        links = [edge for edge in facts.links.edges_to(node) if edge.source.name in {m.name for m in machines}]
        yield Hit(
            subject=node,
            message=f"Node {node.name} references no Machine, although {names} was created for it",
            evidence=(
                *field_evidence(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL),
                *(Evidence(edge.source, edge.path, edge.value) for edge in links),
                *(Evidence(machine, NODE_REF, _node_name(facts, machine)) for machine in machines),
                *logs.evidence,
            ),
            next=(*_unseen_node_steps(facts, machines[0]), *logs.steps, RESTART_CAPI),
            caution=(
                "Do not write the annotation cluster.x-k8s.io/machine by hand: Cluster API writes that, and Harvester "
                f"deletes the Machine that {node.name} references when the Node is deleted."
            ),
            causes=(Cause("node-with-several-machines", node),),
        )


def _unseen_node_steps(facts: Facts, machine: ObjectRef) -> tuple[str, ...]:
    """Return where to look for the reason why Cluster API has not found the Node."""
    obj = facts.links.objects.get(machine) or {}
    return (
        advice.inspect_object("machines.cluster.x-k8s.io", machine.name),
        read_condition(obj, NODE_HEALTHY, "NodeHealthy"),
        LABEL_KUBECONFIG,
    )


@rule(
    "node-dangling-machine",
    short="dangling Machine",
    alike="reference a Machine that does not exist",
    needs={"Node", "Machine"},
    optional={"Upgrade", "UpgradePlan"},
    links=["harvester/harvester#7392"],
    cures=("renew-annotation", *WAYS_OF_A_HOST),
)
def node_dangling_machine(facts: Facts) -> Iterator[Hit]:
    """A Node references a Machine that does not exist.

    Its Machine was deleted while the host kept running. Rancher's planner knows only Machines: the node is neither
    drained nor upgraded, and a plan Secret that remains is no longer updated.
    """
    pairing = facts.pairing
    for place, node in enumerate(filter(pairing.is_dangling, pairing.nodes)):
        if facts.recently_deleted(node):
            continue
        logs = explain_host(facts, node, place)
        edge = pairing.machine_ref(node)
        others = pairing.claiming_machines(node)
        claim = f"; instead {' and '.join(m.name for m in others)} references it" if others else ""
        yield Hit(
            subject=node,
            message=f"Node {node.name} references Machine {edge.value if edge else ''}, which does not exist{claim}",
            evidence=(
                *field_evidence(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL, PROVIDER_ID),
                *(Evidence(m, NODE_REF, _node_name(facts, m)) for m in others),
                *logs.evidence,
            ),
            next=(
                advice.LIST_MACHINES,
                (
                    f"Find out who deleted it: `kubectl get events -n {FLEET}`, and "
                    f"{actions.search_log(actions.OF_RANCHER, edge.value if edge else '')}."
                ),
                *logs.steps,
                *(_claimed_node_steps(others) if others else _repair_steps(facts, node)),
            ),
            caution=f"Deleting Node {node.name} stops its VMs and loses its replicas, so move both away first. "
            + (advice.DELETES_NODE if others else advice.QUORUM),
            causes=(Cause("no-machine-listed", LOCAL),),
            targets=(edge.target,) if edge else (),
        )


def _claimed_node_steps(machines: list[ObjectRef]) -> tuple[str, ...]:
    """Return the steps for a Node that a live Machine references: its annotation is outdated, it need not rejoin."""
    name = machines[0].name
    return (
        advice.inspect_object("machines.cluster.x-k8s.io", machines[0].name),
        (
            "If its phase is Running and its providerID is the Node's, the Node belongs to it: find in the log of "
            f"Cluster API why that name is not written to the Node: {actions.search_log(actions.OF_CAPI, name)}."
        ),
        RESTART_CAPI,
    )


@rule(
    "node-with-several-machines",
    short="with several machines",
    needs={"Node", "Machine"},
    links=["harvester/harvester#7065", "rancher/rancher#45646"],
    cures=["correct-id", "set-aside"],
)
def node_with_several_machines(facts: Facts) -> Iterator[Hit]:
    """Several Machines reference one Node.

    The host joined again before its old Machine was gone. Each of them cordons, drains and annotates the same Node; it
    is cordoned again after every uncordon, and when the stale Machine is finally deleted, the live Node is deleted too.
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
            message=f"Node {node.name} has {len(claims)} Machines: {', '.join(m.name for m in claims)}"
            + (f" ({', '.join(m.name for m in stale)} being deleted)" if stale else ""),
            evidence=(
                *field_evidence(facts, node, MACHINE_ANNOTATION, MACHINE_UID_LABEL),
                *(e for machine in claims for e in field_evidence(facts, machine, *fields)),
            ),
            next=_stale_machine_steps(edge.value if edge else "absent"),
            caution=advice.DELETES_NODE,
            causes=(Cause("node-replaced", node), *(Cause("machine-stuck-deleting", machine) for machine in stale)),
        )


def _stale_machine_steps(reference: str) -> tuple[str, ...]:
    """Return how to find the Node's own Machine; `reference` is what its annotation says."""
    return (
        actions.BACK_UP,
        (
            f"Find the right one by three links: the Node's annotation ({reference}), "
            "its label rke.cattle.io/machine (the UID of its Machine), and the cattle-id on the host (label "
            "rke.cattle.io/machine-id of its Machine)."
        ),
        "Ask vendor support how to remove the stale one without Cluster API deleting the Node.",
    )


@rule(
    "node-not-managed",
    short="not managed",
    alike="lack the label harvesterhci.io/managed=true",
    reason=Reason.NOT_MANAGED,
    needs=PAIRING,
    links=["harvester/harvester#8179"],
    cures=["label-managed"],
)
def node_not_managed(facts: Facts) -> Iterator[Hit]:
    """A Node lacks the label harvesterhci.io/managed=true.

    The Plans of an upgrade select that label, but the upgrade counts all Nodes: it waits forever for
    "plan … skip-restart-rancher-system-agent". The label normally arrives with the plan of the Node's Machine.
    """
    pairing = facts.pairing
    for node in pairing.nodes:
        value = get_labels(pairing.obj(node)).get("harvesterhci.io/managed")
        if value == "true" or facts.recently_created(node):
            continue
        yield Hit(
            subject=node,
            message=f"Node {node.name} is not managed by Harvester: its label harvesterhci.io/managed is "
            + (f"{value!r}" if value else "absent"),
            evidence=(*field_evidence(facts, node, MANAGED, MACHINE_UID_LABEL), *_requested_labels(facts, node)),
            next=(*_missing_label_steps(facts, node), *_label_steps(facts, node)),
            caution=(
                "Setting the label by hand lets the upgrade get past the Plans, but a Node without a Machine then "
                'stops that upgrade later, at "Images preloaded", where Harvester no longer lets you delete the '
                "Upgrade (harvester/harvester#8236)."
            ),
            causes=(*(Cause(name, node) for name in UNPAIRED), *_shared_machine_causes(facts, node)),
        )


def _requested_labels(facts: Facts, node: ObjectRef) -> list[Evidence]:
    """Return the labels that the Node's RKEBootstrap asks for."""
    parts = [edge.source for edge in facts.links.edges_to(node, kind="RKEBootstrap")]
    own = filter(facts.pairing.is_own, parts)
    return [evidence for part in own for evidence in field_evidence(facts, part, REQUESTED_LABELS)]


def _missing_label_steps(facts: Facts, node: ObjectRef) -> tuple[str, ...]:
    """Return where to look: it depends on whether a plan was applied, and whether that plan asks for the label."""
    if get_text(facts.pairing.obj(node), MACHINE_UID_LABEL):
        return (
            (
                "The plan of a Machine ran here once, because the Node has its label rke.cattle.io/machine: find out "
                f"what removed the other label, `kubectl get node {actions.quote_argument(node.name)} "
                "--show-managed-fields -o yaml`."
            ),
        )
    if any("harvesterhci.io/managed" in str(evidence.value) for evidence in _requested_labels(facts, node)):
        return (f"Its RKEBootstrap asks for the label, but the plan never arrived: {advice.inspect_host(node.name)}",)
    return (
        (
            "Compare the labels with those of a healthy host, as the installation's configuration may lack this one: "
            "`grep -A5 labels /etc/rancher/rancherd/config.yaml`."
        ),
    )


def _label_steps(facts: Facts, node: ObjectRef) -> tuple[str, ...]:
    """Return how to set the label on a Node that has its own Machine; a Node without one needs more than a label."""
    edge = facts.pairing.machine_ref(node)
    back = facts.pairing.node_ref(edge.target) if edge and edge.target in facts.links.objects else None
    if edge is None or back is None or back.target != node:
        return ()
    name = actions.quote_argument(node.name)
    return (
        (
            f"Set the label, as {node.name} and Machine {edge.value} reference each other: `kubectl label node {name} "
            "harvesterhci.io/managed=true`."
        ),
    )


def _shared_machine_causes(facts: Facts, node: ObjectRef) -> list[Cause]:
    """Return the finding about a shared Machine: a Node that uses another's Machine never runs a plan of its own."""
    edge = facts.pairing.machine_ref(node)
    return [Cause("nodes-share-machine", edge.target)] if edge else []


def _node_ref_evidence(facts: Facts) -> list[Evidence]:
    """Return the nodeRef of each Machine; nothing if there are too many to read."""
    machines = facts.pairing.machines
    return [Evidence(m, NODE_REF, _node_name(facts, m)) for m in machines] if len(machines) <= 8 else []


def _node_name(facts: Facts, machine: ObjectRef) -> str | None:
    edge = facts.pairing.node_ref(machine)
    return edge.value if edge else None
