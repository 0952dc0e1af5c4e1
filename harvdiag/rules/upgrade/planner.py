"""What Rancher's planner says when it stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.fields import text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import listed
from harvdiag.core.timestamps import Timestamp, latest
from harvdiag.kinds.local import CONTROL_PLANE, FLEET, LOCAL
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import asked, at_nodes, pairing_causes, stated
from harvdiag.upgrade.planner import PlannerMessage
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

STILL = timedelta(hours=2)
"""How long the planner must have said the same, with no other sign of progress: what it waits for takes minutes."""
UPDATED = 'metadata.annotations["rke.cattle.io/plan-last-updated"]'
KUBELET = "waiting for kubelet to update"
OF_CLUSTER = ("cluster-paused", "init-node-missing", "no-machine-listed")
OF_NODE = ("upgrade-plan-failed", "upgrade-plan-not-applied", "upgrade-waiting-for-reboot", "upgrade-node-failed")
OF_MACHINE = ("machine-dangling-node", "machine-without-node-ref", "machine-stuck-deleting", "machine-not-running")
RESTART_CAPI = (
    "Let Cluster API connect anew: `kubectl get deployments -A` shows where capi-controller-manager runs "
    "(cattle-provisioning-capi-system, or from 1.8 on cattle-capi-system); `kubectl rollout restart` it there."
)
LABEL_KUBECONFIG = (
    'Read the log of capi-controller-manager: "Unauthorized" means that its login is too old. See that the Secret it '
    "logs in by has its label: `kubectl get secret -n fleet-local local-kubeconfig --show-labels` must show "
    "cluster.x-k8s.io/cluster-name=local (harvester/harvester#6041)."
)
SERVICES = "`journalctl -u rke2-server -u rke2-agent -u rancher-system-agent`"
AGENT = (
    "Look on the host of {nodes}: `systemctl status rancher-system-agent` and `journalctl -u rancher-system-agent -n "
    '200`. "x509" means a certificate that it does not trust (harvester/harvester#10522), "provide credentials" '
    "that its account is gone; `systemctl restart rancher-system-agent` lets it begin anew when that is mended."
)
STEPS = {
    "waiting for at least one bootstrap node": (
        "See which plan Secret is the init node's: `kubectl get secrets -n fleet-local -l rke.cattle.io/init-node`.",
        advice.SEE_MACHINES,
    ),
    "non-ready bootstrap machine": (advice.SEE_MACHINES, LABEL_KUBECONFIG, RESTART_CAPI),
    "waiting for agent to check in": (AGENT,),
    "failure while applying plan": (
        "Read what failed, on the host of {nodes}: `journalctl -u rancher-system-agent -n 200`.",
    ),
    "waiting for probes": (
        "Look on the host of {nodes} at the component that the message names: " + SERVICES + "; `crictl ps -a` lists "
        "its containers (harvester/harvester#1984).",
    ),
    KUBELET: ("Look on the host of {nodes} why its kubelet is not the new one: " + SERVICES + ".",),
    "waiting for plan to be applied": (AGENT,),
    "waiting for cluster agent to connect": (
        "Look at the log of the pods `rancher` in cattle-system, and at `kubectl get pods -n cattle-system`.",
    ),
    "no etcd machines exist that have plans": (
        advice.SEE_MACHINES,
        (
            "See which plan Secrets have the etcd role: `kubectl get secrets -n fleet-local -l "
            "rke.cattle.io/etcd-role=true`. Ask vendor support before you change any."
        ),
    ),
}
"""What to do about each saying, by its part."""


@rule(
    "upgrade-planner-stalled",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "Node", "Machine", "Secret", "Job", "RKEControlPlane"},
    links=[
        "harvester/harvester#6041",
        "harvester/harvester#10522",
        "harvester/harvester#5206",
        "harvester/harvester#9388",
    ],
)
def upgrade_planner_stalled(facts: Facts) -> Iterator[Hit]:
    """Rancher's planner has said the same for more than two hours, and nothing else shows progress.

    The planner goes from node to node and waits for each: for its agent, its components, its kubelet. Each takes
    minutes. Where it keeps waiting, no other node has its turn; nothing fails, and the Upgrade does not tell why.
    """
    rollout = at_nodes(facts)
    told = _stalled(facts, rollout) if rollout else None
    if rollout is None or told is None:
        return
    nodes = [node for node in rollout.nodes if {machine.name for machine in node.machines} & set(told.machines)]
    ahead = _ahead(rollout, told, nodes)
    since = _still_since(facts, rollout, told)
    yield Hit(
        subject=CONTROL_PLANE,
        message=f'Rancher\'s planner says "{told.message}", and nothing has moved since {Timestamp(since)}: '
        + (f"{_names(ahead)} runs the new kubelet, so Cluster API sees an old state" if ahead else told.meaning),
        evidence=(
            Evidence(told.subject, told.path, told.message),
            *(e for node in nodes for e in (stated(rollout, node), *asked(facts, node.secret, "pre-drain"))),
            *(e for node in nodes for e in show(facts, node.ref, "status.nodeInfo.kubeletVersion")),
            *(e for node in nodes if node.secret for e in show(facts, node.secret, UPDATED)),
        ),
        next=_next(told, nodes, ahead),
        caution=(
            "Do not set annotations of the drain by hand to make the planner go on: it would pass over a node that is "
            "not ready."
        ),
        causes=tuple(_causes(told, nodes)),
    )


def _stalled(facts: Facts, rollout: UpgradeRun) -> PlannerMessage | None:
    """What the planner says while it stands still; None where it does not, or where nobody tells since when."""
    told = next((told for told in rollout.planner if told.stalls), None)
    if told is None or not all(Timestamp(each.since) for each in rollout.planner):
        return None
    age = facts.now.since(Timestamp(_still_since(facts, rollout, told)))
    return told if age is not None and age >= STILL else None


def _still_since(facts: Facts, rollout: UpgradeRun, told: PlannerMessage) -> str:
    """The last sign of progress: new words, a new plan for a Machine that they name, a Job that began or ended."""
    begun = rollout.upgrade.conditions.get("NodesUpgraded")
    nodes = [node for node in rollout.nodes if {machine.name for machine in node.machines} & set(told.machines)]
    return latest(
        *(each.since for each in rollout.planner),
        *(text(facts.pairing.obj(secret), UPDATED) for node in nodes for secret, _ in node.secrets),
        *(node.ready_since for node in nodes),
        *(time for job in rollout.jobs for time in (job.began, job.ended)),
        begun.since if begun else "",
    )


def _ahead(rollout: UpgradeRun, told: PlannerMessage, nodes: list[NodeUpgrade]) -> list[NodeUpgrade]:
    """The nodes whose kubelet the planner waits for although it runs; docs/objects.md#failure-capi-unauthorized."""
    target = rollout.upgrade.release.kubernetes
    return [node for node in nodes if target and node.kubelet == target] if told.part == KUBELET else []


