"""A drain by Rancher that does not end after Harvester has answered its request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import read_refused_pods
from harvdiag.rules.thresholds import DRAINING
from harvdiag.rules.upgrade_evidence import (
    job_evidence,
    pairing_causes,
    plan_secret_evidence,
    secrets_at_step,
    state_evidence,
    upgrade_at_nodes,
)
from harvdiag.upgrade.handshake import DrainStep
from harvdiag.upgrade.planner import PlannerMessage
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

BUDGET, VMI, MANAGER = "PodDisruptionBudget", "VirtualMachineInstance", "InstanceManager"
LONGHORN = "longhorn-system"
OF_MANAGER = ("instance-manager-keeps-budget", "instance-manager-serves-volume")
ALLOWED = "status.disruptionsAllowed"
OF_NODE = 'spec.selector.matchLabels["longhorn.io/node"]'
MOST_NAMED = 3
FAILURE = ("fail", "error", "unable")
"""Words by which the planner's message itself says why the drain does not end."""
LABELS = "spec.selector.matchLabels"


class _Holder(NamedTuple):
    """What keeps pods on the node: an object, what it is in words, and the field that shows it."""

    ref: ObjectRef
    words: str
    evidence: Evidence


@rule(
    "upgrade-drain-hangs",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade", "Node", "Machine", "Secret", "Job", "RKEControlPlane", "Cluster.provisioning.cattle.io"},
    optional={BUDGET, VMI, MANAGER, "Pod"},
    links=["harvester/harvester#9062", "harvester/harvester#9293", "harvester/harvester#8977"],
)
def upgrade_drain_hangs(facts: Facts) -> Iterator[Hit]:
    """Rancher's drain of a node has not ended for more than two hours, though Harvester has answered its request.

    After Harvester's pre-drain Job Rancher evicts the pods that are left; that takes minutes. What cannot be evicted (a
    PodDisruptionBudget, a VM, a pod that does not terminate) keeps it trying, often without an error on any object. No
    other node has its turn, and nothing fails.
    """
    rollout = upgrade_at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        answered = next(secrets_at_step(node, DrainStep.PRE_DRAIN_ACKNOWLEDGED), None)
        if rollout is None or answered is None or answered[1].error or not node.exists:
            continue
        since = Timestamp(_hanging_since(rollout, node))
        age = facts.now.since(since)
        if age is not None and age >= facts.span(DRAINING):
            yield _hanging_hit(facts, rollout, node, (answered[0], since))


def _hanging_since(rollout: UpgradeRun, node: NodeUpgrade) -> str:
    """Return when the drain last moved: the end of the pre-drain Job, or a newer message of the planner."""
    job = node.job("pre-drain")
    ended = job.ended if job else ""
    return latest_time(ended, *(message.since for message in _messages_about(rollout, node)))


def _messages_about(rollout: UpgradeRun, node: NodeUpgrade) -> list[PlannerMessage]:
    machines = {machine.name for machine in node.machines}
    return [message for message in rollout.planner if machines & set(message.machines)]


def _hanging_hit(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, drain: tuple[ObjectRef, Timestamp]) -> Hit:
    secret, since = drain
    holders = [*_refused(facts, node), *_budgets(facts, node), *_users_budgets(facts, node), *_vms(facts, node)]
    said = _messages_about(rollout, node)[:1]
    told = any(word in message.message for message in said for word in FAILURE)
    quoted = f' (its planner says "{said[0].message}")' if said else ""
    return Hit(
        subject=node.ref,
        message=f"Harvester has answered the pre-drain hook of Node {node.name}, but Rancher's drain{quoted} has not "
        f"ended since {since}" + ("" if told and not holders else _describe_holders(holders)),
        evidence=(
            *plan_secret_evidence(facts, secret, "drain-done", "pre-drain", "pre-hook"),
            *(Evidence(message.subject, message.path, message.message) for message in said),
            *(holder.evidence for holder in holders[:MOST_NAMED]),
            state_evidence(rollout, node),
            *job_evidence(facts, node.job("pre-drain")),
            *field_evidence(facts, node.ref, "spec.unschedulable"),
        ),
        next=tuple(_next_steps(node, holders)),
        caution=(
            f"Do not touch the hook annotations of {node.name}: request and answer are equal, so Harvester's part is "
            "done. Do not delete a PodDisruptionBudget or an instance manager before each volume on that node has a "
            "healthy replica elsewhere."
        ),
        causes=(*pairing_causes(node), *_longhorn_causes(facts, node)),
        targets=tuple(holder.ref for holder in holders[:MOST_NAMED]),
    )


def _longhorn_causes(facts: Facts, node: NodeUpgrade) -> Iterator[Cause]:
    yield Cause("longhorn-node-evicting", ObjectRef("Node.longhorn.io", LONGHORN, node.name))
    for obj in facts.find(MANAGER, Wanted()):
        if get_text(obj, "spec.nodeID") == node.name:
            yield from (Cause(name, ObjectRef(MANAGER, LONGHORN, name_of(obj))) for name in OF_MANAGER)


