"""Rollouts: a healthy world in the middle of an upgrade, at any phase and at any step of any node's drain.

Both are tables, `PHASES` here and `STEPS` in `steps`; a new case is a row. See
docs/objects.md#upgrade-phases and #drain-steps; the times are those of a quick cluster, so that nothing here is late.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from harvdiag.training.world import upgrades as parts
from harvdiag.training.world.objects import compact, condition, moment, new
from harvdiag.training.world.services import show_services
from harvdiag.training.world.steps import PRELOADED, READY, SINGLE, STEPS, Step, before, between, done, order, show
from harvdiag.training.world.upgrades import NAME
from harvdiag.training.world.world import World

__all__ = [
    "CONDITIONS",
    "DONE_AT",
    "EACH_NODE",
    "FIRST_NODE",
    "ORDER",
    "PHASES",
    "Phase",
    "at_pause",
    "at_phase",
    "at_step",
    "cleaned_up",
    "fail",
    "paused",
    "preload_skipped",
    "restoring",
    "wait",
    "with_old_upgrade",
    "without_logging",
]

CONDITIONS = ("LogReady", "ImageReady", "RepoReady", "NodesPrepared", "SystemServicesUpgraded", "NodesUpgraded")
DONE_AT = (4, 15, 18, 60, 175, 0)  # minutes at which each of them becomes True; the last depends on the nodes
FIRST_NODE, EACH_NODE = 180, 60
"""Minutes until the nodes' turn, and what one of them takes."""


class Phase(NamedTuple):
    """A phase: when it is seen, its label, how many of CONDITIONS are True, and whether the next is at work."""

    minutes: int
    label: str
    reached: int
    working: bool = True


PHASES = {
    "new": Phase(0, "", 0, False),
    "PreparingLoggingInfra": Phase(2, "PreparingLoggingInfra", 0),
    "LoggingInfraPrepared": Phase(10, "LoggingInfraPrepared", 1),
    "PreparingRepo": Phase(16, "PreparingRepo", 2),
    "RepoPrepared": Phase(19, "RepoPrepared", 3, False),
    "PreparingNodes": Phase(45, "PreparingNodes", 3),
    "prepared": Phase(60, "PreparingNodes", 4, False),
    "UpgradingSystemServices": Phase(69, "UpgradingSystemServices", 4),
    "gate": Phase(176, "UpgradingSystemServices", 5, False),
    "UpgradingNodes": Phase(FIRST_NODE, "UpgradingNodes", 5),
    "Succeeded": Phase(FIRST_NODE, "Succeeded", 6, False),
}
"""The phases of docs/objects.md#upgrade-phases, and moments between: `new` (0), `prepared` (5, 6), `gate` (6, 7)."""
ORDER = tuple(PHASES)


def at_phase(world: World, phase: str) -> World:
    """Change a healthy world into one that is upgraded to its own version, in a phase of PHASES or Failed."""
    nodes = order(world)
    if phase in {"UpgradingNodes", "Failed"}:
        at_step(world, nodes[0], "started" if len(nodes) == 1 else "h4" if phase == "Failed" else "h0")
        return fail(world) if phase == "Failed" else world
    row = PHASES[phase]
    ended = row.reached == len(CONDITIONS)
    minutes = row.minutes + EACH_NODE * len(nodes) * ended
    _begin(world, row, minutes)
    _nodes_until(world, phase)
    _work(world, phase, minutes)
    for i, node in enumerate(nodes):
        show(world, node, done(world) if ended else Step(0), minutes - FIRST_NODE - EACH_NODE * i)
    if ended:
        _clean_up(world, "Pending")
    return world


def at_step(world: World, node: str, step: str) -> World:
    """Change a healthy world into one in which `node` is at a step of STEPS (of SINGLE where it is the only one).

    The nodes before it are done, those after it have their images.
    """
    single = len(world.hosts) == 1
    row, nodes = (SINGLE if single else STEPS)[step], order(world)
    turn = nodes.index(node)
    minutes = FIRST_NODE + EACH_NODE * turn + row.minutes
    last = row.state == READY and turn == len(nodes) - 1
    _begin(world, PHASES["Succeeded" if last else "UpgradingNodes"], minutes)
    states = {name: READY if i < turn else row.state if i == turn else PRELOADED for i, name in enumerate(nodes)}
    _set_states(world, states)
    _work(world, "UpgradingNodes", minutes)
    _roll(world)
    for i, name in enumerate(nodes):
        shown = row if i == turn else done(world) if i < turn else Step(0)
        show(world, name, shown, minutes - FIRST_NODE - EACH_NODE * i)
    if last and not row.keys:
        _clean_up(world, "Pending")
    elif not single and row.keys == 0:
        between(world, [name for name in nodes[turn:] if states[name] != READY], moment(world.captured_at, minutes=-1))
    return world


