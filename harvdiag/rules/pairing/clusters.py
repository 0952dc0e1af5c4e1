"""Cluster `local`: is it paused, and which is its init node?"""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import field_path, get_labels, get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.graph.pairing import NODE_REF, PLAN_MACHINE_LABEL
from harvdiag.graph.references import ABSENT
from harvdiag.kinds.local import LOCAL
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.planner_advice import RESTART_RANCHER

INIT = 'metadata.labels["rke.cattle.io/init-node"]'


@rule(
    "cluster-paused",
    needs={"Cluster"},
    links=["harvester/harvester#9841", "harvester/harvester#10713"],
    cures=["unpause"],
)
def cluster_paused(facts: Facts) -> Iterator[Hit]:
    """The Cluster API cluster is paused.

    While it is, neither Cluster API nor Rancher acts on any Machine: none is created, drained, upgraded or removed. A
    restore or an interrupted etcd snapshot can leave it paused.
    """
    if field_path("spec.paused").get(facts.links.objects.get(LOCAL)) is True:
        yield Hit(
            subject=LOCAL,
            message=f"Cluster {LOCAL.name} is paused: Machines are not reconciled until it is resumed",
            evidence=field_evidence(facts, LOCAL, "spec.paused", "status.phase"),
            next=(
                "Find out why it was paused: is a restore or an etcd snapshot still running?",
                (
                    "If not: `kubectl patch clusters.cluster.x-k8s.io -n fleet-local local "
                    '--type merge -p \'{"spec":{"paused":false}}\'`.'
                ),
                (
                    'If the log of rancher-system-agent on a host then says "secret received was too old", there: '
                    "`systemctl restart rancher-system-agent`."
                ),
            ),
            caution="Everything that was held back starts at once: check for pending deletions of Machines first. "
            + advice.DELETES_NODE,
        )


@rule(
    "init-node-missing",
    needs={"Secret", "Cluster"},
    links=["harvester/harvester#2665", "harvester/harvester#1984"],
    cures=["mark-init-node"],
)
def init_node_missing(facts: Facts) -> Iterator[Hit]:
    """No plan Secret is marked as the init node.

    Rancher's planner configures the init node first, and all others join it. Without one it waits ("waiting for at
    least one bootstrap node") and upgrades no node.
    """
    plans = facts.pairing.plans
    if plans and not _init_plans(facts):
        etcd = [plan for plan in plans if facts.pairing.has_role(plan, "etcd")]
        yield Hit(
            subject=LOCAL,
            message=f"None of the {len(plans)} plan Secrets is marked as the init node",
            evidence=tuple(evidence for plan in etcd[:5] for evidence in field_evidence(facts, plan, INIT)),
            next=(
                (
                    "Read the condition Updated of `kubectl get clusters.provisioning.cattle.io -n fleet-local "
                    "local -o yaml`."
                ),
                (
                    "Rancher elects an init node among etcd nodes whose Machine has a live Node: fix those findings "
                    "first."
                ),
                RESTART_RANCHER,
            ),
            caution="Do not set the label by hand on a node whose etcd member is not a voter.",
        )


@rule(
    "several-init-nodes",
    severity=Severity.WARNING,
    needs={"Secret", "Cluster"},
    links=["harvester/harvester#2665"],
    cures=["unmark-init-node"],
)
def several_init_nodes(facts: Facts) -> Iterator[Hit]:
    """Several plan Secrets are marked as the init node.

    Exactly one should be. With more, Rancher's planner may let nodes join different servers.
    """
    plans = _init_plans(facts)
    if len(plans) > 1:
        yield Hit(
            subject=LOCAL,
            message=f"{len(plans)} plan Secrets are marked as the init node: {', '.join(plan.name for plan in plans)}",
            evidence=tuple(
                evidence
                for plan in plans
                for evidence in field_evidence(facts, plan, INIT, 'metadata.annotations["rke.cattle.io/joined-to"]')
            ),
            next=(
                _real_init_node(facts, plans),
                advice.back_up_secret(plans[0].name),
                "Ask vendor support before you take the label rke.cattle.io/init-node off the others.",
            ),
        )


