"""Upgrade V2: a healthy world with an UpgradePlan in any of its phases (docs/objects.md#upgrade-v2).

`at_v2` is one of the builds of 2025, which used Plans. `at_plan_phase` and `at_plan_step` are those since 2026: the
rollout is that of an Upgrade (`rollouts`), told by an UpgradePlan with its own names.
"""

from __future__ import annotations

from typing import Any

from harvdiag.training.world import rollouts, upgrades
from harvdiag.training.world.objects import condition, moment, new
from harvdiag.training.world.steps import OPTIONS, before, order, run
from harvdiag.training.world.world import World

__all__ = [
    "AS_V1",
    "MINUTES",
    "OWNER",
    "SINGLE",
    "STATES",
    "V2_NAME",
    "V2_NODES",
    "V2_PHASES",
    "at_plan_pause",
    "at_plan_phase",
    "at_plan_step",
    "at_v2",
]

V2_PHASES = (
    *("Initializing", "Initialized", "ISODownloading", "ISODownloaded", "RepoCreating", "RepoCreated"),
    *("MetadataPopulating", "MetadataPopulated", "ImagePreloading", "ImagePreloaded", "ClusterUpgrading"),
    *("ClusterUpgraded", "NodeUpgrading", "NodeUpgraded", "CleaningUp", "CleanedUp", "Succeeded", "Failed"),
)
"""The phases of an UpgradePlan."""
V2_NODES = {"ImagePreloading": "ImagePreloading", "NodeUpgrading": "KubernetesUpgrading"}
V2_NAME = "upgrade-x7k2p"
OWNER = "management.harvesterhci.io"
AS_V1 = dict(
    zip(
        V2_PHASES,
        (
            *("new", "new", "LoggingInfraPrepared", "LoggingInfraPrepared", "PreparingRepo", "PreparingRepo"),
            *("RepoPrepared", "RepoPrepared", "PreparingNodes", "prepared", "UpgradingSystemServices", "gate"),
            *("UpgradingNodes", "Succeeded", "Succeeded", "Succeeded", "Succeeded", "Failed"),
        ),
        strict=True,
    )
)
"""The phase of an Upgrade in which the cluster looks the same."""
STATES = {
    "Images preloading": "ImagePreloading",
    "Images preloaded": "ImagePreloaded",
    "Node-upgrade paused": "UpgradePaused",
    "Pre-draining": "PreDraining",
    "Pre-drained": "PreDrained",
    "Post-draining": "PostDraining",
    "Waiting Reboot": "WaitingReboot",
    "Succeeded": "PostDrained",
    "Failed": "PreDrainFailed",
}
SINGLE = {"Succeeded": "SingleNodeUpgraded", "Images preloaded": "SingleNodeUpgrading", "Failed": "SingleNodeFailed"}
MINUTES = 12  # what each phase took


def at_v2(world: World, phase: str) -> World:
    """Change a healthy world into one that Upgrade V2 brings to its own version; its second node is at work."""
    place, nodes = V2_PHASES.index(phase), order(world)
    marks = [("ImagePreloading", "ImagePreloaded"), ("NodeUpgrading", "OSUpgraded")]
    past = [done for start, done in marks if place > V2_PHASES.index(start)]
    states = dict.fromkeys(nodes, past[-1]) if past else {}
    if phase in V2_NODES:
        states |= {nodes[0]: dict(marks)[phase], nodes[min(1, len(nodes) - 1)]: V2_NODES[phase]}
    _add_plan(world, phase, states, 10)
    for node in nodes:
        if states.get(node) != "OSUpgraded":
            run(world, node, "")
    return world


def at_plan_phase(world: World, phase: str) -> World:
    """Change a healthy world into one in which an UpgradePlan is in a phase."""
    if phase == "NodeUpgrading":
        nodes = order(world)
        return at_plan_step(world, nodes[0], "started" if len(nodes) == 1 else "h0")
    return _told_by_plan(rollouts.at_phase(world, AS_V1[phase]), phase)


def at_plan_step(world: World, node: str, step: str) -> World:
    """Change a healthy world into one in which `node` is at a step of STEPS or SINGLE of `steps`."""
    return _told_by_plan(rollouts.at_step(world, node, step), "NodeUpgrading")


def at_plan_pause(world: World, node: str) -> World:
    """An UpgradePlan whose turn it is for a node that is held back."""
    _told_by_plan(rollouts.at_pause(world, node), "NodeUpgrading")
    plan = next(world.find("UpgradePlan"))
    plan["spec"]["nodeUpgradeOption"] = {"pauseNodes": [node]}
    plan["status"]["nodeUpgradeStatuses"][node] = {"state": "UpgradePaused"}
    row = next(row for row in plan["status"]["conditions"] if row["type"] == "Progressing")
    row["message"] = f"node upgrade paused: {node}"
    return world


