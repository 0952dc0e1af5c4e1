"""Maintenance mode: whether Harvester takes it for a host, by the number of its management nodes.

Exactly three must be up for one of them to be drained: with four it refuses, as it does with two
(harvester:pkg/util/drainhelper/helper.go). docs/objects.md#host-drain.
"""

from __future__ import annotations

from collections.abc import Mapping

from harvdiag.core.fields import Obj, field_path, get_labels
from harvdiag.core.model import ObjectRef

__all__ = ["MAINTENANCE", "why_no_maintenance"]

MAINTENANCE = "harvesterhci.io/maintain-status"
MANAGERS = 3
"""As many management nodes Harvester wants up for one of them to go into maintenance mode."""
ROLES = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/etcd")


def why_no_maintenance(nodes: Mapping[ObjectRef, Obj], node: ObjectRef) -> str:
    """Return why Harvester refuses maintenance mode of one of these Nodes; empty where it does not."""
    managers = [ref for ref, obj in nodes.items() if any(role in get_labels(obj) for role in ROLES)]
    marked = field_path(f'metadata.annotations["{MAINTENANCE}"]')
    up = [ref for ref in managers if not marked.get(nodes[ref])]
    if node not in managers:
        return ""
    if len(managers) == 1:
        return f"{node.name} is the only management node"
    if node in up and len(up) != MANAGERS:
        return f"{len(up)} management nodes are not in maintenance mode, and it wants exactly {MANAGERS}"
    return ""