def _joined_to(facts: Facts, plan: ObjectRef) -> str:
    return get_text(facts.pairing.obj(plan), 'metadata.annotations["rke.cattle.io/joined-to"]')


def _real_init_node(facts: Facts, plans: list[ObjectRef]) -> str:
    """Return the step that finds the one that joined no other, or which it is."""
    first = [plan.name for plan in plans if not _joined_to(facts, plan)]
    if len(first) == 1:
        return f"{advice.SEEN}{first[0]} has joined no other: that is the real init node, which the others join."
    return "Find the one that has joined no other (rke.cattle.io/joined-to): that is the real init node."


def _joined_server(facts: Facts) -> str:
    """Return the step that finds which server the others join, or which it is."""
    servers = sorted({server for plan in facts.pairing.plans if (server := _joined_to(facts, plan))})
    if len(servers) == 1:
        return f"{advice.SEEN}the others join {servers[0]} (rke.cattle.io/joined-to of their plan Secrets)."
    return "Check which server the others join: annotation rke.cattle.io/joined-to of their plan Secrets."


@rule(
    "init-node-dead",
    needs={"Secret", "Machine", "Node"},
    links=["harvester/harvester#2665", "harvester/harvester#6253"],
    no_cure="The others join at the address of the init node, and a wrong one breaks the cluster "
    "(harvester/harvester#6178): only vendor support can move it where Rancher does not elect another.",
)
def init_node_dead(facts: Facts) -> Iterator[Hit]:
    """The init node has no live Machine or Node.

    The others join at its address and the planner begins with it. While it is dead, every plan waits, and a node that
    rejoins is sent to a server that does not answer.
    """
    for plan in _init_plans(facts):
        machine, fault = _init_node_fault(facts, plan)
        if fault:
            yield Hit(
                subject=plan,
                message=f"The init node is dead: plan Secret {plan.name} marks it, but {fault}",
                evidence=(*field_evidence(facts, plan, INIT, PLAN_MACHINE_LABEL), *_machine_evidence(facts, machine)),
                next=(
                    _joined_server(facts),
                    *_repair_steps(facts, machine),
                ),
                caution=f"{advice.DELETES_NODE} {advice.QUORUM}",
                causes=(
                    Cause("machine-without-node-ref", machine),
                    Cause("machine-dangling-node", machine),
                    Cause("no-machine-listed", LOCAL),
                ),
            )


def _repair_steps(facts: Facts, machine: ObjectRef) -> tuple[str, ...]:
    if machine not in facts.links.objects:
        return ("There is no Machine left to fix: ask vendor support how to let Rancher elect another init node.",)
    return ("Fix or remove that Machine first, as described in its finding; Rancher then elects another init node.",)


def _init_node_fault(facts: Facts, plan: ObjectRef) -> tuple[ObjectRef, str]:
    edges = facts.links.edges_from(plan, PLAN_MACHINE_LABEL)
    machine = edges[0].target if edges else plan._replace(kind="Machine", name=plan.name.removesuffix("-machine-plan"))
    if machine not in facts.links.objects:
        return machine, f"there is no Machine {machine.name}"
    node = facts.pairing.node_ref(machine)
    if node is None:
        return machine, f"Machine {machine.name} has no Node"
    return machine, "" if node.state != ABSENT else f"Node {node.value} of Machine {machine.name} does not exist"


def _machine_evidence(facts: Facts, machine: ObjectRef) -> tuple[Evidence, ...]:
    if machine in facts.links.objects:
        return field_evidence(facts, machine, NODE_REF, "status.phase")
    return (missing_evidence(*machine),)


def _init_plans(facts: Facts) -> list[ObjectRef]:
    plans = facts.pairing.plans
    return [plan for plan in plans if get_labels(facts.links.objects[plan]).get("rke.cattle.io/init-node") == "true"]
