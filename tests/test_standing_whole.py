"""What the explanation says beside the main story: other errors, nodes that are down, deletion, two upgrades."""

from __future__ import annotations

import pytest

import harvdiag as hd
from harvdiag.core.model import State
from harvdiag.status.upgrade.headline import select_parts
from harvdiag.training.world.objects import moment
from harvdiag.training.world.upgradeplans import at_v2
from harvdiag.training.world.upgrades import NAME
from harvdiag.upgrade.waiting import WaitReason
from tests.routes import opened
from tests.test_standing import of, sized, sound, told
from tests.world import faults, rollouts
from tests.world.samples import DATA


def test_an_error_about_the_cluster_is_why_nothing_goes_on() -> None:
    world = rollouts.at_step(sized(4), "hv02", "h7")
    world.get("Cluster", "local")["spec"]["paused"] = True
    standing = of(rollouts.wait(world, hours=9))
    parts = sound(standing)
    assert "is stuck" in parts["Where"]
    assert "paused" in parts["Why"]
    assert "Next step" in parts
    assert not parts["Next step"].startswith("none")
    assert standing.current_wait
    assert standing.current_wait.reason is WaitReason.STUCK


def test_an_error_about_a_node_to_come_is_told_while_another_goes_on() -> None:
    world = rollouts.at_step(sized(4), "hv02", "h7")
    world.remove("Secret", f"{world.machine_of('hv04')}-machine-plan")
    standing = of(world)
    assert standing.moving_node == "hv02"
    assert "cannot finish; it is in phase 7" in sound(standing)["Where"]


def test_it_never_says_nothing_beside_an_error() -> None:
    """A Machine that names no Node of this upgrade holds nothing up, but is found."""
    world = sized(4)
    faults.ghost(world, "hv04")
    standing = of(rollouts.at_step(world, "hv02", "h4"))
    parts = sound(standing)
    assert not standing.story
    assert "hv04" in parts["Also found"]
    assert not parts["Next step"].startswith("none")


def test_an_upgrade_deleted_midway_is_no_nothing() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h5")
    world.remove("Upgrade", NAME)
    parts = sound(of(world))
    assert parts["Where"] == "no upgrade is under way, and there is no record of one"
    assert parts["In the way"].startswith("The nodes' upgrade is still active, though no Upgrade runs")
    assert parts["Next step"]


@pytest.mark.parametrize("name", ["speaks", "speaks-initialized"])
def test_what_would_stop_the_next_upgrade_is_no_leftover(name: str) -> None:
    standing = opened(DATA / "scenarios" / "planner-standing-still" / f"{name}.yaml").upgrade
    parts = sound(standing)
    assert parts["In the way"].startswith("Rancher's planner says")
    assert not parts.keys() & {"Why", "Leftovers"}
    assert ("In the way", parts["In the way"]) in select_parts(standing.progress)


def test_a_deletion_that_hangs_is_said() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    world.get("Upgrade", NAME)["metadata"]["deletionTimestamp"] = "2025-05-08T06:00:00Z"
    assert "deletion of this Upgrade was requested at 2025-05-08 06:00 UTC" in told(of(world))["Being deleted"]


def test_before_the_nodes_turn_it_may_be_deleted() -> None:
    standing = hd.open(DATA / "bundles" / "unmanaged-node.zip").upgrade
    assert "Harvester lets you delete this Upgrade" in sound(standing)["Deletion"]


def test_a_node_that_is_down_without_its_turn_is_a_warning() -> None:
    world = rollouts.at_step(sized(4), "hv03", "h4")
    rows = world.get("Node", "hv01")["status"]["conditions"]
    rows[:] = [row for row in rows if row["type"] != "Ready"]
    since = moment(world.captured_at, hours=-2)
    rows.append({"type": "Ready", "status": "Unknown", "lastTransitionTime": since})
    standing = of(world)
    assert sound(standing)["Warning"].startswith("hv01 is not Ready, though it is not its turn")
    assert "not Ready" in sound(standing, "hv01")["Warning"]


def test_a_node_at_its_restart_is_no_warning() -> None:
    assert "Beware" not in sound(of(rollouts.at_step(sized(4), "hv03", "restarting")))


def test_two_kinds_of_upgrade_at_once_are_both_told() -> None:
    world = at_v2(rollouts.at_step(sized(3), "hv02", "h4"), "NodeUpgrading")
    assert "(Upgrade V2) in phase NodeUpgrading" in sound(of(world))["Also under way"]


def test_a_plan_is_told_though_upgrades_were_not_seen() -> None:
    parts = sound(of(at_v2(sized(3), "Failed"), Upgrade=State.FORBIDDEN))
    assert "no UpgradePlan (Upgrade V2) is under way; the last, UpgradePlan upgrade-x7k2p" in parts["Where"]
    assert "whether an Upgrade of the older kind (V1) is under way" in parts["Not seen"]


def test_the_nodes_of_a_plan_go_by_name() -> None:
    standing = of(at_v2(sized(3), "NodeUpgrading"))
    assert "1 of 3 nodes are done" in sound(standing)["Where"]
    assert sound(standing, "hv01")["Where"].startswith('hv01 is "OSUpgraded"')


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_the_number_of_nodes_is_a_sentence(count: int) -> None:
    where = sound(of(rollouts.at_phase(sized(count), "UpgradingNodes")))["Where"]
    assert f"0 of {count} {'node is' if count == 1 else 'nodes are'} done" in where


def test_a_warning_that_holds_it_up_tells_since_when() -> None:
    world = rollouts.at_step(sized(4), "hv02", "h5")
    secret = world.get("Secret", f"{world.machine_of('hv02')}-machine-plan")
    secret["metadata"]["annotations"]["rke.cattle.io/drain-error"] = "would violate the pod's disruption budget"
    parts = sound(of(rollouts.wait(world, hours=30)))
    assert parts.get("Last progress", parts.get("Stalled", "")).startswith("since ")
