"""The picture of the timeline: bars where their times are, the moment at which all stopped, and no invented times."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag.core.model import State
from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.scene import Item, Rect
from harvdiag.figures.svg import render_svg
from harvdiag.figures.timeline import draw
from harvdiag.figures.timeline.axis import build_axis
from harvdiag.training.world.faults import orphan
from harvdiag.training.world.rollouts import at_phase, at_step
from harvdiag.training.world.steps import STEPS
from tests import port
from tests.figures.sound import check, words
from tests.figures.test_upgrade_picture import HOSTILE, LONG, renamed, sample, sized
from tests.routes import PATHS, sampled, scenario
from tests.sample import examples, some
from tests.world import World, healthy, rollouts
from tests.world.samples import SAMPLES

NOON = datetime(2025, 5, 8, 12, tzinfo=UTC)
STOPPED = {
    "issue-8236": ("Nothing has moved for 17 h 21 min: srv09 will never be upgraded", "16:39 UTC"),
    "lost-acknowledgement": ("Nothing has moved for 3 h 20 min: hv02 waits since", "06:40 UTC"),
    "two-machines-one-node": ("Nothing has moved for 3 h 20 min: hv02 waits: Machine", "06:40 UTC"),
    "ghost-machines": ("Nothing has moved for 18 h: hv02, hv03, hv04 and hv05 were never started", "16:00 UTC"),
    "unmanaged-node": ("Nothing has moved for 5 h 31 min: the upgrade waits for hv04", "04:29 UTC"),
}


def of(world: World, **states: State) -> Drawing:
    return draw(port.cluster(world.objects, **states), DrawOptions())


def rows(drawing: Drawing, role: str) -> dict[str, Item]:
    return {item.key.rpartition("/")[2]: item for item in drawing.scene.find(role)}


def bars(item: Item) -> list[Rect]:
    """The bars of a row: its rectangles behind the labels that are no badge."""
    return [shape for shape in item.shapes if isinstance(shape, Rect) and shape.radius == 2]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_sound(name: str) -> None:
    """In every form, and the rows are those of the table of phases."""
    drawing = draw(sample(name), DrawOptions())
    check(drawing.scene)
    assert " ".join(drawing.text(100).split()).startswith(drawing.scene.title)
    assert all(len(line) <= 100 for line in drawing.text(100).splitlines())
    phases = sample(name).upgrade.spans
    if phases:
        assert [row | {"node": row["node"] or ""} for row in drawing.rows] == [asdict(span) for span in phases]


@pytest.mark.parametrize("name", STOPPED)
def test_the_moment_it_stopped_is_marked(name: str) -> None:
    """A line with words where the last thing moved; the silence behind it is squeezed and has its length."""
    title, when = STOPPED[name]
    drawing = draw(sample(name), DrawOptions())
    assert drawing.scene.title.startswith(title)
    (moment,) = [item for item in drawing.scene.find("mark", "error") if item.key == "moment"]
    assert moment.texts[0].text == f"{when}: nothing has moved since"
    silence = list(drawing.scene.find("gap"))[-1]
    assert silence.texts[0].text == title.split(" for ")[1].split(":")[0]
    ended = [bar.area.right for item in drawing.scene.find("node", "good") for bar in bars(item)]
    assert all(right <= moment.shapes[0].area.x + 1 for right in ended)


def test_what_goes_on_reaches_to_the_collection() -> None:
    """hv03 is at work: its bar and that of the phase end at the line of the collection."""
    drawing = draw(sample("upgrade-half-way"), DrawOptions())
    (moment,) = [item for item in drawing.scene.find("mark") if item.key == "moment"]
    assert moment.texts[0].text == "10:00 UTC: collected"
    x = moment.shapes[0].area.x
    assert bars(rows(drawing, "node")["hv03"])[-1].area.right == pytest.approx(x, abs=1)
    assert bars(rows(drawing, "phase")["phase-7"])[-1].area.right == pytest.approx(x, abs=1)
    assert drawing.scene.title.endswith("; 5 h 8 min so far")


def test_a_bar_is_as_long_as_its_time() -> None:
    """Phase 6 took 110 minutes, phase 5 took 40: so are their bars; and each begins where the one before ended."""
    phases = rows(draw(sample("upgrade-half-way"), DrawOptions()), "phase")
    (five,), (six,) = bars(phases["phase-5"]), bars(phases["phase-6"])
    assert six.width / five.width == pytest.approx(110 / 40, rel=0.02)
    assert six.x > five.area.right
    assert "1 h 50 min" in [text.text for text in phases["phase-6"].texts]


def test_the_steps_of_a_node_stand_one_behind_the_other() -> None:
    """prepare, pre-drain, kubernetes, post-drain, restart; what is no Job is thinner; the hint has every time."""
    row = rows(draw(sample("upgrade-half-way"), DrawOptions()), "node")["hv01"]
    found = bars(row)
    assert len(found) == 5
    assert all(a.area.right <= b.x + 1 for a, b in pairwise(found))
    assert [bar.height < 16 for bar in found] == [False, False, True, False, True]
    assert "pre-drain 07:55 to 08:04 (9 min)" in row.hint
    assert any("pre-drain 9 min" in text.text for text in row.texts)


def test_idle_times_are_told() -> None:
    """17 minutes lay between the restart of hv01 and the begin of hv02."""
    row = rows(draw(sample("upgrade-half-way"), DrawOptions()), "node")["hv02"]
    assert any("17 min idle" in text.text for text in row.texts)


def test_a_failed_job_has_a_sign() -> None:
    """At its time, in its row; the upgrade is over, so nothing goes on."""
    drawing = of(at_phase(sized(4), "Failed"))
    check(drawing.scene)
    signs = list(drawing.scene.find("mark", "error"))
    assert any("Job pre-drain failed" in sign.hint for sign in signs)
    assert "in progress" not in words(drawing)
    assert drawing.scene.title.startswith("No upgrade is under way; the last to v1.4.2 failed")


def test_every_sign_has_its_words_in_every_form() -> None:
    """In the terminal below its row, and in the words for those who cannot see it."""
    drawing = of(at_phase(sized(4), "Failed"))
    signs = [item for item in drawing.scene.find("mark") if item.key != "moment"]
    assert signs
    for sign in signs:
        told = sign.hint.split("; ")[0]
        assert told in " ".join(drawing.text(100).split())
        assert told.partition(" ")[2] in drawing.scene.alt


@pytest.mark.parametrize("count", [3, 60])
@pytest.mark.parametrize("step", ["h4", "h10", "rebooting"])
def test_a_healthy_rollout_has_no_signs(count: int, step: str) -> None:
    """What befell a node that is done, Events and lines of logs are a quiet number in the hint."""
    world = noisy(at_step(sized(count), "hv002", step))
    drawing = of(world)
    assert [item.key for item in drawing.scene.find("mark") if item.key != "moment"] == []
    assert "Events, log lines" in " ".join(item.hint for item in drawing.scene.items)


def test_a_node_that_is_lost_while_it_is_not_its_turn_has_a_sign() -> None:
    """Of a stuck node; the same of one that is done has none."""
    world = noisy(at_step(sized(4), "hv002", "h4"))
    orphan(world, "hv003")
    drawing = of(world)
    marked = {item.key.partition("/sign")[0] for item in drawing.scene.find("mark", "error") if "/sign" in item.key}
    assert {name.rpartition("/")[2] for name in marked} == {"hv003"}
    assert "Node: Ready became Unknown" in drawing.text(100)


def noisy(world: World) -> World:
    """Every Node was lost."""
    for obj in [obj for obj in world.objects if obj["kind"] == "Node"]:
        rows, at = obj["status"]["conditions"], "2025-05-08T09:55:00Z"
        rows[:] = [row for row in rows if row["type"] != "Ready"]
        rows.append({"type": "Ready", "status": "Unknown", "lastTransitionTime": at})
    return world


@pytest.mark.parametrize("name", STOPPED)
def test_the_alternative_text_says_how_each_phase_stands(name: str) -> None:
    """What lies before the phase that goes on is done, whether or not anything tells its times."""
    alt = draw(sample(name), DrawOptions()).scene.alt
    assert "PreparingLoggingInfra done" in alt
    assert "RepoPrepared done, began" in alt
    assert alt.count(" stalled") == 1
    assert "not reached" not in alt


def test_long_names_stay_apart() -> None:
    """In the picture and in a terminal."""
    world = at_step(healthy(LONG[:4]), LONG[1], "h4")
    drawing = of(world)
    check(drawing.scene)
    labels = [item.texts[1 if item.state in {"now", "good"} else 0].text for item in drawing.scene.find("node")]
    assert len(set(labels)) == 4
    assert all(f"-node-{i:02} " in drawing.text(100) for i in range(1, 5))


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_drawn(step: str) -> None:
    """Also right behind the begin and right before the end."""
    check(of(at_step(sized(3), "hv002", step)).scene)


@pytest.mark.parametrize("phase", rollouts.PHASES)
@pytest.mark.parametrize("count", [1, 4])
def test_every_phase_is_drawn(phase: str, count: int) -> None:
    """As many rows as there were phases so far."""
    drawing = of(at_phase(sized(count), phase))
    check(drawing.scene)
    if phase in {"PreparingRepo", "UpgradingSystemServices"}:
        assert len(rows(drawing, "phase")) == {"PreparingRepo": 4, "UpgradingSystemServices": 7}[phase]


@pytest.mark.parametrize("world", [sized(2), at_phase(sized(2), "new")])
def test_without_times_it_says_so(world: World) -> None:
    """There is no axis, and no time is made up."""
    drawing = of(world)
    check(drawing.scene)
    assert not list(drawing.scene.find("tick"))
    assert not list(drawing.scene.find("phase"))


def test_unseen_is_not_absent() -> None:
    """Where the Upgrades were not seen, nobody says that there is none."""
    drawing = of(at_step(sized(3), "hv002", "h4"), Upgrade=State.FORBIDDEN)
    check(drawing.scene)
    assert drawing.scene.title == "The state of the upgrade is unknown: the Upgrades were not seen"


@pytest.mark.parametrize("broken", some([1, 150], 1, "the timeline of 200 nodes"))
def test_two_hundred_nodes_are_one_figure_with_trouble_on_top(broken: int) -> None:
    """What is alike shares a row; the first row of nodes is the broken one."""
    world = at_step(sized(200), "hv003", "h4")
    for i in range(4, 4 + broken):
        orphan(world, f"hv{i:03}")
    drawing = of(world)
    check(drawing.scene)
    assert drawing.scene.height < 800
    lanes = [item for item in drawing.scene.items if item.role in {"node", "group"}]
    assert lanes[0].state == "error"
    assert len(lanes) < 12
    assert len(render_svg(drawing.scene)) < 80_000


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_of_any_sort_breaks_nothing(name: str) -> None:
    """It fits its row, and nothing in it is interpreted."""
    drawing = of(renamed(at_step(sized(4), "hv002", "h4"), "hv002", name))
    check(drawing.scene)
    assert "<script>" not in render_svg(drawing.scene)
    assert not {"\x1b", "\u202e"} & {*render_svg(drawing.scene), *drawing.text(80)}


@settings(max_examples=examples(25), deadline=None)
@given(st.text(min_size=1, max_size=60), st.sampled_from(["", "x", "9999-12-31T23:59:59Z", "2025-05-09T00:00:00Z"]))
def test_outside_text_breaks_nothing(name: str, time: str) -> None:
    """Names and times of any sort."""
    world = renamed(at_step(sized(3), "hv002", "h5"), "hv002", name)
    for obj in world.objects:
        if obj["kind"] == "Job":
            obj["status"]["startTime"] = time
    check(of(world).scene)


@pytest.mark.parametrize(
    "path",
    [p for p in PATHS if p.parent.name.startswith("upgrade-") and sampled(p, 3, "timeline", each_rule=False)],
    ids=lambda p: p.parent.name,
)
def test_every_scenario_is_drawn(path: Any) -> None:
    """Whatever is broken; and where it stands still, the moment is marked."""
    cluster = port.cluster(list(scenario(path).objects))
    drawing = draw(cluster, DrawOptions())
    check(drawing.scene)
    stands = cluster.upgrade.upgrade_run and cluster.upgrade.is_stuck and not cluster.upgrade.moving_node
    assert ("nothing has moved since" in words(drawing)) == bool(stands)


# The axis


times = st.integers(0, 60 * 24 * 30).map(lambda minutes: NOON + timedelta(minutes=minutes))
pairs = st.tuples(times, times).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(pairs, min_size=1, max_size=30))
def test_the_axis_keeps_the_order_and_its_width(busy: list[tuple[datetime, datetime]]) -> None:
    """Later is never further left, and all is within the width; ticks are far enough apart to be read."""
    end = max(pair[1] for pair in busy)
    scale = build_axis(busy, end, 100, 800, 90)
    assert scale.left == 100
    assert scale.right == pytest.approx(900)
    moments = sorted(at for pair in busy for at in pair)
    places = [scale.place(at) for at in moments]
    assert places == sorted(places)
    assert all(99 <= place <= 901 for place in places)
    ticks = [scale.place(at) for at in scale.ticks()]
    assert ticks == sorted(ticks)
    assert len(ticks) <= 13


def test_a_long_silence_is_squeezed() -> None:
    """Two hours of work, a day of nothing: the day takes its fixed width."""
    scale = build_axis([(NOON, NOON + timedelta(hours=2))], NOON + timedelta(hours=26), 0, 1000, 90)
    assert [stretch.silent for stretch in scale.stretches] == [False, True, False]
    assert scale.place(NOON + timedelta(hours=2)) > 850
