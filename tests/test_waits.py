"""Whose turn it is: in every phase, at every step of a drain, for the upgrade as a whole and for each node."""

from __future__ import annotations

from typing import Any

import pytest

from harvdiag.core.model import ObjectRef, State
from harvdiag.core.suggest import join_names
from harvdiag.training.world.faults import ghost, lose_answer, orphan
from harvdiag.training.world.steps import SINGLE, STEPS
from harvdiag.training.world.upgrades import NAME, set_job
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.waiting import Wait, find_active_node, find_broken_chain, find_node_wait, find_wait
from tests import port
from tests.world import World, healthy, rollouts

SIZES = (1, 2, 3, 7)
CHAIN = "so Rancher never asks to drain it, so Harvester never starts its pre-drain Job"


def sized(count: int) -> World:
    return healthy([f"hv{i:02}" for i in range(1, count + 1)], version="v1.8.2")


def opened(world: World, **states: State) -> UpgradeRun:
    found = port.cluster(world.objects, **states).facts.upgrade_run
    assert found is not None
    return found


def of(world: World, name: str, **states: State) -> Wait:
    found = opened(world, **states)
    return find_node_wait(found, node(found, name))


def node(of_: UpgradeRun, name: str) -> NodeUpgrade:
    found = of_.node(name)
    assert found is not None
    return found


def said(told: Wait) -> tuple[str, str]:
    """Who is to act, and what."""
    return told.actor, told.what


def sound(told: Wait) -> None:
    """It names one who is to act, and what; in plain words."""
    assert told.actor
    assert told.what
    assert not {"None", "idle"} & set(told.what.replace(",", " ").split())
    assert not told.what.endswith((" ", ":", ","))
    assert told.subject.name


# The whole upgrade

ACTORS = {
    "new": "Harvester's upgrade controller",
    "PreparingLoggingInfra": "Harvester's upgrade-log handlers",
    "LoggingInfraPrepared": "Harvester's image controller",
    "PreparingRepo": "Harvester's repository handlers",
    "RepoPrepared": "Harvester's upgrade controller",
    "PreparingNodes": "the system-upgrade-controller and its prepare plan",
    "prepared": "the system-upgrade-controller and its prepare plan",
    "UpgradingSystemServices": "the Job apply-manifests",
    "gate": "Harvester's plan controller",
    "UpgradingNodes": "Rancher's planner",
}


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("phase", ACTORS)
def test_every_phase_has_its_actor(phase: str, count: int) -> None:
    found = opened(rollouts.at_phase(sized(count), phase))
    told = find_wait(found)
    sound(told)
    alone = count == 1 and phase in {"UpgradingNodes", "gate"}  # no gate plan, no drain
    assert told.actor == ("Harvester" if alone else ACTORS[phase])
    for one in found.nodes:
        sound(find_node_wait(found, one))


def test_the_actors_cover_every_running_phase() -> None:
    assert ACTORS.keys() | {"Succeeded"} == rollouts.PHASES.keys()


def test_images_are_waited_for_by_name() -> None:
    told = find_wait(opened(rollouts.at_phase(sized(3), "PreparingNodes")))
    assert told.what == "to load the images of hv03"
    assert told.since


def test_a_complete_job_of_the_services_is_not_called_unbegun() -> None:
    world = rollouts.at_phase(sized(3), "UpgradingSystemServices")
    job = next(job for job in world.find("Job") if job["metadata"]["name"].endswith("apply-manifests"))
    job["status"] = {"succeeded": 1, "startTime": world.captured_at}
    assert (
        find_wait(opened(world)).what == f"Job {NAME}-apply-manifests is complete, and Harvester has not continued yet"
    )


def test_a_job_without_a_pod_has_not_begun() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    next(job for job in world.find("Job") if job["metadata"]["name"].endswith("pre-drain-hv02"))["status"] = {}
    assert find_wait(opened(world)).what == f"Job {NAME}-pre-drain-hv02 has not begun"


def test_an_unknown_label_still_names_the_node_at_work() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    world.get("Upgrade", NAME)["metadata"]["labels"]["harvesterhci.io/upgradeState"] = "CreatingUpgradeImage"
    assert find_wait(opened(world)).what == f"Job {NAME}-pre-drain-hv02 is at work"
    early = rollouts.at_phase(sized(3), "PreparingRepo")
    early.get("Upgrade", NAME)["metadata"]["labels"]["harvesterhci.io/upgradeState"] = "CreatingUpgradeImage"
    assert said(find_wait(opened(early))) == ("unknown", "harvdiag does not know its state 'CreatingUpgradeImage'")


