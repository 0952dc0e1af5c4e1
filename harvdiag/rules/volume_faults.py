"""Why a Longhorn volume is degraded, and what that stops; shared by the checks of volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harvdiag.core.fields import Obj, get_text, name_of
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.facts import Facts
from harvdiag.rules.thresholds import DEGRADED, REBUILD
from harvdiag.rules.volumes import (
    LONGHORN_NODE,
    StorageNode,
    count_drain_nodes,
    is_repository_volume,
    may_share_node,
    read_wanted_replicas,
    select_fitting,
    storage_nodes,
    volume_claim,
    volumes_in_trouble,
    witnesses,
)

__all__ = [
    "FEW",
    "SortedVolumes",
    "Stake",
    "count_joining",
    "find_stake",
    "find_too_few",
    "judge_node",
    "name_volume",
    "sort_degraded",
]

FEW = 5
"""How many volumes are reported one by one; more with the same reason are one finding."""
MAINTENANCE = 'metadata.annotations["harvesterhci.io/maintain-status"]'
REFUSES = 3
"""From how many Nodes on the webhook refuses an upgrade for a degraded volume; it counts the witness."""


@dataclass(frozen=True, kw_only=True)
class Stake:
    """What a degraded volume stops: `running` is the upgrade under way, empty if none is; `text` says it."""

    running: str
    text: str


def find_stake(facts: Facts) -> Stake | None:
    """Return what a degraded volume stops; None for a small cluster, where two replicas or one are enough."""
    upgrade, plan = facts.upgrades.running, facts.upgrades.plan
    count = len(facts.snapshot.objects("Node"))
    if upgrade:
        text = f"the pre-drain Jobs of Upgrade {upgrade.ref.name} wait until each attached volume is healthy"
        return Stake(running=upgrade.ref.name, text=text) if count_drain_nodes(facts, upgrade) >= REFUSES else None
    if plan:
        text = f"the drains of UpgradePlan {plan.ref.name} wait until each attached volume is healthy"
        return Stake(running=plan.ref.name, text=text) if count - len(witnesses(facts)) >= REFUSES else None
    text = 'Harvester refuses an upgrade as long as any volume is ("there are degraded volumes")'
    return Stake(running="", text=text) if count >= REFUSES else None


def count_joining(facts: Facts) -> int:
    """Return how many Nodes have just joined and are not known to Longhorn yet."""
    known = {name_of(obj) for obj in facts.snapshot.objects(LONGHORN_NODE)}
    missing = {ObjectRef("Node", "", name_of(obj)) for obj in facts.snapshot.objects("Node")} - set(witnesses(facts))
    return sum(facts.recently_created(ref) for ref in missing if ref.name not in known)


def find_too_few(facts: Facts, volume: Obj, nodes: Sequence[StorageNode], joining: int) -> list[str] | None:
    """Return the nodes that can hold a replica if they are fewer than the volume wants; None if they are enough.

    None also where Longhorn has no Node at all: then nothing can be said.
    """
    fit = select_fitting(nodes, volume)
    enough = read_wanted_replicas(volume) <= len(fit) + joining
    return None if enough or not nodes or may_share_node(facts, volume) else [node.name for node in fit]


def name_volume(obj: Obj) -> str:
    """Return the volume with its claim and where it is attached, as messages name it."""
    what = " of the upgrade's repository" if is_repository_volume(obj) else ""
    at = get_text(obj, "status.currentNodeID")
    parts = [part for part in (volume_claim(obj), f"attached at {at}" if at else "") if part]
    told = f" ({', '.join(parts)})" if parts else ""
    return f"Volume {name_of(obj)}{what}{told}"


def judge_node(facts: Facts, stake: Stake, node: StorageNode) -> Severity | None:
    """Judge a node by its state's age: in maintenance, being removed or just gone, it is on its way back or out.

    During an upgrade each node is down for a time, and only hours count.
    """
    age = facts.now.since(Timestamp(node.since))
    if stake.running and (age is None or age < facts.span(REBUILD)):
        return None
    gone = ObjectRef("Node", "", node.name)
    leaving = facts.recently_deleted(gone) or get_text(facts.pairing.obj(gone), MAINTENANCE)
    if leaving or (age is not None and age < facts.span(DEGRADED)):
        return Severity.INFO
    return Severity.WARNING if stake.running else Severity.ERROR


@dataclass(frozen=True, kw_only=True)
class SortedVolumes:
    """Degraded volumes by what is at fault: a node (with its volumes), or the volume itself."""

    by_node: tuple[tuple[StorageNode, list[Obj]], ...]
    own: tuple[Obj, ...]


def sort_degraded(facts: Facts, stake: Stake) -> SortedVolumes:
    """Sort the degraded volumes that could be healthy; replicas are read of a few nodes at fault only.

    A node that is young in its state, in maintenance or on its way out has the benefit of the doubt: what has no other
    reason is filed under it, and no replica is read for it.
    """
    nodes, joining = storage_nodes(facts), count_joining(facts)
    bad = [obj for obj in volumes_in_trouble(facts) if get_text(obj, "status.robustness") == "degraded"]
    bad = [obj for obj in bad if find_too_few(facts, obj, nodes, joining) is None]
    faulty = [node for node in nodes if node.fault]
    excused = [node for node in faulty if judge_node(facts, stake, node) in {None, Severity.INFO}]
    labels = tuple(f"longhornnode={node.name}" for node in faulty if node not in excused)[:FEW]
    open_cases = any(_find_needed(nodes, faulty, obj) is None for obj in bad)
    replicas = facts.find("Replica", Wanted(labels=labels), required=open_cases) if bad and labels else ()
    down = {node.name for node in faulty if node.down}
    broken = {_place(replica) for replica in replicas if _place(replica)[1] in down or _is_failed(replica)}
    at_node: dict[str, list[Obj]] = {node.name: [] for node in faulty}
    own = [obj for obj in bad if not _file_under(obj, nodes, (faulty, excused), broken, at_node)]
    by_node = tuple((node, at_node[node.name]) for node in faulty if at_node[node.name])
    return SortedVolumes(by_node=by_node, own=tuple(own))


def _find_needed(nodes: Sequence[StorageNode], faulty: Sequence[StorageNode], volume: Obj) -> StorageNode | None:
    """Return a node at fault without which too few nodes are left for a volume's replicas."""
    lacking = select_fitting(faulty, volume)
    needed = read_wanted_replicas(volume) > len(select_fitting(nodes, volume)) - len(lacking)
    return next(iter(lacking), None) if needed else None


def _file_under(
    volume: Obj,
    nodes: Sequence[StorageNode],
    faults: tuple[Sequence[StorageNode], Sequence[StorageNode]],
    broken: set[tuple[str, str]],
    at_node: dict[str, list[Obj]],
) -> bool:
    """File a volume under the node at fault: one with a broken replica, one that its replicas need, one excused."""
    faulty, excused = faults
    at = next((node for node in faulty if (name_of(volume), node.name) in broken), None)
    at = at or _find_needed(nodes, faulty, volume) or next(iter(excused), None)
    if at is not None:
        at_node[at.name].append(volume)
    return at is not None


def _place(replica: Obj) -> tuple[str, str]:
    return get_text(replica, "spec.volumeName"), get_text(replica, "spec.nodeID")


def _is_failed(replica: Obj) -> bool:
    return bool(get_text(replica, "spec.failedAt")) or get_text(replica, "status.currentState") == "error"
