"""The upgrade as a whole: which phase it stopped in, and whether there is one upgrade at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.conditions import condition_path
from harvdiag.core.fields import name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.local import PROVISIONING
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.charts import is_upgrade_chart
from harvdiag.upgrade.jobs import FAILED as JOB_FAILED
from harvdiag.upgrade.jobs import Job, jobs_of
from harvdiag.upgrade.phases import FAILED, PHASES
from harvdiag.upgrade.plans import CLEANUP, GATE, NodePlan, node_plans

LATEST = 'metadata.labels["harvesterhci.io/latestUpgrade"]'
STATE = 'metadata.labels["harvesterhci.io/upgradeState"]'
CLEANING = 'metadata.labels["harvesterhci.io/upgradeCleanup"]'
GATE_DONE = 'metadata.annotations["harvesterhci.io/apply-skip-rke2-manifests-plan-completed"]'
CLEANUP_DONE = 'metadata.annotations["harvesterhci.io/image-cleanup-plan-completed"]'
CREATED = "metadata.creationTimestamp"
DEADLINE = timedelta(hours=1)
"""How long a Job of an upgrade's plan may run (jobActiveDeadlineSecs, 3600); Harvester checks again every few minutes,
so that what has not changed for so long, with nothing left to run, was missed."""
HALF_WAY = (
    "Do not start an upgrade again while a node is only partly upgraded: check first the version of each node and "
    "which nodes are cordoned."
)
OF_NODES = ("upgrade-node-failed", "upgrade-job-failed")
STEPS = ("ImageReady", "RepoReady", "NodesPrepared", "SystemServicesUpgraded", "NodesUpgraded")
UPGRADES = "upgrades.harvesterhci.io"
WHERE = {
    "ImageReady": "Check why the image is not ready: `kubectl get virtualmachineimages.harvesterhci.io -n "
    "harvester-system -o yaml`.",
    "RepoReady": "Look at the upgrade's repository: `kubectl get deployments,virtualmachines.kubevirt.io,pods -n "
    "harvester-system`, the names that begin with upgrade-repo.",
    "NodesPrepared": "Look at the Jobs that load the images: `kubectl get jobs,pods -n cattle-system`; a full disk is "
    "the usual reason.",
    "SystemServicesUpgraded": "Read the end of the log of the Job apply-manifests, which shows the step that failed: "
    "`kubectl logs -n harvester-system -l harvesterhci.io/upgradeComponent=manifest --tail=100`.",
    "NodesUpgraded": "Read the log of the failed Job, which shows the step that failed: `kubectl get jobs -n "
    "harvester-system -l harvesterhci.io/upgradeComponent=node`.",
}
LEAVE_CLUSTER = "Do not change the provisioning Cluster by hand: the nodes would be upgraded without Harvester's hooks."


@rule(
    "upgrade-node-phase-not-started",
    short="phase not started",
    needs={"Upgrade", "Plan", "Node"},
    optional={"Cluster.provisioning.cattle.io"},
    links=["harvester/harvester#10940"],
)
def upgrade_node_phase_not_started(facts: Facts) -> Iterator[Hit]:
    """The system services are upgraded, but the nodes' turn does not begin.

    Harvester starts it by itself; newer releases run a plan on the management nodes first, and annotate the Upgrade
    when it is complete. If that annotation or an event is missed, nothing is in progress any more and nothing fails.
    """
    rollout = facts.upgrade_run
    if rollout is None or not rollout.upgrade.waits_for_gate or rollout.upgrade.paused:
        return
    upgrade = rollout.upgrade
    plan = _find_plan(facts, upgrade, GATE)
    since = Timestamp(upgrade.conditions["SystemServicesUpgraded"].since)
    if _plan_pending(facts, plan) or not _past_deadline(facts, since):
        return
    noted = field_evidence(facts, upgrade.ref, GATE_DONE)
    ran = f"its plan {plan.ref.name} has run on every node, " if plan else ""
    note = "" if noted[0].value is not None else f"{ran}but the Upgrade does not show it, and " if plan else ""
    name = actions.quote_argument(upgrade.ref.name)
    yield Hit(
        subject=upgrade.ref,
        message=f"Upgrade {upgrade.ref.name} has not started the nodes, though the system services were upgraded at "
        f"{since}: {note}nothing is in progress",
        evidence=_gate_evidence(facts, upgrade.ref),
        next=(
            "Let Harvester look again: `kubectl rollout restart deployment -n harvester-system harvester`.",
            *_gate_note_steps(name, plan, noted),
        ),
        caution=LEAVE_CLUSTER,
    )


def _gate_evidence(facts: Facts, upgrade: ObjectRef) -> tuple[Evidence, ...]:
    """Return that the services are done, the nodes not begun, and whether Rancher got its new version."""
    return (
        Evidence(upgrade, condition_path("SystemServicesUpgraded"), "True"),
        Evidence(upgrade, condition_path("NodesUpgraded"), None),
        *field_evidence(facts, upgrade, GATE_DONE),
        *field_evidence(facts, PROVISIONING, "spec.kubernetesVersion", "spec.rkeConfig.upgradeStrategy"),
    )


def _gate_note_steps(name: str, plan: NodePlan | None, noted: tuple[Evidence, ...]) -> Iterator[str]:
    """Return the step that sets the plan's annotation by hand, if that is missing."""
    if plan and noted[0].value is None:
        yield (
            f"If that does not help, mark the plan as complete by hand: `kubectl annotate {UPGRADES} -n "
            f"harvester-system {name} harvesterhci.io/apply-skip-rke2-manifests-plan-completed=true`; verify first "
            f"that every management node has the label {plan.label}."
        )


