"""The planner's standstill and a node's plan: what a scenario cannot say, because something is unseen or untold."""

from __future__ import annotations

import pytest

from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings
from harvdiag.core.model import State
from harvdiag.rules.planner_advice import STEPS
from harvdiag.snapshot import Snapshot
from harvdiag.training.world.machines import encoded
from harvdiag.training.world.objects import moment
from harvdiag.training.world.upgrades import NAME, conditions
from harvdiag.training.world.world import World
from harvdiag.upgrade.dialects import KNOWN_MESSAGES
from tests import port
from tests.world import healthy, rollouts

NODES = ("hv01", "hv02", "hv03")
STALLED, FAILED, OPEN = "upgrade-planner-stalled", "upgrade-plan-failed", "upgrade-plan-not-applied"
MINE = {STALLED, FAILED, OPEN}


def waiting(step: str = "h7", hours: float = 3) -> World:
    """hv02 at a step, and hours later still there."""
    return rollouts.wait(rollouts.at_step(healthy(NODES), "hv02", step), hours=hours)


def check(world: World, **states: State) -> Findings:
    """What a check gives; a keyword says of a kind what became of its list."""
    return Cluster(Snapshot(port.Port(world.objects, states, captured_at=world.captured_at))).check()


def mine(findings: Findings) -> set[str]:
    """Which of the rules tested here speak."""
    return {finding.rule for finding in findings} & MINE


def say(world: World, **row: str | None) -> None:
    """Change every condition on which the planner speaks; None takes a key away."""
    for kind in ("RKEControlPlane", "Cluster.provisioning.cattle.io"):
        for told in conditions(world.get(kind, "local")):
            if told["type"] in {"Reconciled", "Updated"}:
                told.update({key: value for key, value in row.items() if value is not None})
                for key in [key for key, value in row.items() if value is None]:
                    told.pop(key, None)


def fail(world: World, node: str, at: str) -> None:
    """Rancher notes that the agent failed."""
    row = {"status": "False", "reason": "Error", "message": "error applying plan", "lastTransitionTime": at}
    rows = conditions(world.get("Machine", world.machine_of(node)))
    next(told for told in rows if told["type"] == "PlanApplied").update(row)


def count(world: World, node: str, **data: str) -> None:
    """What the agent counts on its plan Secret."""
    packed = {key.replace("_", "-"): encoded(value) for key, value in data.items()}
    world.change("Secret", f"{world.machine_of(node)}-machine-plan", {"data": packed})


STALLING = [known.part for known in KNOWN_MESSAGES if known.stalls and not known.echo]


def test_the_steps_are_of_known_messages() -> None:
    """A part that no message has would be advice that is never shown."""
    assert set(STEPS) <= set(STALLING)


@pytest.mark.parametrize("part", sorted(STALLING))
def test_each_standstill_is_told(part: str) -> None:
    """Whatever the saying is: since when, and what to look at first."""
    world = waiting()
    say(world, message=f"configuring etcd node(s) {world.machine_of('hv02')}: {part}")
    (finding,) = check(world).of(STALLED)
    assert part in finding.message
    assert "2025-05-08" in finding.message
    assert not [step for step in finding.next if "{" in step]


def test_a_time_that_is_not_told_does_not_speak() -> None:
    """The words may be a minute old."""
    world = waiting()
    say(world, lastTransitionTime=None, lastUpdateTime=None)
    assert STALLED not in mine(check(world))


@pytest.mark.parametrize("ended", [True, False])
def test_a_job_that_began_or_ended_is_progress(ended: bool) -> None:
    world = waiting()
    now = moment(world.captured_at, minutes=-20)
    job = world.get("Job", f"{NAME}-pre-drain-hv02")
    job["status"]["completionTime" if ended else "startTime"] = now
    assert STALLED not in mine(check(world))


def test_nothing_is_told_outside_the_nodes_turn() -> None:
    """While the services are upgraded Rancher is replaced itself; after the end the words are nobody's."""
    for state in ("UpgradingSystemServices", "Succeeded", "Failed"):
        world = waiting()
        fail(world, "hv02", moment(world.captured_at, hours=-3))
        world.change("Upgrade", NAME, {"metadata": {"labels": {"harvesterhci.io/upgradeState": state}}})
        assert not mine(check(world))


def test_the_story_of_a_dead_agent_has_one_root() -> None:
    """That the planner waits follows from the plan that the host did not take."""
    findings = check(waiting())
    assert mine(findings) == {STALLED, OPEN}
    assert [root.rule for root in findings.roots] == [OPEN]


def test_unseen_secrets_skip_both() -> None:
    findings = check(waiting(), Secret=State.FORBIDDEN)
    assert not mine(findings)
    assert {outcome.rule for outcome in findings.skipped} >= MINE


def test_an_agent_that_gave_up_is_told_at_once() -> None:
    """max-failures is reached: it tries no more (rancher/system-agent, pkg/k8splan/watcher.go)."""
    world = waiting(hours=0.2)
    fail(world, "hv02", moment(world.captured_at, minutes=-5))
    assert FAILED not in mine(check(world))
    count(world, "hv02", failed_checksum="5d0c", failure_count="5", failure_threshold="1", max_failures="5")
    (finding,) = check(world).of(FAILED)
    assert "gave up" in finding.message
    assert ('data["failure-count"], decoded', "5") in {(e.path, e.value) for e in finding.evidence}


@pytest.mark.parametrize(
    "data",
    [
        {"failure_count": "99", "max_failures": "-1"},
        {"failure_count": "99", "max_failures": "0"},
        {"failure_count": "4", "max_failures": "5"},
        {"failure_count": "many", "max_failures": "5"},
    ],
)
def test_an_agent_that_goes_on_trying_has_its_time(data: dict[str, str]) -> None:
    """Without a limit, or below it, the next try may do."""
    world = waiting(hours=0.2)
    fail(world, "hv02", moment(world.captured_at, minutes=-5))
    count(world, "hv02", failed_checksum="5d0c", failure_threshold="1", **data)
    assert FAILED not in mine(check(world))


def test_what_failed_before_is_history() -> None:
    """Rancher says of the plan that it has now whether it failed; old figures stay on the Secret."""
    world = waiting(hours=0.2)
    count(world, "hv02", failed_checksum="5d0c", failure_count="5", max_failures="5")
    assert FAILED not in mine(check(world))


def test_probes_of_which_nobody_notes_anything_do_not_speak() -> None:
    """Older releases of Rancher do not write plan-probes-passed."""
    world = waiting()
    secret = world.get("Secret", f"{world.machine_of('hv02')}-machine-plan")
    del secret["metadata"]["annotations"]["rke.cattle.io/plan-probes-passed"]
    assert OPEN not in mine(check(world))
