"""Plans of the system-upgrade-controller that an upgrade waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from harvdiag.core.conditions import condition_path, find_condition
from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.columns import condition_column
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import explain_host, quote_evidence, quote_job
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.phases import AT_SERVICES, DONE, PRELOADED
from harvdiag.upgrade.plans import GONE, PREPARE, SYSTEM_AGENT, NodePlan, node_plans

APPLYING = "status.applying"
UNPAIRED = ("node-not-managed", "node-without-machine", "node-half-joined", "node-dangling-machine")
FAILED = condition_column("failed", "Failed")
RAN_AND_FAILED, UNREGISTERED = "ran it and failed", "is not registered: it has no Machine"
ON_NODE = "upgrade.cattle.io/node"
RESOURCE = "plans.upgrade.cattle.io"
BY_HAND = "Do not set the label of the plan by hand: the Node would continue without what the plan does."
DEADLINE = timedelta(hours=1)
"""How long a Job of a plan may run (jobActiveDeadlineSecs, 3600)."""


def _label_path(plan: NodePlan) -> str:
    return f'metadata.labels["{plan.label}"]'


@rule(
    "upgrade-prepare-stuck",
    needs={"Upgrade", "Plan", "Node", "Job"},
    optional={"Machine", "Pod"},
    links=["harvester/harvester#9880", "harvester/harvester#4902"],
)
def upgrade_prepare_stuck(facts: Facts) -> Iterator[Hit]:
    """The images cannot be loaded onto a Node.

    The plan "prepare" of an upgrade ends when every managed Node has run it. A Node that is not Ready cannot, and one
    that no longer exists keeps its place among those in progress, so that the others are not started. Nor does the plan
    end if its Job has failed.
    """
    rollout = facts.upgrade_run
    if rollout is None or rollout.upgrade.state != "PreparingNodes":
        return
    upgrade = rollout.upgrade.ref
    for plan in _plans_of_upgrade(facts, upgrade.name):
        why = _failed_nodes(facts, plan) | plan.held_up_by(_nodes_by_name(facts), facts.now)
        if plan.task == PREPARE and why:
            yield _held_up_hit(facts, upgrade, plan, why, f"cannot load its images: {plan.ref.name} cannot end")


def _failed_nodes(facts: Facts, plan: NodePlan) -> dict[str, str]:
    """Return the Nodes on which a Job of the plan failed (a full disk, its deadline of an hour) and none is active."""
    facts.snapshot.require("Job", plan.ref.namespace)
    jobs = [
        job for job in facts.snapshot.objects("Job") if get_labels(job).get("upgrade.cattle.io/plan") == plan.ref.name
    ]
    busy = {str(get_labels(job).get(ON_NODE)) for job in jobs if field_path("status.active").get(job)}
    failed = {str(get_labels(job).get(ON_NODE)) for job in jobs if FAILED.value(job) == "True"}
    return {name: RAN_AND_FAILED for name in plan.missing(_nodes_by_name(facts)) if name in failed - busy}


@rule(
    "upgrade-plan-waits-for-dead-node",
    needs={"Upgrade", "Plan", "Node"},
    optional={"Machine", "Job", "Pod"},
    links=["harvester/harvester#9880", "harvester/harvester#10101"],
)
def upgrade_plan_waits_for_dead_node(facts: Facts) -> Iterator[Hit]:
    """A plan of the upgrade waits for a Node that cannot run it.

    Between its phases an upgrade waits for plans of the system-upgrade-controller: before the services are upgraded,
    before the nodes have their turn, and when it cleans up. Each ends when every selected Node has run it; one that
    is gone or not Ready blocks the whole upgrade.
    """
    for upgrade in facts.upgrades.all:
        plans = _plans_of_upgrade(facts, upgrade.ref.name) if _waits_for_plan(upgrade) else []
        nodes = _nodes_by_name(facts)
        blocked = [(p, why) for p in plans if p.task != PREPARE and (why := p.held_up_by(nodes, facts.now))]
        if blocked:
            yield _held_up_hit(
                facts, upgrade.ref, *blocked[0], f"waits for a plan: {blocked[0][0].ref.name} cannot end"
            )


def _waits_for_plan(upgrade: Upgrade) -> bool:
    if upgrade.running:
        return upgrade.state == AT_SERVICES or upgrade.waits_for_gate
    return upgrade.cleanup_state == "Pending"


def _held_up_hit(facts: Facts, subject: ObjectRef, plan: NodePlan, why: dict[str, str], lead: str) -> Hit:
    refs = [ObjectRef("Node", "", name) for name in why]
    reasons = " and ".join(f"{name} {reason}" for name, reason in why.items())
    return Hit(
        subject=subject,
        message=f"{subject.kind} {subject.name} {lead}, because {reasons}",
        evidence=(
            *(evidence for node in refs for evidence in _failure_evidence(facts, plan, node.name)),
            *field_evidence(facts, plan.ref, APPLYING, "status.latestHash"),
            *(evidence for node in refs for evidence in _liveness_evidence(facts, node, _label_path(plan))),
        ),
        next=(
            advice.inspect_object(RESOURCE, plan.ref.name, plan.ref.namespace),
            *(_recovery_step(ref, why[ref.name]) for ref in refs),
        ),
        caution=f"{BY_HAND} {advice.QUORUM}",
        causes=tuple(cause for node in refs for cause in _node_causes(facts, node)),
    )


def _failure_evidence(facts: Facts, plan: NodePlan, node: str) -> Iterator[Evidence]:
    """Return the condition of each Job of the plan that failed on a Node, with its reason."""
    for job in _jobs_on_node(facts, plan, node):
        if FAILED.value(job) == "True":
            ref = ObjectRef("Job", get_text(job, "metadata.namespace"), name_of(job))
            failed = find_condition(job, "Failed")
            yield Evidence(ref, condition_path("Failed"), failed.reason or failed.status or "True")
            yield from quote_evidence(ref, quote_job(facts, ref))


def _recovery_step(node: ObjectRef, why: str) -> str:
    if why in {RAN_AND_FAILED, UNREGISTERED}:
        return (
            "Read the log of its Job: `kubectl get jobs,pods -n cattle-system -l "
            f"upgrade.cattle.io/node={actions.quote_argument(node.name)}`; a full disk and a registry or server that "
            "does not answer are the usual reasons. When that is fixed, ask vendor support how to run it again."
        )
    if why == GONE:
        return (
            f"Node {node.name} is gone: verify that its Machine is gone too, then delete its Job, so that the plan "
            "drops it: `kubectl delete jobs -n cattle-system -l "
            f"upgrade.cattle.io/node={actions.quote_argument(node.name)}`."
        )
    return (
        f"Bring {node.name} back: `kubectl describe node {actions.quote_argument(node.name)}`, and on the host "
        "`journalctl -u rke2-server -u rke2-agent`; the plan then continues by itself."
    )


def _node_causes(facts: Facts, node: ObjectRef) -> list[Cause]:
    """Return the causes: a Machine that still references a Node that is gone, or the Node's own fault."""
    ghosts = [edge.source for edge in facts.links.edges_to(node, "status.nodeRef.name")]
    dangling = [Cause("machine-dangling-node", machine) for machine in ghosts]
    return [*dangling, *(Cause(name, node) for name in ("upgrade-names-missing-node", "node-unready", *UNPAIRED))]