def test_all_nodes_done_is_for_harvester_to_see() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h12")
    world.get("Upgrade", NAME)["status"]["nodeStatuses"] = {key: {"state": "Succeeded"} for key in world.hosts}
    for kind in ("RKEControlPlane", "Cluster.provisioning.cattle.io"):
        world.get(kind, "local")["status"]["conditions"] = []
    assert said(find_wait(opened(world))) == ("Harvester", "to see that every node is done")


# The steps of a drain

HANDS = {
    "h0": ("Rancher's planner", "the etcd nodes have their turn"),
    "h1": ("Rancher", "to cordon the node and ask for the pre-drain hook"),
    "h2": ("Harvester", "to run the pre-drain Job and acknowledge"),
    "h3": ("Harvester", "pre-drain-hv02 is at work"),
    "h4": ("Harvester", "pre-drain-hv02 is at work"),
    "h5": ("Rancher", "to drain the node"),
    "h6": ("Rancher and the node's agent", "to apply the new plan"),
    "h7": ("Rancher and the node's agent", "waiting for plan to be applied"),
    "restarting": ("Rancher and the node's agent", "waiting for plan to be applied"),
    "probes": ("Rancher and the node's agent", "waiting for probes: kubelet"),
    "uncordon": ("Rancher", "to ask for the post-drain hook"),
    "h8": ("Harvester", "to run the post-drain Job and acknowledge"),
    "h9": ("Harvester", "post-drain-hv02 is at work"),
    "h10": ("Harvester", "post-drain-hv02 is at work"),
    "waiting": ("the host", "to come back with Harvester v1.8.2"),
    "rebooting": ("the host", "to come back with Harvester v1.8.2"),
    "h11": ("Rancher", "to uncordon the node and end the cycle"),
    "h12": ("Rancher's planner", "the etcd nodes have their turn"),
}


def test_every_step_has_its_hand() -> None:
    assert HANDS.keys() == STEPS.keys()


@pytest.mark.parametrize("step", STEPS)
def test_every_step_names_who_is_to_act(step: str) -> None:
    """The upgrade waits for what its busy node waits for, also where that is not what Rancher's message says."""
    found = opened(rollouts.at_step(sized(3), "hv02", step))
    told = find_wait(found)
    actor, what = HANDS[step]
    assert told.actor == actor
    assert what in told.what
    if step not in {"h0", "h12"}:
        assert told == find_node_wait(found, node(found, "hv02"))
    for one in found.nodes:
        sound(find_node_wait(found, one))
    before = ["hv02"] if STEPS[step].keys else []
    assert find_node_wait(found, node(found, "hv03")).what == f"to give it its turn{', after hv02' if before else ''}"


@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("step", STEPS)
def test_every_step_of_the_first_and_the_last_node_is_sound(step: str, count: int) -> None:
    world = sized(count)
    for name in (f"hv{count:02}", "hv01"):
        found = port.cluster(rollouts.at_step(world.copy(), name, step).objects).facts.upgrade_run
        if found is None:
            assert (name, step) in {(f"hv{count:02}", "h11"), (f"hv{count:02}", "h12")}
            continue
        sound(find_wait(found))
        for one in found.nodes:
            sound(find_node_wait(found, one))


@pytest.mark.parametrize("step", ["started", "kubelet", "waiting"])
def test_the_only_node_is_waited_for_without_a_drain(step: str) -> None:
    assert step in SINGLE
    world = rollouts.at_step(sized(1), "hv01", step)
    told = find_wait(opened(world))
    assert said(told) == (
        ("the host", "to come back with Harvester v1.8.2")
        if step == "waiting"
        else ("Harvester", f"Job {NAME}-single-node-upgrade-hv01 is at work")
    )
    orphan(world, "hv01", managed=True)
    assert find_broken_chain(opened(world), node(opened(world), "hv01")) is None


@pytest.mark.parametrize(("step", "hook"), [("h5", "pre"), ("h11", "post")])
def test_a_lost_answer_is_harvesters_to_give(step: str, hook: str) -> None:
    """Not the Job again, which is over: the words of the handshake alone would say so."""
    world = rollouts.at_step(sized(3), "hv02", step)
    lose_answer(world, "hv02", f"{hook}-hook")
    told = find_wait(opened(world))
    assert said(told) == ("Harvester", f"to acknowledge the {hook}-drain hook, whose Job is complete")
    ended = [job["status"]["completionTime"] for job in world.find("Job") if f"{hook}-drain-hv02" in str(job)]
    assert told.since == max(ended)
    assert told.subject == ObjectRef("Secret", "fleet-local", f"{world.machine_of('hv02')}-machine-plan")


# States


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_paused_node_waits_for_an_administrator(count: int) -> None:
    world = rollouts.at_pause(sized(count), "hv01")
    assert find_wait(opened(world)).actor == "an administrator"