def _told_by_plan(world: World, phase: str) -> World:
    """Let an UpgradePlan tell what the Upgrade of this world does."""
    upgrade = world.remove("Upgrade", upgrades.NAME)
    told = {node: row["state"] for node, row in upgrade["status"].get("nodeStatuses", {}).items()}
    ended = phase in {"CleanedUp", "Succeeded"}
    world.objects = [obj for obj in world.objects if not (_is_of_v1(obj) or (ended and _is_of_repo(obj)))]
    for job in world.find("Job"):
        _rename_job(job)
    for secret in world.find("Secret"):
        _rename_marks(secret, ("pre-hook", "post-hook"))
    for kind, path in (("Cluster.provisioning.cattle.io", ("spec", "rkeConfig")), ("RKEControlPlane", ("spec",))):
        _rename_hooks(world.get(kind, "local"), path)
    for node in world.find("Node"):
        _rename_marks(node, ("pendingOSImage",))
    single = len(world.hosts) == 1
    at_work = {job["metadata"]["labels"].get(f"{OWNER}/job-type") for job in world.find("Job")}
    names = STATES | (SINGLE if single else {})
    if "single-node-upgrade" not in at_work:
        names |= {"Images preloaded": "ImagePreloaded"}
    states = {node: names.get(state, state) for node, state in told.items()}
    if phase in {"CleaningUp", "CleanedUp", "Succeeded"}:
        states = dict.fromkeys(states, "ImageCleaning" if phase == "CleaningUp" else "ImageCleaned")
    services = [c for c in upgrade["status"].get("conditions", ()) if c["type"] == "SystemServicesUpgraded"]
    done = next((row["lastTransitionTime"] for row in services if row["status"] == "True"), "")
    _add_plan(world, phase, states, MINUTES, done if phase == "NodeUpgrading" else "")
    return world


def _add_plan(world: World, phase: str, states: dict[str, str], minutes: int, since: str = "") -> None:
    """Add it; each phase took so many minutes, and the last began a minute ago where nothing is known of it."""
    place = V2_PHASES.index(phase)
    running = phase not in ("Succeeded", "Failed")
    passed = V2_PHASES[: place + 1] if phase != "Failed" else (*V2_PHASES[:13], "Failed")
    last = since or moment(world.captured_at, minutes=-1)
    began = {name: moment(last, minutes=-minutes * (len(passed) - 1 - i)) for i, name in enumerate(passed)}
    told = {"Available": not running, "Progressing": running, "Degraded": phase == "Failed"}
    release = world.release
    status: dict[str, Any] = {
        "conditions": [
            condition(kind, str(is_so), phase) | {"lastTransitionTime": last} for kind, is_so in told.items()
        ],
        "currentPhase": phase,
        "nodeUpgradeStatuses": {node: {"state": state} for node, state in states.items()},
        "phaseTransitionTimestamps": [{"phase": name, "phaseTransitionTimestamp": at} for name, at in began.items()],
        "previousVersion": before(world.version),
        "version": {"isoURL": "https://releases.example/harvester.iso", "isoChecksum": "00"},
    }
    if place > V2_PHASES.index("MetadataPopulating"):
        status["releaseMetadata"] = {
            "harvester": world.version,
            "kubernetes": release.kubernetes,
            "os": release.os,
        }
    if minutes != 10 and len(world.hosts) == 1:
        status["singleNode"] = next(iter(world.hosts))
    metadata = {
        "creationTimestamp": min(began.values()),
        "finalizers": [f"{OWNER}/upgradeplan-cleanup"],
    }
    spec = {"version": world.version}
    world.add(new(f"{OWNER}/v1beta1", "UpgradePlan", V2_NAME, metadata=metadata, spec=spec, status=status))


def _is_of_v1(obj: dict[str, Any]) -> bool:
    """What an Upgrade has and an UpgradePlan has not: its log, its Plans and their Jobs, what is named after it."""
    name, marks = obj["metadata"]["name"], obj["metadata"].get("labels", {})
    plan = str(marks.get("upgrade.cattle.io/plan", ""))
    own = obj["kind"] in {"UpgradeLog", "Plan"} and name.startswith(upgrades.NAME)
    return own or plan.startswith(upgrades.NAME)


def _is_of_repo(obj: dict[str, Any]) -> bool:
    """The repository and its image, which are gone when an UpgradePlan has ended."""
    kinds = {"Deployment", "VirtualMachine", "VirtualMachineImage"}
    return obj["kind"] in kinds and upgrades.NAME in obj["metadata"]["name"]


def _rename_job(job: dict[str, Any]) -> None:
    marks = job["metadata"].get("labels", {})
    if marks.pop("harvesterhci.io/upgrade", "") != upgrades.NAME:
        return
    kind, node = marks.pop("harvesterhci.io/upgradeJobType", ""), marks.pop("harvesterhci.io/node", "")
    component = marks.pop("harvesterhci.io/upgradeComponent", "")
    marks |= {
        f"{OWNER}/upgrade-plan": V2_NAME,
        f"{OWNER}/upgrade-component": "cluster-upgrade" if component == "manifest" else "node-upgrade",
    }
    marks |= ({f"{OWNER}/job-type": kind} if kind else {}) | ({f"{OWNER}/node": node} if node else {})
    job["metadata"]["name"] = job["metadata"]["name"].replace(upgrades.NAME, V2_NAME)


def _rename_hooks(obj: dict[str, Any], path: tuple[str, ...]) -> None:
    """Let a rollout ask for the answers of Upgrade V2."""
    for key in path:
        obj = obj[key]
    for role in ("controlPlane", "worker"):
        drain = obj.get("upgradeStrategy", {}).get(f"{role}DrainOptions", {})
        for hooks in (drain.get("preDrainHooks", ()), drain.get("postDrainHooks", ())):
            for hook in hooks:
                name = hook["annotation"].removeprefix(f"{OWNER}/").removeprefix("harvesterhci.io/")
                hook["annotation"] = f"{OWNER}/{name}"


def _rename_marks(obj: dict[str, Any], names: tuple[str, ...]) -> None:
    """Give an object the annotations of Upgrade V2 instead of those of V1."""
    marks = obj["metadata"].get("annotations", {})
    for name in names:
        if value := marks.pop(f"harvesterhci.io/{name}", None):
            marks[f"{OWNER}/{name}"] = value
    for key, value in marks.items():
        if value == OPTIONS:
            marks[key] = value.replace("harvesterhci.io/p", f"{OWNER}/p")
