"""Nodes that a failed upgrade has left in an older version are its consequence: the failure comes first."""

from __future__ import annotations

import pytest

from harvdiag.training import open_objects
from harvdiag.training.world.steps import order
from harvdiag.training.world.upgradeplans import at_plan_phase
from tests.world import World, healthy, rollouts


@pytest.mark.parametrize("kind", ["V1", "V2"])
def test_versions_that_differ_are_a_consequence_of_the_failure(kind: str) -> None:
    world = failed(kind)
    findings = open_objects("failed", world.objects, world.captured_at).check()
    behind = [finding for finding in findings if finding.rule == "node-version-differs"]
    assert {finding.subject.name for finding in behind} >= set(order(world)[1:-1])
    assert all(finding.caused_by for finding in behind)
    assert "node-version-differs" not in {finding.rule for finding in findings.roots}


def failed(kind: str) -> World:
    """Three nodes, of which the first is done and the second has failed, a day ago."""
    world = healthy(version="v1.9.0")
    if kind == "V1":
        rollouts.fail(rollouts.at_step(world, "hv02", "h4"))
    else:
        at_plan_phase(world, "Failed")
        plan = next(world.find("UpgradePlan"))
        states = {"hv01": "PostDrained", "hv02": "PreDrainFailed", "hv03": "ImagePreloaded"}
        plan["status"]["nodeUpgradeStatuses"] = {node: {"state": state} for node, state in states.items()}
        version = world.release
        world.change("Node", "hv01", {"status": {"nodeInfo": {"osImage": version.os}}})
        world.change("Node", "hv01", {"status": {"nodeInfo": {"kubeletVersion": version.kubernetes}}})
    return rollouts.wait(world, days=1)