def _next(told: PlannerMessage, nodes: list[NodeUpgrade], ahead: list[NodeUpgrade]) -> tuple[str, ...]:
    steps = (LABEL_KUBECONFIG, RESTART_CAPI) if ahead else STEPS[told.part]
    named = _names(nodes) or "the Machine that the message names"
    return (
        *(step.replace("{nodes}", named) for step in steps),
        (
            "If that tells nothing, read the log of the pods `rancher` in cattle-system, then restart them: `kubectl "
            "rollout restart deployment rancher -n cattle-system`; VMs go on meanwhile."
        ),
    )


def _names(nodes: list[NodeUpgrade]) -> str:
    return listed([node.name for node in nodes])


def _causes(told: PlannerMessage, nodes: list[NodeUpgrade]) -> Iterator[Cause]:
    yield Cause("planner-waits-for-ghost-machine", CONTROL_PLANE)
    yield from (Cause(name, LOCAL) for name in OF_CLUSTER)
    yield from (Cause(name, ObjectRef("Machine", FLEET, machine)) for machine in told.machines for name in OF_MACHINE)
    yield from (
        Cause("init-node-dead", ObjectRef("Secret", FLEET, f"{machine}-machine-plan")) for machine in told.machines
    )
    for node in nodes:
        yield from (Cause(name, node.ref) for name in OF_NODE)
        yield from pairing_causes(node)
