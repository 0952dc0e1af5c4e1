"""What the rules about single nodes share: which upgrade they judge, what has settled, and a node's three sides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import items, text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules.engine import Cause
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import handshake
from harvdiag.upgrade.handshake import DrainStep, Handshake
from harvdiag.upgrade.jobs import Job
from harvdiag.upgrade.phases import AT_NODES
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

__all__ = [
    "asked",
    "at_nodes",
    "cordoned_at",
    "current",
    "over",
    "pairing_causes",
    "ready_since",
    "says",
    "settled",
    "stated",
    "steps",
    "worked",
]

SETTLING = timedelta(minutes=10)
"""How long a state may lag behind what moves it. Harvester looks at an unfinished Upgrade again every two minutes
(docs/objects.md#upgrade-phases), a controller may restart meanwhile, and a source reads its lists one by one."""
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


def at_nodes(facts: Facts) -> UpgradeRun | None:
    """The running upgrade, if it has come to the nodes (phase 7); before that no node is drained."""
    rollout = facts.upgrade_run
    return rollout if rollout and rollout.upgrade.state == AT_NODES else None


def over(facts: Facts) -> UpgradeRun | None:
    """The latest upgrade if it has succeeded and that has settled; where nobody tells when it ended, none."""
    upgrade = next(iter(facts.upgrades.all), None)
    if facts.upgrade_run or upgrade is None or upgrade.running or upgrade.failed:
        return None
    completed = upgrade.conditions.get("Completed")
    age = facts.now.since(Timestamp(completed.since if completed else ""))
    return UpgradeRun(upgrade, facts.snapshot, facts.pairing) if age is not None and age >= SETTLING else None


def current(facts: Facts) -> UpgradeRun | None:
    """The upgrade that runs, else the latest if that has failed: one failed node ends it at once."""
    failed = facts.upgrades.failed
    return UpgradeRun(failed, facts.snapshot, facts.pairing) if failed else facts.upgrade_run


def settled(facts: Facts, *times: str) -> bool:
    """Whether the last of these is long enough ago; times that nobody tells do not speak against it."""
    ages = [age for told in times if (age := facts.now.since(Timestamp(told))) is not None]
    return all(age >= SETTLING for age in ages)


def ready_since(facts: Facts, node: ObjectRef) -> str:
    """When the Node's condition Ready became what it is; empty where it does not tell."""
    return find_condition(facts.links.objects.get(node), "Ready").changed


def cordoned_at(facts: Facts, node: ObjectRef) -> str:
    """When the Node was cordoned; empty where it is not, or does not tell."""
    rows = items(facts.links.objects.get(node), "spec.taints")
    found = (row for row in rows if isinstance(row, dict) and row.get("key") == "node.kubernetes.io/unschedulable")
    return next((text(row, "timeAdded") for row in found), "")


def steps(node: NodeUpgrade, *wanted: DrainStep) -> Iterator[tuple[ObjectRef, Handshake]]:
    """The plan Secrets of a node whose handshake is at one of these steps; there may be one too many."""
    return ((secret, shaken) for secret, shaken in node.secrets if shaken.step in wanted)


def stated(rollout: UpgradeRun, node: NodeUpgrade) -> Evidence:
    """The first side of a node: what the Upgrade says of it."""
    return Evidence(rollout.upgrade.ref, f'status.nodeStatuses["{node.name}"].state', node.state or None)


def asked(facts: Facts, secret: ObjectRef | None, *keys: str) -> tuple[Evidence, ...]:
    """The second side: annotations of its plan Secret, by their short names."""
    return show(facts, secret, *map(handshake.annotation_path, keys)) if secret else ()


def worked(facts: Facts, job: Job | None) -> tuple[Evidence, ...]:
    """The third side: its Job."""
    return show(facts, job.ref, "status.succeeded", "status.completionTime") if job else ()


def says(facts: Facts, ref: ObjectRef, kind: str, *keys: str) -> tuple[Evidence, ...]:
    """Fields of one condition of an object, such as its `reason`, as evidence."""
    obj = facts.links.objects.get(ref) or facts.snapshot.get(ref)
    found = find_condition(obj, kind)
    return tuple(Evidence(ref, found.path, value) for key in keys if (value := getattr(found, key)))


def pairing_causes(node: NodeUpgrade) -> tuple[Cause, ...]:
    """The faults of a node's pairing that keep Harvester and Rancher from finding its plan Secret."""
    of_node = (Cause(name, node.ref) for name in UNPAIRED)
    shared = (Cause("nodes-share-machine", machine) for machine in node.others)
    return (*of_node, *(Cause(name, machine) for machine in node.machines for name in UNFIT), *shared)
