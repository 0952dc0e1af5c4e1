"""The end of the log of whoever has the turn, and the steps that a Job's log shows."""

from __future__ import annotations

from pathlib import Path

from harvdiag.upgrade.logs import find_job_step, quote_actor
from harvdiag.upgrade.movement import STILL
from tests.routes import from_bundle
from tests.world import World, healthy, rollouts

LOG = "harvester-system/hvst-upgrade-abcde-apply-manifests-x7k2p/apply.log"
LINES = (
    "2025-05-08T06:00:00Z Plan hvst-upgrade-abcde-skip-restart-rancher-system-agent completes.",
    "2025-05-08T{}:00Z instance-manager (aio) (image=x) state is running on hv01. OK.",
    "2025-05-08T09:40:00Z instance-manager (aio) (image=x) state is running on hv01. OK.",
    "2025-05-08T09:50:00Z Checking instance-manager (aio) pod on node hv02 ...",
)


def at_services() -> World:
    return rollouts.wait(rollouts.at_phase(healthy(version="v1.8.2"), "UpgradingSystemServices"), hours=3)


def logs_with(first: str) -> dict[str, str]:
    return {LOG: "".join(f"{line.format(first)}\n" for line in LINES)}


def test_only_the_first_end_of_a_wait_is_a_step(tmp_path: Path) -> None:
    """A loop says of the same instance managers again and again that they are ready."""
    run = from_bundle(tmp_path, at_services().objects, logs=logs_with("06:10")).facts.upgrade_run
    assert run is not None
    (job,) = (job for job in run.jobs if job.type == "apply-manifests")
    step = find_job_step(run.snapshot, job)
    assert step is not None
    assert (step.time, step.number) == ("2025-05-08T06:10:00Z", 2)


def test_a_new_step_in_the_log_is_movement(tmp_path: Path) -> None:
    """Where the objects show none for hours; a repeated line is none."""
    world = at_services()
    for first, moves in (("12:00", True), ("10:10", False)):
        place = tmp_path / first
        place.mkdir()
        cluster = from_bundle(place, world.objects, world.captured_at, logs=logs_with(first))
        movement = cluster.upgrade.movement
        assert movement is not None
        assert (movement.age < STILL) == moves
        assert len(cluster.check()) == (not moves)


def test_the_end_of_the_actors_log_is_quoted_without_repetitions(tmp_path: Path) -> None:
    """That of the pod that wrote last, the oldest line first; no log, no quote."""
    early, late = "rancher-7f8d6c5b4-abcde", "rancher-7f8d6c5b4-fghij"
    logs = {
        f"cattle-system/{early}/rancher.log": "2025-05-08T09:00:00Z gone\n",
        f"cattle-system/{late}/rancher.log": "2025-05-08T09:58:00Z one\n"
        + "2025-05-08T09:59:00Z two\n" * 5
        + "2025-05-08T09:59:30Z token: abcdefgh\n",
    }
    snapshot = from_bundle(tmp_path, healthy().objects, logs=logs).snapshot
    quotes = quote_actor(snapshot, "Rancher's planner")
    assert [quote.line[21:] for quote in quotes] == ["one", "two", "token: ***"]
    assert [quote.number for quote in quotes] == [1, 6, 7]
    assert quote_actor(snapshot, "Harvester") == []
    assert quote_actor(snapshot, "the host", node="hv01") == []