def fail(world: World) -> World:
    """Let the active Job of a node fail, and end the upgrade as Harvester then does."""
    job = next(job for job in world.find("Job") if job["status"].get("active") and "harvester-system" in _home(job))
    parts.set_job(job, "failed")
    why = {key: job["status"]["conditions"][0][key] for key in ("reason", "message")}
    upgrade = world.get("Upgrade", NAME)
    upgrade["metadata"]["labels"]["harvesterhci.io/upgradeState"] = "Failed"
    upgrade["status"]["nodeStatuses"][job["metadata"]["labels"]["harvesterhci.io/node"]] = {"state": "Failed"} | why
    for row in upgrade["status"]["conditions"]:
        if row["type"] in {"Completed", "NodesUpgraded"}:
            row.update({"status": "False", "lastTransitionTime": world.captured_at})
        if row["type"] == "NodesUpgraded":
            row.update(why)
    _clean_up(world, "Pending")
    return world


def without_logging(world: World) -> World:
    """The upgrade was asked to go without its log: LogReady is False without a failure."""
    upgrade = world.get("Upgrade", NAME)
    upgrade["spec"]["logEnabled"] = False
    upgrade["status"].pop("upgradeLog", None)
    for row in upgrade["status"].get("conditions", ()):
        if row["type"] == "LogReady":
            text = "Upgrade observability is administratively disabled"
            row |= {"status": "False", "reason": "Disabled", "message": text}
    world.objects = [obj for obj in world.objects if obj["kind"] != "UpgradeLog"]
    return world


def preload_skipped(world: World) -> World:
    """Setting upgrade-config skips the preload: every node has its state at once, without plan and Jobs."""
    parts.configure(world, {"imagePreloadOption": {"strategy": {"type": "skip"}}})
    plan = f"{NAME}-prepare"
    for obj in [*world.find("Plan", plan), *_jobs_of(world, plan)]:
        world.objects.remove(obj)
    for node in world.find("Node"):
        node["metadata"]["labels"].pop(f"plan.upgrade.cattle.io/{plan}", None)
    return world


def paused(world: World, *nodes: str) -> World:
    """Hold nodes back by the pause map; those whose turn it is say so."""
    held = {name: "pause" if name in nodes else "unpause" for name in world.hosts}
    patch = {"metadata": {"annotations": {"harvesterhci.io/node-upgrade-pause-map": compact(held)}}}
    upgrade = world.change("Upgrade", NAME, patch)
    option = {"nodeUpgradeOption": {"strategy": {"mode": "manual", "pauseNodes": list(nodes)}}}
    parts.configure(world, option)
    text = "Node upgrade paused as requested by the user"
    for name in nodes:
        if upgrade["status"].get("nodeStatuses", {}).get(name, {}).get("state") == "Node-upgrade paused":
            upgrade["status"]["nodeStatuses"][name] |= {"reason": "AdministrativelyPaused", "message": text}
    return world


def at_pause(world: World, node: str) -> World:
    """An upgrade whose turn it is for a node that is held back: pre-drain requested, and not begun.

    The only node is held back before its upgrade begins at all: no condition NodesUpgraded yet.
    """
    if len(world.hosts) == 1:
        at_phase(world, "gate")
    else:
        at_step(world, node, "h2")
    world.get("Upgrade", NAME)["status"]["nodeStatuses"][node]["state"] = "Node-upgrade paused"
    return paused(world, node)


def restoring(world: World, node: str, state: str = "active") -> World:
    """The VMs of a node that has succeeded are started again by a Job (1.6 and newer)."""
    parts.configure(world, {"restoreVM": True})
    job = parts.add_node_job(world, node, "restore-vm", moment(world.captured_at, minutes=-1))
    parts.set_job(job, state)
    names = compact({node: "default/vm-1"})
    world.add(new("v1", "ConfigMap", f"{NAME}-restore-vm", "harvester-system", data={"vms": names}))
    return world


def cleaned_up(world: World) -> World:
    """A succeeded upgrade after its clean-up: no plans, no Jobs of plans, the log stopped."""
    plans = [obj for obj in world.find("Plan") if obj["metadata"]["name"].startswith(NAME)]
    jobs = [job for plan in plans for job in _jobs_of(world, plan["metadata"]["name"])]
    world.objects = [obj for obj in world.objects if not any(obj is gone for gone in (*plans, *jobs))]
    for log in world.find("UpgradeLog"):
        log["status"]["conditions"].append(condition("Stopped"))
    _clean_up(world, "Succeeded")
    return world


def wait(world: World, **shift: float) -> World:
    """Let time go by, in the parts of a timedelta, in which nothing changes but the heartbeats of Ready Nodes."""
    world.captured_at = moment(world.captured_at, **shift)
    for node in world.find("Node"):
        for row in node["status"]["conditions"]:
            if row["status"] != "Unknown" and "lastHeartbeatTime" in row:
                row["lastHeartbeatTime"] = moment(world.captured_at, minutes=-2)
    return world


