"""What Rancher's planner waits for: a Machine without a Node, or the same for hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.fields import get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.graph.pairing import NODE_REF
from harvdiag.kinds.local import CONTROL_PLANE, FLEET
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.planner_advice import (
    KUBELET,
    LABEL_KUBECONFIG,
    RESTART_CAPI,
    RESTART_RANCHER,
    describe_standstill,
    machine_causes,
    planner_steps,
)
from harvdiag.rules.thresholds import PLANNER
from harvdiag.rules.upgrade_evidence import (
    nodes_begun_at,
    pairing_causes,
    plan_secret_evidence,
    rollout_at_nodes,
    state_evidence,
)
from harvdiag.upgrade.dialects import DRAINING
from harvdiag.upgrade.handshake import DrainStep
from harvdiag.upgrade.planner import PlannerMessage, planner_messages
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

LAG = timedelta(minutes=10)
"""How long the planner's messages may lag behind the Machines."""
UPDATED = 'metadata.annotations["rke.cattle.io/plan-last-updated"]'
OF_NODE = (
    "upgrade-plan-failed",
    "upgrade-plan-not-applied",
    "upgrade-waiting-for-reboot",
    "upgrade-node-failed",
    "promotion-hangs",
    "promotion-failed",
)
OF_GHOST = ("machine-dangling-node", "machine-without-node-ref", "machine-stuck-deleting")
DRAINS = (DRAINING, "draining", "error draining machine")
OF_HARVESTER = (DrainStep.PRE_DRAIN_REQUESTED, DrainStep.POST_DRAIN_REQUESTED)
"""Steps at which the planner waits for a hook of Harvester; other checks look at its Job."""


@rule(
    "planner-waits-for-ghost-machine",
    short="planner waits for ghost Machine",
    needs={"Machine", "Node", "RKEControlPlane", "Cluster.provisioning.cattle.io"},
    links=["harvester/harvester#6203", "harvester/harvester#5158"],
)
def planner_waits_for_ghost_machine(facts: Facts) -> Iterator[Hit]:
    """Rancher's planner waits for a Machine that has no existing Node.

    It proceeds tier by tier and waits for every Machine of one. What it waits for never answers, and the existing nodes
    behind it never have their turn: the upgrade is stalled and nothing fails.
    """
    reports = [
        (t, [m for m in t.machines if _describe_ghost(facts, _machine_ref(m), t)])
        for t in planner_messages(facts.snapshot)
    ]
    ghosts = sorted({_machine_ref(name) for _, names in reports for name in names})
    if ghosts:
        yield Hit(
            subject=CONTROL_PLANE,
            message=f'Rancher\'s planner says "{_first_message(reports)}", but '
            + " and ".join(_describe_ghost(facts, machine) for machine in ghosts),
            evidence=_ghost_evidence(facts, reports, ghosts),
            next=(
                advice.LIST_MACHINES,
                "Fix each Machine as described in its own finding; the planner then continues by itself.",
            ),
            caution=advice.DELETES_NODE,
            causes=tuple(Cause(name, machine) for machine in ghosts for name in OF_GHOST),
            targets=tuple(ghosts),
        )


def _ghost_evidence(
    facts: Facts, reports: list[tuple[PlannerMessage, list[str]]], ghosts: list[ObjectRef]
) -> tuple[Evidence, ...]:
    """Return the messages that name such a Machine, and what shows that each has no Node."""
    return (
        *(Evidence(t.subject, t.path, t.message) for t, names in reports if names),
        *(
            e
            for m in ghosts
            for e in (field_evidence(facts, m, NODE_REF) if m in facts.links.objects else (missing_evidence(*m),))
        ),
    )


def _machine_ref(name: str) -> ObjectRef:
    return ObjectRef("Machine", FLEET, name)


def _describe_ghost(facts: Facts, machine: ObjectRef, report: PlannerMessage | None = None) -> str:
    """Return what is wrong with a Machine that the planner names; empty if it has a Node or still may get one."""
    if machine not in facts.links.objects:
        age = facts.now.since(Timestamp(report.since)) if report else None
        if age is not None and age < LAG:
            return ""  # a Machine that was just removed as it should be: the planner's message lags behind
        return f"there is no Machine {machine.name}"
    if facts.recently_created(machine) or facts.recently_deleted(machine):
        return ""
    edge = facts.pairing.node_ref(machine)
    if edge is None:
        return f"Machine {machine.name} has no Node"
    return f"Node {edge.value} of Machine {machine.name} does not exist" if edge.broken else ""


def _first_message(reports: list[tuple[PlannerMessage, list[str]]]) -> str:
    return next(t.message for t, names in reports if names)


