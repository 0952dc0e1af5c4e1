"""Upgrade V2: an UpgradePlan that failed, was refused, or waits for what only an UpgradePlan waits for."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import NODE_REF
from harvdiag.kinds.local import LOCAL
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.planner_advice import RESTART_RANCHER
from harvdiag.rules.thresholds import PLANNER
from harvdiag.rules.upgrade_evidence import condition_evidence, has_settled, pairing_causes, plan_secret_evidence
from harvdiag.upgrade.answers import About, find_answers, find_machine_without_node
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.wording import created_at, image_of

PLANS = "upgradeplans.management.harvesterhci.io"
LONG = 400
PLANS_SEEN = {"Upgrade", "UpgradePlan"}
NAMED = {"Node", "Machine"}
"""The kinds of the objects that an answer may name."""
TOLD = ("Progressing", "Degraded")
UNPAIRED = ("node-without-machine", "node-half-joined", "node-dangling-machine", "node-machine-disagree")
OF_MACHINE = ("machine-without-node-ref", "machine-dangling-node", "machine-not-running", "machine-stuck-deleting")
EXPLAINED_BY: dict[About, tuple[str, ...]] = {
    About.NOT_READY: (),
    About.CORDONED: ("node-cordoned-after-upgrade",),
    About.LABEL: ("node-not-managed",),
    About.PAIR: UNPAIRED,
    About.MACHINE: OF_MACHINE,
    About.OTHER: (),
}
"""The findings that explain an answer of the checks, by what it is about."""


@rule("upgradeplan-failed", needs=PLANS_SEEN, optional=NAMED, links=["harvester/harvester#10469"])
def upgradeplan_failed(facts: Facts) -> Iterator[Hit]:
    """The latest UpgradePlan (Upgrade V2) has failed.

    It checks the disks and the certificates before it begins, and stops for good where a check, an image or a node
    fails. It is not resumed; what it had already changed stays as it is.
    """
    plan = facts.upgrades.failed_plan
    if plan is None:
        return
    said, last = plan.progressing, _last_phase(plan)
    nodes = [ObjectRef("Node", "", name) for name in plan.failed_nodes]
    text = said.message or plan.degraded
    yield Hit(
        subject=plan.ref,
        message=f"{_title(plan)} failed{f' after it had begun {last}' if last else ''}"
        f"{f': {format_value(text, LONG)}' if text else ''}"
        f"{f'; failed on {join_names([node.name for node in nodes])}' if nodes else ''}",
        evidence=(
            *field_evidence(facts, plan.ref, plan.state_path),
            *(e for kind in TOLD for e in condition_evidence(facts, plan.ref, kind, "reason", "message")),
        ),
        next=_failure_steps(plan, nodes),
        caution=(
            "Do not make another UpgradePlan before every node is on one version: check the versions of the nodes and "
            "which are cordoned."
        )
        if nodes
        else f"Leave {plan.ref.name} as it is while one of its Jobs is active.",
        causes=(
            *(Cause(name, node) for node in nodes for name in ("upgrade-node-failed", "upgrade-job-failed")),
            Cause("upgrade-job-failed", plan.ref),
            *_answer_causes(text),
        ),
        targets=tuple(_named_objects(facts, text)),
    )


def _failure_steps(plan: UpgradePlan, nodes: list[ObjectRef]) -> tuple[str, ...]:
    name = actions.quote_argument(plan.ref.name)
    look = f"Read all of what it says: `kubectl get {PLANS} {name} -o yaml`, its conditions and nodes."
    if nodes:
        return look, "Follow the finding of the node that failed first; then ask vendor support how to proceed."
    return (
        look,
        (
            f"When the cause is fixed, delete it: `kubectl delete {PLANS} {name}`, and make it again: `kubectl create "
            "-f plan.yaml`."
        ),
    )


@rule(
    "upgradeplan-refused",
    short="UpgradePlan refused",
    needs=PLANS_SEEN,
    optional=NAMED,
    links=["harvester/harvester#10469"],
)
def upgradeplan_refused(facts: Facts) -> Iterator[Hit]:
    """An UpgradePlan (Upgrade V2) does not begin, as a check before it is not passed.

    The checks are those of the webhook, which answers with all that is wrong at once.
    """
    plan = facts.upgrades.plan
    if plan is None or plan.blocked or plan.phase is None or plan.phase.place != 0:
        return
    text = next((c.message for kind in TOLD if (c := find_condition(plan.obj, kind)) and find_answers(c.message)), "")
    if text and has_settled(facts, created_at(plan)):
        yield _refused_hit(facts, plan, text)


def _refused_hit(facts: Facts, plan: UpgradePlan, text: str) -> Hit:
    return Hit(
        subject=plan.ref,
        message=f"{_title(plan)} does not begin: {format_value(text, LONG)}",
        evidence=tuple(e for kind in TOLD for e in condition_evidence(facts, plan.ref, kind, "reason", "message")),
        next=(
            "Fix each object that it names, as described in its own finding.",
            f"Then look whether it goes on: `kubectl get {PLANS} {actions.quote_argument(plan.ref.name)} -o yaml`.",
            advice.IF_UNCLEAR,
        ),
        caution="Do not skip the checks by an annotation: what they find stops the upgrade between two versions.",
        causes=_answer_causes(text),
        targets=tuple(_named_objects(facts, text)),
    )


@rule(
    "upgradeplan-concurrent",
    short="UpgradePlan waits for another",
    severity=Severity.WARNING,
    needs={"Upgrade", "UpgradePlan"},
    links=["harvester/harvester#10469"],
)
def upgradeplan_concurrent(facts: Facts) -> Iterator[Hit]:
    """An UpgradePlan (Upgrade V2) is kept from running by another one.

    Only one runs at a time; the other says ConcurrentUpgradeBlocked in its condition Available. It would begin where
    the first ends, which may be a surprise.
    """
    for plan in facts.upgrades.plans:
        if not plan.running or not plan.blocked or not has_settled(facts, created_at(plan)):
            continue
        others = [other.ref for other in facts.upgrades.plans if other.ref != plan.ref and other.running]
        names = join_names([other.name for other in others])
        yield Hit(
            subject=plan.ref,
            message=f"{_title(plan)} waits for "
            + (f"UpgradePlan {names}" if others else "another one, though none is running")
            + f": {format_value(plan.blocked, LONG)}",
            evidence=condition_evidence(facts, plan.ref, "Available", "reason", "message"),
            next=(
                f"Find out which one is wanted: `kubectl get {PLANS}`.",
                (
                    f"Delete the one that is not, if it has not begun: `kubectl delete {PLANS} "
                    f"{actions.quote_argument(plan.ref.name)}`."
                ),
            ),
            caution=advice.KEEP_RUNNING,
            targets=tuple(others),
        )


@rule(
    "upgradeplan-machine-without-node",
    short="Machine without Node stops V2",
    needs={"Upgrade", "UpgradePlan", "Node", "Machine", "Secret"},
    links=["harvester/harvester#10469"],
)
def upgradeplan_machine_without_node(facts: Facts) -> Iterator[Hit]:
    """A running UpgradePlan (Upgrade V2) cannot handle a plan Secret, as its Machine names no Node.

    It finds the node of a plan Secret by the Machine's nodeRef. Without one every attempt fails ("has no
    status.nodeRef.name"), and the hooks on that Secret are never answered.
    """
    rollout = facts.plan_run
    if rollout is None or not isinstance(rollout.upgrade, UpgradePlan) or rollout.upgrade.state != "NodeUpgrading":
        return
    machine = find_machine_without_node(rollout.upgrade.degraded)
    if machine is None or (machine in facts.links.objects and facts.pairing.node_ref(machine)):
        return  # it has found its Node since
    if facts.recently_created(machine):
        return
    yield Hit(
        subject=rollout.upgrade.ref,
        message=(
            f"{_title(rollout.upgrade)} fails at the plan Secret of Machine {machine.name}, which has no nodeRef: "
            "its hooks are not answered"
        ),
        evidence=(
            *condition_evidence(facts, rollout.upgrade.ref, "Degraded", "message"),
            *field_evidence(facts, machine, NODE_REF),
        ),
        next=(
            advice.inspect_object("machines.cluster.x-k8s.io", machine.name),
            "Fix that Machine as described in its own finding; the upgrade then continues by itself.",
        ),
        causes=tuple(Cause(name, machine) for name in OF_MACHINE),
        targets=(machine,),
    )


@rule(
    "upgradeplan-drain-not-ended",
    short="drain not ended",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "UpgradePlan", "Node", "Machine", "Secret"},
    optional={"RKEControlPlane", "Cluster.provisioning.cattle.io"},
    links=["harvester/harvester#10469"],
)
def upgradeplan_drain_not_ended(facts: Facts) -> Iterator[Hit]:
    """Every node is upgraded, but for more than two hours Rancher has not ended the drain of one.

    An UpgradePlan (Upgrade V2) stays in NodeUpgraded as long as a plan Secret has rke.cattle.io/post-drain. Rancher
    removes it when it uncordons the node.
    """
    rollout = facts.plan_run
    if rollout is None or not isinstance(rollout.upgrade, UpgradePlan) or rollout.upgrade.state != "NodeUpgraded":
        return
    since = Timestamp(rollout.upgrade.times.get("NodeUpgraded", ""))
    age = facts.now.since(since)
    for node in rollout.nodes if age is not None and age >= facts.span(PLANNER) else ():
        if node.handshake and node.secret and "post-drain" in node.handshake.values:
            yield _not_ended_hit(facts, rollout, (node, node.secret), since)


def _not_ended_hit(facts: Facts, rollout: UpgradeRun, at: tuple[NodeUpgrade, ObjectRef], since: Timestamp) -> Hit:
    node, secret = at
    return Hit(
        subject=node.ref,
        message=(
            f"Node {node.name} is upgraded, but Rancher has not ended its drain: {rollout.upgrade.ref.name} has "
            f"waited since {since} for rke.cattle.io/post-drain to go from Secret {secret.name}"
        ),
        evidence=(
            *plan_secret_evidence(facts, secret, "post-drain", "post-hook", "uncordon"),
            *field_evidence(facts, node.ref, "spec.unschedulable"),
            *(Evidence(message.subject, message.path, message.message) for message in rollout.planner),
        ),
        next=(
            advice.inspect_object("rkecontrolplanes.rke.cattle.io", LOCAL.name),
            RESTART_RANCHER,
        ),
        caution="Do not remove the annotation by hand: Rancher may be about to uncordon the node.",
        causes=(*pairing_causes(node), Cause("cluster-paused", LOCAL)),
    )


def _title(plan: UpgradePlan) -> str:
    image = image_of(plan)
    to = f" to {plan.version}" if plan.version else f" by image {image}" if image else ""
    return f"{plan.ref.kind} {plan.ref.name}{to}"


def _last_phase(plan: UpgradePlan) -> str:
    """Return the last phase that it entered before it failed; empty where it has no times."""
    return next((phase.label for phase in reversed(plan.phases[:-2]) if plan.times.get(phase.label)), "")


def _answer_causes(text: str) -> tuple[Cause, ...]:
    found = find_answers(text)
    return tuple(Cause(each, answer.object) for answer in found for each in EXPLAINED_BY[answer.about])


def _named_objects(facts: Facts, text: str) -> Iterator[ObjectRef]:
    refs = dict.fromkeys(answer.object for answer in find_answers(text))
    yield from (ref for ref in refs if ref in facts.links.objects or facts.snapshot.get(ref))
