"""The nodes of an upgrade: those never started, failed, or gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.fields import field_path, get_labels
from harvdiag.core.model import Evidence, ObjectRef, Reason
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.kinds.columns import condition_column
from harvdiag.kinds.local import CONTROL_PLANE, FLEET, LOCAL, PROVISIONING
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.planner_advice import RESTART_RANCHER
from harvdiag.rules.upgrade_evidence import (
    condition_evidence,
    current_rollout,
    has_settled,
    nodes_begun_at,
    pairing_causes,
    plan_secret_evidence,
    ready_since,
    rollout_at_nodes,
    state_evidence,
    state_path,
)
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.jobs import COMPLETE, job_selector
from harvdiag.upgrade.phases import DONE, FAILED, PRELOADED
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

PLANNED = {
    "Upgrade",
    "UpgradePlan",
    "Node",
    "Machine",
    "Secret",
    "Job",
    "Cluster",
    PROVISIONING.kind,
    CONTROL_PLANE.kind,
}
ENDED = {"Upgrade", "UpgradePlan"}
VERDICT = tuple(condition_column(kind, kind) for kind in ("Updated", "Reconciled"))
BRING_BACK = (
    advice.LIST_NODES,
    "If the host is only off or was renamed by mistake, it has to come back under this very name.",
    (
        "If the host is lost, let the other nodes finish as far as they can; its leftovers are described "
        "in the finding of its Machine."
    ),
    ("How to end the Upgrade is not documented (harvester/harvester#7874): collect again and ask vendor support."),
)


RANCHER = ObjectRef("Deployment", "cattle-system", "rancher")
OF_RANCHER = ("deployment-without-room", "deployment-not-whole")
"""Faults of the Deployment whose planner asks for each drain."""


class _Obstacle(NamedTuple):
    """Why a node cannot have its turn, the findings that explain it, and the objects that are missing."""

    words: str
    causes: tuple[Cause, ...] = ()
    targets: tuple[ObjectRef, ...] = ()


@rule(
    "upgrade-node-never-started",
    short="never started",
    reason=Reason.NEVER_BEGUN,
    needs=PLANNED,
    links=[
        "harvester/harvester#5206",
        "harvester/harvester#7667",
        "harvester/harvester#9388",
        "harvester/harvester#10553",
    ],
)
def upgrade_node_never_started(facts: Facts) -> Iterator[Hit]:
    """Nothing is in progress, and a node with a Machine and a plan has not been started.

    Harvester waits for Rancher's planner to request the drain. If the planner considers itself done, or waits for a
    host that no longer exists, it never does: the node stays at "Images preloaded", nothing fails, and it will not
    recover on its own.
    """
    rollout = rollout_at_nodes(facts)
    waiting = _nodes_not_started(facts, rollout) if rollout else []
    for node in waiting:
        if rollout and (why := _why_not_started(facts, rollout, node)):
            yield _not_started_hit(facts, rollout, node, why, waiting[0])


def _nodes_not_started(facts: Facts, rollout: UpgradeRun) -> list[NodeUpgrade]:
    """Return the nodes whose turn never came, in the planner's order; none if anything is in progress or just was."""
    if rollout.upgrade.single_node or any(_is_busy(node) for node in rollout.nodes):
        return []
    if any(job.state != COMPLETE for job in rollout.jobs):
        return []
    times = [job.ended for job in rollout.jobs] + [ready_since(facts, node.ref) for node in rollout.nodes]
    begun = nodes_begun_at(rollout.upgrade)
    if not begun or not has_settled(facts, begun, *times):
        return []
    preloaded = [node for node in rollout.nodes if node.place == PRELOADED and node.exists and node.secrets]
    return sorted(preloaded, key=lambda node: (_planner_tier(facts, node), node.name))


def _is_busy(node: NodeUpgrade) -> bool:
    """Return whether it is in progress: Harvester counts any state but waiting and done, and a requested drain."""
    return node.place not in {PRELOADED, DONE, ""} or any(not shaken.idle for _, shaken in node.secrets)


def _planner_tier(facts: Facts, node: NodeUpgrade) -> int:
    """Return its place in the planner's order: the init node, etcd, control plane, workers."""
    roles = get_labels(facts.pairing.obj(node.secrets[0][0]))
    order = ("init-node", "etcd-role", "control-plane-role")
    return next((i for i, key in enumerate(order) if roles.get(f"rke.cattle.io/{key}") == "true"), len(order))


