"""Upgrade V2: a healthy world with an UpgradePlan in any of its phases (docs/objects.md#upgrade-v2)."""

from __future__ import annotations

from tests.world.objects import condition, moment, new
from tests.world.steps import before, order, run
from tests.world.world import World

V2_PHASES = (
    *("Initializing", "Initialized", "ISODownloading", "ISODownloaded", "RepoCreating", "RepoCreated"),
    *("MetadataPopulating", "MetadataPopulated", "ImagePreloading", "ImagePreloaded", "ClusterUpgrading"),
    *("ClusterUpgraded", "NodeUpgrading", "NodeUpgraded", "CleaningUp", "CleanedUp", "Succeeded", "Failed"),
)
"""The phases of an UpgradePlan."""
V2_NODES = {"ImagePreloading": "ImagePreloading", "NodeUpgrading": "KubernetesUpgrading"}
V2_NAME = "upgrade-x7k2p"


def at_v2(world: World, phase: str) -> World:
    """Change a healthy world into one that Upgrade V2 brings to its own version; its second node is at work."""
    place, nodes = V2_PHASES.index(phase), order(world)
    marks = [("ImagePreloading", "ImagePreloaded"), ("NodeUpgrading", "OSUpgraded")]
    past = [done for start, done in marks if place > V2_PHASES.index(start)]
    states = dict.fromkeys(nodes, past[-1]) if past else {}
    if phase in V2_NODES:
        states |= {nodes[0]: dict(marks)[phase], nodes[min(1, len(nodes) - 1)]: V2_NODES[phase]}
    running = phase not in ("Succeeded", "Failed")
    told = {"Available": not running, "Progressing": running, "Degraded": phase == "Failed"}
    status = {
        "conditions": [condition(kind, str(is_so), phase) for kind, is_so in told.items()],
        "currentPhase": phase,
        "nodeUpgradeStatuses": {node: {"state": state} for node, state in states.items()},
        "phaseTransitionTimestamps": [
            {"phase": name, "phaseTransitionTimestamp": moment(world.captured_at, minutes=-10 * (place - i) - 1)}
            for i, name in enumerate(V2_PHASES[: place + 1])
        ],
        "previousVersion": before(world.version),
        "version": world.version,
    }
    made = {"creationTimestamp": moment(world.captured_at, minutes=-10 * place - 1)}
    spec = {"mode": "automatic", "version": world.version}
    api = "management.harvesterhci.io/v1beta1"
    world.add(new(api, "UpgradePlan", V2_NAME, metadata=made, spec=spec, status=status))
    for node in nodes:
        if states.get(node) != "OSUpgraded":
            run(world, node, "")
    return world