def _liveness_evidence(facts: Facts, node: ObjectRef, *paths: str) -> Iterator[Evidence]:
    if node not in facts.links.objects:
        yield missing_evidence(*node)
        return
    yield from field_evidence(facts, node, *paths)
    if ready := find_condition(facts.pairing.obj(node), "Ready"):
        yield Evidence(node, ready.path, ready.status or None)


@rule(
    "system-agent-plan-stuck",
    needs={"Plan", "Node", "Machine", "CustomMachine", "RKEBootstrap", "Job", "Upgrade"},
    links=["harvester/harvester#9880"],
)
def system_agent_plan_stuck(facts: Facts) -> Iterator[Hit]:
    """Rancher's plan that installs the system agent is stuck.

    system-agent-upgrader runs on every Node each time Rancher is upgraded, and only it registers the first node. As
    long as it is busy with a Node that is dead, or that it fails to register, other Nodes may wait for their agent.
    """
    nodes = _nodes_by_name(facts)
    for plan in node_plans(facts.snapshot.objects("Plan")):
        if plan.ref.name != SYSTEM_AGENT:
            continue
        why = {name: GONE for name in plan.applying if name not in nodes}
        held = plan.held_up_by(nodes, facts.now)
        reasons = {name: _why_blocked(facts, plan, name, held) for name in plan.applying if name in nodes}
        why |= {name: reason for name, reason in reasons.items() if reason}
        if why:
            hit = _held_up_hit(facts, plan.ref, plan, why, "is stuck")
            logs = [explain_host(facts, ObjectRef("Node", "", name), n) for n, name in enumerate(_unregistered(why))]
            found = tuple(step for log in logs if log.evidence for step in log.steps)
            lines = tuple(line for log in logs for line in log.evidence)
            yield replace(
                hit,
                evidence=(*hit.evidence, *lines),
                next=(*found, *hit.next, *_retry_steps(why)),
                causes=_external_causes(hit),
            )


