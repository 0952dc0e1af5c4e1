"""The picture of the upgrade: who is stuck where and why is seen, what is well recedes, and nothing is invented."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.model import State
from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.parts import draw_head
from harvdiag.figures.scene import Item, Path, Rect
from harvdiag.figures.svg import render_svg
from harvdiag.figures.upgrade import draw
from harvdiag.reports.upgrade import render
from harvdiag.training.world.faults import orphan
from harvdiag.training.world.rollouts import at_pause, at_phase, at_step
from harvdiag.training.world.steps import SINGLE, STEPS
from harvdiag.training.world.upgradeplans import V2_PHASES, at_plan_phase, at_v2
from tests import port
from tests.figures.sound import check, words
from tests.routes import PATHS, from_folder, scenario
from tests.sample import examples, some
from tests.world import World, healthy, rollouts
from tests.world.samples import DATA, SAMPLES

TITLES = {
    "healthy": "No upgrade is under way; the last to v1.4.2 succeeded",
    "issue-8236": "srv09 will never be upgraded: it has no Machine (3 of 4 nodes are done)",
    "upgrade-half-way": (
        "The upgrade is in progress: hv03 is at work, it lets its VMs leave and waits for its volumes "
        "(2 of 4 nodes are done)"
    ),
    "lost-acknowledgement": (
        "hv02 waits since 2025-05-08 06:40 UTC for an answer that does not come (1 of 3 nodes are done)"
    ),
    "unmanaged-node": (
        "The upgrade waits for hv04: Machine custom-957869c2ad0d is referenced by 2 Nodes (phase 6 of 8)"
    ),
    "two-machines-one-node": (
        "hv02 waits: Machine custom-31079167475f has been terminating since 2025-05-06 15:10 UTC, held by its finalizer"
        " (1 of 3 nodes are done)"
    ),
    "ghost-machines": (
        "hv02, hv03, hv04 and hv05 were never started: 2 Machines reference Nodes that do not exist, hv08 and hv09"
        " (1 of 5 nodes are done)"
    ),
}
STUCK = {"issue-8236": ["srv09"], "lost-acknowledgement": ["hv02"], "unmanaged-node": ["hv04", "hv03"]}
"""The nodes with a fault, that whose turn can never come first; hv03 shares its Machine with hv04, and left etcd."""


@cache
def sample(name: str) -> Cluster:
    """A sample bundle, read once."""
    return hd.open(DATA / "bundles" / f"{name}.zip")


def drawn(world: World, **states: State) -> Drawing:
    """The picture of an invented world."""
    return draw(port.cluster(world.objects, **states), DrawOptions())


def sized(count: int) -> World:
    """A healthy cluster."""
    return healthy([f"hv{i:03}" for i in range(1, count + 1)])


def nodes(drawing: Drawing, state: str = "") -> dict[str, Item]:
    """The lanes of single nodes by name."""
    return {item.key.rpartition("/")[2]: item for item in drawing.scene.find("node", state)}


def bar(item: Item) -> float:
    """How far the bar of a lane reaches: its right edge."""
    return max(shape.area.right for shape in item.shapes if isinstance(shape, Rect) and shape.height == 20)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_title_is_the_answer(name: str) -> None:
    """One line says who holds the upgrade up and why; every form begins with it."""
    drawing = draw(sample(name), DrawOptions())
    check(drawing.scene)
    assert drawing.scene.title == TITLES[name]
    assert drawing.scene.alt.startswith(f"{TITLES[name]}.")
    assert " ".join(drawing.text(100).split()).startswith(TITLES[name])
    assert all(len(line) <= 100 for line in drawing.text(100).splitlines() if "`" not in line)  # commands stay whole


@pytest.mark.parametrize("name", STUCK)
def test_the_stuck_nodes_are_marked_alone_and_stand_first(name: str) -> None:
    """The cross is at the lanes of those nodes, with the reason below, and they come before what is well."""
    drawing = draw(sample(name), DrawOptions())
    assert [key.rpartition("/")[2] for key in nodes(drawing, "error")] == STUCK[name]
    lanes = list(nodes(drawing).values())
    assert [lane.state for lane in lanes][: len(STUCK[name])] == ["error"] * len(STUCK[name])
    assert all("✗" in [text.text for text in lane.texts] for lane in nodes(drawing, "error").values())
    assert [lane.area.y for lane in lanes] == sorted(lane.area.y for lane in lanes)
    assert len(list(drawing.scene.find("caption", "error"))) == len(STUCK[name])
    assert [row["node"] for row in drawing.rows if row["mark"] == "error"] == STUCK[name]


def test_a_bar_reaches_as_far_as_its_node() -> None:
    """Further states are further right; one that is done fills the lane."""
    lanes = nodes(draw(sample("upgrade-half-way"), DrawOptions()))
    assert bar(lanes["hv04"]) < bar(lanes["hv03"]) < bar(lanes["hv01"]) == bar(lanes["hv02"])
    ends = [bar(nodes(drawn(at_step(sized(3), "hv002", step)))["hv002"]) for step in ("h1", "h3", "h5", "h9", "h11")]
    assert ends == sorted(set(ends))


def test_the_strip_has_every_phase_and_marks_where_it_stands() -> None:
    """Done, stuck, to come; how long each took stands in its cell."""
    strip = list(draw(sample("issue-8236"), DrawOptions()).scene.find("phase"))
    assert [cell.state for cell in strip] == ["good"] * 7 + ["error", "wait"]
    assert "stuck here" in " ".join(text.text for text in strip[7].texts)
    assert "1 h 50 min" in " ".join(text.text for text in strip[6].texts)
    half = [cell.state for cell in draw(sample("upgrade-half-way"), DrawOptions()).scene.find("phase")]
    assert half == ["good"] * 7 + ["now", "wait"]


def test_what_each_state_took_stands_in_its_column() -> None:
    """hv01: 9 minutes of pre-drain, 15 of Kubernetes, 13 of post-drain, 6 of restart."""
    lane = nodes(draw(sample("upgrade-half-way"), DrawOptions()))["hv01"]
    told = [(text.x, text.text) for text in lane.texts if text.text.endswith("min")]
    assert [text for _, text in sorted(told)] == ["7 min", "9 min", "15 min", "13 min", "6 min"]


def test_the_way_of_an_orphan_is_hollow_and_says_why() -> None:
    """Dashed to the end; the chain of reasons is in the picture."""
    drawing = draw(sample("issue-8236"), DrawOptions())
    assert any(getattr(shape, "dash", "") for shape in nodes(drawing)["srv09"].shapes)
    assert "it has no Machine, so no plan Secret" in words(drawing)
    assert {"Why", "Next"} <= set(words(drawing).split())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_phase_has_its_number_apart_and_nothing_cut(name: str) -> None:
    """A browser draws several blanks as one; the phase that counts is bold, whatever its name."""
    for cell in draw(sample(name), DrawOptions()).scene.find("phase"):
        assert all("  " not in text.text and "…" not in text.text for text in cell.texts)
        assert cell.key.removeprefix("phase-") in {text.text for text in cell.texts}
        named = [text.bold for text in cell.texts if text.area.y > cell.area.y + 20]
        assert named == [cell.state in {"error", "warning", "now"}] * len(named)


def test_a_held_up_phase_is_told_whole() -> None:
    """Its cell is as wide as its words."""
    world = at_step(sized(4), "hv002", "h4")
    orphan(world, "hv003")
    (cell,) = drawn(world).scene.find("phase", "warning")
    assert "cannot finish" in [text.text for text in cell.texts]


LONG = tuple(f"harvester-production-rack17-node-{i:02}.dc1.example.com" for i in range(1, 61))


@pytest.mark.parametrize("count", [4, 60])
def test_long_names_stay_apart(count: int) -> None:
    """What all have in common goes first; also where a group is named. The hint has the whole name."""
    world = at_step(healthy(LONG[:count]), LONG[1], "h4")
    orphan(world, LONG[2])
    drawing = drawn(world)
    check(drawing.scene)
    labels = [lane.texts[0].text for lane in nodes(drawing).values()]
    assert len(set(labels)) == len(labels)
    assert {"harvester-production-rack17-node-02", "harvester-production-rack17-node-03"} <= set(labels)
    assert any(LONG[2] in lane.hint for lane in drawing.scene.find("node"))
    assert all("node-" in group.texts[1].text for group in drawing.scene.find("group"))


@pytest.mark.parametrize("wide", [40, 80, 100, 160])
def test_every_label_in_a_terminal_is_apart_from_its_words(wide: int) -> None:
    """Also the longest, Not judged; and what must not be done is told."""
    told = re.sub(r"\n +", " ", drawing_of("two-machines-one-node").text(wide))
    assert re.search(r"^Stalled +since", told, re.MULTILINE)
    assert re.search(r"^Caution +When the finalizer", told, re.MULTILINE)
    assert re.search(r"^Root cause +Machine custom-31079167475f", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("phase", "told"), [("PreparingNodes", "not started"), ("UpgradingNodes", "not in the Upgrade's list")]
)
def test_a_node_without_a_state_has_one_name(phase: str, told: str) -> None:
    """In the picture, in a terminal, and in the report of the upgrade."""
    world = at_phase(sized(3), phase)
    for status in (obj["status"] for obj in world.find("Upgrade")):
        status.pop("nodeStatuses", None)
    cluster = port.cluster(world.objects)
    drawing = draw(cluster, DrawOptions())
    assert {way.state_word for way in cluster.upgrade.progress.nodes} == {told}
    assert f"({told})" in drawing.text(100)
    assert f"({told})" in render(cluster.upgrade)
    assert told in words(drawing)
    assert told in drawing.scene.alt


def drawing_of(name: str) -> Drawing:
    """The picture of a sample."""
    return draw(sample(name), DrawOptions())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_callout_is_whole_and_its_leader_ends_before_it(name: str) -> None:
    """Nothing is cut in it, and no line runs into the words."""
    drawing = drawing_of(name)
    for item in drawing.scene.find("caption"):
        assert not any("…" in text.text for text in item.texts)
        ends = [point for shape in item.shapes if isinstance(shape, Path) for point in shape.points]
        for text in item.texts:
            assert not any(text.area.x - 1 < x < text.area.right and text.area.y < y for x, y in ends)
    if name == "lost-acknowledgement":
        (item,) = drawing.scene.find("caption", "error")
        assert [t.text for t in item.texts] == [
            "Node hv02 waits since 2025-05-08 06:40 UTC for an answer that does not come"
        ]
        assert "Harvester will not write it by itself" in item.hint


def test_what_a_state_took_stands_below_its_head() -> None:
    """In the middle of the column, also where a bar covers two of them."""
    drawing = drawing_of("upgrade-half-way")
    heads = {text.text: text.x for item in drawing.scene.find("column") for text in item.texts}
    assert {text.x for text in nodes(drawing)["hv01"].texts if text.text == "7 min"} == {heads["Images preloading"]}


def test_title_why_and_do_speak_of_one_fault(tmp_path: Any) -> None:
    """Where another fault than the stuck node's is told as Why, the title names it first, then the node."""
    (path,) = [p for p in SPOKEN if p.parent.name == "upgrade-node-without-job" and p.stem == "speaks"]
    objects, when = deepcopy(list(scenario(path).objects)), scenario(path).captured_at
    before = draw(from_folder(tmp_path / "before", objects, when), DrawOptions())
    assert before.scene.title.startswith("hv02 will never be upgraded: it is Pre-draining")
    for obj in objects:
        (obj["metadata"].get("labels") or {}).pop("rke.cattle.io/init-node", None)
    drawing = draw(from_folder(tmp_path / "after", objects, when), DrawOptions())
    (why,) = [item.hint for item in drawing.scene.find("part") if item.texts[0].text == "Why"]
    assert "init node" in why
    assert re.match(rf"{why}; and hv\w+ will never be upgraded ", drawing.scene.title)


