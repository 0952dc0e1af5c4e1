"""Plans of the system-upgrade-controller that an upgrade waits for, and those that one left behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from harvdiag.core.conditions import condition_path, find_condition
from harvdiag.core.fields import Obj, field, labels, name_of, text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.columns import condition_column
from harvdiag.kinds.local import PROVISIONING
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import gone, show
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.phases import AT_SERVICES, DONE, PHASES, PRELOADED, SERVICES
from harvdiag.upgrade.plans import GONE, PREPARE, SKIP_RESTART, SYSTEM_AGENT, NodePlan, node_plans

MANAGED = 'metadata.labels["harvesterhci.io/managed"]'
STATE = 'metadata.labels["harvesterhci.io/upgradeState"]'
APPLYING, MADE_FOR = "status.applying", 'metadata.labels["harvesterhci.io/upgrade"]'
UNPAIRED = ("node-not-managed", "node-without-machine", "node-half-joined", "node-dangling-machine")
FAILED = condition_column("failed", "Failed")
RAN_AND_FAILED, UNREGISTERED = "ran it and failed", "is not registered: it has no Machine"
ON_NODE = "upgrade.cattle.io/node"
RESOURCE = "plans.upgrade.cattle.io"
BEFORE_SERVICES = frozenset(phase.label for phase in PHASES if phase.number < SERVICES)
"""The phases in which the services are not begun; the nodes' images are loaded in the last of them."""
UNMANAGED = (
    "Setting the label by hand lets the plan run, but a Node without a Machine then stops the upgrade at "
    '"Images preloaded", where the Upgrade can no longer be deleted (harvester/harvester#8236).'
)
BY_HAND = "Do not set the label of the plan by hand: the Node would go on without what the plan does."
DEADLINE = timedelta(hours=1)
"""How long a Job of a plan may run (jobActiveDeadlineSecs, 3600)."""


@rule(
    "upgrade-plan-blocked-by-unmanaged-node",
    needs={"Upgrade", "Plan", "Node"},
    links=["harvester/harvester#8236", "harvester/harvester#8179"],
)
def upgrade_plan_blocked_by_unmanaged_node(facts: Facts) -> Iterator[Hit]:
    """The upgrade of the system services waits for a Node that its plan does not select.

    The plan selects the Nodes that Harvester manages; the Job apply-manifests counts all Nodes and waits until each
    has the plan's label ("Waiting for plan … skip-restart-rancher-system-agent to complete"). For a Node without the
    label harvesterhci.io/managed=true that never comes.
    """
    rollout = facts.upgrade_run
    if rollout is None or rollout.upgrade.state != AT_SERVICES:
        return
    upgrade = rollout.upgrade.ref
    for plan in _of_upgrade(facts, upgrade.name):
        known = [(ref, facts.pairing.obj(ref)) for ref in facts.pairing.nodes if not facts.fresh(ref)]
        left_out = [ref for ref, obj in known if not plan.selects(obj) and plan.label not in labels(obj)]
        if plan.task != SKIP_RESTART or not left_out:
            continue
        yield Hit(
            subject=upgrade,
            message=(
                f"Upgrade {upgrade.name} waits for {_names(left_out)}: its plan {plan.ref.name} skips what Harvester "
                "does not manage, while the Job apply-manifests waits until every Node has run it"
            ),
            evidence=(
                *(evidence for node in left_out for evidence in show(facts, node, MANAGED, _label(plan))),
                *show(facts, plan.ref, "spec.nodeSelector"),
                *show(facts, upgrade, STATE),
            ),
            next=(
                _find_out(left_out),
                advice.TAKE_BACK,
            ),
            caution=UNMANAGED,
            causes=tuple(cause for node in left_out for cause in _unmanaged_causes(facts, node)),
            targets=tuple(left_out),
        )


def _find_out(nodes: list[ObjectRef]) -> str:
    return f"Find out why {_names(nodes)} has no label harvesterhci.io/managed: the finding of the Node says how."


def _unmanaged_causes(facts: Facts, node: ObjectRef) -> Iterator[Cause]:
    """What explains that the label never came: the Node's own fault, or that it follows the Machine of another."""
    named = facts.pairing.machine_ref(node)
    yield from (Cause(name, node) for name in UNPAIRED)
    yield from ([Cause("nodes-share-machine", named.target)] if named else ())