def _why_not_started(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> _Obstacle | None:
    """Return why it cannot have its turn; None if it still may."""
    target = rollout.upgrade.release.kubernetes
    if field_path("spec.paused").get(facts.links.objects.get(LOCAL)) is True:
        return _Obstacle("Cluster local is paused, so Rancher drains no node", (Cause("cluster-paused", LOCAL),))
    # If every node has that version, it says nothing: some upgrades leave the Kubernetes version as it is.
    if target and node.kubelet == target and any(n.exists and n.kubelet != target for n in rollout.nodes):
        return _Obstacle(f"it got Kubernetes {target} without being drained, so Rancher will not drain it")
    if ghost := _find_ghost_machine(facts, rollout):
        return ghost
    # An absent condition contradicts nothing; one that is False or Unknown means that the planner is still at work.
    seen = CONTROL_PLANE in facts.links.objects
    verdict = [column.value(facts.pairing.obj(CONTROL_PLANE)) for column in VERDICT] if seen else []
    if not rollout.planner and "True" in verdict and set(verdict) <= {"True", None} and _up_to_date(facts):
        return _Obstacle("Rancher's planner reports that it is done", pairing_causes(node))
    return None


def _up_to_date(facts: Facts) -> bool:
    """Return whether Rancher has seen the target version: its conditions may be those of an earlier generation."""
    for ref in (CONTROL_PLANE, PROVISIONING):
        obj = facts.links.objects.get(ref) or facts.snapshot.get(ref)
        wanted, seen = (field_path(path).get(obj) for path in ("metadata.generation", "status.observedGeneration"))
        if obj and not (isinstance(wanted, int) and isinstance(seen, int) and seen >= wanted):
            return False
    return True


def _find_ghost_machine(facts: Facts, rollout: UpgradeRun) -> _Obstacle | None:
    """Return that the planner waits for a Machine without an existing Node; None if it waits for none."""
    causes = (Cause("planner-waits-for-ghost-machine", CONTROL_PLANE),)
    named = dict.fromkeys(name for message in rollout.planner for name in message.machines)
    for machine in (ObjectRef("Machine", FLEET, name) for name in named):
        if machine not in facts.links.objects:
            return _Obstacle(f"Rancher waits for Machine {machine.name}, which does not exist", causes, (machine,))
        edge = facts.pairing.node_ref(machine)
        if not (edge or facts.recently_created(machine)) or (
            edge and edge.broken and not facts.recently_deleted(machine)
        ):
            fault = f"whose Node {edge.value} does not exist" if edge else "which has no Node"
            return _Obstacle(
                f"Rancher waits for Machine {machine.name}, {fault}", causes, (edge.target,) if edge else ()
            )
    return None


def _not_started_hit(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, why: _Obstacle, first: NodeUpgrade) -> Hit:
    since = latest_time(*(job.ended for job in rollout.jobs))
    before = (Cause("upgrade-node-never-started", first.ref),) if first.name != node.name else ()
    return Hit(
        subject=node.ref,
        message=f'Node {node.name} was never started: it stays at "{node.state}", nothing else is in progress'
        f"{f' since {Timestamp(since)}' if since else ''}, and {why.words}; "
        f"{len(rollout.done)} of {len(rollout.nodes)} nodes are done",
        evidence=_not_started_evidence(facts, rollout, node),
        next=_planner_steps(node, node.machines[0]),
        caution=(
            "Do not set drain annotations by hand to start the node: the planner would still write no new plan for it."
        ),
        causes=(*why.causes, *before, *(Cause(name, RANCHER) for name in OF_RANCHER)),
        targets=why.targets,
        many="were never started",
    )


def _not_started_evidence(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> tuple[Evidence, ...]:
    """Return what the planner says, or else what Rancher was asked for, and that no drain was requested."""
    planner = tuple(Evidence(message.subject, message.path, message.message) for message in rollout.planner)
    paths = ("spec.kubernetesVersion", "spec.provisionGeneration")
    return (
        *(planner or field_evidence(facts, CONTROL_PLANE, *paths)),
        state_evidence(rollout, node),
        *plan_secret_evidence(facts, node.secrets[0][0], "drain-options", "pre-drain"),
        *field_evidence(facts, node.ref, "status.nodeInfo.kubeletVersion"),
    )


def _planner_steps(node: NodeUpgrade, machine: ObjectRef) -> tuple[str, ...]:
    """Return where Rancher's planner, the Machine and the host's agent say what they wait for."""
    return (
        (
            "Read the planner's messages: `kubectl get rkecontrolplanes.rke.cattle.io -n fleet-local local -o "
            "yaml`, conditions Updated and Reconciled."
        ),
        advice.inspect_object("machines.cluster.x-k8s.io", machine.name),
        (
            f"Read what Rancher says of it: {actions.search_log(actions.OF_RANCHER, machine.name)}; on {node.name}: "
            "`journalctl -u rancher-system-agent -n 200`."
        ),
        RESTART_RANCHER,
    )


@rule(
    "upgrade-names-missing-node",
    needs={"Upgrade", "Node", "UpgradePlan"},
    optional={"Machine", "Job"},
    links=["harvester/harvester#7874", "harvester/harvester#10048", "harvester/harvester#4902"],
)
def upgrade_names_missing_node(facts: Facts) -> Iterator[Hit]:
    """The running upgrade waits for a node that no longer exists.

    Harvester keeps each node that it once listed and waits until all have succeeded. A host that was lost or removed
    during the upgrade never does, and while its state counts as in progress no other node may begin.
    """
    rollout = facts.rollout
    for node in rollout.nodes if rollout else ():
        if rollout is None or node.exists or node.place == DONE:
            continue
        blocks = "" if node.place == PRELOADED or rollout.upgrade.v2 else ", and no other node may begin meanwhile"
        yield Hit(
            subject=node.ref,
            message=(
                f"{rollout.title} waits for Node {node.name}, which does not exist: the "
                f'{rollout.upgrade.ref.kind} still lists {node.name} at "{node.state or "no state"}"{blocks}'
            ),
            evidence=_missing_node_evidence(facts, rollout, node),
            next=BRING_BACK,
            caution="Do not force the Upgrade's deletion with skipWebhook while nodes are between two versions. "
            + advice.QUORUM,
            causes=tuple(
                Cause(name, m) for m in node.machines for name in ("machine-stuck-deleting", "machine-dangling-node")
            ),
        )


def _missing_node_evidence(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> tuple[Evidence, ...]:
    """Return the Upgrade's entry of a node that does not exist, and its Jobs that have not ended."""
    return (
        state_evidence(rollout, node),
        missing_evidence(*node.ref),
        *(
            e
            for job in node.jobs
            if job.pending
            for e in field_evidence(facts, job.ref, "status.active", "status.succeeded")
        ),
    )


@rule("upgrade-node-failed", short="failed", needs=ENDED, optional={"Node"}, links=["harvester/harvester#7457"])
def upgrade_node_failed(facts: Facts) -> Iterator[Hit]:
    """A node's upgrade has failed.

    One failed node ends the whole upgrade: NodesUpgraded becomes False, the Upgrade counts as failed, and the nodes
    behind it keep their old version.
    """
    rollout = current_rollout(facts)
    for node in rollout.nodes if rollout else ():
        if rollout is None or node.place != FAILED or node.status is None:
            continue
        upgrade = rollout.upgrade
        cause = ": ".join(word for word in (node.status.reason, node.status.message) if word)
        ended = upgrade.conditions.get("Progressing" if upgrade.v2 else "NodesUpgraded")
        rest = [other.name for other in rollout.waiting if other.place != FAILED]
        at = f" ({node.state})" if upgrade.v2 else ""
        yield Hit(
            subject=node.ref,
            message=f"Node {node.name} failed in {upgrade.ref.kind} {upgrade.ref.name}{at}"
            f"{f' at {Timestamp(ended.since)}' if ended and ended.status == 'False' and ended.since else ''}: "
            f"{cause or 'it gives no reason'}{f'; not upgraded either: {join_names(rest)}' if rest else ''}",
            evidence=_failure_evidence(facts, upgrade, node),
            next=_failure_steps(upgrade, node.name),
            caution=(
                f"Do not start another upgrade before {node.name} is repaired: the node's plan Secret may still "
                "contain a drain request."
            ),
            causes=(Cause("upgrade-job-failed", node.ref),),
        )


def _failure_evidence(facts: Facts, upgrade: Upgrade, node: NodeUpgrade) -> tuple[Evidence, ...]:
    paths = (state_path(upgrade, node.name, key) for key in ("state", "reason", "message"))
    return (
        *field_evidence(facts, upgrade.ref, *paths),
        *condition_evidence(facts, upgrade.ref, "Progressing" if upgrade.v2 else "NodesUpgraded", "status"),
        *field_evidence(facts, node.ref, "status.nodeInfo.kubeletVersion", "status.nodeInfo.osImage"),
    )


def _failure_steps(upgrade: Upgrade, node: str) -> tuple[str, ...]:
    return (
        (
            f"Read the log of the node's Jobs: `kubectl get jobs -n harvester-system -l "
            f"{actions.quote_argument(job_selector(upgrade, node).partition(',')[2])}`."
        ),
        f"The node may be between two versions. {advice.LIST_VERSIONS}",
        "Ask vendor support how to proceed before anything is deleted.",
    )