def test_a_node_that_is_done_is_not_said_to_have_its_turn() -> None:
    """It counts as done: what is left to do for it is told."""
    title = drawn(at_step(sized(3), "hv002", "h11")).scene.title
    assert "has its turn" not in title
    assert "hv002 is upgraded, and Rancher is to uncordon the node" in title


def test_a_long_title_loses_its_last_clauses_not_its_last_signs() -> None:
    """The whole is in the hint, and how far it is stays."""
    items, _ = draw_head(
        "hv02 is stuck: " + "it waits, " * 20 + "and so on (1 of 3 nodes are done; hv03 goes on)", "x", 900
    )
    told = " ".join(text.text for text in items[0].texts)
    assert "…" not in told
    assert told.startswith("hv02 is stuck: it waits")
    assert told.endswith("it waits (1 of 3 nodes are done)")
    assert "and so on" in items[0].hint


@pytest.mark.parametrize("phase", rollouts.PHASES)
@pytest.mark.parametrize("count", [1, 4])
def test_every_phase_is_drawn(phase: str, count: int) -> None:
    """A phase that goes on is marked so; of one that is over all are done."""
    drawing = drawn(at_phase(sized(count), phase))
    check(drawing.scene)
    marks = [cell.state for cell in drawing.scene.find("phase")]
    assert len(marks) == 9
    assert "error" not in marks
    assert marks.count("now") == (phase != "Succeeded")
    assert marks == sorted(marks, key=["good", "now", "wait"].index)