@rule(
    "upgrade-failed-in-phase",
    needs={"Upgrade", "UpgradePlan"},
    optional={"Job", "Bundle", "ManagedChart"},
    links=["harvester/harvester#10048"],
)
def upgrade_failed_in_phase(facts: Facts) -> Iterator[Hit]:
    """The latest upgrade has failed.

    Its condition Completed is False as soon as one of its phases failed. A failed Upgrade is not resumed; what it had
    already changed stays as it is. That its logging is switched off (LogReady) is not a failure.
    """
    if (upgrade := facts.upgrades.failed) is None:
        return
    failed = [upgrade.conditions[step] for step in STEPS if upgrade.status(step) == "False"]
    # Only the first phase that failed explains the failure: none begins after it.
    conditions = (failed or [c for kind, c in upgrade.conditions.items() if kind == "Completed"])[:1]
    nodes = [ObjectRef("Node", "", name) for name, status in upgrade.statuses.items() if status.state == FAILED]
    jobs = [j for j in jobs_of(facts.snapshot.objects("Job"), upgrade.ref.name) if j.state == JOB_FAILED]
    yield Hit(
        subject=upgrade.ref,
        message=f"Upgrade {upgrade.ref.name} to {upgrade.version or 'an image of its own'} failed"
        + _describe_phase(upgrade)
        + "".join(f": {words}" for c in conditions if (words := ": ".join(w for w in (c.reason, c.message) if w)))
        + (f"; failed on {' and '.join(node.name for node in nodes)}" if nodes else ""),
        evidence=(
            *(Evidence(upgrade.ref, c.path, c.status) for c in conditions),
            *(e for n in nodes for e in field_evidence(facts, upgrade.ref, *_status_fields(n.name))),
            *(Evidence(job.ref, condition_path("Failed"), "True") for job in jobs),
        ),
        next=(*(WHERE[c.type] for c in failed[:1]), *_log_steps(jobs), *_restart_steps(upgrade)),
        caution=HALF_WAY if upgrade.status("NodesUpgraded") else "",
        causes=(
            *(Cause(name, ref) for ref in (upgrade.ref, *nodes) for name in OF_NODES),
            *(Cause(name, upgrade.ref) for name in ("upgrade-logging-not-ready", "upgrade-image-not-ready")),
            *_service_causes(facts),
        ),
    )


