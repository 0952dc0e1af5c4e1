"""Upgrade V2 (docs/objects.md#upgrade-v2): its phases, nodes, hooks and Jobs, and how it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.reports.upgrade import build_document
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.reader import FilesReader
from harvdiag.status.summary import build_verdict
from harvdiag.training.world.objects import moment, new
from harvdiag.training.world.steps import STEPS
from harvdiag.training.world.upgradeplans import V2_NAME, V2_PHASES, at_plan_pause, at_plan_phase, at_plan_step, at_v2
from harvdiag.upgrade.timeline import find_phases
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.waiting import find_node_wait, find_wait
from harvdiag.upgrade.wording import upgrade_title
from tests import port
from tests.routes import from_bundle
from tests.world import World, healthy, rollouts, write_folder

HOOK_JOBS = {"pre-drain", "post-drain"}


def facts(world: World, place: Path) -> Facts:
    """What is known of a world through a folder of lists."""
    return Facts(Snapshot(FilesReader.from_path(write_folder(place, world.objects))))


@pytest.mark.parametrize("phase", V2_PHASES)
def test_v2_has_phases_of_its_own(phase: str, tmp_path: Path) -> None:
    found = facts(at_v2(healthy(version="v1.9.0"), phase), tmp_path)
    (plan,) = (UpgradePlan(obj) for obj in found.snapshot.objects("UpgradePlan"))
    assert found.upgrade_run is None
    assert (plan.state, plan.version, plan.previous_version) == (phase, "v1.9.0", "v1.8.2")
    assert plan.phase is not None
    assert plan.phase.label == phase
    assert list(plan.times)[-1] == phase
    assert plan.running == (phase not in {"Succeeded", "Failed"})
    assert bool(plan.degraded) == (phase == "Failed")
    if phase == "NodeUpgrading":
        states = {name: status.state for name, status in plan.statuses.items()}
        assert states == {"hv01": "OSUpgraded", "hv02": "KubernetesUpgrading", "hv03": "ImagePreloaded"}


def plan_of(**status: Any) -> UpgradePlan:
    """An UpgradePlan by image with this status."""
    return UpgradePlan({"metadata": {"name": "up-1"}, "spec": {"image": "my-iso"}, "status": status})


def test_v2_by_image_has_its_version_from_the_release() -> None:
    unread, read = plan_of(), plan_of(releaseMetadata={"harvester": "v1.9.0", "kubernetes": "v1.36.3+rke2r1"})
    assert (unread.version, unread.image, read.version) == ("", "my-iso", "v1.9.0")
    assert read.release.kubernetes == "v1.36.3+rke2r1"
    assert upgrade_title(unread) == "UpgradePlan up-1 by image my-iso (Upgrade V2)"
    assert upgrade_title(read) == "UpgradePlan up-1 to v1.9.0 (Upgrade V2)"


@pytest.mark.parametrize(
    ("status", "state", "number"),
    [
        ({"phase": "Init"}, "Init", 1),
        ({}, "", 1),
        ({"currentPhase": "LogPrepare"}, "LogPrepare", None),
        ({"currentPhase": "Failed"}, "Failed", 17),
    ],
)
def test_v2_reads_the_phases_of_other_builds(status: dict[str, Any], state: str, number: int | None) -> None:
    plan = plan_of(**status)
    assert plan.state == state
    assert (plan.phase.number if plan.phase else None) == number
    assert plan.running == (state != "Failed")


@pytest.mark.parametrize("reason", ["Succeeded", "Failed"])
def test_v2_is_over_by_its_condition(reason: str) -> None:
    rows = [{"type": "Progressing", "status": "False", "reason": reason, "message": "node hv02 upgrade failed: x"}]
    plan = plan_of(currentPhase="NodeUpgrading", conditions=rows)
    assert (plan.running, plan.failed) == (False, reason == "Failed")


@pytest.mark.parametrize("mark", ["management.harvesterhci.io/allow-deletion", "harvesterhci.io/allowDeletion"])
def test_v2_reads_the_annotations_of_any_build(mark: str) -> None:
    plan = UpgradePlan({"metadata": {"name": "up-1", "annotations": {mark: "true"}}})
    assert plan.has_mark("allow-deletion")
    assert not plan.has_mark("skip-webhook")


def test_v2_that_another_keeps_from_running_is_not_the_one_under_way(tmp_path: Path) -> None:
    world = at_plan_phase(healthy(version="v1.9.0"), "ClusterUpgrading")
    blocked = {"type": "Available", "status": "False", "reason": "ConcurrentUpgradeBlocked", "message": "another"}
    made = {"creationTimestamp": world.captured_at}
    status = {"currentPhase": "Initializing", "conditions": [blocked]}
    world.add(new("management.harvesterhci.io/v1beta1", "UpgradePlan", "up-2", metadata=made, status=status))
    found = facts(world, tmp_path)
    assert found.upgrades.plan is not None
    assert found.upgrades.plan.ref.name == V2_NAME


@pytest.mark.parametrize("step", [*STEPS])
def test_v2_has_the_handshake_of_v1_with_hooks_of_its_own(step: str, tmp_path: Path) -> None:
    """Step by step the same drain as in an Upgrade, with the same Jobs, states and percentages."""
    old = facts(rollouts.at_step(healthy(version="v1.9.0"), "hv02", step), tmp_path / "v1").upgrade_run
    run = facts(at_plan_step(healthy(version="v1.9.0"), "hv02", step), tmp_path / "v2").plan_run
    assert old is not None
    assert run is not None
    for was, node in zip(old.nodes, run.nodes, strict=True):
        assert node.state != was.state
        assert (node.place, node.pending_os, node.machines) == (was.state, was.pending_os, was.machines)
        assert [job.type for job in node.jobs] == [job.type for job in was.jobs if job.type in HOOK_JOBS]
        assert (node.handshake and node.handshake.step) == (was.handshake and was.handshake.step)
        ways = find_node_wait(run, node), find_node_wait(old, was)
        assert ways[0].reason == ways[1].reason
        assert ways[0].actor == ways[1].actor
    assert run.percent[3:] == old.percent[3:]


@pytest.mark.parametrize("phase", V2_PHASES)
def test_v2_tells_whose_turn_it_is_in_every_phase(phase: str, tmp_path: Path) -> None:
    found = facts(at_plan_phase(healthy(version="v1.9.0"), phase), tmp_path)
    if found.plan_run is None:
        assert phase in {"Succeeded", "Failed"}
        return
    wait = find_wait(found.plan_run)
    assert wait.actor not in {"", "unknown", "no one"}
    assert wait.since or phase == "NodeUpgraded"
    spans = [span for span in find_phases(found.plan_run, found.snapshot) if not span.node]
    assert [span.step for span in spans] == list(V2_PHASES[: V2_PHASES.index(phase) + 1])
    assert all(span.duration for span in spans[:-1])


# In words


@pytest.mark.parametrize("step", STEPS)
def test_v2_is_explained_as_v1(step: str) -> None:
    """Each node, the drain and every picture: with its own names."""
    standing = port.cluster(at_plan_step(healthy(version="v1.9.0"), "hv02", step).objects).upgrade
    text = standing.explain()
    assert f"UpgradePlan {V2_NAME} from v1.8.2 to v1.9.0 (Upgrade V2) is in phase 13 of 17 (NodeUpgrading): " in text
    assert "Not judged" not in text
    assert "of 3 nodes are done" in text
    assert all(standing.explain(node) for node in ("hv01", "hv02", "hv03"))
    carriers = [row["carried_by"] for row in standing.drain("hv02").records]
    assert "management.harvesterhci.io/pre-hook" in carriers
    assert "harvesterhci.io/pre-hook" not in carriers
    assert set(standing.nodes["state"]) <= {"ImagePreloaded", "PostDrained", standing.nodes["state"][1]}


def test_v2_as_a_document_has_its_phases_and_conditions() -> None:
    document = build_document(port.cluster(at_plan_step(healthy(version="v1.9.0"), "hv02", "h4").objects).upgrade)
    plan = document["plan"]
    assert [row["phase"] for row in plan["phases"]] == list(V2_PHASES[:13])
    assert {row["type"] for row in plan["conditions"]} == {"Available", "Progressing", "Degraded"}
    assert plan["percent"]["done"] == 1
    assert [node["step"] for node in document["nodes"]] == ["idle", "h2", "idle"]
    assert document["upgrade"] is None
    assert document["waits_for"]["reason"] == "job"


@pytest.mark.parametrize("picture", ["upgrade", "timeline", "handshake", "matrix"])
@pytest.mark.parametrize("count", [1, 3])
def test_v2_is_drawn_as_v1(picture: str, count: int) -> None:
    names = [f"hv{i:02}" for i in range(1, count + 1)]
    world = at_plan_step(healthy(names, version="v1.9.0"), names[-1], "started" if count == 1 else "h9")
    drawing = hd.draw(port.cluster(world.objects), picture)
    assert "cannot be shown" not in drawing.title
    assert names[-1] in str(drawing)


def test_the_summary_of_a_check_says_how_far_v2_is() -> None:
    verdict = build_verdict(port.cluster(at_plan_step(healthy(version="v1.9.0"), "hv02", "h4").objects).check())
    assert "An upgrade to v1.9.0 runs: phase 13 of 17, 1 of 3 nodes done" in verdict


def test_a_paused_node_of_v2_is_told_with_who_holds_it() -> None:
    text = port.cluster(at_plan_pause(healthy(version="v1.9.0"), "hv02").objects).upgrade.explain()
    assert "Node hv02 is held back by an administrator" in text


# Faults that no scenario can show


def test_the_log_of_the_job_shows_at_once_that_the_taint_was_wiped(tmp_path: Path) -> None:
    """Before two hours are over: the Job has come to the VMs, and the taint is gone."""
    world = at_plan_step(healthy(version="v1.9.0"), "hv02", "h4")
    world.captured_at = moment(world.captured_at, minutes=20)
    spec = world.get("Node", "hv02")["spec"]
    spec["taints"] = [taint for taint in spec["taints"] if taint["key"] != "kubevirt.io/drain"]
    job = f"{V2_NAME}-pre-drain-hv02"
    line = f"{moment(world.captured_at, seconds=-5)} Waiting for VM live-migration or shutdown...(count: 1)\n"
    logs = {f"harvester-system/{job}-abcde/apply.log": line}
    (finding,) = from_bundle(tmp_path, world.objects, world.captured_at, logs=logs).check()
    assert (finding.rule, finding.subject.name) == ("upgrade-drain-taint-missing", "hv02")
    assert any("Waiting for VM" in str(evidence.value) for evidence in finding.evidence)