def test_a_node_at_work_is_told_before_a_paused_one() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    world.get("Upgrade", NAME)["status"]["nodeStatuses"]["hv01"]["state"] = "Node-upgrade paused"
    assert find_wait(opened(world)).what == f"Job {NAME}-pre-drain-hv02 is at work"


def test_a_failed_node_waits_for_somebody_and_says_why() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    status = world.get("Upgrade", NAME)["status"]["nodeStatuses"]
    status["hv02"] = {"state": "Failed", "reason": "BackoffLimitExceeded", "message": "gone"}
    assert said(of(world, "hv02")) == ("an administrator (manual fix needed)", "it failed: BackoffLimitExceeded: gone")
    status["hv02"] = {"state": "Failed"}
    assert of(world, "hv02").what == "it failed: no reason given"


def test_a_failed_job_says_why() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    set_job(next(job for job in world.find("Job") if job["metadata"]["name"].endswith("pre-drain-hv02")), "failed")
    assert of(world, "hv02").what.startswith(f"Job {NAME}-pre-drain-hv02 has failed (BackoffLimitExceeded")


def test_vms_are_restored_after_the_node_is_done() -> None:
    world = rollouts.restoring(rollouts.at_step(sized(3), "hv02", "h12"), "hv02")
    assert find_wait(opened(world)).what == f"Job {NAME}-restore-vm-hv02 is at work"


def test_an_unknown_state_is_quoted() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h12")
    world.get("Upgrade", NAME)["status"]["nodeStatuses"]["hv03"] = {"state": "Dancing"}
    assert of(world, "hv03").what == 'its state is "Dancing"'


def test_a_turn_is_not_promised_before_its_phase() -> None:
    services = rollouts.at_phase(sized(3), "UpgradingSystemServices")
    assert said(of(services, "hv02")) == ("the phases before", "its turn comes in phase 7, one node after the other")
    early = rollouts.at_phase(sized(3), "PreparingRepo")
    assert of(early, "hv02").what == "to load its images, in phase 5 (PreparingNodes)"
    loading = rollouts.at_phase(sized(3), "PreparingNodes")
    assert said(of(loading, "hv03")) == ("the system-upgrade-controller", "to load its images")


# The chain


def test_the_chain_begins_at_the_first_broken_link() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    whole = opened(world)
    assert find_broken_chain(whole, node(whole, "hv03")) is None
    no_plan = world.copy()
    no_plan.remove("Secret", f"{world.machine_of('hv03')}-machine-plan")
    assert said(of(no_plan, "hv03")) == (
        "no one",
        f"its Machine has no plan Secret, {CHAIN}",
    )
    alone = world.copy()
    orphan(alone, "hv03", managed=True)
    assert said(of(alone, "hv03")) == ("no one", f"it has no Machine, so no plan Secret, {CHAIN}")
    gone = world.copy()
    ghost(gone, "hv03")
    assert of(gone, "hv03").what == "its Node no longer exists, so nothing can be upgraded"


@pytest.mark.parametrize("kind", ["Machine", "Secret"])
def test_what_was_not_seen_is_not_absent(kind: str) -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    found = opened(world, **{kind: State.FORBIDDEN})
    for one in found.nodes:
        assert find_broken_chain(found, one) is None
        sound(find_node_wait(found, one))


# Small parts


def test_who_is_at_work_but_those_that_are_named() -> None:
    found = opened(rollouts.at_step(sized(3), "hv02", "h4"))
    assert find_active_node(found, ()) == "hv02"
    assert find_active_node(found, {ObjectRef("Node", "", "hv02")}) == ""
    assert find_active_node(found, {ObjectRef("Job", "harvester-system", f"{NAME}-pre-drain-hv02")}) == ""
    assert find_active_node(found, {ObjectRef("Node", "", "hv03")}) == "hv02"
    assert find_active_node(opened(rollouts.at_step(sized(3), "hv02", "h5")), ()) == ""


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("a", "a"),
        ("ab", "a and b"),
        ("abcd", "a, b, c and d"),
        ("abcdefg", "a, b, c, d, e, f and g"),
        ("abcdefgh", "a, b, c, d, e, f and 2 more"),
    ],
)
def test_names_stand_in_a_sentence(given: str, text: str) -> None:
    assert join_names(list(given)) == text


def test_a_long_message_of_the_planner_is_cut() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h0")
    rows: list[dict[str, Any]] = [
        {"type": "Ready", "status": "Unknown", "message": "configuring etcd node(s) " + "x" * 900}
    ]
    world.get("RKEControlPlane", "local")["status"]["conditions"] = rows
    world.get("Cluster.provisioning.cattle.io", "local")["status"]["conditions"] = []
    assert len(find_wait(opened(world)).what) < 300
