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
    PHASES,
    POST_DRAINING,
    PRE_DRAINED,
    PRE_DRAINING,
    PRELOADED,
    PRELOADING,
    PREPARING,
    REBOOT,
    SERVICES,
    STATES,
    Phase,
)

__all__ = ["EARLY", "MANAGER", "V2_LAST", "V2_PHASES", "doing_of", "place_of", "v2_phase_of"]

MANAGER = "the upgrade manager"
"""The controller of the add-on harvester-upgrade-manager, which carries out an UpgradePlan."""
V2_LAST = 17
"""The number of its phases."""
AS_V1 = {phase.number: phase.doing for phase in PHASES if phase.label != FAILED}
"""What happens in the phases of V1, by their numbers."""
IMPORTED = PHASES[2].until
PHASE_TEXTS = (
    ("Initializing", 0, MANAGER, "checks whether it is allowed", "its checks are passed"),
    ("Initialized", 0, MANAGER, "is about to download the ISO image", "the download begins"),
    ("ISODownloading", 2, MANAGER, AS_V1[2], IMPORTED),
    ("ISODownloaded", 2, MANAGER, "is about to make a repository of it", "the repository is made"),
    ("RepoCreating", 3, MANAGER, AS_V1[3], PHASES[3].until),
    ("RepoCreated", 3, MANAGER, "is about to read the release", "the release is read"),
    ("MetadataPopulating", 4, MANAGER, "reads the release", "status.releaseMetadata is written"),
    ("MetadataPopulated", 4, MANAGER, "is about to load the images", "the images are loaded"),
    ("ImagePreloading", PREPARING, "its Jobs image-preload", AS_V1[PREPARING], "every node has them"),
    ("ImagePreloaded", PREPARING, MANAGER, "is about to upgrade the services", "the Job cluster-upgrade begins"),
    ("ClusterUpgrading", SERVICES, "its Job cluster-upgrade", AS_V1[SERVICES], PHASES[SERVICES].until),
    ("ClusterUpgraded", SERVICES, MANAGER, "is about to begin with the nodes", "the rollout is requested"),
    ("NodeUpgrading", NODES, "Rancher's planner and the upgrade manager's hooks", AS_V1[NODES], "every node is done"),
    ("NodeUpgraded", NODES, MANAGER, "waits for Rancher to end the drains", "no plan Secret has a post-drain request"),
    ("CleaningUp", LAST, "its Jobs image-cleanup", "removes old images and its own objects", PHASES[LAST].until),
    ("CleanedUp", LAST, MANAGER, "ends the upgrade", "its phase is Succeeded"),
    (DONE, LAST, MANAGER, "has ended", "it is deleted"),
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
OWN = {
    "SingleNodeUpgrading": "stops its VMs and gets the new version",
    "KubernetesUpgrading": "gets the new Kubernetes",
    "KubernetesUpgraded": "has got the new Kubernetes",
    "OSUpgrading": "gets the new operating system",
    "ImageCleaning": "is done, and removes its old images",
}
"""What a node does in a state that V1 does not have."""
PLACES = {
    PRELOADING: ("ImagePreloading",),
    PRELOADED: ("ImagePreloaded",),
    PAUSED: ("UpgradePaused",),
    PRE_DRAINING: ("PreDraining",),
    PRE_DRAINED: ("PreDrained", "KubernetesUpgrading", "KubernetesUpgraded"),
    POST_DRAINING: ("PostDraining", "SingleNodeUpgrading", "OSUpgrading"),
    REBOOT: ("WaitingReboot",),
    DONE: ("PostDrained", "SingleNodeUpgraded", "OSUpgraded", "ImageCleaning", "ImageCleaned"),
}
"""The states of V1, each with those of V2 that correspond to it."""
NODE_STATES = {state: place for place, states in PLACES.items() for state in states}


def v2_phase_of(label: str) -> Phase | None:
    """Return the phase of an UpgradePlan by its label; None for one that no known build writes."""
    label = FIRST_BUILDS.get(label, label)
    return next((phase for phase in V2_PHASES if phase.label == label), None)


def place_of(state: str) -> str:
    """Return the state of V1 that a node's state corresponds to; of V1's own, and of an unknown one, itself."""
    if state.endswith("Failed"):
        return FAILED
    return NODE_STATES.get(state, state)


def doing_of(state: str) -> str:
    """Return what a node does in a state, of V1 or of V2: ``loads the images``; empty for an unknown one."""
    known = STATES.get(place_of(state))
    return OWN.get(state) or (known.doing if known else "")