def _status_fields(node: str) -> list[str]:
    return [f'status.nodeStatuses["{node}"].{key}' for key in ("state", "reason", "message")]


def _describe_phase(upgrade: Upgrade) -> str:
    """Return the first phase whose condition failed; the upgrade's own label says only Failed."""
    step = next((step for step in STEPS if upgrade.status(step) == "False"), "")
    phase = next((phase for phase in reversed(PHASES) if phase.condition == step), None)
    return f" in phase {phase.label} ({step} is False)" if phase else ""


def _log_steps(jobs: list[Job]) -> Iterator[str]:
    for job in jobs[:3]:
        yield f"Read `kubectl logs -n {job.ref.namespace} job/{actions.quote_argument(job.ref.name)} --tail=100`."


def _restart_steps(upgrade: Upgrade) -> Iterator[str]:
    if upgrade.status("NodesUpgraded"):
        yield "Nodes may be partly upgraded: ask vendor support how to proceed (harvester/harvester#10048)."
    else:
        yield advice.NONE_PAUSED
        yield f"When the cause is fixed, {actions.START_UPGRADE}: no node has been changed yet."


def _service_causes(facts: Facts) -> Iterator[Cause]:
    """Return the faults of the services that an upgrade installs."""
    for rule_name, kind in (("bundle-not-ready", "Bundle"), ("managed-chart-not-ready", "ManagedChart")):
        for obj in facts.snapshot.objects(kind):
            ref = ObjectRef(kind, namespace_of(obj), name_of(obj))
            if ref.namespace == "fleet-local" and is_upgrade_chart(kind, ref.name):
                yield Cause(rule_name, ref)


@rule(
    "upgrade-cleanup-pending",
    severity=Severity.WARNING,
    needs={"Upgrade", "Plan", "Node"},
    links=["harvester/harvester#10101"],
)
def upgrade_cleanup_pending(facts: Facts) -> Iterator[Hit]:
    """The clean-up of a finished upgrade does not end.

    Harvester refuses the next Upgrade while the clean-up of one is pending. It waits for a plan that removes old
    images from every node; if it misses that plan's end, it waits forever.
    """
    for upgrade in facts.upgrades.all:
        plan = _find_plan(facts, upgrade, CLEANUP)
        completed = upgrade.conditions.get("Completed")
        since = Timestamp(completed.since if completed else "")
        if upgrade.running or upgrade.cleanup_state != "Pending":
            continue
        if _plan_pending(facts, plan) or not _past_deadline(facts, since):
            continue
        ran = f"though its plan {plan.ref.name} has run on every node" if plan else "and no plan of it is running"
        name = actions.quote_argument(upgrade.ref.name)
        yield Hit(
            subject=upgrade.ref,
            message=(
                f"Upgrade {upgrade.ref.name} ended at {since}, but its clean-up is still pending, {ran}: "
                "Harvester refuses the next upgrade"
            ),
            evidence=(*field_evidence(facts, upgrade.ref, CLEANING, STATE, CLEANUP_DONE),),
            next=_cleanup_steps(name),
            caution="The upgrade must be complete on every node: the clean-up removes the old release's images.",
        )


def _cleanup_steps(name: str) -> tuple[str, ...]:
    return (
        "Let Harvester look again: `kubectl rollout restart deployment -n harvester-system harvester`.",
        (
            f"If that does not help, mark the image clean-up as complete by hand: `kubectl annotate {UPGRADES} "
            f"-n harvester-system {name} harvesterhci.io/image-cleanup-plan-completed=true`."
        ),
    )