SHOWN = {
    "h1": "drain announced",
    "h2": "pre-drain requested",
    "h5": "pre-drain acknowledged",
    "h6": "node drained",
    "h8": "post-drain requested",
    "h11": "post-drain acknowledged",
}


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_drawn(step: str) -> None:
    """In a healthy drain nothing is marked as broken."""
    drawing = drawn(at_step(sized(3), "hv002", step))
    check(drawing.scene)
    assert not list(drawing.scene.find(state="error"))
    assert f"drain: {SHOWN.get(step)}" in nodes(drawing)["hv002"].hint or step not in SHOWN


@pytest.mark.parametrize("step", SINGLE)
def test_a_single_node_is_not_drained(step: str) -> None:
    """It has no columns of a drain."""
    drawing = drawn(at_step(sized(1), "hv001", step))
    check(drawing.scene)
    heads = {text.text for item in drawing.scene.find("column") for text in item.texts}
    assert heads == {"Images preloading", "Images preloaded", "Waiting Reboot", "Succeeded"}


def test_a_failed_upgrade_shows_where() -> None:
    """The phase and the node that failed are crossed; the node stands where its Job failed."""
    drawing = drawn(at_phase(sized(4), "Failed"))
    check(drawing.scene)
    assert [cell.key for cell in drawing.scene.find("phase", "error")] == ["phase-7", "phase-8"]
    assert set(nodes(drawing, "error")) == {"hv001"}
    assert "failed in phase 7 (UpgradingNodes): hv001 failed" in drawing.scene.title
    assert bar(nodes(drawing)["hv001"]) > bar(nodes(drawing)["hv002"])