@rule(
    "upgrade-will-wait-for-unmanaged-node",
    severity=Severity.WARNING,
    needs={"Upgrade", "Node"},
    links=["harvester/harvester#8236", "harvester/harvester#8179"],
)
def upgrade_will_wait_for_unmanaged_node(facts: Facts) -> Iterator[Hit]:
    """The upgrade will stop at a Node that Harvester does not manage.

    When it upgrades the system services, it waits until every Node has run a plan that selects only Nodes with the
    label harvesterhci.io/managed=true. As long as that phase has not begun, the upgrade is easily taken back.
    """
    rollout = facts.upgrade_run
    if rollout is None or rollout.upgrade.state not in BEFORE_SERVICES:
        return
    upgrade, left_out = rollout.upgrade.ref, (n.ref for n in rollout.nodes if n.exists and not n.managed)
    if not (bare := [ref for ref in left_out if not facts.fresh(ref)]):
        return
    yield Hit(
        subject=upgrade,
        message=(
            f"Upgrade {upgrade.name} will wait without end for {_names(bare)} when it upgrades the system services: a "
            "plan has to run on every Node then, and it skips what Harvester does not manage"
        ),
        evidence=(*(row for node in bare for row in show(facts, node, MANAGED)), *show(facts, upgrade, STATE)),
        next=(
            _find_out(bare),
            (
                "No service is changed yet, and Harvester lets you delete the Upgrade: mend or remove the Node first, "
                "then start the upgrade again."
            ),
        ),
        caution=UNMANAGED,
        causes=tuple(
            cause for node in bare for cause in (Cause("node-not-managed", node), *_unmanaged_causes(facts, node))
        ),
    )


def _label(plan: NodePlan) -> str:
    return f'metadata.labels["{plan.label}"]'


@rule(
    "upgrade-prepare-stuck",
    needs={"Upgrade", "Plan", "Node", "Job"},
    links=["harvester/harvester#9880", "harvester/harvester#4902"],
)
def upgrade_prepare_stuck(facts: Facts) -> Iterator[Hit]:
    """The images cannot be loaded onto a Node.

    The plan "prepare" of an upgrade ends when every managed Node has run it. A Node that is not Ready cannot, and one
    that does not exist any more keeps its place among those that are at work, so that the others are not begun. Nor
    does it end where its Job has failed.
    """
    rollout = facts.upgrade_run
    if rollout is None or rollout.upgrade.state != "PreparingNodes":
        return
    upgrade = rollout.upgrade.ref
    for plan in _of_upgrade(facts, upgrade.name):
        why = _failed(facts, plan) | plan.held_up_by(_nodes(facts), facts.now)
        if plan.task == PREPARE and why:
            yield _held_up(facts, upgrade, plan, why, f"cannot load its images: {plan.ref.name} cannot end")


def _failed(facts: Facts, plan: NodePlan) -> dict[str, str]:
    """The Nodes on which a Job of the plan has failed (a full disk, its deadline of an hour) and none is at work."""
    jobs = [job for job in facts.snapshot.objects("Job") if labels(job).get("upgrade.cattle.io/plan") == plan.ref.name]
    busy = {str(labels(job).get(ON_NODE)) for job in jobs if field("status.active").get(job)}
    failed = {str(labels(job).get(ON_NODE)) for job in jobs if FAILED.value(job) == "True"}
    return {name: RAN_AND_FAILED for name in plan.missing(_nodes(facts)) if name in failed - busy}


@rule(
    "upgrade-plan-waits-for-dead-node",
    needs={"Upgrade", "Plan", "Node"},
    links=["harvester/harvester#9880", "harvester/harvester#10101"],
)
def upgrade_plan_waits_for_dead_node(facts: Facts) -> Iterator[Hit]:
    """A plan of the upgrade waits for a Node that cannot run it.

    Between its phases an upgrade waits for plans of the system-upgrade-controller: before the services are upgraded,
    before the nodes have their turn, and when it cleans up. Each ends when every selected Node has run it; one that
    is gone or not Ready holds up the whole.
    """
    for upgrade in facts.upgrades.all:
        plans = _of_upgrade(facts, upgrade.ref.name) if _waits_for_plan(upgrade) else []
        held = [(p, why) for p in plans if p.task != PREPARE and (why := p.held_up_by(_nodes(facts), facts.now))]
        if held:
            yield _held_up(facts, upgrade.ref, *held[0], f"waits for a plan: {held[0][0].ref.name} cannot end")


