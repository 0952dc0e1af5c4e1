"""Where an upgrade stands, as text for terminals and as JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.window import Window
from harvdiag.reports.upgrade import build_document, render, render_json
from harvdiag.status.upgrade import UpgradeStatus
from harvdiag.status.upgrade.part import PartKey
from harvdiag.training.world.faults import orphan
from harvdiag.training.world.upgradeplans import at_v2
from tests import port
from tests.routes import BROKEN, HEALTHY, PATHS, finds, of_each_rule, opened
from tests.sample import some
from tests.world import World, healthy, rollouts
from tests.world.samples import DATA

KEYS = [
    "schema",
    "tool",
    "upgrade",
    "plan",
    "stuck",
    "waits_for",
    "nodes",
    "planner",
    "explanation",
    "findings",
    "coverage",
]
UPGRADE = ["name", "version", "previous_version", "state", "phase", "running", "conditions", "percent"]
NODE = ["name", "state", "step", "step_name", "machine", "kubelet", "os", "ready", "cordoned", "waits_for", "jobs"]


def of(world: World) -> UpgradeStatus:
    return port.cluster(world.objects).upgrade


def sized(count: int) -> World:
    return healthy([f"hv{i:03}" for i in range(1, count + 1)], version="v1.8.2")


WORLDS: dict[str, Callable[[], World]] = {
    "none": healthy,
    "new": lambda: rollouts.at_phase(healthy(), "new"),
    "half-way": lambda: rollouts.at_step(healthy(), "hv02", "h4"),
    "over": lambda: rollouts.at_phase(healthy(), "Succeeded"),
    "v2": lambda: at_v2(healthy(), "NodeUpgrading"),
}


# Text


@of_each_rule([*sorted((DATA / "bundles").glob("*.zip")), *filter(finds, PATHS)])
def test_three_lines_name_what_holds_an_upgrade_up(path: Path) -> None:
    """The object and the reason, whichever check found it, in the first three lines of a usual terminal."""
    standing = (opened(path) if path.suffix == ".yaml" else hd.open(path)).upgrade
    if standing.upgrade_run is None or not standing.story:
        return
    lines = render(standing, width=100).splitlines()
    text = " ".join(" ".join(lines[:3]).split())
    roots = next(part.text for part in standing.parts() if part.key in {PartKey.ROOT_CAUSE, PartKey.WHY})
    assert lines[0].startswith("Where             ")
    assert " ".join(roots.split())[:75] in text
    assert not lines[1].startswith(" ")
    first = standing.findings.roots[0]
    assert first not in standing.story or first.message[:40] in text


@pytest.mark.parametrize("path", sorted((DATA / "bundles").glob("*.zip")), ids=lambda path: path.stem)
def test_the_first_screen_has_the_cause_and_the_first_three_steps(path: Path) -> None:
    """Of a terminal of 80 by 24, for the upgrade as for its nodes; all steps follow, then what to run, for this source.

    What is answered already is named by its number.
    """
    standing = hd.open(path).upgrade
    for node in ("", *(n.name for n in standing.upgrade_run.nodes)) if standing.upgrade_run else ("",):
        parts = {part.key: part for part in standing.parts(node)}
        lines = render(standing, node, width=80).splitlines()
        if PartKey.RUN in parts:
            assert sum(f"`harvdiag {parts[PartKey.RUN].text.split()[1]} {path}" in line for line in lines) >= 1
        assert not any("SOURCE" in line for line in lines)
        steps = parts[PartKey.DO].steps if PartKey.DO in parts else ()
        left = [step for step in steps if not step.done]
        places = [next(i for i, line in enumerate(lines) if f" {step.number}. " in line) for step in left if steps[1:]]
        assert places == sorted(places)
        screen = "\n".join(line for line in lines for line in (line[:80], *[line[80:]] * (len(line) > 80)))
        if not node and len(left) > 1:
            third = left[:3][-1]
            assert screen.splitlines().index(lines[places[left.index(third)]][:80]) < 24
        if len(left) < len(steps):
            assert ": answered by what was collected)" in screen


def test_labels_have_colours_only_where_asked_for() -> None:
    """The text is the same without them."""
    standing = hd.open(BROKEN).upgrade
    plain, painted = (render(standing, colour=colour) for colour in (False, True))
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted).replace(" ", "") == plain.replace(" ", "")
    assert "\x1b[1;31mRoot cause" in painted


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("world", WORLDS)
def test_text_keeps_its_width(world: str, width: int) -> None:
    text = render(of(WORLDS[world]()), width=width)
    assert text.startswith("Where             ")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(len(line) <= width and line == line.rstrip() for line in text.splitlines())


def test_the_samples_first_lines_at_the_width_of_a_pipe() -> None:
    """Before any list: the phase, that it is stuck, the root cause, and what follows from it."""
    text = " ".join(render(hd.open(BROKEN).upgrade, width=120).split())
    assert text.index("is stuck in phase 7 of 8") < text.index("Root cause") < text.index("srv09 stays at")


def test_nodes_that_wait_alike_share_a_line_and_those_at_work_come_first() -> None:
    world = rollouts.at_step(sized(7), "hv003", "h4")
    states = world.get("Upgrade", "hvst-upgrade-abcde")["status"]["nodeStatuses"]
    states["hv001"]["state"] = "Images preloaded"
    listed = render(of(world), width=200).split("Nodes that are not done:\n")[1].splitlines()
    assert [line.split("  ")[1] for line in listed] == ["hv003", "hv001, hv004, hv005, hv006 and hv007"]
    assert [re.sub(".*  ", "", line) for line in listed] == [
        "Pre-draining; waits for Harvester: Job hvst-upgrade-abcde-pre-drain-hv003 is at work",
        "Images preloaded; waits for Rancher's planner: to give it its turn, after hv003",
    ]


def test_nothing_is_listed_where_all_are_done() -> None:
    world = rollouts.at_step(healthy(), "hv02", "h12")
    status = world.get("Upgrade", "hvst-upgrade-abcde")["status"]
    status["nodeStatuses"] = {key: {"state": "Succeeded"} for key in world.hosts}
    assert render(of(world)).splitlines()[-1] == "Done: 3 nodes."


@pytest.mark.parametrize("broken", some([False, True], 1, "200 nodes in a text"))
def test_two_hundred_nodes_are_a_short_text(broken: bool) -> None:
    world = rollouts.at_step(sized(200), "hv050", "h4")
    for i in range(150, 200 if broken else 150):
        orphan(world, f"hv{i}", managed=True)
    text = render(of(world), width=100)
    assert len(text.splitlines()) <= 52
    assert "hv050" in text
    assert len(build_document(of(world))["nodes"]) == 200


def test_nodes_that_each_wait_for_something_of_their_own_are_counted() -> None:
    world = rollouts.at_step(sized(60), "hv050", "h4")
    world.get("Upgrade", "hvst-upgrade-abcde")["status"]["nodeStatuses"] |= {
        f"hv{i:03}": {"state": "Failed", "reason": f"for reason {i}"} for i in range(10, 50)
    }
    lines = render(of(world), width=100).splitlines()
    more = re.fullmatch(r"  and (\d+) more \(--format json has them all\)", lines[-1])
    assert more
    assert int(more[1]) > 20


def test_one_node_alone_has_no_list() -> None:
    text = render(hd.open(BROKEN).upgrade, "srv09")
    assert text.startswith('Where             srv09 is "Images preloaded"')
    assert "Nodes that are not done" not in text


def test_the_timeline_follows_with_the_durations() -> None:
    standing = hd.open(DATA / "bundles" / "upgrade-half-way.zip").upgrade
    text = render(standing, width=400, timeline=Window())
    assert "\n".join(["What happened when, and the object and field that tell it:", *standing.history.lines]) in text
    assert "2025-05-08 07:55:00 UTC  hv01  pre-drain: took 9 min, after 8 min in which no Job was at work\n" in text
    assert re.search(r"UTC  hv02  pre-drain: took 9 min, after \d+ min in which no Job was at work\n", text)
    assert re.search(r"UTC  - +UpgradingNodes: in progress", text)
    assert re.search(r"UTC  - +\(begin\): end unknown\n", text)
    assert len(re.findall(r"UTC  -  .*: in progress", text)) == 1
    took = text.partition("How long each phase and each step of a node took, in order of time:\n")[2].splitlines()
    assert took == sorted(took, key=lambda line: line[:19])
    narrow = render(standing, width=80, timeline=Window()).splitlines()
    assert not [line for line in narrow if " UTC  " in line and len(line) > 80]
    below = " ".join(" ".join(narrow).partition("The objects and fields that tell it: ")[2].split())
    assert "hv01-with-" in below
    assert "status.startTime, status.completionTime" in below


def test_no_timeline_says_so() -> None:
    text = render(of(healthy()), timeline=Window())
    assert text.endswith("\n\nNo times are known.\n")


def test_what_is_over_keeps_its_timeline_and_its_nodes() -> None:
    standing = hd.open(HEALTHY).upgrade
    text = render(standing, timeline=Window())
    assert "the Upgrade was created" in text
    assert "in progress" not in text
    assert list(standing.nodes["state"]) == ["Succeeded"] * 3
    failed = render(of(rollouts.at_phase(sized(3), "Failed")))
    assert "Nodes that are not done:\n  hv001" in failed
    assert "waits for" not in failed


def test_where_it_stopped_is_marked() -> None:
    lines = render(hd.open(BROKEN).upgrade, timeline=Window()).splitlines()
    here = next(at for at, line in enumerate(lines) if line.startswith("~~~ stopped here"))
    assert lines[here - 1].startswith("2025-05-07 16:39")
    assert any("UpgradingNodes: stalled" in line for line in lines)


def test_commands_stay_whole() -> None:
    for line in render(hd.open(BROKEN).upgrade, width=60).splitlines():
        assert line.count("`") % 2 == 0


# JSON


def schema(whole: dict[str, Any]) -> None:
    assert list(whole) == KEYS
    assert whole["schema"] == 1
    assert whole["tool"]["name"] == "harvdiag"
    assert whole["upgrade"] is None or list(whole["upgrade"]) == UPGRADE
    assert all(list(node) == NODE for node in whole["nodes"])
    assert all(list(part) == ["label", "text", "key"] for part in whole["explanation"])
    assert whole["waits_for"] is None or list(whole["waits_for"]) == ["actor", "what", "since", "reason"]


@pytest.mark.parametrize("world", WORLDS)
def test_the_document_keeps_its_keys(world: str) -> None:
    standing = of(WORLDS[world]())
    schema(build_document(standing))
    text = render_json(standing)
    assert json.loads(text) == build_document(standing)
    assert text.endswith("}\n")
    assert text == render_json(of(WORLDS[world]()))


def test_the_document_of_the_sample() -> None:
    whole = build_document(hd.open(BROKEN).upgrade)
    schema(whole)
    assert whole["stuck"] is True
    assert whole["upgrade"]["percent"] == {"nodes": 75, "services": 100, "total": 80, "done": 3, "of": 4}
    assert (whole["upgrade"]["phase"], whole["upgrade"]["running"]) == (7, True)
    srv09 = next(node for node in whole["nodes"] if node["name"] == "srv09")
    assert (srv09["machine"], srv09["step"], srv09["waits_for"]["reason"]) == (None, None, "no-machine")
    assert any(name.startswith("upgrade-blocked-by-orphan-node") for name in whole["findings"])
    assert any(name.startswith("node-without-machine") for name in whole["findings"])


def test_a_healthy_cluster_is_not_stuck_in_the_document() -> None:
    whole = build_document(hd.open(HEALTHY).upgrade)
    assert (whole["stuck"], whole["waits_for"], whole["findings"]) == (False, None, [])
    assert {node["waits_for"]["reason"] for node in whole["nodes"]} == {"done"}
    assert whole["upgrade"]["state"] == "Succeeded"


def test_the_document_of_one_node() -> None:
    whole = build_document(hd.open(BROKEN).upgrade, "srv09")
    assert [node["name"] for node in whole["nodes"]] == ["srv09"]
    assert "Failed at" in [part["label"] for part in whole["explanation"]]


def test_v2_has_a_part_of_its_own() -> None:
    whole = build_document(of(WORLDS["v2"]()))
    assert whole["upgrade"] is None
    assert whole["plan"]["phase"] == "NodeUpgrading"
    assert whole["plan"]["nodes"]["hv02"] == {"state": "KubernetesUpgrading", "reason": "", "message": ""}
