"""Whose turn it is where the plain case does not hold: what was not seen, what contradicts itself, who must wait."""

from __future__ import annotations

from typing import Any

import pytest

from harvdiag.core.model import State
from harvdiag.training.world.objects import moment
from harvdiag.training.world.upgrades import NAME, add_node_job, set_job
from tests.test_waits import node, of, opened, said, sized
from tests.world import World, faults, rollouts


def annotations(world: World, name: str) -> dict[str, str]:
    secret = world.get("Secret", f"{world.machine_of(name)}-machine-plan")
    found: dict[str, str] = secret["metadata"].setdefault("annotations", {})
    return found


@pytest.mark.parametrize("step", ["h4", "h5"])
def test_nodes_that_were_not_seen_are_not_gone(step: str) -> None:
    for name in ("hv01", "hv02", "hv03"):
        told = of(rollouts.at_step(sized(3), "hv02", step), name, Node=State.FORBIDDEN)
        assert "no Node of this name" not in told.what


def test_without_plan_secrets_nobody_is_named() -> None:
    told = of(rollouts.at_step(sized(3), "hv02", "h5"), "hv02", Secret=State.FORBIDDEN)
    assert told.actor == "Rancher or Harvester"
    assert "the plan Secrets, with their requests and answers, were not seen" in told.what


def test_without_jobs_it_is_not_told_how_far_the_hook_is() -> None:
    told = of(rollouts.at_step(sized(3), "hv02", "h4"), "hv02", Job=State.FORBIDDEN)
    assert told.what.endswith("Jobs were not seen")


@pytest.mark.parametrize(("step", "kind"), [("h4", "pre-drain"), ("h10", "post-drain")])
def test_a_job_that_is_gone_is_made_by_nobody(step: str, kind: str) -> None:
    """Harvester makes the hook's Job only in the state before (docs/objects.md#drain-steps)."""
    world = rollouts.at_step(sized(3), "hv02", step)
    world.remove("Job", f"{NAME}-{kind}-hv02")
    told = of(world, "hv02")
    assert told.never
    assert f"has no {kind} Job" in told.what


def test_a_hook_waits_for_the_work_on_other_nodes() -> None:
    world = rollouts.at_step(sized(4), "hv03", "h2")
    set_job(add_node_job(world, "hv01", "restore-vm", moment(world.captured_at, minutes=-70)), "active")
    told = of(world, "hv03")
    assert told.actor == "Harvester"
    assert told.what == "to run the pre-drain Job; it first waits for hv01"


def test_a_failed_job_is_nobodys_to_go_on_with() -> None:
    world = rollouts.at_step(sized(4), "hv03", "h4")
    set_job(world.get("Job", f"{NAME}-pre-drain-hv03"), "failed")
    assert of(world, "hv03").broken


def test_what_is_released_is_harvesters_and_what_is_held_the_administrators() -> None:
    world = rollouts.at_pause(sized(3), "hv02")
    assert of(world, "hv02").actor == "an administrator"
    world.get("Upgrade", NAME)["metadata"]["annotations"]["harvesterhci.io/node-upgrade-pause-map"] = (
        '{"hv02":"unpause"}'
    )
    assert said(of(world, "hv02")) == ("Harvester", "to notice that an administrator has released it")
    held = rollouts.at_step(sized(3), "hv02", "h2")
    notes: dict[str, Any] = held.get("Upgrade", NAME)["metadata"].setdefault("annotations", {})
    notes["harvesterhci.io/node-upgrade-pause-map"] = '{"hv02":"pause"}'
    assert of(held, "hv02").actor == "an administrator"


def test_the_last_answer_is_due_since_the_node_came_back() -> None:
    """Not since its Job ended, for the host restarted in between (docs/objects.md#drain-post-drain-acknowledged)."""
    world = rollouts.at_step(sized(4), "hv02", "h11")
    found = node(opened(world), "hv02")
    job = found.job("post-drain")
    assert job
    assert found.ready_since > job.ended
    assert of(world, "hv02").since == found.ready_since


def test_a_machine_of_another_node_is_no_way_to_a_turn() -> None:
    world = rollouts.at_step(sized(6), "hv03", "h5")
    faults.share_machine(world, "hv04", "hv03")
    found = node(opened(world), "hv04")
    assert (found.machines, found.secrets) == ((), ())
    assert [ref.name for ref in found.others] == [world.machine_of("hv03")]
    told = of(world, "hv04")
    assert told.never
    assert "belongs to another Node" in told.what


def test_many_secrets_of_one_node_are_told() -> None:
    world = rollouts.at_step(sized(3), "hv01", "h12")
    faults.second_machine(world, "hv03", "")
    assert "more than one plan Secret" in of(world, "hv03").what
