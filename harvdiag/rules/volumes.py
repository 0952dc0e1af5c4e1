"""Longhorn's volumes and the nodes that may hold their replicas: what several rules ask; docs/objects.md#links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from harvdiag.core.conditions import Condition, conditions_of, find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import Upgrade

__all__ = [
    "LONGHORN",
    "LONGHORN_NODE",
    "TOO_MANY_REPLICAS",
    "TROUBLE",
    "VOLUME",
    "WITNESS",
    "StorageNode",
    "count_drain_nodes",
    "degraded_age",
    "is_repository_volume",
    "is_witness",
    "may_share_node",
    "read_wanted_replicas",
    "schedulable_longhorn_nodes",
    "select_fitting",
    "storage_nodes",
    "volume_claim",
    "volume_evidence",
    "volume_ref",
    "volumes_in_trouble",
    "witnesses",
]

LONGHORN, VOLUME, LONGHORN_NODE = "longhorn-system", "Volume.longhorn.io", "Node.longhorn.io"
TOO_MANY_REPLICAS = "volume-wants-too-many-replicas"
"""The check of volumes that no rebuild can make healthy; others have it as their cause."""
WITNESS = "node-role.harvesterhci.io/witness"
TROUBLE = Wanted(faulty=True)
"""Volumes that are degraded or faulted."""
DRAIN_SKIPS_WITNESS = (1, 5)
"""The first release whose pre-drain Job does not count the witness (harvester/harvester#7923)."""


@dataclass(frozen=True, kw_only=True)
class StorageNode:
    """A Longhorn Node on a Node that may store data.

    `fault` is why no new replica can be placed on it now, empty if one can; `path` is the field that shows it, and
    `since` when that began, empty if unknown.
    """

    ref: ObjectRef
    obj: Obj
    fault: str = ""
    path: str = ""
    since: str = ""

    @property
    def name(self) -> str:
        """The name, which is also that of the Node."""
        return self.ref.name

    @property
    def down(self) -> bool:
        """Whether Longhorn does not reach it, so that its replicas have failed."""
        return find_condition(self.obj, "Ready").status not in {"", "True"}


def volume_ref(obj: Obj) -> ObjectRef:
    """Return the reference to a Longhorn Volume."""
    return ObjectRef(VOLUME, namespace_of(obj), name_of(obj))


def volumes_in_trouble(facts: Facts) -> tuple[Obj, ...]:
    """Return the Longhorn Volumes that are degraded or faulted; of one that is detached Longhorn knows nothing.

    Only those are parsed, as there may be thousands. Where the list was not seen, the rule that asks is skipped.
    """
    return facts.find(VOLUME, TROUBLE, required=True)


def volume_evidence(obj: Obj, *paths: str) -> tuple[Evidence, ...]:
    """Return fields of a volume in hand; to look it up would read all of them."""
    return tuple(Evidence(volume_ref(obj), path, field_path(path).get(obj)) for path in paths)


def volume_claim(obj: Obj) -> str:
    """Return the claim of a volume as Longhorn records it, ``prod/vm1-disk-0``; empty if it has none."""
    namespace, claim = (get_text(obj, f"status.kubernetesStatus.{key}") for key in ("namespace", "pvcName"))
    return f"{namespace}/{claim}" if namespace and claim else ""


def is_repository_volume(obj: Obj) -> bool:
    """Whether it is a volume of the VM or the Deployment from which an upgrade loads its images."""
    claim = volume_claim(obj)
    return claim.startswith(("harvester-system/upgrade-repo-", "harvester-system/hvst-upgrade-"))


def read_wanted_replicas(obj: Obj) -> int:
    """Return how many replicas a volume wants; 0 if unknown."""
    wanted = field_path("spec.numberOfReplicas").get(obj)
    return wanted if isinstance(wanted, int) else 0


def degraded_age(facts: Facts, obj: Obj) -> timedelta | None:
    """Return for how long a volume has been degraded; None if Longhorn does not tell."""
    return facts.now.since(Timestamp(get_text(obj, "status.lastDegradedAt")))


def is_witness(node: Obj) -> bool:
    """Whether a Node is the witness: an etcd member that stores no data."""
    return get_labels(node).get(WITNESS) == "true"


def witnesses(facts: Facts) -> list[ObjectRef]:
    """Return the witness Nodes."""
    return [ObjectRef("Node", "", name_of(obj)) for obj in facts.snapshot.objects("Node") if is_witness(obj)]


def count_drain_nodes(facts: Facts, upgrade: Upgrade) -> int:
    """Return how many nodes the pre-drain Jobs of an upgrade count: with more than two each volume must be healthy.

    They are the managed ones; the script is that of the release to which it goes, and up to 1.4 counts the witness too.
    """
    nodes = facts.snapshot.objects("Node")
    managed = [obj for obj in nodes if get_labels(obj).get("harvesterhci.io/managed") == "true"]
    minor = _parse_minor(upgrade.version)
    counts_witness = minor is not None and minor < DRAIN_SKIPS_WITNESS
    return sum(counts_witness or not is_witness(obj) for obj in managed)


def _parse_minor(version: str) -> tuple[int, int] | None:
    """Return the major and minor number; None for builds that have no such version."""
    major, _, rest = version.removeprefix("v").partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None


def may_share_node(facts: Facts, volume: Obj) -> bool:
    """Whether Longhorn may place several replicas of a volume on one node; by default it does not."""
    own = get_text(volume, "spec.replicaSoftAntiAffinity")
    if own in {"enabled", "disabled"}:
        return own == "enabled"
    facts.snapshot.require("Setting.longhorn.io")
    setting = facts.snapshot.get(ObjectRef("Setting.longhorn.io", LONGHORN, "replica-soft-anti-affinity"))
    return get_text(setting, "value") == "true"


def schedulable_longhorn_nodes(facts: Facts) -> list[StorageNode]:
    """Return the Longhorn Nodes on which a new replica can be placed now."""
    return [node for node in storage_nodes(facts) if not node.fault]


def storage_nodes(facts: Facts) -> list[StorageNode]:
    """Return the Longhorn Nodes that store data, or would if they had no fault.

    Left out are the witness, a host that has no Node any more, and one without any disk where others have some.
    """
    return list(facts.once(_find_storage_nodes))


def _find_storage_nodes(facts: Facts) -> tuple[StorageNode, ...]:
    stores = {name_of(obj) for obj in facts.snapshot.objects("Node") if not is_witness(obj)}
    own = [obj for obj in facts.snapshot.objects(LONGHORN_NODE) if name_of(obj) in stores]
    diskless = [name_of(obj) for obj in own if not _disks(obj)]
    left_out = set(diskless) if len(diskless) < len(own) else set()
    return tuple(_judge_node(obj) for obj in own if name_of(obj) not in left_out)


def _disks(node: Obj) -> dict[str, Obj]:
    disks = field_path("spec.disks").get(node)
    return {key: disk for key, disk in disks.items() if isinstance(disk, dict)} if isinstance(disks, dict) else {}


def _judge_node(obj: Obj) -> StorageNode:
    ref = ObjectRef(LONGHORN_NODE, namespace_of(obj), name_of(obj))
    fault, path, since = next(_node_faults(obj), ("", "", ""))
    return StorageNode(ref=ref, obj=obj, fault=fault, path=path, since=since)


def _node_faults(obj: Obj) -> Iterator[tuple[str, str, str]]:
    """Yield why no replica can be placed on a node, the field that shows it and since when, the gravest first."""
    ready, schedulable = (find_condition(obj, kind) for kind in ("Ready", "Schedulable"))
    if ready and ready.status != "True":
        yield f"is not {ready.type}{_reason(ready)}", ready.path, ready.changed
    if field_path("spec.allowScheduling").get(obj) is False:
        yield "has its scheduling disabled", "spec.allowScheduling", ""
    if field_path("spec.evictionRequested").get(obj) is True:
        yield "is to be emptied", "spec.evictionRequested", ""
    if schedulable and schedulable.status == "False":
        yield f"takes no replicas{_reason(schedulable)}", schedulable.path, schedulable.changed
    faults = [_disk_fault(obj, key, disk) for key, disk in sorted(_disks(obj).items())]
    if faults and all(fault for fault, _, _ in faults):
        yield faults[0]


def _disk_fault(node: Obj, key: str, disk: Obj) -> tuple[str, str, str]:
    """Return why no replica can be placed on a disk; empty if one can."""
    for field, bad, what in (("allowScheduling", False, "disabled"), ("evictionRequested", True, "to be emptied")):
        if disk.get(field) is bad:
            return f"has no disk for replicas: {key} is {what}", f'spec.disks["{key}"].{field}', ""
    status = field_path(f'status.diskStatus["{key}"]').get(node)
    bad_one = next((c for c in conditions_of({"status": status}) if _is_disk_fault(c)), None)
    if bad_one is None:
        return "", "", ""
    path = f'status.diskStatus["{key}"].conditions, type {bad_one.type}'
    return f"has no disk for replicas: {key} is not {bad_one.type}{_reason(bad_one)}", path, bad_one.changed


def _is_disk_fault(condition: Condition) -> bool:
    return condition.type in {"Ready", "Schedulable"} and condition.status == "False"


def _reason(condition: Condition) -> str:
    return f" ({condition.reason})" if condition.reason else ""


def select_fitting(nodes: Sequence[StorageNode], volume: Obj) -> Sequence[StorageNode]:
    """Return the nodes that have, with one of their disks, the tags that a volume asks for; most ask for none."""
    node_tags, disk_tags = (set(_texts(volume, f"spec.{kind}Selector")) for kind in ("node", "disk"))
    if not node_tags and not disk_tags:
        return nodes
    return [node for node in nodes if node_tags <= set(_texts(node.obj, "spec.tags")) and _has_disk(node, disk_tags)]


def _has_disk(node: StorageNode, tags: set[str]) -> bool:
    return not tags or any(tags <= set(_texts(disk, "tags")) for disk in _disks(node.obj).values())


def _texts(obj: Obj, path: str) -> list[str]:
    return [text for text in get_items(obj, path) if isinstance(text, str)]