def _unregistered(why: dict[str, str]) -> list[str]:
    return [name for name, reason in why.items() if reason == UNREGISTERED]


def _external_causes(hit: Hit) -> tuple[Cause, ...]:
    """Return the causes except those that follow from the plan itself: a Node it did not register has no Machine."""
    return tuple(cause for cause in hit.causes if cause.rule not in {"node-without-machine", "node-not-managed"})


def _why_blocked(facts: Facts, plan: NodePlan, name: str, held: Mapping[str, str]) -> str:
    """Return why the plan makes no progress at a Node; empty if it may, as while an upgrade restarts that Node."""
    node = ObjectRef("Node", "", name)
    state = facts.upgrade_run.upgrade.nodes.get(name, DONE) if facts.upgrade_run else DONE
    if facts.recently_created(node) or facts.recently_deleted(node):
        return ""
    if facts.pairing.is_orphan(node) and all(map(facts.links.seen, ("Machine", "CustomMachine", "RKEBootstrap"))):
        return "" if _is_registering(facts, plan, name) else UNREGISTERED
    return held.get(name, "") if state in {DONE, PRELOADED} else ""


def _is_registering(facts: Facts, plan: NodePlan, node: str) -> bool:
    """Return whether a Job of the plan has been active on the Node for less than an hour: it may still register it."""
    facts.snapshot.require("Job", plan.ref.namespace)
    jobs = _jobs_on_node(facts, plan, node)
    starts = [get_text(job, "status.startTime") for job in jobs if field_path("status.active").get(job)]
    ages = [age for start in starts if (age := facts.now.since(Timestamp(start))) is not None]
    return any(age < DEADLINE for age in ages)


def _jobs_on_node(facts: Facts, plan: NodePlan, node: str) -> list[Obj]:
    """Return the Jobs of a plan on a Node, by their labels."""
    wanted = {"upgrade.cattle.io/plan": plan.ref.name, ON_NODE: node}
    return [job for job in facts.snapshot.objects("Job") if wanted.items() <= get_labels(job).items()]


def _retry_steps(why: dict[str, str]) -> Iterator[str]:
    if UNREGISTERED in why.values():
        yield (
            "A Job of this plan that hangs may be deleted, the system-upgrade-controller creates it again: `kubectl "
            f"delete jobs -n cattle-system -l upgrade.cattle.io/plan={SYSTEM_AGENT}`."
        )


def _plans_of_upgrade(facts: Facts, upgrade: str) -> list[NodePlan]:
    return [plan for plan in node_plans(facts.snapshot.objects("Plan")) if plan.upgrade == upgrade]


def _nodes_by_name(facts: Facts) -> dict[str, Obj]:
    return {ref.name: facts.pairing.obj(ref) for ref in facts.pairing.nodes}