@rule(
    "upgrade-planner-stalled",
    holds=True,
    severity=Severity.WARNING,
    needs={
        "Upgrade",
        "Node",
        "Machine",
        "Secret",
        "Job",
        "RKEControlPlane",
        "Cluster.provisioning.cattle.io",
        "UpgradePlan",
    },
    links=[
        "harvester/harvester#6041",
        "harvester/harvester#10522",
        "harvester/harvester#5206",
        "harvester/harvester#9388",
    ],
)
def upgrade_planner_stalled(facts: Facts) -> Iterator[Hit]:
    """Rancher's planner has reported the same for more than two hours, and nothing else shows progress.

    The planner handles one node after the other and waits for each: for its agent, its components, its kubelet. Each
    takes minutes. While it keeps waiting, no other node has its turn; nothing fails, and the Upgrade does not show why.
    """
    rollout = rollout_at_nodes(facts)
    report = _stalled_message(facts, rollout) if rollout else None
    if rollout is None or report is None:
        return
    nodes = _named_nodes(rollout, report)
    ahead = _upgraded_nodes(rollout, report, nodes)
    outdated = f"{_join_names(ahead)} runs the new kubelet, so Cluster API has an outdated state"
    since = _unchanged_since(facts, rollout, report)
    yield Hit(
        subject=CONTROL_PLANE,
        message=f"{describe_standstill(report, Timestamp(since))}: " + (outdated if ahead else report.meaning),
        evidence=_stall_evidence(facts, rollout, report, nodes),
        next=_next_steps(report, nodes, ahead),
        caution=(
            "Do not set annotations of the drain by hand to make the planner continue: it would skip a node that is "
            "not ready."
        ),
        causes=tuple(_stall_causes(report, nodes)),
    )


def _stall_evidence(
    facts: Facts, rollout: UpgradeRun, report: PlannerMessage, nodes: list[NodeUpgrade]
) -> tuple[Evidence, ...]:
    """Return the message, and how far the drain, the kubelet and the plan of each node in it are."""
    return (
        Evidence(report.subject, report.path, report.message),
        *(
            e
            for node in nodes
            for e in (state_evidence(rollout, node), *plan_secret_evidence(facts, node.secret, "pre-drain"))
        ),
        *(e for node in nodes for e in field_evidence(facts, node.ref, "status.nodeInfo.kubeletVersion")),
        *(e for node in nodes if node.secret for e in field_evidence(facts, node.secret, UPDATED)),
    )


def _stalled_message(facts: Facts, rollout: UpgradeRun) -> PlannerMessage | None:
    """Return the planner's message while it is stalled; None if it is not, or if a message has no time."""
    report = next((report for report in rollout.planner if report.stalls), None)
    if report is None or not all(Timestamp(each.since) for each in rollout.planner):
        return None
    if any(_waits_for_hook(report, node) for node in _named_nodes(rollout, report)):
        return None
    age = facts.now.since(Timestamp(_unchanged_since(facts, rollout, report)))
    return report if age is not None and age >= facts.span(PLANNER) else None


def _named_nodes(rollout: UpgradeRun, report: PlannerMessage) -> list[NodeUpgrade]:
    return [node for node in rollout.nodes if {machine.name for machine in node.machines} & set(report.machines)]


def _waits_for_hook(report: PlannerMessage, node: NodeUpgrade) -> bool:
    """Whether Harvester has the next turn, or a drain that Harvester has answered does not end: both have checks."""
    step = node.handshake.step if node.handshake else DrainStep.IDLE
    return step in OF_HARVESTER or (step is DrainStep.PRE_DRAIN_ACKNOWLEDGED and report.part in DRAINS)


def _unchanged_since(facts: Facts, rollout: UpgradeRun, report: PlannerMessage) -> str:
    """Return the time of the last progress: a new message, a new plan for a Machine in it, a Job's begin or end."""
    nodes = _named_nodes(rollout, report)
    return latest_time(
        *(each.since for each in rollout.planner),
        *(get_text(facts.pairing.obj(secret), UPDATED) for node in nodes for secret, _ in node.secrets),
        *(node.ready_since for node in nodes),
        *(time for job in rollout.jobs for time in (job.began, job.ended)),
        nodes_begun_at(rollout.upgrade),
    )


def _upgraded_nodes(rollout: UpgradeRun, report: PlannerMessage, nodes: list[NodeUpgrade]) -> list[NodeUpgrade]:
    """Return the nodes that run the kubelet the planner waits for; docs/objects.md#failure-capi-unauthorized."""
    target = rollout.upgrade.release.kubernetes
    return [node for node in nodes if target and node.kubelet == target] if report.part == KUBELET else []


def _next_steps(report: PlannerMessage, nodes: list[NodeUpgrade], ahead: list[NodeUpgrade]) -> tuple[str, ...]:
    steps = (LABEL_KUBECONFIG, RESTART_CAPI) if ahead else planner_steps(report, _join_names(nodes))
    return (*steps, RESTART_RANCHER)


def _join_names(nodes: list[NodeUpgrade]) -> str:
    return join_names([node.name for node in nodes])


def _stall_causes(report: PlannerMessage, nodes: list[NodeUpgrade]) -> Iterator[Cause]:
    yield from machine_causes(report)
    for node in nodes:
        yield from (Cause(name, node.ref) for name in OF_NODE)
        yield from pairing_causes(node)
