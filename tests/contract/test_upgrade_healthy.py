"""An upgrade that gets on is no finding: silence in every phase and at every step of every kind of node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.model import Severity
from harvdiag.training import open_objects
from harvdiag.training.world.cluster import CAPTURED_AT
from harvdiag.training.world.everyday import live_in
from harvdiag.training.world.objects import condition
from harvdiag.training.world.steps import SINGLE, STEPS, order
from harvdiag.training.world.upgradeplans import V2_PHASES, at_plan_pause, at_plan_phase, at_plan_step, at_v2
from tests.routes import from_bundle, from_folder
from tests.sample import every_pair, every_value, is_full, some
from tests.world import World, healthy, rollouts
from tests.world.moving import UPGRADE_MOVES

SIZES = (1, 2, 3, 7)
PLACES = {2: {"first": 0, "last": 1}, 3: {"first": 0, "middle": 1, "last": 2}, 7: {"first": 0, "middle": 3, "last": 6}}
ALL = [(size, place, step) for size, places in PLACES.items() for place in places for step in STEPS]
# Each two of a size, a place among the nodes and a step meet; the only node has its own steps.
CASES = [*every_pair(ALL), *((1, "first", step) for step in SINGLE)]
# The second way asks the same rules: each step with two of the sizes.
V2_CASES = [case for case in CASES if case[0] == 1 or case[0] in some(PLACES, 2, ("v2", case[2]))]
RELEASES = ("v1.4.2", "v1.9.0")
IN_MEMORY, FOLDER, BUNDLE = "in memory", "folder", "bundle"


def cluster(size: int, version: str = "v1.8.2") -> World:
    """A healthy cluster of so many nodes; from the fourth on they have no role."""
    return healthy([f"hv{i:02}" for i in range(1, size + 1)], version=version)


def in_memory(_: Path, objects: Iterable[dict[str, Any]]) -> Cluster:
    """As the training opens them, at the time at which a bundle of them would be collected."""
    return open_objects("world", objects, CAPTURED_AT)


def sizes(*case: str) -> list[int]:
    """Three nodes, and another size."""
    return [3, *some((1, 2, 7), 1, case)]


TAKE = {IN_MEMORY: in_memory, FOLDER: from_folder, BUNDLE: from_bundle}


def routes(size: int, *case: str) -> list[str]:
    """Three nodes, where all phases and steps differ, go through files, others in memory; in a full run all do both."""
    if size == 3 or is_full():
        return some([FOLDER, BUNDLE], 1, case)
    return [IN_MEMORY]


def assert_silent(world: World, place: Path, through: Iterable[str] = (FOLDER, BUNDLE)) -> None:
    """No finding and nothing skipped, by the routes asked for."""
    for route in through:
        findings = TAKE[route](place, world.objects).check()
        assert [(f.rule, f.subject.name, f.message) for f in findings] == []
        assert findings.skipped == ()
        assert findings.source.nodes == len(world.hosts)


@pytest.mark.parametrize(("size", "phase"), [(size, phase) for phase in rollouts.PHASES for size in sizes(phase)])
def test_every_phase_is_silent(size: int, phase: str, tmp_path: Path) -> None:
    assert_silent(rollouts.at_phase(cluster(size), phase), tmp_path, routes(size, phase))


@pytest.mark.parametrize(("size", "place", "step"), CASES)
def test_every_step_is_silent(size: int, place: str, step: str, tmp_path: Path) -> None:
    """The first, a middle and the last node, with those before it done and those after it waiting."""
    world = cluster(size)
    rollouts.at_step(world, order(world)[PLACES.get(size, {}).get(place, 0)], step)
    assert_silent(world, tmp_path, routes(size, place, step))


@pytest.mark.parametrize(("version", "step"), [(each, step) for step in STEPS for each in some(RELEASES, 1, step)])
def test_every_step_is_silent_in_other_releases(version: str, step: str, tmp_path: Path) -> None:
    """The shapes of v1beta1 without gate and clean-up label, and of Rancher 2.15."""
    assert_silent(rollouts.at_step(cluster(3, version), "hv02", step), tmp_path, some(TAKE, 1, (version, step)))


@pytest.mark.parametrize(
    ("version", "phase"), [(each, phase) for phase in rollouts.PHASES for each in some(RELEASES, 1, phase)]
)
def test_every_phase_is_silent_in_other_releases(version: str, phase: str, tmp_path: Path) -> None:
    assert_silent(rollouts.at_phase(cluster(3, version), phase), tmp_path, some(TAKE, 1, (version, phase)))


def last_done(world: World) -> World:
    """Succeeded a moment ago: the last node is still cordoned."""
    return rollouts.at_step(world, order(world)[-1], "h11")


VARIANTS: dict[str, Callable[[World], World]] = {
    "cleaned-up": lambda world: rollouts.cleaned_up(rollouts.at_phase(world, "Succeeded")),
    "no-log": lambda world: rollouts.without_logging(rollouts.at_phase(world, "UpgradingSystemServices")),
    "no-log-early": lambda world: rollouts.without_logging(rollouts.at_phase(world, "LoggingInfraPrepared")),
    "skip": lambda world: rollouts.preload_skipped(rollouts.at_phase(world, "UpgradingSystemServices")),
    "skip-nodes": lambda world: rollouts.preload_skipped(rollouts.at_step(world, "hv02", "h4")),
    "unpaused": lambda world: rollouts.paused(rollouts.at_step(world, "hv02", "h4")),
    "paused-later": lambda world: rollouts.paused(rollouts.at_step(world, "hv02", "h4"), "hv03"),
    "restore-vm": lambda world: rollouts.restoring(rollouts.at_step(world, "hv02", "h12"), "hv02"),
    "restored-vm": lambda world: rollouts.restoring(rollouts.at_step(world, "hv02", "h12"), "hv02", "complete"),
    "last-done": last_done,
    "second-upgrade": lambda world: rollouts.at_step(rollouts.with_old_upgrade(world), "hv02", "h4"),
    "witness": lambda world: rollouts.at_step(world, "hv02", "h4"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_are_silent(variant: str, tmp_path: Path) -> None:
    """The clean-up, an upgrade without log, without preload, with a pause map, with VMs to restore."""
    witness = {"witness": "hv03"} if variant == "witness" else {}
    world = VARIANTS[variant](healthy(("hv01", "hv02", "hv03"), version="v1.8.2", **witness))
    assert_silent(world, tmp_path)


@pytest.mark.parametrize("size", SIZES)
def test_a_pause_is_told_as_one(size: int, tmp_path: Path) -> None:
    """A node that is held back is no stall: what speaks of it says that it is paused, and nothing else speaks."""
    world = cluster(size)
    findings = from_bundle(tmp_path, rollouts.at_pause(world, "hv01").objects).check()
    assert {(f.rule, f.subject.name) for f in findings} <= {("upgrade-node-paused", "hv01")}
    assert findings.skipped == ()


RUNNING_V2 = [phase for phase in V2_PHASES if phase != "Failed"]


@pytest.mark.parametrize("phase", RUNNING_V2)
def test_upgrade_v2_of_2025_is_silent(phase: str, tmp_path: Path) -> None:
    """UpgradePlan: its phases are its own, and in these builds no plan Secret takes part."""
    assert_silent(at_v2(cluster(3, "v1.9.0"), phase), tmp_path, some(TAKE, 1, ("2025", phase)))


@pytest.mark.parametrize(("size", "phase"), [(size, phase) for phase in RUNNING_V2 for size in sizes("v2", phase)])
def test_every_phase_of_upgrade_v2_is_silent(size: int, phase: str, tmp_path: Path) -> None:
    assert_silent(at_plan_phase(cluster(size, "v1.9.0"), phase), tmp_path, routes(size, "v2", phase))


@pytest.mark.parametrize(("size", "place", "step"), V2_CASES)
def test_every_step_of_upgrade_v2_is_silent(size: int, place: str, step: str, tmp_path: Path) -> None:
    """The same drain, asked for by the annotations of an UpgradePlan, and told by its states; from 4 on workers."""
    world = cluster(size, "v1.9.0")
    at_plan_step(world, order(world)[PLACES.get(size, {}).get(place, 0)], step)
    assert_silent(world, tmp_path, routes(size, "v2", place, step))


@pytest.mark.parametrize("size", [2, 3])
def test_a_pause_of_upgrade_v2_is_told_as_one(size: int, tmp_path: Path) -> None:
    findings = from_bundle(tmp_path, at_plan_pause(cluster(size, "v1.9.0"), "hv01").objects).check()
    assert [(f.rule, f.subject.name) for f in findings] == [("upgrade-node-paused", "hv01")]
    assert findings.skipped == ()


def at_first_node(change: Callable[[World, str, str], World]) -> Callable[[World, str], World]:
    """Change a world into one in which its first node is at a step."""
    return lambda world, step: change(world, order(world)[0], step)


QUICK = {  # what takes a minute: for how many minutes it may be seen
    "gate": 25,
    "h2": 5,
    "h8": 5,
    "h11": 30,
    "waiting": 50,
    "rebooting": 50,
    "Succeeded": 50,
    "done": 50,
    "h12": 50,
}
MOMENTS: dict[str, tuple[Callable[[World, str], World], str]] = {
    **{f"V1 phase {phase}": (rollouts.at_phase, phase) for phase in rollouts.PHASES},
    **{f"V1 step {step}": (at_first_node(rollouts.at_step), step) for step in STEPS},
    **{f"V2 phase {phase}": (at_plan_phase, phase) for phase in RUNNING_V2},
    **{f"V2 step {step}": (at_first_node(at_plan_step), step) for step in STEPS},
}


def waits(most: int) -> list[int]:
    """The longest that a moment may last: what is silent then was silent before; all times in a full run."""
    return [minutes for minutes in (0, 30, 90) if minutes <= most][0 if is_full() else -1 :]


WAITS = [
    (size, moment, minutes)
    for moment, (_, name) in MOMENTS.items()
    for minutes in waits(QUICK.get(name, 90))
    for size in some([size for size in SIZES if size > 1 or "phase" in moment], 1, (moment, minutes))
]
MOVING = every_value((move, moment, size) for move in UPGRADE_MOVES for moment in MOMENTS for size in (3, 7))


def in_use(size: int, moment: str) -> World:
    """A cluster with all that one in use has, in the middle of its upgrade."""
    world = healthy([f"hv{i:02}" for i in range(1, size + 1)], version="v1.9.0", lean=False)
    change, name = MOMENTS[moment]
    return live_in(change(world, name))


def assert_information(world: World) -> None:
    """Nothing is found that is more than information, and nothing was left out."""
    findings = open_objects("world", world.objects, world.captured_at).check()
    assert [(f.rule, f.subject.name, f.message) for f in findings if f.severity is not Severity.INFO] == []
    assert findings.skipped == ()


@pytest.mark.parametrize(("size", "moment", "minutes"), WAITS)
def test_a_cluster_in_use_is_silent_for_some_time(size: int, moment: str, minutes: int) -> None:
    """At every phase and step, up to half an hour or an hour and a half later: each may take that long."""
    assert_information(rollouts.wait(in_use(size, moment), minutes=minutes))


@pytest.mark.parametrize(("move", "moment", "size"), MOVING)
def test_what_an_upgrade_moves_is_silent(move: str, moment: str, size: int) -> None:
    """Charts, pods, KubeVirt and volumes are at rest again some time after the last node."""
    world = in_use(size, moment)
    UPGRADE_MOVES[move](world)
    assert_information(world)


def test_healthy_cluster_says_so(tmp_path: Path) -> None:
    """The test can fail: a condition that no healthy upgrade has is heard."""
    world = rollouts.at_step(cluster(3), "hv02", "h4")
    world.get("Cluster", "local")["spec"]["paused"] = True
    world.get("RKEControlPlane", "local")["status"]["conditions"].append(condition("Paused"))
    with pytest.raises(AssertionError, match="paused"):
        assert_silent(world, tmp_path, [FOLDER])
