"""The percentages as Harvester's UI computes them, and what they hide (docs/objects.md#percentages)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from harvdiag.upgrade.phases import DONE, SERVICES
from harvdiag.upgrade.phases_v2 import place_of
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
    done = sum(place_of(state) == DONE for state in states.values())
    count = len(states)
    share = 100 * done // count if count else 0
    services = _services_of_v2(upgrade) if upgrade.v2 else _services(upgrade)
    if share == 100 and not upgrade.v2 and not upgrade.status("NodesUpgraded"):
        share = 99
    return Percent(share, services, (share * count + services) // (count + 1), done, count)


def _services(upgrade: Upgrade) -> int:
    return {"": 0, "True": 100}.get(upgrade.status("SystemServicesUpgraded"), 50)


def _services_of_v2(upgrade: Upgrade) -> int:
    """The UI shows no percentage of an UpgradePlan: this counts its services as those of an Upgrade."""
    place = upgrade.phase.place if upgrade.phase else 0
    return 0 if place < SERVICES else 50 if place == SERVICES else 100