def _describe_holders(holders: list[_Holder]) -> str:
    if not holders:
        return "; which pod cannot be evicted, or does not terminate, is not in this source"
    more = len(holders) - MOST_NAMED
    named = join_names([holder.words for holder in holders[:MOST_NAMED]])
    return f": {named} {'hold' if len(holders) > 1 else 'holds'} it" + (f", and {more} more" if more > 0 else "")


def _refused(facts: Facts, node: NodeUpgrade) -> Iterator[_Holder]:
    """Yield the pods whose eviction Rancher tries again and again, by its log since the node was handed over to it."""
    job = node.job("pre-drain")
    for pod in read_refused_pods(facts, job.ended if job else ""):
        ref = ObjectRef("Pod", pod.namespace, pod.name)
        why = "whose PodDisruptionBudget allows no eviction," if pod.by_budget else "whose eviction is refused,"
        yield _Holder(ref, f"Pod {ref.namespace}/{ref.name}, {why}", Evidence(ref, pod.quote.place, pod.quote.line))


def _users_budgets(facts: Facts, node: NodeUpgrade) -> Iterator[_Holder]:
    """Yield the PodDisruptionBudgets of other namespaces that protect a pod on the node, as far as both were seen."""
    for obj in facts.snapshot.objects(BUDGET):
        ref, labels = ObjectRef(BUDGET, namespace_of(obj), name_of(obj)), field_path(LABELS).get(obj)
        if ref.namespace == LONGHORN or field_path(ALLOWED).get(obj) != 0 or not isinstance(labels, dict) or not labels:
            continue
        marks = tuple(f"{key}={value}" for key, value in labels.items())
        pods = facts.find("Pod", Wanted(namespace=ref.namespace, labels=marks[:1]))
        if pod := next((pod for pod in pods if _runs_on(pod, node.name, labels)), None):
            words = f"PodDisruptionBudget {ref.namespace}/{ref.name}, which protects Pod {name_of(pod)} there,"
            yield _Holder(ref, words, Evidence(ref, ALLOWED, 0))


def _runs_on(pod: Obj, node: str, labels: dict[str, object]) -> bool:
    own = get_labels(pod)
    alive = get_text(pod, "status.phase") not in {"Succeeded", "Failed"}
    return alive and get_text(pod, "spec.nodeName") == node and all(own.get(key) == labels[key] for key in labels)


def _budgets(facts: Facts, node: NodeUpgrade) -> Iterator[_Holder]:
    """Yield Longhorn's PodDisruptionBudgets of the node that allow no eviction; only where the drain hangs."""
    for obj in facts.find(BUDGET, Wanted(namespace=LONGHORN)):
        ref = ObjectRef(BUDGET, LONGHORN, name_of(obj))
        if get_text(obj, OF_NODE) == node.name and field_path(ALLOWED).get(obj) == 0:
            words = f"PodDisruptionBudget {ref.namespace}/{ref.name}, which allows no eviction,"
            yield _Holder(ref, words, Evidence(ref, ALLOWED, 0))


def _vms(facts: Facts, node: NodeUpgrade) -> Iterator[_Holder]:
    """Yield the VMs that still run on the node, as far as their namespaces were seen."""
    for obj in facts.snapshot.objects(VMI):
        ref = ObjectRef(VMI, namespace_of(obj), name_of(obj))
        if get_text(obj, "status.nodeName") == node.name and get_text(obj, "status.phase") == "Running":
            words = f"VM {ref.namespace}/{ref.name}, which still runs there,"
            yield _Holder(ref, words, Evidence(ref, "status.nodeName", node.name))


def _next_steps(node: NodeUpgrade, holders: list[_Holder]) -> Iterator[str]:
    name = actions.quote_argument(node.name)
    for holder in holders[:1]:
        yield advice.inspect_object(CATALOGUE[holder.ref.kind].resource, holder.ref.name, holder.ref.namespace)
    of_users = [ref for ref, *_ in holders if ref.kind in {"Pod", BUDGET} and ref.namespace != LONGHORN]
    if of_users:
        space = actions.quote_argument(of_users[0].namespace)
        budget = next((actions.quote_argument(ref.name) for ref in of_users if ref.kind == BUDGET), "NAME")
        yield (
            "Let the workload give way: start another replica of it elsewhere, or lower minAvailable of its budget for "
            f"the time of the upgrade: `kubectl edit poddisruptionbudgets -n {space} {budget}`; the drain tries again "
            "by itself."
        )
    yield (
        f"List what is left on it: `kubectl get pods -A -o wide --field-selector spec.nodeName={name}`; pods of "
        "DaemonSets stay, one in Terminating does not end by itself."
    )
    yield (
        "Find what forbids an eviction: `kubectl get poddisruptionbudgets -A`, ALLOWED DISRUPTIONS 0. One of a "
        "Longhorn instance manager goes when no engine and no last replica runs in it: `kubectl get "
        "instancemanagers.longhorn.io -n longhorn-system -o yaml` (harvester/harvester#8977)."
    )
    yield (
        f"Read what Rancher reports of the drain: {actions.search_log(actions.OF_RANCHER, 'drain')}. It continues by "
        "itself when the cause is gone."
    )
