"""The columns of a picture of the nodes: the states that they go through, of an Upgrade and of an UpgradePlan."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.upgrade.jobs import FAILED as JOB_FAILED
from harvdiag.upgrade.phases import (
    DONE,
    FAILED,
    PAUSED,
    POST_DRAINING,
    PRE_DRAINED,
    PRE_DRAINING,
    PRELOADED,
    PRELOADING,
    REBOOT,
)
from harvdiag.upgrade.run import NodeUpgrade
from harvdiag.upgrade.v1 import Upgrade

__all__ = ["COLUMNS", "SPENT_IN", "column_of_step", "columns_of", "find_column"]

COLUMNS = (PRELOADING, PRELOADED, PRE_DRAINING, PRE_DRAINED, POST_DRAINING, REBOOT, DONE)
"""The states that every node of a cluster goes through, in their order."""
SINGLE = (PRELOADING, PRELOADED, REBOOT, DONE)
V2_NAMES = {
    PRELOADING: "ImagePreloading",
    PRELOADED: "ImagePreloaded",
    PRE_DRAINING: "PreDraining",
    PRE_DRAINED: "PreDrained",
    POST_DRAINING: "PostDraining",
    REBOOT: "WaitingReboot",
    DONE: "PostDrained",
}
"""The same of an UpgradePlan (V2), which has names of its own."""
SINGLE_V2 = ("ImagePreloading", "ImagePreloaded", "SingleNodeUpgrading", "WaitingReboot", "SingleNodeUpgraded")
PAUSED_V2 = "UpgradePaused"
FAILED_AT = {"pre-drain": "PreDrain", "post-drain": "PostDrain", "single-node-upgrade": "SingleNode"}
"""How the failed states of an UpgradePlan begin, by the Job that failed."""
SPENT_IN = {
    "prepare": PRELOADING,
    "single-node-upgrade": PRELOADED,
    "pre-drain": PRE_DRAINING,
    "kubernetes": PRE_DRAINED,
    "post-drain": POST_DRAINING,
    "restart": REBOOT,
}
"""The steps of a node, each with the state that the node has meanwhile."""


def columns_of(upgrade: Upgrade | None) -> tuple[str, ...]:
    """Return the states that the nodes go through: a single node is not drained; the paused state is rare."""
    v2 = upgrade is not None and upgrade.v2
    if upgrade is not None and upgrade.single_node:
        return SINGLE_V2 if v2 else SINGLE
    found = tuple(V2_NAMES.values()) if v2 else COLUMNS
    held = upgrade is not None and bool(upgrade.paused)
    return (*found[:2], PAUSED_V2 if v2 else PAUSED, *found[2:]) if held else found


def column_of_step(upgrade: Upgrade | None, step: str) -> str:
    """Return the column in which a step of a node was spent."""
    place = SPENT_IN[step]
    if upgrade is None or not upgrade.v2:
        return place
    return SINGLE_V2[2] if step == "single-node-upgrade" else V2_NAMES[place]


def find_column(node: NodeUpgrade, columns: Sequence[str]) -> str:
    """Return the column of a node; of a failed one that in which it failed. An UpgradePlan names them otherwise."""
    place = node.place
    if place == FAILED:
        kinds = (kind for kind, begin in FAILED_AT.items() if node.state.startswith(begin))
        failed = next((job.type for job in reversed(node.jobs) if job.state == JOB_FAILED), next(kinds, "prepare"))
        place = SPENT_IN.get(failed, REBOOT)
    if node.state in columns or place in columns:
        return node.state if node.state in columns else place
    name = SINGLE_V2[2] if place == POST_DRAINING and SINGLE_V2[2] in columns else V2_NAMES.get(place, "")
    return SINGLE_V2[-1] if place == DONE and SINGLE_V2[-1] in columns else name
