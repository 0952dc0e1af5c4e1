"""Phases and node states of an UpgradePlan (V2), in their order, each with its place in V1; docs/objects.md#upgrade-v2.

Both are open lists: later builds may have others, builds of 2025 had states of their own.
"""

from __future__ import annotations

from harvdiag.upgrade.phases import (
    DONE,
    FAILED,
    LAST,
    NODES,
    PAUSED,
    POST_DRAINING,
    PRE_DRAINED,
    PRE_DRAINING,
    PRELOADED,
    PRELOADING,
    PREPARING,
    REBOOT,
    SERVICES,
    STATES,
    NodeState,
    Phase,
)

__all__ = ["EARLY", "MANAGER", "V2_LAST", "V2_PHASES", "doing_of", "place_of", "v2_phase_of"]

MANAGER = "the upgrade manager"
"""The controller of the add-on harvester-upgrade-manager, which carries out an UpgradePlan."""
V2_LAST = 17
"""The number of its phases."""
PHASE_TEXTS = (
    ("Initializing", 0, MANAGER, "checks whether this upgrade is allowed", "its checks are passed"),
    ("Initialized", 0, MANAGER, "is about to download the ISO image", "the download begins"),
    ("ISODownloading", 2, MANAGER, "downloads the ISO image", "the VirtualMachineImage is imported"),
    ("ISODownloaded", 2, MANAGER, "is about to start the upgrade repository", "the repository is made"),
    ("RepoCreating", 3, MANAGER, "starts the upgrade repository", "the repository answers"),
    ("RepoCreated", 3, MANAGER, "is about to read the release", "the release is read"),
    ("MetadataPopulating", 4, MANAGER, "reads the release from the repository", "status.releaseMetadata is written"),
    ("MetadataPopulated", 4, MANAGER, "is about to load the images", "the images are loaded"),
    ("ImagePreloading", PREPARING, "its Jobs image-preload", "loads the images onto the nodes", "every node has them"),
    ("ImagePreloaded", PREPARING, MANAGER, "is about to upgrade the services", "the Job cluster-upgrade begins"),
    (
        "ClusterUpgrading",
        SERVICES,
        "its Job cluster-upgrade",
        "upgrades Rancher, Harvester, KubeVirt, Longhorn and the other services",
        "that Job is complete",
    ),
    ("ClusterUpgraded", SERVICES, MANAGER, "is about to begin with the nodes", "the rollout is requested"),
    (
        "NodeUpgrading",
        NODES,
        "Rancher's planner and the hooks of the upgrade manager, one node after the other",
        "drains, upgrades and restarts the nodes",
        "every node of its list is done",
    ),
    ("NodeUpgraded", NODES, MANAGER, "waits for Rancher to end the drains", "no plan Secret has a post-drain request"),
    ("CleaningUp", LAST, "its Jobs image-cleanup", "removes old images and its own objects", "nothing is left"),
    ("CleanedUp", LAST, MANAGER, "ends the upgrade", "its phase is Succeeded"),
    (DONE, LAST, MANAGER, "has ended", "nothing is left to do"),
)
V2_PHASES = (
    *(
        Phase(number=at, label=label, condition="Progressing", actor=actor, doing=doing, until=until, like=like)
        for at, (label, like, actor, doing, until) in enumerate(PHASE_TEXTS, 1)
    ),
    Phase(
        number=V2_LAST,
        label=FAILED,
        condition="Progressing",
        actor=MANAGER,
        doing="has stopped",
        until="it is deleted",
        like=LAST,
    ),
)
"""In their order; the last two are the two ends."""
FIRST_BUILDS = {"Init": "Initializing"}
EARLY = ("Kubernetes", "OS")
"""How the states of nodes begin in builds of 2025, which needed no plan Secrets."""
NODE_STATES = {
    state.name: (place, state)
    for place, state in (
        (PRELOADING, NodeState(1, "ImagePreloading", "loads the images")),
        (PRELOADED, NodeState(2, "ImagePreloaded", "has its images and waits for its turn")),
        (PAUSED, NodeState(3, "UpgradePaused", "is held back by an administrator")),
        (PRE_DRAINING, NodeState(4, "PreDraining", "lets its VMs leave and waits for its volumes")),
        (POST_DRAINING, NodeState(4, "SingleNodeUpgrading", "stops its VMs and gets the new version")),
        (PRE_DRAINED, NodeState(5, "PreDrained", "is ready to be drained and to get the new Kubernetes")),
        (PRE_DRAINED, NodeState(5, "KubernetesUpgrading", "gets the new Kubernetes")),
        (PRE_DRAINED, NodeState(5, "KubernetesUpgraded", "runs the new Kubernetes")),
        (POST_DRAINING, NodeState(6, "PostDraining", "runs the new Kubernetes and gets the new operating system")),
        (POST_DRAINING, NodeState(6, "OSUpgrading", "gets the new operating system")),
        (REBOOT, NodeState(7, "WaitingReboot", "restarts into the new operating system")),
        (DONE, NodeState(8, "PostDrained", "is done")),
        (DONE, NodeState(8, "SingleNodeUpgraded", "is done")),
        (DONE, NodeState(8, "OSUpgraded", "is done")),
        (DONE, NodeState(9, "ImageCleaning", "is done, and removes its old images")),
        (DONE, NodeState(10, "ImageCleaned", "is done")),
    )
}


def v2_phase_of(label: str) -> Phase | None:
    """Return the phase of an UpgradePlan by its label; None for one that no known build writes."""
    label = FIRST_BUILDS.get(label, label)
    return next((phase for phase in V2_PHASES if phase.label == label), None)


def place_of(state: str) -> str:
    """Return the state of V1 that a node's state corresponds to; of V1's own, and of an unknown one, itself."""
    if state.endswith("Failed"):
        return FAILED
    return NODE_STATES[state][0] if state in NODE_STATES else state


def doing_of(state: str) -> str:
    """Return what a node does in a state, of V1 or of V2: ``loads the images``; empty for an unknown one."""
    if place_of(state) == FAILED:
        return STATES[FAILED].doing
    known = NODE_STATES[state][1] if state in NODE_STATES else STATES.get(state)
    return known.doing if known else ""
