"""The percentages as Harvester's UI computes them, and what they hide (docs/objects.md#percentages)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.v1 import Upgrade

__all__ = ["Percent", "compute_percent"]


class Percent(NamedTuple):
    """`nodes`, `services` and `total` are what the UI shows (0 to 100); `done` of `of` nodes have succeeded.

    `of` is the UI's count: the nodes of the Upgrade's list and those of the cluster together.
    """

    nodes: int
    services: int
    total: int
    done: int
    of: int


def compute_percent(upgrade: Upgrade, nodes: Collection[str]) -> Percent:
    """Compute what the UI shows of an upgrade of a cluster with these nodes."""
    states = {**dict.fromkeys(nodes, ""), **upgrade.nodes}
    done = sum(state == DONE for state in states.values())
    count = len(states)
    share = 100 * done // count if count else 0
    if share == 100 and not upgrade.status("NodesUpgraded"):
        share = 99
    services_status = upgrade.status("SystemServicesUpgraded")
    services = {"": 0, "True": 100}.get(services_status, 50)
    return Percent(share, services, (share * count + services) // (count + 1), done, count)