def _waits_for_plan(upgrade: Upgrade) -> bool:
    if upgrade.running:
        return upgrade.state == AT_SERVICES or upgrade.waits_for_gate
    return upgrade.cleanup_state == "Pending"


def _held_up(facts: Facts, subject: ObjectRef, plan: NodePlan, why: dict[str, str], lead: str) -> Hit:
    refs = [ObjectRef("Node", "", name) for name in why]
    told = " and ".join(f"{name} {reason}" for name, reason in why.items())
    return Hit(
        subject=subject,
        message=f"{subject.kind} {subject.name} {lead}, because {told}",
        evidence=(
            *(evidence for node in refs for evidence in _failures(facts, plan, node.name)),
            *show(facts, plan.ref, APPLYING, "status.latestHash"),
            *(evidence for node in refs for evidence in _liveness(facts, node, _label(plan))),
        ),
        next=(
            *(_revive(ref, why[ref.name]) for ref in refs),
            advice.describe(RESOURCE, plan.ref.name, plan.ref.namespace),
        ),
        caution=f"{BY_HAND} {advice.QUORUM}",
        causes=tuple(cause for node in refs for cause in _causes(facts, node)),
    )


def _failures(facts: Facts, plan: NodePlan, node: str) -> Iterator[Evidence]:
    """The Job of the plan that failed on a Node, with the reason that it gives."""
    mine = {"upgrade.cattle.io/plan": plan.ref.name, ON_NODE: node}
    for job in facts.snapshot.objects("Job"):
        if mine.items() <= labels(job).items() and FAILED.value(job) == "True":
            ref = ObjectRef("Job", text(job, "metadata.namespace"), name_of(job))
            failed = find_condition(job, "Failed")
            yield Evidence(ref, condition_path("Failed"), failed.reason or failed.status or "True")


def _revive(node: ObjectRef, why: str) -> str:
    if why in {RAN_AND_FAILED, UNREGISTERED}:
        return (
            "Read the log of its Job: `kubectl get jobs,pods -n cattle-system -l "
            f"upgrade.cattle.io/node={advice.arg(node.name)}`; a full disk and a registry or server that does not "
            "answer are the usual reasons."
        )
    if why == GONE:
        return (
            f"Node {node.name} is gone: see that its Machine is gone too, then let the plan forget it by deleting its "
            f"Job (`kubectl get jobs -n cattle-system -l upgrade.cattle.io/node={advice.arg(node.name)}`)."
        )
    return (
        f"Bring {node.name} back: `kubectl describe node {advice.arg(node.name)}`, and on the host `journalctl -u "
        "rke2-server -u rke2-agent`; the plan then goes on by itself."
    )


def _causes(facts: Facts, node: ObjectRef) -> list[Cause]:
    """A Machine that still names a Node that is gone, or the Node's own fault."""
    ghosts = [edge.source for edge in facts.links.edges_to(node, "status.nodeRef.name")]
    found = [Cause("machine-dangling-node", machine) for machine in ghosts]
    return [*found, *(Cause(name, node) for name in ("upgrade-names-missing-node", *UNPAIRED))]


def _liveness(facts: Facts, node: ObjectRef, *paths: str) -> Iterator[Evidence]:
    if node not in facts.links.objects:
        yield gone(*node)
        return
    yield from show(facts, node, *paths)
    if ready := find_condition(facts.pairing.obj(node), "Ready"):
        yield Evidence(node, ready.path, ready.status or None)


@rule("system-agent-plan-stuck", needs={"Plan", "Node"}, links=["harvester/harvester#9880"])
def system_agent_plan_stuck(facts: Facts) -> Iterator[Hit]:
    """Rancher's plan that installs the system agent is stuck.

    system-agent-upgrader runs on every Node each time Rancher is upgraded, and it alone registers the first node. As
    long as it is at work at a Node that is dead, or that it fails to register, other Nodes may wait for their agent.
    """
    nodes = _nodes(facts)
    for plan in node_plans(facts.snapshot.objects("Plan")):
        if plan.ref.name != SYSTEM_AGENT:
            continue
        why = {name: GONE for name in plan.applying if name not in nodes}
        why |= {name: reason for name in plan.applying if name in nodes and (reason := _unable(facts, plan, name))}
        if why:
            hit = _held_up(facts, plan.ref, plan, why, "is stuck")
            yield replace(hit, next=(*hit.next, *_anew(why)), causes=_not_its_own(hit))


