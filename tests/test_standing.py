"""Where an upgrade stands, in words and tables: the samples, every phase and step, what was not seen, and junk."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding, ObjectRef, Outcome, Severity, State
from harvdiag.core.window import Window
from harvdiag.reports.upgrade import build_document, render
from harvdiag.snapshot import Snapshot
from harvdiag.status.upgrade import UpgradeStatus
from harvdiag.status.upgrade.part import PartKey
from harvdiag.training.world.faults import ghost, orphan
from harvdiag.training.world.steps import STEPS
from harvdiag.training.world.upgradeplans import V2_PHASES, at_v2
from harvdiag.training.world.upgrades import NAME
from tests import port
from tests.routes import SCENARIOS, from_folder, scenario
from tests.sample import examples
from tests.test_upgrade_model import JUNK, MARKS, STATUS
from tests.world import World, healthy, rollouts, write_bundle
from tests.world.samples import DATA, SAMPLES

SIZES = (1, 2, 3, 7)
LOGS = {"logs", "node_zips"}


def sized(count: int, version: str = "v1.8.2") -> World:
    return healthy([f"hv{i:02}" for i in range(1, count + 1)], version=version)


def of(world: World, **states: State) -> UpgradeStatus:
    return port.cluster(world.objects, **states).upgrade


def told(standing: UpgradeStatus, node: str = "") -> dict[str, str]:
    """The parts by label, the first of each."""
    return {part.label: part.text for part in reversed(standing.parts(node))}


def sound(standing: UpgradeStatus, node: str = "") -> dict[str, str]:
    """The parts, none of them empty or broken."""
    parts = standing.parts(node)
    assert parts[0].label == "Where"
    for part in parts:
        assert part.label
        assert part.text.strip()
        assert not re.search(r"\bNone\b|  |: :|::|; ;|\(\)|: ?$|\bof 0\b", part.text), part
    assert standing.explain(node) == "\n".join(f"{part.label}: {part.text}" for part in parts)
    labels = [part.label for part in parts if part.label != "Log"]
    assert len(labels) == len(set(labels))
    return told(standing, node)


# The samples


@pytest.fixture(scope="module")
def opened() -> dict[str, UpgradeStatus]:
    """Every sample bundle of data/bundles."""
    return {name: hd.open(DATA / "bundles" / f"{name}.zip").upgrade for name in SAMPLES}


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> dict[str, UpgradeStatus]:
    """The same without any log."""
    place = tmp_path_factory.mktemp("silent")
    found = {}
    for name, sample in SAMPLES.items():
        arguments = {key: value for key, value in sample().items() if key not in LOGS}
        found[name] = hd.open(write_bundle(place / f"{name}.zip", **arguments)).upgrade
    return found


STORIES = {
    "issue-8236": (
        "is stuck in phase 7 of 8",
        "Node srv09 has no Machine",
        'srv09 stays at "Images preloaded", because Rancher starts a node only through the plan Secret of its Machine',
    ),
    "lost-acknowledgement": (
        "is stuck in phase 7 of 8",
        (
            "Rancher asked for its pre-drain hook on Secret custom-86d1b0faf2f1-machine-plan, but "
            "harvesterhci.io/pre-hook is missing"
        ),
        "Secret fleet-local/custom-86d1b0faf2f1-machine-plan metadata.annotations",
    ),
    "unmanaged-node": (
        "is stuck in phase 6 of 8",
        "Machine custom-957869c2ad0d is referenced by 2 Nodes: hv03 and hv04",
        "waits for hv04: its plan hvst-upgrade-abcde-skip-restart-rancher-system-agent skips what Harvester does not",
    ),
    "two-machines-one-node": (
        "is stuck in phase 7 of 8",
        "Machine custom-31079167475f has been terminating since 2025-05-06 15:10 UTC",
        "Node hv02 waits since 2025-05-08 06:40 UTC for an answer that does not come",
    ),
    "ghost-machines": (
        "is stuck in phase 7 of 8",
        "which does not exist",
        "Rancher waits for Machine custom-",
    ),
    "upgrade-half-way": (
        "is in phase 7 of 8 (UpgradingNodes): 2 of 4 nodes are done; Harvester shows 50 % (60 % in all)",
        "Harvester: Job hvst-upgrade-abcde-pre-drain-hv03 is at work; since 2025-05-08 09:55 UTC, 5 min before",
        "none: no check finds anything",
    ),
    "healthy": (
        "no upgrade is under way; the last, Upgrade hvst-upgrade-abcde from v1.4.1 to v1.4.2, succeeded",
        "",
        "",
    ),
}
"""What the first three lines of each sample have to tell."""


def test_every_sample_has_its_story() -> None:
    assert STORIES.keys() == SAMPLES.keys()


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("logs", [True, False])
def test_the_first_three_lines_tell_the_story(
    name: str, logs: bool, opened: dict[str, UpgradeStatus], silent: dict[str, UpgradeStatus]
) -> None:
    standing = (opened if logs else silent)[name]
    sound(standing)
    lines = [*standing.explain().splitlines()[:3], "", ""]
    for line, words in zip(lines, STORIES[name], strict=False):
        assert words in line
    assert "% in all)" in standing.explain() or name in {"healthy", "unmanaged-node"}
    assert standing.is_stuck == (name not in {"upgrade-half-way", "healthy"})
    assert ("Stalled" in told(standing)) == standing.is_stuck


@pytest.mark.parametrize("name", STORIES)
def test_without_logs_it_says_no_other_thing(
    name: str, opened: dict[str, UpgradeStatus], silent: dict[str, UpgradeStatus]
) -> None:
    """Nor of any node: only what logs tell is gone, and a step that a log has answered stands as a step again."""
    whole, bare = opened[name], silent[name]
    assert _without_logs(bare, "") == _without_logs(whole, "")
    for node in whole.upgrade_run.nodes if whole.upgrade_run else ():
        said, less = (_without_logs(standing, node.name) for standing in (whole, bare))
        assert said == less
        assert "Log" not in told(bare, node.name)


def _without_logs(standing: UpgradeStatus, node: str) -> list[tuple[PartKey, str]]:
    of_logs = {PartKey.LOG, PartKey.FAILED_AT, PartKey.DO}
    return [(part.key, part.text) for part in standing.parts(node) if part.key not in of_logs]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("leftover-upgrade-chart/speaks", r"Upgrade harvester-system/\S+: does not exist"),
        ("bundle-not-ready/speaks-stale", r"Bundle fleet-local/\S+ status\.summary: .{,40}… \(\d+ characters\)"),
    ],
)
def test_the_first_broken_link_is_short(name: str, told: str) -> None:
    """An object that is gone has no field, and of a structure only so much is told that it is recognised."""
    standing = port.cluster(list(scenario(SCENARIOS / f"{name}.yaml").objects)).upgrade
    assert re.fullmatch(told, sound(standing)["First broken link"])


def test_8236_says_what_follows_and_what_not_to_do(opened: dict[str, UpgradeStatus]) -> None:
    parts = sound(opened["issue-8236"])
    assert parts["First broken link"] == 'Node srv09 metadata.annotations["cluster.x-k8s.io/machine"]: absent'
    assert parts["Stalled"].startswith(
        "since 2025-05-07 16:39 UTC, 17 h 21 min before the collection; last movement: Job "
    )
    assert parts["Stalled"].endswith("it will not recover on its own")
    assert "refuses to delete this Upgrade while its condition NodesUpgraded is Unknown" in parts["Deletion"]
    assert parts["Caution"].startswith("No Machine belongs to srv09")


def test_8236_explains_its_node(opened: dict[str, UpgradeStatus], silent: dict[str, UpgradeStatus]) -> None:
    parts = sound(opened["issue-8236"], "srv09")
    assert parts["Where"].startswith('srv09 is "Images preloaded"; it runs v1.30.7+rke2r1 on Harvester v1.4.1')
    assert parts["Why"] == (
        "it has no Machine, so no plan Secret, so Rancher never asks to drain it, "
        "so Harvester never starts its pre-drain Job"
    )
    assert parts["Failed at"].startswith('join step "bootstrap stamp": rancherd found the stamp of an earlier install')
    assert parts["Log"].endswith(", in nodes/srv09.zip/logs/rancherd.log")
    less = sound(silent["issue-8236"], "srv09")
    assert less["Failed at"].startswith("unknown: the bundle has no archive of srv09")
    assert less["Why"] == parts["Why"]


def test_a_node_that_is_done_is_not_blamed(opened: dict[str, UpgradeStatus]) -> None:
    parts = sound(opened["issue-8236"], "srv06")
    assert parts["Waits for"].startswith("no one: it is done; since 2025-05-07 14:39 UTC")
    assert not parts.keys() & {"Why", "Found", "Note"}


def test_a_node_behind_the_fault_says_so(opened: dict[str, UpgradeStatus]) -> None:
    parts = sound(opened["lost-acknowledgement"], "hv03")
    assert parts["Waits for"] == "Rancher's planner: to give it its turn, after hv02"
    assert parts["Note"].startswith("the upgrade is stuck before it comes to this node")
    busy = sound(opened["lost-acknowledgement"], "hv02")
    assert busy["Waits for"].startswith("Harvester: to acknowledge the pre-drain hook, whose Job is complete; since ")
    assert "Note" not in busy


def test_a_node_behind_a_warning_says_so() -> None:
    """An upgrade is held up although nothing is an error: the node in its turn has the finding, those behind a note."""
    world = rollouts.wait(rollouts.at_step(sized(3), "hv02", "h4"), hours=3)
    standing = Cluster(Snapshot(port.Port(world.objects, captured_at=world.captured_at))).upgrade
    assert standing.story
    assert not standing.is_stuck
    behind = sound(standing, "hv03")
    assert behind["Note"].startswith("the upgrade is held up before it comes to this node")
    assert behind["Run"] == "`harvdiag upgrade SOURCE`"
    assert "Note" not in sound(standing, "hv02")
    assert "Note" not in sound(standing, "hv01")
    assert "Note" not in sound(of(rollouts.at_step(sized(3), "hv02", "h4")), "hv03")


def test_the_log_of_a_job_is_quoted(opened: dict[str, UpgradeStatus], silent: dict[str, UpgradeStatus]) -> None:
    assert "Waiting for VM live-migration or shutdown...(count: 2)" in told(opened["upgrade-half-way"], "hv03")["Log"]
    assert "Log" not in told(silent["upgrade-half-way"], "hv03")


@pytest.mark.parametrize("name", STORIES)
def test_every_node_of_every_sample_is_explained(name: str, opened: dict[str, UpgradeStatus]) -> None:
    standing = opened[name]
    for node in standing.upgrade_run.nodes if standing.upgrade_run else ():
        assert node.name in sound(standing, node.name)["Where"]


# A healthy upgrade


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("phase", [phase for phase in rollouts.PHASES if phase != "Succeeded"])
def test_a_healthy_phase_asks_for_nothing(phase: str, count: int) -> None:
    standing = of(rollouts.at_phase(sized(count), phase))
    parts = sound(standing)
    label = rollouts.PHASES[phase].label
    assert re.search(rf"is in phase \d of 8 \({label or 'not begun'}\)", parts["Where"])
    assert parts["Waits for"].count(": ") >= 1
    assert parts["Next step"].startswith("none")
    assert not standing.story
    assert not standing.is_stuck
    assert "Deleting it" not in parts
    for node in standing.upgrade_run.nodes if standing.upgrade_run else ():
        own = sound(standing, node.name)
        assert own.keys() >= {"Where", "Waits for"}
        assert not own.keys() & {"Why", "Found", "Note", "Failed at"}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_healthy_step_asks_for_nothing(step: str, count: int) -> None:
    standing = of(rollouts.at_step(sized(count), "hv01", step))
    parts = sound(standing)
    done = int(STEPS[step].state == "Succeeded")
    assert f"(UpgradingNodes): {done} of {count} nodes are done" in parts["Where"]
    assert parts["Next step"].startswith("none")
    for node in standing.upgrade_run.nodes if standing.upgrade_run else ():
        sound(standing, node.name)


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("clean", [False, True])
def test_a_finished_upgrade_is_over(count: int, clean: bool) -> None:
    world = rollouts.at_phase(sized(count), "Succeeded")
    standing = of(rollouts.cleaned_up(world) if clean else world)
    assert sound(standing) == {
        "Where": "no upgrade is under way; the last, Upgrade hvst-upgrade-abcde from v1.7.1 to v1.8.2, succeeded"
    }
    assert sound(standing, "hv01")["Node"] == 'hv01 was "Succeeded" in it'


@pytest.mark.parametrize("change", [rollouts.preload_skipped, rollouts.without_logging])
def test_variants_ask_for_nothing(change: Any) -> None:
    parts = sound(of(change(rollouts.at_phase(sized(3), "UpgradingSystemServices"))))
    assert parts["Next step"].startswith("none")


def test_vms_that_are_restored_are_work() -> None:
    parts = sound(of(rollouts.restoring(rollouts.at_step(sized(3), "hv02", "h12"), "hv02")))
    assert "restore-vm-hv02 is at work" in parts["Waits for"]


# Trouble


@pytest.mark.parametrize("count", SIZES)
def test_a_failed_upgrade_tells_its_cause_once(count: int) -> None:
    standing = of(rollouts.at_phase(sized(count), "Failed"))
    parts = sound(standing)
    words = f"from v1.7.1 to v1.8.2, failed; 0 of {count} {'node is' if count == 1 else 'nodes are'} done"
    assert parts["Where"].endswith(words)
    assert "failed in Upgrade hvst-upgrade-abcde" in parts["Why"]
    assert "failed at" in parts["Root cause"]
    assert sound(standing, "hv01")["Node"] == 'hv01 was "Failed" in it'


def test_a_failure_that_no_check_sees_is_told_by_its_condition() -> None:
    world = rollouts.at_phase(sized(3), "PreparingRepo")
    upgrade = world.get("Upgrade", NAME)
    upgrade["metadata"]["labels"]["harvesterhci.io/upgradeState"] = "Failed"
    rows = upgrade["status"]["conditions"]
    rows[0] |= {"status": "False"}
    rows[-1] |= {"status": "False", "reason": "Lost", "message": "the repository is gone"}
    standing = of(world)
    text = standing.explain()
    assert "failed" in told(standing)["Where"]
    assert text.count("the repository is gone") == 1


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_pause_is_no_standstill(count: int) -> None:
    standing = of(rollouts.at_pause(sized(count), "hv01"))
    parts = sound(standing)
    assert "is in phase" in parts["Where"]
    assert parts["Why"].startswith("Node hv01 is held back by an administrator")
    assert "Stalled" not in parts
    assert sound(standing, "hv01")["Waits for"].startswith("an administrator: to resume it")


@pytest.mark.parametrize(("node", "step", "last"), [("hv02", "h4", "hv03"), ("hv01", "h12", "hv04")])
def test_one_that_cannot_finish_may_still_move(node: str, step: str, last: str) -> None:
    """The last will never have its turn, yet hv02 is being drained, or Rancher has named it as the next: waiting does
    not mend it, but it does not stand.
    """
    world = rollouts.at_step(sized(int(last[-1])), node, step)
    orphan(world, last, managed=True)
    standing = of(world)
    assert standing.current_wait
    assert not standing.current_wait.never
    assert standing.is_stuck
    assert standing.moving_node == "hv02"
    parts = sound(standing)
    assert "cannot finish; it is in phase 7 of 8" in parts["Where"]
    assert parts["Waiting"] == "does not fix it; hv02 continues until it is done"
    assert "Stalled" not in parts


def fault(rule: str, family: str = "upgrade", *causes: Finding) -> Finding:
    names = tuple(cause.fingerprint for cause in causes)
    return Finding(
        rule=rule,
        family=family,
        severity=Severity.ERROR,
        subject=ObjectRef("Node", "", rule),
        message=f"message {rule}",
        caused_by=names,
        holds=family == "upgrade",
    )


def test_the_root_is_that_of_the_fault_that_is_told() -> None:
    """Another fault is named after it, not in its place; one that holds nothing up is not named."""
    alone, root, aside = fault("aa"), fault("bb", "pairing"), fault("cc", "pairing")
    cluster = port.cluster(rollouts.at_step(sized(3), "hv02", "h4").objects)
    link = fault("dd", "upgrade", root)
    found = (alone, root, aside, link, fault("ee", "upgrade", link))
    whole = Findings(cluster.source, cluster.coverage, [Outcome(f.rule, "failed", findings=(f,)) for f in found])
    standing = UpgradeStatus(cluster.facts, whole)
    parts = sound(standing)
    assert parts["Root cause"] == "message bb"
    assert parts["Why"] in {"message dd", "message ee"}
    assert parts["Also"] == "message aa (`harvdiag check SOURCE` shows all)"
    assert aside not in standing.story


def test_causes_in_a_ring_come_to_an_end() -> None:
    cluster = port.cluster(rollouts.at_step(sized(3), "hv02", "h4").objects)
    one, two = fault("aa", "upgrade", fault("bb")), fault("bb", "upgrade", fault("aa"))
    whole = Findings(cluster.source, cluster.coverage, [Outcome(f.rule, "failed", findings=(f,)) for f in (one, two)])
    assert UpgradeStatus(cluster.facts, whole).explain()


def test_a_very_long_message_is_cut() -> None:
    cluster = port.cluster(rollouts.at_step(sized(3), "hv02", "h4").objects)
    long = replace(fault("aa"), message="x" * 5000)
    whole = Findings(cluster.source, cluster.coverage, [Outcome("aa", "failed", findings=(long,))])
    assert told(UpgradeStatus(cluster.facts, whole))["Why"].endswith("… (5000 characters)")


def test_a_standstill_without_a_time_is_still_a_sentence() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h12")
    orphan(world, "hv03", managed=True)
    for node in world.find("Node"):
        node["status"]["conditions"] = [row | {"lastHeartbeatTime": ""} for row in node["status"]["conditions"]]
    standing = Cluster(Snapshot(port.Port(world.objects, captured_at=""))).upgrade
    assert sound(standing)["Stalled"] == "it will not recover on its own"


def test_a_state_of_another_release_is_not_called_sound() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    world.get("Upgrade", NAME)["metadata"]["labels"]["harvesterhci.io/upgradeState"] = "CreatingUpgradeImage"
    parts = sound(of(world))
    assert parts["Where"].endswith('is in state "CreatingUpgradeImage"')
    assert "harvdiag does not know this state" in parts["Not judged"]
    assert "Next step" not in parts


def test_of_several_upgrades_the_running_one_is_told() -> None:
    world = rollouts.with_old_upgrade(sized(3))
    standing = of(rollouts.at_step(world, "hv02", "h4"))
    assert sound(standing)["Where"].startswith(f"Upgrade {NAME} ")
    assert standing.latest is not None
    assert standing.latest.ref.name == NAME


def test_a_removed_node_is_told_as_gone() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    ghost(world, "hv03")
    parts = sound(of(world), "hv03")
    assert parts["Where"].endswith("it is not a Node of the cluster")
    assert parts["Why"].startswith("its Node no longer exists")


# What was not seen, and what is not there


def test_no_upgrade_is_none() -> None:
    standing = of(sized(3))
    assert sound(standing)["Where"] == "no upgrade is under way, and there is no record of one"
    assert (standing.upgrade_run, standing.latest, standing.plan, standing.history.lines) == (None, None, None, [])


def test_unseen_upgrades_are_not_none() -> None:
    standing = of(rollouts.at_step(sized(3), "hv02", "h4"), Upgrade=State.FORBIDDEN)
    assert sound(standing)["Where"] == "unknown: the Upgrades were not seen (forbidden: for a reason)"


@pytest.mark.parametrize("kind", ["Secret", "Machine"])
def test_unseen_parts_are_no_fault(kind: str) -> None:
    standing = of(rollouts.at_step(sized(3), "hv02", "h4"), **{kind: State.FORBIDDEN})
    assert sound(standing)["Not judged"].endswith(f"could not be run ({kind} not seen), so a fault may be unseen")
    for node in ("hv01", "hv02", "hv03"):
        assert not sound(standing, node).keys() & {"Why", "Failed at"}


@pytest.mark.parametrize(
    "world", [sized(3), rollouts.at_step(sized(3), "hv02", "h4"), at_v2(sized(3), "NodeUpgrading")]
)
def test_an_unknown_node_is_refused_with_a_hint(world: World) -> None:
    standing = of(world)
    with pytest.raises(UsageError, match=r"^no node 'HV02' in this .*; did you mean hv02\?$"):
        standing.explain("HV02")
    with pytest.raises(UsageError, match=r"^no node 'zz' in this \w+$"):
        standing.explain("zz")


# Upgrade V2


@pytest.mark.parametrize("phase", V2_PHASES)
def test_v2_is_told_by_its_own_phases(phase: str) -> None:
    standing = of(at_v2(sized(3, "v1.9.0"), phase))
    parts = sound(standing)
    over = phase in {"Succeeded", "Failed"}
    title = "UpgradePlan upgrade-x7k2p from v1.8.2 to v1.9.0 (Upgrade V2)"
    number = V2_PHASES.index(phase) + 1
    where = f"the last, {title}, {phase.lower()}" if over else f"{title} is in phase {number} of 17 ({phase})"
    assert where in parts["Where"]
    assert ("Waits for" in parts) == (not over)
    assert ("Why" in parts) == (phase == "Failed")
    assert (standing.upgrade_run is None) == over
    assert "Not judged" not in parts
    assert "Where" in sound(standing, "hv02")


def test_v2_names_the_node_that_failed() -> None:
    world = at_v2(sized(3, "v1.9.0"), "NodeUpgrading")
    plan = next(world.find("UpgradePlan"))
    plan["status"]["nodeUpgradeStatuses"]["hv02"] = {"state": "OSUpgradeFailed", "message": "no space"}
    standing = of(world)
    assert "Node hv02 failed in UpgradePlan upgrade-x7k2p (OSUpgradeFailed): no space" in sound(standing)["Why"]
    assert sound(standing, "hv02")["Where"].startswith('hv02 is "OSUpgradeFailed"')


def test_v2_that_is_over_does_not_hide_a_younger_upgrade() -> None:
    world = at_v2(sized(3), "Succeeded")
    next(world.find("UpgradePlan"))["metadata"]["creationTimestamp"] = "2024-01-01T00:00:00Z"
    rollouts.at_phase(world, "Succeeded")
    assert sound(of(world))["Where"].startswith("no upgrade is under way; the last, Upgrade hvst-upgrade-abcde")


# Tables

NODE_COLUMNS = {
    **dict.fromkeys(("name", "state", "step", "waits_for", "machine", "kubelet", "os", "ready"), "str"),
    "cordoned": "boolean",
    "since": "datetime64[ns, UTC]",
}


@pytest.mark.parametrize(
    "world", [sized(3), rollouts.at_phase(sized(3), "new"), rollouts.at_step(sized(3), "hv02", "h4")]
)
def test_tables_keep_their_columns(world: World) -> None:
    standing = of(world)
    assert {name: str(kind) for name, kind in standing.nodes.dtypes.items()} == NODE_COLUMNS
    assert list(standing.timeline.columns) == ["time", "what", "node", "object", "field"]
    assert {str(standing.timeline[name].dtype) for name in standing.timeline.columns[1:]} == {"str"}
    assert str(standing.timeline["time"].dtype) == "datetime64[ns, UTC]"
    assert list(standing.phases.columns) == ["node", "step", "began", "ended", "duration", "gap"]
    assert [str(kind) for kind in standing.phases.dtypes] == [
        *("str", "str", "datetime64[ns, UTC]", "datetime64[ns, UTC]", "timedelta64[ns]", "timedelta64[ns]")
    ]
    under_way = standing.upgrade_run is not None
    assert (len(standing.nodes), bool(len(standing.timeline)), bool(len(standing.phases))) == (
        3 * under_way,
        under_way,
        under_way,
    )


def test_a_row_says_what_its_node_waits_for() -> None:
    table = of(rollouts.at_step(sized(3), "hv02", "h4")).nodes.set_index("name")
    assert list(table.index) == ["hv01", "hv02", "hv03"]
    assert table.loc["hv02", "step"] == "pre-drain requested"
    assert table.loc["hv02", "waits_for"] == f"Harvester: Job {NAME}-pre-drain-hv02 is at work"
    assert table.loc["hv02", "cordoned"]
    assert table["since"].isna().tolist() == [False, False, True]


def test_the_same_cluster_gives_the_same_text() -> None:
    world = rollouts.at_step(sized(7), "hv03", "h4")
    orphan(world, "hv06", managed=True)
    turned = world.copy()
    turned.objects.reverse()
    first, second = of(world), of(turned)
    for node in ("", "hv06", "hv03"):
        assert first.explain(node) == second.explain(node)
    assert first.history.lines == second.history.lines
    assert first.nodes.equals(second.nodes)


@pytest.mark.parametrize("name", ["issue-8236", "upgrade-half-way", "unmanaged-node"])
def test_every_route_tells_the_same(name: str, tmp_path: Path, silent: dict[str, UpgradeStatus]) -> None:
    """A folder of kubectl's lists and a bundle without logs."""
    sample = SAMPLES[name]()
    folder = from_folder(tmp_path, sample["objects"], sample["captured_at"]).upgrade
    own = {"explanation": [], "coverage": []}
    assert {**build_document(folder), **own} == {**build_document(silent[name]), **own}
    assert folder.explain() == silent[name].explain()