def test_a_paused_node_is_held_up_not_broken() -> None:
    """It has a column of its own, the warning's sign, and who holds it is said."""
    drawing = drawn(at_pause(healthy(["hv1", "hv2", "hv3"], version="v1.8.2"), "hv2"))
    check(drawing.scene)
    assert set(nodes(drawing, "warning")) == {"hv2"}
    assert not list(drawing.scene.find(state="error"))
    assert drawing.scene.title.startswith("hv2 is held back by an administrator")


@pytest.mark.parametrize("phase", V2_PHASES)
@pytest.mark.parametrize("at", [at_v2, at_plan_phase])
def test_upgrade_v2_is_drawn_with_its_own_phases(phase: str, at: Callable[[World, str], World]) -> None:
    """Its strip joins the two phases that belong together, its nodes go through its own states."""
    drawing = drawn(at(healthy(["hv1", "hv2", "hv3"], version="v1.8.2"), phase))
    check(drawing.scene)
    strip = [item.key for item in drawing.scene.find("phase")]
    assert len(strip) == 9
    assert phase in {"Succeeded", "Failed"} or f"phase-{V2_PHASES.index(phase) + 1}" in strip
    shown = words(drawing)
    assert all(row["node"] in shown for row in drawing.rows)


def test_without_an_upgrade_it_says_so() -> None:
    """No strip, no lanes, only words."""
    drawing = drawn(sized(3))
    check(drawing.scene)
    assert drawing.scene.title == "No upgrade is under way, and there is no record of one"
    assert not list(drawing.scene.find("phase"))
    assert drawing.rows == []


@pytest.mark.parametrize("state", [State.FORBIDDEN, State.FAILED, State.NOT_LOOKED_AT])
def test_unseen_is_not_absent(state: State) -> None:
    """Where the Upgrades were not seen, nobody says that there is none."""
    drawing = drawn(at_step(sized(3), "hv002", "h4"), Upgrade=state)
    check(drawing.scene)
    assert drawing.scene.title == "The state of the upgrade is unknown: the Upgrades were not seen"


