"""The upgrade as a whole: which phase it stopped in, and whether there is one upgrade at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.conditions import condition_path
from harvdiag.core.fields import name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import NODE_REF
from harvdiag.kinds.local import CONTROL_PLANE, PROVISIONING
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import gone, show
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.charts import is_upgrade_chart
from harvdiag.upgrade.jobs import FAILED as JOB_FAILED
from harvdiag.upgrade.jobs import Job, jobs_of
from harvdiag.upgrade.phases import FAILED, PHASES
from harvdiag.upgrade.planner import PlannerMessage, planner_messages
from harvdiag.upgrade.plans import CLEANUP, GATE, NodePlan, node_plans

LATEST = 'metadata.labels["harvesterhci.io/latestUpgrade"]'
STATE = 'metadata.labels["harvesterhci.io/upgradeState"]'
CLEANING = 'metadata.labels["harvesterhci.io/upgradeCleanup"]'
GATE_DONE = 'metadata.annotations["harvesterhci.io/apply-skip-rke2-manifests-plan-completed"]'
CLEANUP_DONE = 'metadata.annotations["harvesterhci.io/image-cleanup-plan-completed"]'
CREATED = "metadata.creationTimestamp"
DEADLINE = timedelta(hours=1)
"""How long a Job of an upgrade's plan may run (jobActiveDeadlineSecs, 3600); Harvester looks again every few minutes,
so that what has not moved for so long, with nothing left to run, was forgotten."""
LAG = timedelta(minutes=10)
"""How long the planner's words may lag behind the Machines."""
HALF_WAY = (
    "Do not start an upgrade again while a node is only half upgraded: look first at the version of each node and "
    "which nodes are cordoned."
)
OF_NODES = ("upgrade-node-failed", "upgrade-job-failed")
STEPS = ("ImageReady", "RepoReady", "NodesPrepared", "SystemServicesUpgraded", "NodesUpgraded")
UPGRADES = "upgrades.harvesterhci.io"
WHERE = {
    "ImageReady": "Look why the image did not come: `kubectl get virtualmachineimages.harvesterhci.io -n "
    "harvester-system -o yaml`.",
    "RepoReady": "Look at the upgrade's repository: `kubectl get deployments,virtualmachines.kubevirt.io,pods -n "
    "harvester-system`, the names that begin with upgrade-repo.",
    "NodesPrepared": "Look at the Jobs that load the images: `kubectl get jobs,pods -n cattle-system`; a full disk is "
    "the usual reason.",
    "SystemServicesUpgraded": "Read the end of the log of the Job apply-manifests in harvester-system: it names the "
    "step that failed.",
    "NodesUpgraded": "Read the log of the failed Job in harvester-system: it names the step that failed.",
}


@rule(
    "upgrade-node-phase-not-started",
    short="phase not started",
    needs={"Upgrade", "Plan", "Node"},
    links=["harvester/harvester#10940"],
)
def upgrade_node_phase_not_started(facts: Facts) -> Iterator[Hit]:
    """The system services are upgraded, but the nodes' turn does not begin.

    Harvester begins it by itself; newer releases let a plan run on the management nodes first, and note on the Upgrade
    when it is through. Where that note is missed, or an event is, nothing is at work any more and nothing fails.
    """
    rollout = facts.upgrade_run
    if rollout is None or not rollout.upgrade.waits_for_gate or rollout.upgrade.paused:
        return
    upgrade = rollout.upgrade
    plan = _plan(facts, upgrade, GATE)
    since = Timestamp(upgrade.conditions["SystemServicesUpgraded"].since)
    if _at_work(facts, plan) or not _over(facts, since):
        return
    noted = show(facts, upgrade.ref, GATE_DONE)
    ran = f"its plan {plan.ref.name} has run on every node, " if plan else ""
    note = "" if noted[0].value is not None else f"{ran}but the Upgrade does not say so, and " if plan else ""
    name = advice.arg(upgrade.ref.name)
    yield Hit(
        subject=upgrade.ref,
        message=f"Upgrade {upgrade.ref.name} has not begun with the nodes, though the system services were upgraded at "
        f"{since}: {note}nothing is at work",
        evidence=(
            Evidence(upgrade.ref, condition_path("SystemServicesUpgraded"), "True"),
            Evidence(upgrade.ref, condition_path("NodesUpgraded"), None),
            *noted,
            *show(facts, PROVISIONING, "spec.kubernetesVersion", "spec.rkeConfig.upgradeStrategy"),
        ),
        next=(
            "Let Harvester look again: `kubectl rollout restart deployment -n harvester-system harvester`.",
            *_note(name, plan, noted),
        ),
        caution=(
            "Do not change the provisioning Cluster by hand: the nodes would be upgraded without Harvester's hooks."
        ),
    )


def _note(name: str, plan: NodePlan | None, noted: tuple[Evidence, ...]) -> Iterator[str]:
    if plan and noted[0].value is None:
        yield (
            f"If that does not help, say by hand that the plan is through: `kubectl annotate {UPGRADES} -n "
            f"harvester-system {name} harvesterhci.io/apply-skip-rke2-manifests-plan-completed=true`; see first that "
            f"every management node has the label {plan.label}."
        )


