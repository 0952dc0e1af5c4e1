"""Plans of an upgrade that the system-upgrade-controller does not carry out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.conditions import conditions_of, find_condition
from harvdiag.core.fields import Obj, field_path, get_labels, get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import column_evidence, field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.pod_evidence import find_trouble
from harvdiag.rules.thresholds import BROKEN
from harvdiag.rules.upgrade_evidence import age_since
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.jobs import ENDS
from harvdiag.upgrade.phases import AT_SERVICES
from harvdiag.upgrade.plans import GATE, PREPARE, SKIP_RESTART, NodePlan, node_plans
from harvdiag.upgrade.wording import format_duration

SPACE, CONTROLLER = "cattle-system", "system-upgrade-controller"
DEPLOYMENT = ObjectRef("Deployment", SPACE, CONTROLLER)
OF_PLAN, ON_NODE = "upgrade.cattle.io/plan", "upgrade.cattle.io/node"
RESTART = (
    "Restart the controller, which looks at its Plans again: `kubectl rollout restart deployment -n "
    f"{SPACE} {CONTROLLER}`."
)

COMPARE = "Compare its selector with the labels of the Nodes: `kubectl get nodes --show-labels`."


class _Halt(NamedTuple):
    """Why a Plan does not get on: a sentence's part, its Node if it is about one, and the evidence."""

    text: str
    node: ObjectRef | None
    evidence: tuple[Evidence, ...]
    step: str = RESTART


@rule(
    "upgrade-plan-not-started",
    short="Plan not started",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "Plan", "Node", "Job"},
    optional={"Deployment", "Pod", "Event"},
    links=["harvester/harvester#9880"],
    everywhere=True,
)
def upgrade_plan_not_started(facts: Facts) -> Iterator[Hit]:
    """A Plan of the upgrade is not carried out.

    The system-upgrade-controller resolves a Plan, selects Nodes, and creates a Job for each. If it does not see the
    Plan, or lost the Job of a Node that counts as being worked on, nothing runs and nothing fails.
    """
    rollout = facts.upgrade_run
    if rollout is None:
        return
    task = _current_task(rollout.upgrade)
    nodes = {ref.name: facts.pairing.obj(ref) for ref in facts.pairing.nodes}
    for plan in node_plans(facts.snapshot.objects("Plan")):
        if plan.upgrade != rollout.upgrade.ref.name or plan.task != task or plan.held_up_by(nodes, facts.now):
            continue
        jobs = [job for job in facts.snapshot.objects("Job") if get_labels(job).get(OF_PLAN) == plan.ref.name]
        age = age_since(facts, *_times(facts, rollout.upgrade, plan, jobs))
        halt = _find_halt(facts, plan, nodes, jobs)
        if halt and age >= facts.span(BROKEN):
            yield _halt_hit(facts, plan, halt, format_duration(age))


def _current_task(upgrade: Upgrade) -> str:
    """Return which Plan the upgrade waits for now; empty where it waits for none."""
    if upgrade.waits_for_gate:
        return GATE
    return {"PreparingNodes": PREPARE, AT_SERVICES: SKIP_RESTART}.get(upgrade.state, "")


def _times(facts: Facts, upgrade: Upgrade, plan: NodePlan, jobs: list[Obj]) -> Iterator[str]:
    """The times at which the Plan last got on: it was created, its phase began, a Job of it began or ended."""
    yield get_text(facts.snapshot.get(plan.ref), "metadata.creationTimestamp")
    yield from (found.since for found in upgrade.conditions.values())
    for job in jobs:
        yield get_text(job, "status.startTime") or get_text(job, "metadata.creationTimestamp")
        yield get_text(job, "status.completionTime")
        yield from (found.changed for found in conditions_of(job))


def _find_halt(facts: Facts, plan: NodePlan, nodes: dict[str, Obj], jobs: list[Obj]) -> _Halt | None:
    if not plan.hash:
        return _Halt(
            "has no status: its controller has not taken it up", None, field_evidence(facts, plan.ref, "status")
        )
    if not any(plan.selects(node) for node in nodes.values()):
        selector = field_evidence(facts, plan.ref, "spec.nodeSelector")
        return _Halt(f"selects none of the {len(nodes)} Nodes", None, selector, COMPARE)
    open_on = {str(get_labels(job).get(ON_NODE)) for job in jobs if not _is_over(job)}
    left = [name for name in plan.missing(nodes) if name not in {str(get_labels(job).get(ON_NODE)) for job in jobs}]
    lost = [name for name in plan.applying if name in left]
    proof = field_evidence(facts, plan.ref, "status.applying", "status.latestHash")
    if lost:
        return _Halt(
            f"counts as being applied to Node {join_names(lost)}, but there is no Job for it",
            ObjectRef("Node", "", lost[0]),
            (*proof, *_complete_evidence(facts, plan)),
        )
    if left and not open_on:
        return _Halt(f"has yet to run on {join_names(left)}, but no Job of it is at work", None, proof)
    return None


def _is_over(job: Obj) -> bool:
    return bool(field_path("status.succeeded").get(job)) or any(
        found.status == "True" and found.type in ENDS for found in conditions_of(job)
    )


def _complete_evidence(facts: Facts, plan: NodePlan) -> tuple[Evidence, ...]:
    row = find_condition(facts.snapshot.get(plan.ref), "Complete")
    return (Evidence(plan.ref, row.path, row.message or row.reason or row.status),) if row.status else ()


def _halt_hit(facts: Facts, plan: NodePlan, halt: _Halt, idle: str) -> Hit:
    controller, pods = facts.snapshot.get(DEPLOYMENT), []
    if controller is not None and not field_path("status.availableReplicas").get(controller):
        pods = find_trouble(facts, facts.find("Pod", Wanted(namespace=SPACE, prefixes=(f"{CONTROLLER}-",))))
    down = controller is not None and not field_path("status.availableReplicas").get(controller)
    why = f"; {CONTROLLER} has no pod that is available" if down else ""
    why += f": Pod {pods[0].pod.name} {pods[0].text}" if pods else ""
    return Hit(
        subject=halt.node or plan.ref,
        message=f"Plan {plan.ref.name} {halt.text}; nothing has happened for {idle}{why}",
        evidence=(
            *halt.evidence,
            *(column_evidence(facts, DEPLOYMENT, "desired", "available") if down else ()),
            *(line for pod in pods[:1] for line in pod.evidence),
        ),
        next=(
            halt.step,
            f"See what it does: `kubectl logs -n {SPACE} deployment/{CONTROLLER} --tail=100`.",
            advice.inspect_object("plans.upgrade.cattle.io", plan.ref.name, plan.ref.namespace),
            advice.IF_UNCLEAR,
        ),
        caution="Do not set the Plan's label on a Node by hand: the upgrade would go on without what the Plan does.",
        causes=(
            Cause("upgrade-prepare-stuck", ObjectRef("Upgrade", "harvester-system", plan.upgrade)),
            Cause("deployment-not-whole", DEPLOYMENT),
        ),
        targets=(plan.ref,) if halt.node else (),
    )
