"""Phases and node states of an Upgrade (V1), in their order; docs/objects.md#upgrade-phases and #node-states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = [
    "AT_NODES",
    "AT_SERVICES",
    "DONE",
    "ENDED",
    "FAILED",
    "LAST",
    "NODES",
    "PAUSED",
    "PHASES",
    "POST_DRAINING",
    "PRELOADED",
    "PRELOADING",
    "PREPARING",
    "PRE_DRAINED",
    "PRE_DRAINING",
    "REBOOT",
    "SERVICES",
    "STATES",
    "NodeState",
    "Phase",
    "phase_of",
]

DONE, FAILED, PAUSED = "Succeeded", "Failed", "Node-upgrade paused"
PRELOADING, PRELOADED = "Images preloading", "Images preloaded"
PRE_DRAINING, PRE_DRAINED, POST_DRAINING, REBOOT = "Pre-draining", "Pre-drained", "Post-draining", "Waiting Reboot"
"""States of nodes."""
AT_SERVICES, AT_NODES = "UpgradingSystemServices", "UpgradingNodes"
ENDED = frozenset({DONE, FAILED})
"""States of the upgrade: the labels of its phases."""
PREPARING, SERVICES, NODES, LAST = 5, 6, 7, 8
"""The numbers of phases: images are loaded, services upgraded, nodes upgraded, it is over."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One phase of the upgrade."""

    number: int
    label: str
    """That of ``harvesterhci.io/upgradeState``; empty before the first."""
    condition: str
    """The condition that drives it."""
    actor: str
    doing: str
    """What happens in it."""
    until: str
    """What ends it."""
    like: int = -1
    """The number of the phase of V1 that it corresponds to; of V1's own left open."""

    @property
    def place(self) -> int:
        """Its place among the phases of V1: PREPARING, SERVICES, NODES, LAST."""
        return self.number if self.like < 0 else self.like


PHASES = (
    Phase(
        number=0,
        label="",
        condition="Completed",
        actor="Harvester's upgrade controller",
        doing="starts the Upgrade",
        until="its UpgradeLog is created",
    ),
    Phase(
        number=1,
        label="PreparingLoggingInfra",
        condition="LogReady",
        actor="Harvester's upgrade-log handlers",
        doing="sets up the logging of the upgrade",
        until="the UpgradeLog says Started, or logReadyTimeout is over",
    ),
    Phase(
        number=2,
        label="LoggingInfraPrepared",
        condition="ImageReady",
        actor="Harvester's image controller",
        doing="downloads the ISO image",
        until="the VirtualMachineImage is imported",
    ),
    Phase(
        number=3,
        label="PreparingRepo",
        condition="RepoReady",
        actor="Harvester's repository handlers",
        doing="starts the upgrade repository",
        until="the repository answers",
    ),
    Phase(
        number=4,
        label="RepoPrepared",
        condition="NodesPrepared",
        actor="Harvester's upgrade controller",
        doing="reads the release from the repository and checks whether this upgrade is allowed",
        until="the release information is read",
    ),
    Phase(
        number=PREPARING,
        label="PreparingNodes",
        condition="NodesPrepared",
        actor="the system-upgrade-controller and its prepare plan",
        doing="loads the images onto the nodes",
        until="every managed node carries the hash of the prepare plan",
    ),
    Phase(
        number=SERVICES,
        label=AT_SERVICES,
        condition="SystemServicesUpgraded",
        actor="the Job apply-manifests",
        doing="upgrades Rancher, Harvester, KubeVirt, Longhorn and the other services",
        until="that Job is complete",
    ),
    Phase(
        number=NODES,
        label=AT_NODES,
        condition="NodesUpgraded",
        actor="Rancher's planner and Harvester's hooks, one node after the other",
        doing="drains, upgrades and restarts the nodes",
        until="every node of its list has succeeded",
    ),
    Phase(
        number=LAST,
        label=DONE,
        condition="Completed",
        actor="Harvester's upgrade controller",
        doing="cleans up",
        until="nothing is left to remove",
    ),
    Phase(
        number=LAST,
        label=FAILED,
        condition="Completed",
        actor="Harvester's upgrade controller",
        doing="cleans up",
        until="nothing is left to remove",
    ),
)


class NodeState(NamedTuple):
    """One value of ``status.nodeStatuses[node].state``: its place in the order, and what it means."""

    order: int
    name: str
    doing: str


STATES = {
    state.name: state
    for state in (
        NodeState(1, PRELOADING, "loads the images"),
        NodeState(2, PRELOADED, "has its images and waits for its turn"),
        NodeState(3, PAUSED, "is held back by an administrator"),
        NodeState(4, PRE_DRAINING, "lets its VMs leave and waits for its volumes"),
        NodeState(5, PRE_DRAINED, "is ready to be drained and to get the new Kubernetes"),
        NodeState(6, POST_DRAINING, "runs the new Kubernetes and gets the new operating system"),
        NodeState(7, REBOOT, "restarts into the new operating system"),
        NodeState(8, DONE, "is done"),
        NodeState(9, FAILED, "has failed"),
    )
}


def phase_of(label: str) -> Phase | None:
    """Return the phase of a label; None for one that no known release writes."""
    return next((phase for phase in PHASES if phase.label == label), None)