@rule("upgrade-failed-in-phase", needs={"Upgrade"}, links=["harvester/harvester#10048"])
def upgrade_failed_in_phase(facts: Facts) -> Iterator[Hit]:
    """The latest upgrade has failed.

    Its condition Completed is False as soon as one of its phases failed. A failed Upgrade is not taken up again; what
    it had already changed stays as it is. That its logging is switched off (LogReady) is no failure.
    """
    if (upgrade := facts.upgrades.failed) is None:
        return
    failed = [upgrade.conditions[step] for step in STEPS if upgrade.status(step) == "False"]
    told = (failed or [c for kind, c in upgrade.conditions.items() if kind == "Completed"])[:1]
    nodes = [ObjectRef("Node", "", name) for name, status in upgrade.statuses.items() if status.state == FAILED]
    jobs = [j for j in jobs_of(facts.snapshot.objects("Job"), upgrade.ref.name) if j.state == JOB_FAILED]
    yield Hit(
        subject=upgrade.ref,
        message=f"Upgrade {upgrade.ref.name} to {upgrade.version or 'an image of its own'} failed{_in_phase(upgrade)}"
        + "".join(f": {words}" for c in told if (words := ": ".join(w for w in (c.reason, c.message) if w)))
        + (f"; failed on {' and '.join(node.name for node in nodes)}" if nodes else ""),
        evidence=(
            *(Evidence(upgrade.ref, c.path, c.status) for c in told),
            *(e for n in nodes for e in show(facts, upgrade.ref, *_fields(n.name))),
            *(Evidence(job.ref, condition_path("Failed"), "True") for job in jobs),
        ),
        next=(*(WHERE[c.type] for c in failed[:1]), *_logs(jobs), *_again(upgrade)),
        caution=HALF_WAY if upgrade.status("NodesUpgraded") else "",
        causes=(
            *(Cause(name, ref) for ref in (upgrade.ref, *nodes) for name in OF_NODES),
            *_services(facts),
        ),
    )


def _fields(node: str) -> list[str]:
    return [f'status.nodeStatuses["{node}"].{key}' for key in ("state", "reason", "message")]


def _in_phase(upgrade: Upgrade) -> str:
    """The phase whose condition failed, the first in their order; the label says but Failed."""
    step = next((step for step in STEPS if upgrade.status(step) == "False"), "")
    phase = next((phase for phase in reversed(PHASES) if phase.condition == step), None)
    return f" in phase {phase.label} ({step} is False)" if phase else ""


def _logs(jobs: list[Job]) -> Iterator[str]:
    for job in jobs[:3]:
        yield f"Read `kubectl logs -n {job.ref.namespace} job/{advice.arg(job.ref.name)} --tail=100`."


def _again(upgrade: Upgrade) -> Iterator[str]:
    if upgrade.status("NodesUpgraded"):
        yield "Nodes may stand half-way: ask vendor support how to go on (harvester/harvester#10048)."
    else:
        yield "See that no chart is left paused: `kubectl get managedcharts.management.cattle.io -n fleet-local`."
        yield "When the reason is mended, start the upgrade again: no node was touched yet."


def _services(facts: Facts) -> Iterator[Cause]:
    """Faults of the services that an upgrade installs."""
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
    """A finished upgrade does not come to the end of its clean-up.

    Harvester refuses the next Upgrade while the clean-up of one is pending. It waits for a plan that removes old
    images from every node; where it misses that plan's end, it waits for good.
    """
    for upgrade in facts.upgrades.all:
        plan = _plan(facts, upgrade, CLEANUP)
        completed = upgrade.conditions.get("Completed")
        since = Timestamp(completed.since if completed else "")
        if upgrade.running or upgrade.cleanup_state != "Pending" or _at_work(facts, plan) or not _over(facts, since):
            continue
        ran = f"though its plan {plan.ref.name} has run on every node" if plan else "and no plan of it is at work"
        name = advice.arg(upgrade.ref.name)
        yield Hit(
            subject=upgrade.ref,
            message=(
                f"Upgrade {upgrade.ref.name} is over since {since}, but its clean-up is still pending, {ran}: "
                "Harvester refuses the next upgrade"
            ),
            evidence=(*show(facts, upgrade.ref, CLEANING, STATE, CLEANUP_DONE),),
            next=(
                "Let Harvester look again: `kubectl rollout restart deployment -n harvester-system harvester`.",
                (
                    f"If that does not help, say by hand that the images are cleaned up: `kubectl annotate {UPGRADES} "
                    f"-n harvester-system {name} harvesterhci.io/image-cleanup-plan-completed=true`."
                ),
            ),
            caution="The upgrade must be over on every node: cleaning up takes the old release's images away.",
        )


def _plan(facts: Facts, upgrade: Upgrade, task: str) -> NodePlan | None:
    plans = node_plans(facts.snapshot.objects("Plan"))
    return next((plan for plan in plans if (plan.upgrade, plan.task) == (upgrade.ref.name, task)), None)