def _not_its_own(hit: Hit) -> tuple[Cause, ...]:
    """The causes without those that follow from the plan itself: a Node that it did not register has no Machine."""
    return tuple(cause for cause in hit.causes if cause.rule not in {"node-without-machine", "node-not-managed"})


def _unable(facts: Facts, plan: NodePlan, name: str) -> str:
    """Why the plan does not get on at a Node; empty where it may, also because an upgrade restarts that Node."""
    node = ObjectRef("Node", "", name)
    state = facts.upgrade_run.upgrade.nodes.get(name, DONE) if facts.upgrade_run else DONE
    if facts.fresh(node) or facts.leaving(node):
        return ""
    if facts.pairing.is_orphan(node) and all(map(facts.links.seen, ("Machine", "CustomMachine", "RKEBootstrap"))):
        return "" if _registering(facts, plan, name) else UNREGISTERED
    return plan.held_up_by(_nodes(facts), facts.now).get(name, "") if state in {DONE, PRELOADED} else ""


def _registering(facts: Facts, plan: NodePlan, node: str) -> bool:
    """Whether a Job of the plan is at work on the Node for less than an hour: it may still register it."""
    mine = {"upgrade.cattle.io/plan": plan.ref.name, ON_NODE: node}
    jobs = [job for job in facts.snapshot.objects("Job") if mine.items() <= labels(job).items()]
    began = [text(job, "status.startTime") for job in jobs if field("status.active").get(job)]
    ages = [age for at in began if (age := facts.now.since(Timestamp(at))) is not None]
    return any(age < DEADLINE for age in ages)


def _anew(why: dict[str, str]) -> Iterator[str]:
    if UNREGISTERED in why.values():
        yield "A Job of this plan that hangs may be deleted: the system-upgrade-controller makes it anew."


@rule("leftover-upgrade-plan", severity=Severity.INFO, needs={"Upgrade", "Plan"}, links=["harvester/harvester#6203"])
def leftover_upgrade_plan(facts: Facts) -> Iterator[Hit]:
    """A plan belongs to an Upgrade that does not exist.

    Harvester removes the plans of an upgrade when it is over. One that remains shows that its Upgrade was deleted
    before; the system-upgrade-controller still runs it on every Node that joins.
    """
    there = {upgrade.ref.name for upgrade in facts.upgrades.all}
    for plan in node_plans(facts.snapshot.objects("Plan")):
        if not plan.upgrade or plan.upgrade in there:
            continue
        upgrade = ObjectRef("Upgrade", "harvester-system", plan.upgrade)
        yield Hit(
            subject=plan.ref,
            message=f"Plan {plan.ref.name} is left over: there is no Upgrade {plan.upgrade}",
            evidence=(gone(*upgrade), *show(facts, plan.ref, MADE_FOR, APPLYING)),
            next=(
                advice.describe(RESOURCE, plan.ref.name, plan.ref.namespace),
                (
                    "When nothing else of that upgrade is under way, it may be deleted: `kubectl delete "
                    f"{RESOURCE} -n {plan.ref.namespace} {advice.arg(plan.ref.name)}`."
                ),
            ),
            caution=f"Do not delete Plan {plan.ref.name} while one of its Jobs is at work on a host.",
            causes=(Cause("upgrade-deleted-midway", PROVISIONING),),
            targets=(upgrade,),
        )


def _of_upgrade(facts: Facts, upgrade: str) -> list[NodePlan]:
    return [plan for plan in node_plans(facts.snapshot.objects("Plan")) if plan.upgrade == upgrade]


def _nodes(facts: Facts) -> dict[str, Obj]:
    return {ref.name: facts.pairing.obj(ref) for ref in facts.pairing.nodes}


def _names(nodes: list[ObjectRef]) -> str:
    return " and ".join(node.name for node in nodes)
