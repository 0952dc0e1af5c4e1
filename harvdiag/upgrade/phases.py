"""Phases and node states of an Upgrade (V1), in their order; docs/objects.md#upgrade-phases and #node-states."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DONE", "ENDED", "FAILED", "PAUSED", "PHASES", "PRELOADED", "STATES", "NodeState", "Phase", "phase_of"]

DONE, FAILED, PAUSED, PRELOADED = "Succeeded", "Failed", "Node-upgrade paused", "Images preloaded"
ENDED = frozenset({"Succeeded", "Failed"})


def __dir__() -> list[str]:
    return __all__


class Phase(NamedTuple):
    """One phase: its number, the label ``harvesterhci.io/upgradeState``, the condition that drives it, and the actor.

    `doing` says what happens in it, `until` what ends it.
    """

    number: int
    label: str
    condition: str
    actor: str
    doing: str
    until: str


PHASES = (
    Phase(0, "", "Completed", "Harvester's upgrade controller", "takes the Upgrade up", "its UpgradeLog is made"),
    Phase(
        1,
        "PreparingLoggingInfra",
        "LogReady",
        "Harvester's upgrade-log handlers",
        "sets up the logging of the upgrade",
        "the UpgradeLog says Started, or logReadyTimeout is over",
    ),
    Phase(
        2,
        "LoggingInfraPrepared",
        "ImageReady",
        "Harvester's image controller",
        "downloads the ISO image",
        "the VirtualMachineImage is imported",
    ),
    Phase(
        3,
        "PreparingRepo",
        "RepoReady",
        "Harvester's repository handlers",
        "starts the upgrade repository",
        "the repository answers",
    ),
    Phase(
        4,
        "RepoPrepared",
        "NodesPrepared",
        "Harvester's upgrade controller",
        "reads the release from the repository and judges whether the way there is allowed",
        "the release information is read",
    ),
    Phase(
        5,
        "PreparingNodes",
        "NodesPrepared",
        "the system-upgrade-controller and its prepare plan",
        "loads the images onto the nodes",
        "every managed node carries the hash of the prepare plan",
    ),
    Phase(
        6,
        "UpgradingSystemServices",
        "SystemServicesUpgraded",
        "the Job apply-manifests",
        "upgrades Rancher, Harvester, KubeVirt, Longhorn and the other services",
        "that Job is complete",
    ),
    Phase(
        7,
        "UpgradingNodes",
        "NodesUpgraded",
        "Rancher's planner and Harvester's hooks, one node after the other",
        "drains, upgrades and restarts the nodes",
        "every node of its list has succeeded",
    ),
    Phase(8, "Succeeded", "Completed", "Harvester's upgrade controller", "cleans up", "nothing is left to remove"),
    Phase(8, "Failed", "Completed", "Harvester's upgrade controller", "cleans up", "nothing is left to remove"),
)


class NodeState(NamedTuple):
    """One value of ``status.nodeStatuses[node].state``: its place in the order, and what it means."""

    order: int
    name: str
    doing: str


STATES = {
    state.name: state
    for state in (
        NodeState(1, "Images preloading", "loads the images"),
        NodeState(2, "Images preloaded", "has its images and waits for its turn"),
        NodeState(3, "Node-upgrade paused", "is held back by an administrator"),
        NodeState(4, "Pre-draining", "lets its VMs leave and waits for its volumes"),
        NodeState(5, "Pre-drained", "is ready to be drained and to get the new Kubernetes"),
        NodeState(6, "Post-draining", "runs the new Kubernetes and gets the new operating system"),
        NodeState(7, "Waiting Reboot", "restarts into the new operating system"),
        NodeState(8, "Succeeded", "is done"),
        NodeState(9, "Failed", "has failed"),
    )
}


def phase_of(label: str) -> Phase | None:
    """The phase of a label; None for one that no release known here writes."""
    return next((phase for phase in PHASES if phase.label == label), None)
