"""What the rules about single nodes share: which upgrade they judge, what has settled, and the evidence of a node."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import get_items, get_text
from harvdiag.core.model import Evidence, Finding, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules.engine import Cause
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import Upgrade, handshake
from harvdiag.upgrade.handshake import DrainStep, Handshake
from harvdiag.upgrade.jobs import Job
from harvdiag.upgrade.phases import AT_NODES
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.wording import created_at

__all__ = [
    "CLUSTERS",
    "age_since",
    "concerns_nodes",
    "condition_evidence",
    "cordoned_at",
    "current_rollout",
    "current_upgrade",
    "finished_plan",
    "finished_upgrade",
    "has_settled",
    "job_evidence",
    "nodes_begun_at",
    "pairing_causes",
    "plan_secret_evidence",
    "ready_since",
    "rollout_at_nodes",
    "secrets_at_step",
    "state_evidence",
    "state_path",
    "upgrade_at_nodes",
]

SETTLING = timedelta(minutes=10)
"""How long a state may lag behind its cause. Harvester reconciles an unfinished Upgrade every two minutes
(docs/objects.md#upgrade-phases), a controller may restart meanwhile, and a source reads its lists one by one."""
CLUSTERS = frozenset({"Cluster", "Cluster.provisioning.cattle.io", "RKECluster", "RKEControlPlane"})
"""The kinds whose objects stand for the cluster as a whole."""
UNPAIRED = (
    "node-without-machine",
    "node-half-joined",
    "node-dangling-machine",
    "node-machine-disagree",
    "node-with-several-machines",
    "nodes-share-machine",
)
UNFIT = (
    "machine-without-plan",
    "machine-with-several-plans",
    "machine-stuck-deleting",
    "machine-without-node-ref",
    "nodes-share-machine",
)


def upgrade_at_nodes(facts: Facts) -> UpgradeRun | None:
    """Return the upgrade in progress, if it has reached the nodes (phase 7); before that no node is drained."""
    rollout = facts.upgrade_run
    return rollout if rollout and rollout.upgrade.state == AT_NODES else None


def rollout_at_nodes(facts: Facts) -> UpgradeRun | None:
    """Return the upgrade in progress, V1 or V2, if it has reached the nodes. Builds of V2 of 2025 drained none."""
    rollout = facts.rollout
    if rollout is None or not isinstance(rollout.upgrade, UpgradePlan):
        return upgrade_at_nodes(facts)
    return rollout if rollout.upgrade.state == "NodeUpgrading" and not rollout.upgrade.early else None


def nodes_begun_at(upgrade: Upgrade) -> str:
    """Return when the nodes' turn began; empty where it is unknown."""
    if isinstance(upgrade, UpgradePlan):
        return upgrade.times.get("NodeUpgrading", "")
    begun = upgrade.conditions.get("NodesUpgraded")
    return begun.since if begun else ""


def finished_upgrade(facts: Facts) -> UpgradeRun | None:
    """Return the latest upgrade if it succeeded and has settled; None if it is unknown when it ended."""
    upgrade = next(iter(facts.upgrades.all), None)
    if facts.upgrade_run or upgrade is None or upgrade.running or upgrade.failed:
        return None
    completed = upgrade.conditions.get("Completed")
    age = facts.now.since(Timestamp(completed.since if completed else ""))
    return UpgradeRun(upgrade, facts.snapshot, facts.pairing) if age is not None and age >= SETTLING else None


def finished_plan(facts: Facts) -> UpgradeRun | None:
    """Return the latest UpgradePlan (V2) if it succeeded after any Upgrade and has settled, else None."""
    plan = max(facts.upgrades.plans, key=created_at, default=None)
    if facts.rollout or plan is None or plan.failed or plan.early:
        return None
    if any(created_at(upgrade) > created_at(plan) for upgrade in facts.upgrades.all):
        return None
    ended = plan.times.get("Succeeded") or plan.progressing.since
    age = facts.now.since(Timestamp(ended))
    return UpgradeRun(plan, facts.snapshot, facts.pairing) if age is not None and age >= SETTLING else None


def current_upgrade(facts: Facts) -> UpgradeRun | None:
    """Return the upgrade in progress, or the latest if it has failed: one failed node ends it at once."""
    failed = facts.upgrades.failed
    return UpgradeRun(failed, facts.snapshot, facts.pairing) if failed else facts.upgrade_run


def current_rollout(facts: Facts) -> UpgradeRun | None:
    """Return the upgrade in progress, or the latest if it has failed, V1 or V2."""
    if facts.rollout:
        return facts.rollout
    plan = facts.upgrades.failed_plan
    return UpgradeRun(plan, facts.snapshot, facts.pairing) if plan else current_upgrade(facts)


def has_settled(facts: Facts, *times: str) -> bool:
    """Whether all of these times are long enough ago; unknown ones are ignored."""
    ages = [age for time in times if (age := facts.now.since(Timestamp(time))) is not None]
    return all(age >= SETTLING for age in ages)


def concerns_nodes(nodes: Collection[NodeUpgrade], finding: Finding) -> bool:
    """Whether a finding is about the cluster as a whole, or about one of these nodes, its Machines or plan Secrets."""
    if finding.subject.kind in CLUSTERS:
        return True
    return any(finding.subject in {n.ref, *n.machines, *(secret for secret, _ in n.secrets)} for n in nodes)


def age_since(facts: Facts, *times: str) -> timedelta:
    """Return how long ago the last of these times was; zero where none is known or it is unknown when it is now."""
    ages = [age for time in times if (age := facts.now.since(Timestamp(time))) is not None]
    return min(ages, default=timedelta(0))


def ready_since(facts: Facts, node: ObjectRef) -> str:
    """Return when the Node's condition Ready last changed; empty if unknown."""
    return find_condition(facts.links.objects.get(node), "Ready").changed


def cordoned_at(facts: Facts, node: ObjectRef) -> str:
    """Return when the Node was cordoned; empty if it is not cordoned or the time is unknown."""
    taints = get_items(facts.links.objects.get(node), "spec.taints")
    cordons = (t for t in taints if isinstance(t, dict) and t.get("key") == "node.kubernetes.io/unschedulable")
    return next((get_text(taint, "timeAdded") for taint in cordons), "")


def secrets_at_step(node: NodeUpgrade, *wanted: DrainStep) -> Iterator[tuple[ObjectRef, Handshake]]:
    """Return the plan Secrets of a node whose handshake is at one of these steps; there may be more than one."""
    return ((secret, shaken) for secret, shaken in node.secrets if shaken.step in wanted)


def state_path(upgrade: Upgrade, node: str, key: str = "state") -> str:
    """Return the field with the state of a node."""
    return f'{upgrade.statuses_path}["{node}"].{key}'


def state_evidence(rollout: UpgradeRun, node: NodeUpgrade) -> Evidence:
    """Return the state of the node in the Upgrade."""
    return Evidence(rollout.upgrade.ref, state_path(rollout.upgrade, node.name), node.state or None)


def plan_secret_evidence(facts: Facts, secret: ObjectRef | None, *keys: str) -> tuple[Evidence, ...]:
    """Return annotations of a plan Secret, given by their short names."""
    paths = (handshake.annotation_path(key, facts.has_plan_hooks) for key in keys)
    return field_evidence(facts, secret, *paths) if secret else ()


def job_evidence(facts: Facts, job: Job | None) -> tuple[Evidence, ...]:
    """Return whether and when a Job succeeded."""
    return field_evidence(facts, job.ref, "status.succeeded", "status.completionTime") if job else ()


def condition_evidence(facts: Facts, ref: ObjectRef, kind: str, *keys: str) -> tuple[Evidence, ...]:
    """Return fields of one condition of an object, such as its `reason`; those that are empty are left out."""
    obj = facts.links.objects.get(ref) or facts.snapshot.get(ref)
    condition = find_condition(obj, kind)
    return tuple(Evidence(ref, condition.path, value) for key in keys if (value := getattr(condition, key)))


def pairing_causes(node: NodeUpgrade) -> tuple[Cause, ...]:
    """Return the faults of a node's pairing that keep Harvester and Rancher from finding its plan Secret."""
    of_node = (Cause(name, node.ref) for name in UNPAIRED)
    shared = (Cause("nodes-share-machine", machine) for machine in node.others)
    return (*of_node, *(Cause(name, machine) for machine in node.machines for name in UNFIT), *shared)