def with_old_upgrade(world: World) -> World:
    """Beside the upgrade there will be an older one, which came to its end."""
    back = before(world.version)
    old = parts.add_upgrade(world, before(back), dict.fromkeys(world.hosts, READY), name="hvst-upgrade-older")
    del old["metadata"]["labels"]["harvesterhci.io/latestUpgrade"]
    old["metadata"]["labels"]["harvesterhci.io/upgradeState"] = READY
    old["metadata"]["creationTimestamp"] = moment(world.captured_at, days=-90)
    old["spec"]["version"] = back
    at = moment(world.captured_at, days=-89)
    old["status"]["conditions"] = [condition(kind) | {"lastTransitionTime": at} for kind in ("Completed", *CONDITIONS)]
    return world


def _begin(world: World, row: Phase, minutes: int) -> None:
    """Add the Upgrade as it is `minutes` after its creation."""
    began = moment(world.captured_at, minutes=-minutes)
    upgrade = parts.add_upgrade(world, before(world.version), {})
    labels = {"harvesterhci.io/latestUpgrade": "true", "harvesterhci.io/upgradeState": row.label}
    upgrade["metadata"] |= {"creationTimestamp": began, "labels": labels if row.label else {}}
    status = upgrade["status"]
    status["conditions"] = _conditions(row, began, world.captured_at)
    early = {"imageID": 1, "repoInfo": 3, "nodeStatuses": 3, "previousVersion": 0, "upgradeLog": 0}
    for key, reached in early.items():
        if row.reached < reached or (row.reached == reached and not row.working):
            status.pop(key)
    if len(world.hosts) == 1 and "repoInfo" in status:
        status["singleNode"] = next(iter(world.hosts))


def _conditions(row: Phase, began: str, now: str) -> list[dict[str, str]]:
    if not row.label:
        return []
    ended = row.reached == len(CONDITIONS)
    found = [("Completed", "True" if ended else "Unknown", now if ended else began)]
    for i, kind in enumerate(CONDITIONS[: row.reached + row.working]):
        start = moment(began, minutes=DONE_AT[i - 1] if i else 0)
        end = moment(began, minutes=DONE_AT[i]) if DONE_AT[i] else now
        found.append((kind, "True", end) if i < row.reached else (kind, "Unknown", start))
    return [{"type": kind, "status": told, "lastUpdateTime": at, "lastTransitionTime": at} for kind, told, at in found]


def _nodes_until(world: World, phase: str) -> None:
    """What the Upgrade says of its nodes in a phase; halfway through the preload the second is at work."""
    nodes = order(world)
    if phase == "PreparingNodes":
        done = nodes[: (len(nodes) - 1) // 2 + (len(nodes) > 1)]
        at_work = nodes[len(done) : len(done) + 1]
        _set_states(world, dict.fromkeys(done, PRELOADED) | dict.fromkeys(at_work, "Images preloading"))
    elif ORDER.index(phase) > ORDER.index("PreparingNodes"):
        _set_states(world, dict.fromkeys(nodes, READY if phase == "Succeeded" else PRELOADED))


def _set_states(world: World, states: Mapping[str, str]) -> None:
    world.get("Upgrade", NAME)["status"]["nodeStatuses"] = {node: {"state": told} for node, told in states.items()}


def _work(world: World, phase: str, minutes: int) -> None:
    """The Settings, plans and Jobs that the phases until this one have brought."""
    show_services(world, ORDER.index(phase), minutes, before(world.version))


def _roll(world: World) -> None:
    """Change the clusters as Harvester requests the rollout; the only node's Job changes but the version."""
    if len(world.hosts) > 1:
        parts.start_rollout(world)


def _clean_up(world: World, label: str) -> None:
    """What Harvester resets when an upgrade has ended: the rollout's strategy; 1.7 and newer say how far that is."""
    for kind, path in (("Cluster.provisioning.cattle.io", ("spec", "rkeConfig")), ("RKEControlPlane", ("spec",))):
        at: dict[str, Any] = world.get(kind, "local")
        for key in path:
            at = at[key]
        at.pop("upgradeStrategy", None)
        at["provisionGeneration"] = 4
    if world.release.minor >= 7:
        world.change("Upgrade", NAME, {"metadata": {"labels": {"harvesterhci.io/upgradeCleanup": label}}})


def _home(obj: Mapping[str, Any]) -> str:
    return str(obj["metadata"].get("namespace", ""))


def _jobs_of(world: World, plan: str) -> list[dict[str, Any]]:
    return [job for job in world.find("Job") if job["metadata"]["labels"].get("upgrade.cattle.io/plan") == plan]