def _at_work(facts: Facts, plan: NodePlan | None) -> bool:
    """Whether a plan has still to run somewhere: then it is either under way or held up, which another rule tells."""
    return plan is not None and bool(plan.missing({n.name: facts.pairing.obj(n) for n in facts.pairing.nodes}))


def _over(facts: Facts, since: Timestamp) -> bool:
    age = facts.now.since(since)
    return age is not None and age > DEADLINE


@rule("several-upgrades-running", needs={"Upgrade"})
def several_upgrades_running(facts: Facts) -> Iterator[Hit]:
    """More than one Upgrade is unfinished.

    Harvester admits one at a time. Two of them run their Jobs and plans against each other, and neither can tell which
    of the nodes' states are its own.
    """
    running = [upgrade for upgrade in facts.upgrades.all if upgrade.running]
    if len(running) > 1:
        yield Hit(
            subject=running[0].ref,
            message=f"{len(running)} Upgrades are unfinished: "
            + ", ".join(f"{u.ref.name} to {u.version or 'an image'} ({u.state or 'not begun'})" for u in running),
            evidence=tuple(evidence for u in running for evidence in show(facts, u.ref, STATE, LATEST, CREATED)),
            next=(
                (
                    f"See which one the nodes follow: `kubectl get {UPGRADES} -n harvester-system --show-labels`; its "
                    "Jobs carry the label harvesterhci.io/upgrade."
                ),
                "Ask vendor support before you delete the other.",
            ),
            caution="Do not delete the one whose nodes are under way.",
        )


@rule("upgrade-without-latest-label", severity=Severity.WARNING, needs={"Upgrade"})
def upgrade_without_latest_label(facts: Facts) -> Iterator[Hit]:
    """The label latestUpgrade does not mark the one Upgrade that counts.

    Exactly one Upgrade carries it: the current one. The dashboard shows that one; where another carries it, or several
    do, what is shown is not what runs.
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
        + (f"; {others} carries it" if others else ""),
        evidence=tuple(
            e for u in dict.fromkeys([current, *marked]) for e in show(facts, u.ref, LATEST, STATE, CREATED)
        ),
        next=(
            f"See that it is so: `kubectl get {UPGRADES} -n harvester-system --show-labels`.",
            "The label belongs to the youngest Upgrade alone; take it off the older ones.",
        ),
        causes=(Cause("several-upgrades-running", current.ref),),
    )


@rule(
    "planner-waits-for-ghost-machine",
    short="planner waits for ghost Machine",
    needs={"Machine", "Node", "RKEControlPlane"},
    links=["harvester/harvester#6203", "harvester/harvester#5158"],
)
def planner_waits_for_ghost_machine(facts: Facts) -> Iterator[Hit]:
    """Rancher's planner waits for a Machine that no living Node stands behind.

    It goes from tier to tier and waits for every Machine of one. What it waits for never answers, and the living
    nodes behind it never have their turn: the upgrade stands still and nothing fails.
    """
    told = [(t, [m for m in t.machines if _ghost(facts, _machine(m), t)]) for t in planner_messages(facts.snapshot)]
    ghosts = sorted({_machine(name) for _, names in told for name in names})
    if ghosts:
        yield Hit(
            subject=CONTROL_PLANE,
            message=f'Rancher\'s planner says "{_first(told)}", but '
            + " and ".join(_ghost(facts, machine) for machine in ghosts),
            evidence=(
                *(Evidence(t.subject, t.path, t.message) for t, names in told if names),
                *(e for m in ghosts for e in (show(facts, m, NODE_REF) if m in facts.links.objects else (gone(*m),))),
            ),
            next=(
                advice.SEE_MACHINES,
                "Deal with each Machine as its own finding says; the planner then goes on by itself.",
            ),
            caution=advice.DELETES_NODE,
            causes=tuple(
                Cause(name, machine)
                for machine in ghosts
                for name in ("machine-dangling-node", "machine-without-node-ref", "machine-stuck-deleting")
            ),
            targets=tuple(ghosts),
        )


def _machine(name: str) -> ObjectRef:
    return ObjectRef("Machine", "fleet-local", name)


def _ghost(facts: Facts, machine: ObjectRef, told: PlannerMessage | None = None) -> str:
    """What is wrong with a Machine that the planner names; empty where a Node stands behind it or still may."""
    if machine not in facts.links.objects:
        age = facts.now.since(Timestamp(told.since)) if told else None
        if age is not None and age < LAG:
            return ""  # a Machine that was just removed as it should be: the planner's words lag behind
        return f"there is no Machine {machine.name}"
    if facts.fresh(machine) or facts.leaving(machine):
        return ""
    edge = facts.pairing.node_ref(machine)
    if edge is None:
        return f"Machine {machine.name} has no Node"
    return f"Node {edge.value} of Machine {machine.name} does not exist" if edge.broken else ""


def _first(told: list[tuple[PlannerMessage, list[str]]]) -> str:
    return next(t.message for t, names in told if names)