# Odd names, and junk


def test_signs_that_drive_a_terminal_are_written_out() -> None:
    world = rollouts.at_step(sized(3), "hv02", "h4")
    odd = "hv\x1b[31m\u202e9"
    world.get("Upgrade", NAME)["status"]["nodeStatuses"][odd] = {"state": "Pre-draining\x1b]0;x\x07"}
    world.get("Upgrade", NAME)["spec"]["version"] = "v9\x1b[2J"
    rows = world.get("Upgrade", NAME)["status"]["conditions"]
    rows.append({"type": "Odd\x1b[1m", "status": "True", "lastTransitionTime": "\x1bnever"})
    standing = of(world)
    for text in (standing.explain(), repr(standing), standing.explain(odd), render(standing, timeline=Window())):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert r"v9\x1b[2J" in standing.explain()
    assert odd in [part["name"] for part in build_document(standing)["nodes"]]


@settings(max_examples=examples(60), deadline=None)
@given(STATUS, JUNK | MARKS)
def test_a_broken_upgrade_is_explained_all_the_same(status: dict[str, Any], labels: Any) -> None:
    world = rollouts.at_step(sized(2), "hv02", "h4")
    upgrade = world.get("Upgrade", NAME)
    upgrade["status"] = status
    upgrade["metadata"]["labels"] = labels
    upgrade["metadata"]["annotations"] = labels
    standing = of(world)
    assert standing.explain()
    assert build_document(standing)["explanation"]
    assert len(standing.nodes) == (len(standing.upgrade_run.nodes) if standing.upgrade_run else 0)
    for node in ("hv01", "hv02"):
        assert standing.explain(node)
    assert render(standing, timeline=Window()).endswith("\n")


@settings(max_examples=examples(40), deadline=None)
@given(STATUS)
def test_a_broken_plan_of_v2_is_explained_all_the_same(status: dict[str, Any]) -> None:
    world = at_v2(sized(2), "NodeUpgrading")
    next(world.find("UpgradePlan"))["status"] = status
    standing = of(world)
    assert "Upgrade V2" in standing.explain()
    assert standing.explain("hv01")
    assert build_document(standing)["plan"]["name"] == "upgrade-x7k2p"