def test_fifty_nodes_fold_what_is_well() -> None:
    """46 that are done share a lane that says so; the two that matter have their own, on top."""
    world = at_step(sized(50), "hv047", "h4")
    orphan(world, "hv048")
    drawing = drawn(world)
    check(drawing.scene)
    assert [(name, lane.state) for name, lane in nodes(drawing).items()][:2] == [("hv048", "error"), ("hv047", "now")]
    folded = list(drawing.scene.find("group", "good"))
    assert len(folded) == 1
    assert "46 nodes: Succeeded" in [text.text for text in folded[0].texts]
    assert drawing.scene.height < 800


@pytest.mark.parametrize("broken", some([1, 6, 199], 1, "the upgrade of 200 nodes"))
def test_two_hundred_nodes_are_one_readable_figure(broken: int) -> None:
    """However many are broken: equal faults share a lane, with their number and the reason."""
    world = at_step(sized(200), "hv001", "h4")
    for i in range(2, 2 + broken):
        orphan(world, f"hv{i:03}")
    drawing = drawn(world)
    check(drawing.scene)
    assert drawing.scene.height < 900
    assert sum(row["mark"] == "error" for row in drawing.rows) == broken
    crossed = list(drawing.scene.find(state="error"))
    assert any("hv002" in item.hint for item in crossed)
    assert (f"{broken} nodes" in words(drawing)) == (broken >= 5)
    assert len(render_svg(drawing.scene)) < 60_000


HOSTILE = ("<script>alert(1)</script>", "x" * 60, "ノード" * 9, "\u202egnp.exe", "a\x1b[31m", "&amp;", "%d{0}")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_of_any_sort_breaks_nothing(name: str) -> None:
    """It fits its lane, the whole is in the hint, and nothing in it is interpreted."""
    drawing = drawn(renamed(at_step(sized(4), "hv002", "h4"), "hv002", name))
    check(drawing.scene)
    painted = render_svg(drawing.scene)
    assert "<script>" not in painted
    assert not {"\x1b", "\u202e"} & {*painted, *drawing.text(80), *drawing.scene.title, *drawing.scene.alt}


def renamed(world: World, old: str, new: str) -> World:
    """A world in which a node has another name, wherever it is written out."""
    world.objects = [_renamed(obj, old, new) for obj in world.objects]
    return world


def _renamed(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {(new if key == old else key): _renamed(v, old, new) for key, v in value.items()}
    if isinstance(value, list):
        return [_renamed(v, old, new) for v in value]
    return new if value == old else value


@settings(max_examples=examples(25), deadline=None)
@given(st.text(min_size=1, max_size=80), st.text(max_size=60))
def test_outside_text_breaks_nothing(name: str, state: str) -> None:
    """Names and states that no release writes."""
    world = renamed(at_step(sized(3), "hv002", "h4"), "hv002", name)
    statuses = next(o for o in world.objects if o["kind"] == "Upgrade")["status"]["nodeStatuses"]
    statuses["hv003"] = {"state": state}
    check(drawn(world).scene)


SPOKEN = [path for path in PATHS if path.parent.name.startswith("upgrade-") and path.stem.startswith("speaks")]


@pytest.mark.parametrize("path", SPOKEN, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_fault_of_an_upgrade_is_in_the_picture(path: Any) -> None:
    """Sound, and what the story says of a node marks that node, whichever fault it is."""
    cluster = port.cluster(list(scenario(path).objects))
    drawing = draw(cluster, DrawOptions())
    check(drawing.scene)
    standing = cluster.upgrade
    told = {f.subject.name for f in standing.story if f.subject.kind == "Node" and f.family == "upgrade"}
    marked = {row["node"] for row in drawing.rows if row["mark"] in {"error", "warning"}}
    assert told & {row["node"] for row in drawing.rows} <= marked
    assert ("error" in {cell.state for cell in drawing.scene.find("phase")}) == bool(
        (standing.upgrade_run and standing.is_stuck and not standing.moving_node)
        or (not standing.upgrade_run and standing.latest and standing.latest.failed)
    )


def test_the_same_cluster_gives_the_same_bytes() -> None:
    """Nothing depends on chance."""
    assert len({render_svg(drawn(at_step(sized(12), "hv005", "h4")).scene) for _ in range(3)}) == 1
