"""What Rancher's planner waits for: a Machine without a Node, or the same for hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.fields import get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.graph.pairing import NODE_REF
from harvdiag.kinds.local import CONTROL_PLANE, FLEET, LOCAL
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import (
    nodes_begun_at,
    pairing_causes,
    plan_secret_evidence,
    rollout_at_nodes,
    state_evidence,
)
from harvdiag.upgrade.planner import PlannerMessage, planner_messages
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

STALLED_AFTER = timedelta(hours=2)
"""How long the planner must have reported the same without other progress: what it waits for takes minutes."""
LAG = timedelta(minutes=10)
"""How long the planner's messages may lag behind the Machines."""
UPDATED = 'metadata.annotations["rke.cattle.io/plan-last-updated"]'
KUBELET = "waiting for kubelet to update"
OF_CLUSTER = ("cluster-paused", "init-node-missing", "no-machine-listed")
OF_NODE = ("upgrade-plan-failed", "upgrade-plan-not-applied", "upgrade-waiting-for-reboot", "upgrade-node-failed")
OF_GHOST = ("machine-dangling-node", "machine-without-node-ref", "machine-stuck-deleting")
OF_MACHINE = (*OF_GHOST, "machine-not-running")
RESTART_CAPI = (
    "Make Cluster API reconnect: `kubectl get deployments -A` shows where capi-controller-manager runs "
    "(cattle-provisioning-capi-system, or from 1.8 on cattle-capi-system); `kubectl rollout restart` it there."
)
LABEL_KUBECONFIG = (
    'Read the log of capi-controller-manager: "Unauthorized" means that its credentials have expired. Verify that the '
    "Secret with its credentials has its label: `kubectl get secret -n fleet-local local-kubeconfig --show-labels` "
    "must show cluster.x-k8s.io/cluster-name=local (harvester/harvester#6041)."
)
SERVICES = "`journalctl -u rke2-server -u rke2-agent -u rancher-system-agent`"
AGENT = (
    "Check on the host of {nodes}: `systemctl status rancher-system-agent` and `journalctl -u rancher-system-agent -n "
    '200`. "x509" means a certificate that it does not trust (harvester/harvester#10522), "provide credentials" '
    "that its account no longer exists; when that is fixed, `systemctl restart rancher-system-agent`."
)
STEPS = {
    "waiting for at least one bootstrap node": (
        "Find the init node's plan Secret: `kubectl get secrets -n fleet-local -l rke.cattle.io/init-node`.",
        advice.LIST_MACHINES,
    ),
    "non-ready bootstrap machine": (advice.LIST_MACHINES, LABEL_KUBECONFIG, RESTART_CAPI),
    "waiting for agent to check in": (AGENT,),
    "failure while applying plan": (
        "Read what failed, on the host of {nodes}: `journalctl -u rancher-system-agent -n 200`.",
    ),
    "waiting for probes": (
        "Check on the host of {nodes} the component that the message names: " + SERVICES + "; `crictl ps -a` lists "
        "its containers (harvester/harvester#1984).",
    ),
    KUBELET: ("Check on the host of {nodes} why its kubelet is not the new one: " + SERVICES + ".",),
    "waiting for plan to be applied": (AGENT,),
    "waiting for cluster agent to connect": (
        "Read the log of the pods `rancher` in cattle-system, and check `kubectl get pods -n cattle-system`.",
    ),
    "no etcd machines exist that have plans": (
        advice.LIST_MACHINES,
        (
            "Find the plan Secrets that have the etcd role: `kubectl get secrets -n fleet-local -l "
            "rke.cattle.io/etcd-role=true`. Ask vendor support before you change any."
        ),
    ),
}
"""Next steps for each known message of the planner, by its part."""


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
    nodes = [node for node in rollout.nodes if {machine.name for machine in node.machines} & set(report.machines)]
    ahead = _upgraded_nodes(rollout, report, nodes)
    outdated = f"{_join_names(ahead)} runs the new kubelet, so Cluster API has an outdated state"
    since = _unchanged_since(facts, rollout, report)
    yield Hit(
        subject=CONTROL_PLANE,
        message=f'Rancher\'s planner says "{report.message}", without progress since {Timestamp(since)}: '
        + (outdated if ahead else report.meaning),
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
    age = facts.now.since(Timestamp(_unchanged_since(facts, rollout, report)))
    return report if age is not None and age >= STALLED_AFTER else None


def _unchanged_since(facts: Facts, rollout: UpgradeRun, report: PlannerMessage) -> str:
    """Return the time of the last progress: a new message, a new plan for a Machine in it, a Job's begin or end."""
    nodes = [node for node in rollout.nodes if {machine.name for machine in node.machines} & set(report.machines)]
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
    steps = (LABEL_KUBECONFIG, RESTART_CAPI) if ahead else STEPS[report.part]
    named = _join_names(nodes) or "the Machine that the message names"
    return (
        *(step.replace("{nodes}", named) for step in steps),
        (
            "If that shows nothing, read the log of the pods `rancher` in cattle-system, then restart them: `kubectl "
            "rollout restart deployment rancher -n cattle-system`; VMs keep running."
        ),
    )


def _join_names(nodes: list[NodeUpgrade]) -> str:
    return join_names([node.name for node in nodes])


def _stall_causes(report: PlannerMessage, nodes: list[NodeUpgrade]) -> Iterator[Cause]:
    yield Cause("planner-waits-for-ghost-machine", CONTROL_PLANE)
    yield from (Cause(name, LOCAL) for name in OF_CLUSTER)
    yield from (Cause(name, ObjectRef("Machine", FLEET, machine)) for machine in report.machines for name in OF_MACHINE)
    yield from (
        Cause("init-node-dead", ObjectRef("Secret", FLEET, f"{machine}-machine-plan")) for machine in report.machines
    )
    for node in nodes:
        yield from (Cause(name, node.ref) for name in OF_NODE)
        yield from pairing_causes(node)