def _find_plan(facts: Facts, upgrade: Upgrade, task: str) -> NodePlan | None:
    plans = node_plans(facts.snapshot.objects("Plan"))
    return next((plan for plan in plans if (plan.upgrade, plan.task) == (upgrade.ref.name, task)), None)


def _plan_pending(facts: Facts, plan: NodePlan | None) -> bool:
    """Return whether a plan still has to run somewhere: it is in progress, or held up, which another rule reports."""
    return plan is not None and bool(plan.missing({n.name: facts.pairing.obj(n) for n in facts.pairing.nodes}))


def _past_deadline(facts: Facts, since: Timestamp) -> bool:
    age = facts.now.since(since)
    return age is not None and age > DEADLINE


@rule("several-upgrades-running", needs={"Upgrade", "UpgradePlan"})
def several_upgrades_running(facts: Facts) -> Iterator[Hit]:
    """More than one Upgrade is unfinished.

    Harvester admits one at a time, but an UpgradePlan (Upgrade V2) is admitted beside an Upgrade. Two of them run
    conflicting Jobs and plans, and neither can tell which of the nodes' states are its own.
    """
    plan = facts.upgrades.plan
    running = [upgrade for upgrade in facts.upgrades.all if upgrade.running]
    running += [plan] if plan and running else []
    if len(running) > 1:
        yield Hit(
            subject=running[0].ref,
            message=f"{len(running)} Upgrades are unfinished: "
            + ", ".join(f"{u.ref.name} to {u.version or 'an image'} ({u.state or 'not begun'})" for u in running),
            evidence=tuple(
                evidence for u in running for evidence in field_evidence(facts, u.ref, *_state_fields(u), CREATED)
            ),
            next=(
                (
                    f"Find out which one the nodes follow: `kubectl get {UPGRADES} -n harvester-system --show-labels`; "
                    "its Jobs have the label harvesterhci.io/upgrade"
                    + (", those of an UpgradePlan management.harvesterhci.io/upgrade-plan." if plan else ".")
                ),
                "Ask vendor support before you delete the other.",
            ),
            caution=advice.KEEP_RUNNING,
            targets=tuple(u.ref for u in running[1:]),
        )


def _state_fields(upgrade: Upgrade) -> tuple[str, ...]:
    return (upgrade.state_path,) if upgrade.v2 else (STATE, LATEST)


@rule("upgrade-without-latest-label", severity=Severity.WARNING, needs={"Upgrade"})
def upgrade_without_latest_label(facts: Facts) -> Iterator[Hit]:
    """The label latestUpgrade does not mark the current Upgrade alone.

    Exactly one Upgrade has it: the current one. The dashboard shows that one; if another or several have the label, the
    dashboard does not show the upgrade that runs.
    """
    running = next((u for u in facts.upgrades.all if u.running and u.state), None)
    marked = [upgrade for upgrade in facts.upgrades.all if upgrade.latest]
    current = running or (marked[0] if marked else None)
    if current is None or (current.latest and len(marked) == 1):
        return
    others = " and ".join(u.ref.name for u in marked if u.ref != current.ref)
    lacks = "lacks" if not current.latest else "shares"
    yield Hit(
        subject=current.ref,
        message=f"Upgrade {current.ref.name} {lacks} the label latestUpgrade"
        + (f"; {others} has it" if others else ""),
        evidence=tuple(
            e for u in dict.fromkeys([current, *marked]) for e in field_evidence(facts, u.ref, LATEST, STATE, CREATED)
        ),
        next=(
            f"Verify: `kubectl get {UPGRADES} -n harvester-system --show-labels`.",
            (
                "Only the newest Upgrade may have the label; take it off the older ones: `kubectl label "
                f"{UPGRADES} -n harvester-system NAME harvesterhci.io/latestUpgrade-`."
            ),
        ),
        caution="Leave the label on the newest: by it Harvester finds the upgrade.",
        causes=(Cause("several-upgrades-running", current.ref),),
    )
