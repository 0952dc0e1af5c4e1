"""The workload of the nodes: Longhorn volumes and virtual machines, from kinds that no check needs.

They are read for the node board only. Where a source does not have them completely, the counts are unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from harvdiag.core.errors import HarvdiagError
from harvdiag.core.fields import Obj, get_text
from harvdiag.snapshot import Snapshot

__all__ = ["VMS", "VOLUMES", "Load", "count_vms", "count_volumes"]

VOLUMES, VMS = "volumes.longhorn.io", "virtualmachineinstances.kubevirt.io"


class Load(NamedTuple):
    """How many volumes are attached to a node, and how many of them are degraded or faulted."""

    attached: int = 0
    degraded: int = 0
    faulted: int = 0


def count_volumes(snapshot: Snapshot) -> Mapping[str, Load] | None:
    """Count the volumes by the node that they are attached to; None where they were not seen."""
    seen = _read_objects(snapshot, VOLUMES)
    if seen is None:
        return None
    ways = [(get_text(obj, "status.currentNodeID"), get_text(obj, "status.robustness")) for obj in seen]
    found, each = Counter(ways), Counter(node for node, _ in ways)
    return {node: Load(count, found[node, "degraded"], found[node, "faulted"]) for node, count in each.items()}


def count_vms(snapshot: Snapshot) -> Mapping[str, int] | None:
    """Count the virtual machines by the node that they run on; None where they were not seen."""
    seen = _read_objects(snapshot, VMS)
    return None if seen is None else Counter(get_text(obj, "status.nodeName") for obj in seen)


def _read_objects(snapshot: Snapshot, word: str) -> tuple[Obj, ...] | None:
    try:
        kind = snapshot.resolve_kind(word)
        name = kind.name
        if not any((r.group, r.plural) == (kind.group, kind.plural) for r in snapshot.resources):
            return None  # bundles leave out the namespaces of users: without any list, none is known to be absent
        return snapshot.objects(name) if snapshot.gap(name, everywhere=True) is None else None
    except HarvdiagError:
        return None
