"""What the rules about the cluster's health share: how long a state has lasted, and which an upgrade explains."""

from __future__ import annotations

from datetime import timedelta

from harvdiag.core.conditions import find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import field_path, get_labels, get_text
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.policy import Limit
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules.engine import Cause
from harvdiag.rules.facts import Facts
from harvdiag.rules.thresholds import LASTING, YOUNG
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.phases import DONE, FAILED, PAUSED, PRELOADED, PRELOADING
from harvdiag.upgrade.run import NodeUpgrade
from harvdiag.upgrade.v2 import UpgradePlan

__all__ = [
    "UPGRADING",
    "being_installed",
    "has_role",
    "is_away",
    "is_witness",
    "judge_node_state",
    "just_ended",
    "lasts",
    "leaving_hosts",
    "node_causes",
    "nodes_at_work",
    "quote_words",
    "running_plan",
    "under_way",
]

AFTER = timedelta(minutes=30)
"""How long such a state may last after the end of an upgrade."""
UPGRADING = frozenset({"Machine", "Secret", "Job"})
"""The kinds that tell on which nodes a running upgrade is at work, besides Upgrade."""
IDLE = frozenset({"", PRELOADING, PRELOADED, PAUSED, DONE, FAILED})
"""The places of a node in an upgrade at which nothing is done to it."""
PAIRED = (
    "node-replaced",
    "node-with-several-machines",
    "node-recreated",
    "node-half-joined",
    "node-stuck-deleting",
    "promotion-hangs",
    "promotion-failed",
)
WITNESS = "node-role.harvesterhci.io/witness"


def lasts(facts: Facts, since: str, span: Limit | timedelta = YOUNG, *, unknown: bool = True) -> bool:
    """Whether a state has lasted for `span`; `unknown` is the answer where no time is known."""
    age = facts.now.since(Timestamp(since))
    return unknown if age is None else age >= facts.span(span)


def quote_words(text: str, limit: int = 160) -> str:
    """Return what another program says, to stand in a sentence: without its own full stop."""
    return format_value(text.strip().rstrip("."), limit)


def running_plan(facts: Facts) -> UpgradePlan | None:
    """Return the UpgradePlan (V2) that is under way; the rule is skipped where that kind exists and was not seen."""
    return facts.upgrades.plan


def under_way(facts: Facts) -> bool:
    """Whether an upgrade of either kind runs."""
    return facts.upgrade_run is not None or running_plan(facts) is not None


def just_ended(facts: Facts) -> bool:
    """Whether an upgrade of either kind succeeded a moment ago: charts, pods and replicas come to rest after it."""
    ends = [(row.since if (row := upgrade.conditions.get("Completed")) else "") for upgrade in _succeeded(facts)]
    ends += [plan.times.get(DONE) or plan.progressing.since for plan in facts.upgrades.plans if plan.state == DONE]
    return any(Timestamp(end) and not lasts(facts, end, AFTER) for end in ends)


def _succeeded(facts: Facts) -> list[Upgrade]:
    return [upgrade for upgrade in facts.upgrades.all if not upgrade.running and not upgrade.failed]


def being_installed(facts: Facts) -> bool:
    """Whether the whole cluster is younger than a join takes: then nothing has settled yet."""
    nodes = facts.pairing.nodes
    return bool(nodes) and all(map(facts.recently_created, nodes))


def nodes_at_work(facts: Facts) -> frozenset[str]:
    """Return the names of the Nodes that a running upgrade drains, upgrades or restarts at the moment."""
    return facts.once(_find_nodes_at_work)


def _find_nodes_at_work(facts: Facts) -> frozenset[str]:
    rollout = facts.rollout
    if rollout is None:
        return frozenset()
    for kind in ("Machine", "Secret"):
        facts.snapshot.require(kind)
    single = bool(rollout.upgrade.single_node)
    return frozenset(node.name for node in rollout.nodes if single or _is_at_work(node))


def _is_at_work(node: NodeUpgrade) -> bool:
    """Return whether its state says so, or a plan Secret: Rancher is about to drain it, or has not released it yet."""
    return node.place not in IDLE or any(not shaken.idle for _, shaken in node.secrets)


def leaving_hosts(facts: Facts) -> int:
    """Return how many hosts are just being removed: the pods, replicas and roles of each move, or go with it."""
    facts.snapshot.require("Machine")
    machines = sum(facts.recently_deleted(machine) for machine in facts.pairing.machines)
    return max(machines, sum(facts.recently_deleted(node) for node in facts.pairing.nodes))


def judge_node_state(facts: Facts, node: ObjectRef, since: str, *, busy: Limit | None = LASTING) -> Severity | None:
    """Return how severe a bad state of a Node is that began at `since`; None for one that something explains.

    A host may still be joining, or be removed. On a Node on which an upgrade is at work the state must have lasted for
    `busy`, or is never a finding if that is None.
    """
    machines = facts.pairing.claiming_machines(node)
    if facts.recently_created(node) or any(map(facts.recently_deleted, (node, *machines))):
        return None
    if node.name in nodes_at_work(facts) and (busy is None or not lasts(facts, since, busy, unknown=False)):
        return None
    if lasts(facts, since):
        return Severity.ERROR
    return None if under_way(facts) else Severity.INFO


def node_causes(facts: Facts, node: ObjectRef) -> tuple[Cause, ...]:
    """Return the faults of a Node and its Machines that make the Node itself fail."""
    machines = facts.pairing.claiming_machines(node)
    of_machines = (Cause(name, m) for m in machines for name in ("machine-stuck-deleting", "nodes-share-machine"))
    return (*(Cause(name, node) for name in PAIRED), *of_machines)


def is_witness(facts: Facts, node: ObjectRef) -> bool:
    """Whether the Node takes part in etcd only: no pod of Rancher, Harvester or Longhorn runs there."""
    return get_labels(facts.pairing.obj(node)).get(WITNESS) == "true"


def has_role(facts: Facts, node: ObjectRef, role: str) -> bool:
    """Whether the Node has a role of Kubernetes, such as ``etcd`` or ``control-plane``."""
    return get_labels(facts.pairing.obj(node)).get(f"node-role.kubernetes.io/{role}") == "true"


def is_away(facts: Facts, node: ObjectRef) -> bool:
    """Whether the Node takes no pods at the moment: it is cordoned, in maintenance, or not Ready."""
    obj = facts.pairing.obj(node)
    cordoned = field_path("spec.unschedulable").get(obj) is True
    return (
        cordoned
        or find_condition(obj, "Ready").status in {"False", "Unknown"}
        or bool(get_text(obj, 'metadata.annotations["harvesterhci.io/maintain-status"]'))
    )
