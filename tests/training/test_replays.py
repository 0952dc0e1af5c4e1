"""Replays: a healthy course, and others that leave it at one moment and end in what was planted."""

from __future__ import annotations

from typing import Any

import pytest

import harvdiag as hd
from harvdiag.core.errors import UsageError
from harvdiag.training.library.stage import Stage
from harvdiag.training.replays.courses import COURSES
from harvdiag.training.replays.replay import Replay
from harvdiag.training.world.cluster import healthy

NODES = ("hv01", "hv02", "hv03", "hv04")
WRONG = [course for course in COURSES.values() if course.leaves]


def planted(name: str) -> tuple[str, ...]:
    """What was laid into the last frame, by the names of the changes."""
    stage = Stage(healthy(NODES))
    COURSES[name].moments(NODES, "hv02")[-1].play(stage)
    return stage.finds


@pytest.mark.parametrize("course", WRONG, ids=lambda course: course.name)
def test_a_wrong_course_leaves_the_healthy_one_once_and_ends_in_what_was_planted(course: Any) -> None:
    """The moments before are the same; from the named one on none is; at the end the checks name the cause."""
    good, bad = hd.training.replay(), hd.training.replay(course.name)
    at = bad.leaves
    assert at is not None
    assert [(f.key, f.title, f.minutes) for f in bad[:at]] == [(f.key, f.title, f.minutes) for f in good[:at]]
    assert {f.title for f in bad[at:]}.isdisjoint(f.title for f in good)
    if course.name == "orphan":  # its cause is there from the beginning
        assert bad[0].found == bad[-1].found
    else:
        assert not bad[at - 1].cluster.compare(good[at - 1].cluster).changed
        assert bad[at - 1].found == ()
    causes = planted(course.name)
    known = {f"{f.rule} {f.subject.kind}/{f.subject.name}" for f in bad[-1].cluster.check()}
    assert causes
    assert {*bad[-1].found} <= {*causes} <= known


@pytest.mark.parametrize("name", [course.name for course in COURSES.values() if not course.leaves])
def test_a_healthy_course_moves_at_every_moment_and_nothing_is_found(name: str) -> None:
    """Its table has the dtypes that it declares; every node comes to its end, and time goes on."""
    replay = hd.training.replay(name)
    frame = replay[:: 2 if name == "healthy" else 4].frame  # of each step its own test is silent
    assert {column: str(dtype) for column, dtype in frame.dtypes.items()} == Replay.dtypes
    assert frame["key"].is_unique
    assert frame["minutes"].is_monotonic_increasing
    assert not frame["findings"].any()
    still = {frame.key for frame in replay[14:26] if not frame.changed}
    assert still <= {"hv02 h0", "hv02 emptying", "hv02 installing"}  # what goes on there, no object tells
    assert {node.mark for node in replay[-1].nodes} == {"good"}
    assert replay.leaves is None


def test_a_frame_tells_whose_turn_it_is_and_what_changed() -> None:
    replay = hd.training.replay("lost-answer")
    frame = replay["hv02 h5"]
    assert (frame.turn, replay[frame.number]) == ("Rancher: to drain the node", frame)
    assert [line for line in frame.changed if line.startswith("Secret")] == [
        f"{line} has harvesterhci.io/pre-hook"
        for line in {" ".join(c.ref[::2]) for c in frame.changes}
        if "plan" in line
    ]
    assert "hv02 ▶ Pre-drained" in repr(frame)
    assert [figure.name for figure in frame.figures] == ["upgrade", "handshake"]
    assert replay[-1].turn.startswith("no one")
    held = hd.training.replay("held-volume")
    assert [c.now for c in held["hv02 emptying"].changes] == ["degraded"]
    assert any("upgrade-post-drain-unanswered hv02" in line for line in replay[-2].changed)


@pytest.mark.parametrize(("name", "nodes", "release"), [("orphan", 3, "1.7.1"), ("held-volume", 9, "v1.6.1")])
def test_other_sizes_and_releases(name: str, nodes: int, release: str) -> None:
    last = hd.training.replay(name, nodes, release)[-1]
    assert last.found
    assert (len(last.nodes), last.cluster.source.nodes) == (nodes, nodes)


@pytest.mark.parametrize("given", [("orphn",), ("orphan", 2), ("orphan", "4"), ("healthy", 4, "1.2.0"), ("", 4)])
def test_what_there_is_not_is_said_in_one_line(given: Any) -> None:
    with pytest.raises(UsageError) as error:
        hd.training.replay(*given)
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match="hv02 h5"):
        hd.training.replay()["hv02 h55"]


def test_it_reads_without_a_kernel_and_steps_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    """The form of an exported page has each frame, no script and nothing to fetch; the slider shows the chosen one."""
    replay = hd.training.replay("orphan")[30:]
    slider = replay.show("hv04 +20h")
    forms = slider._repr_mimebundle_()
    assert set(forms) == {"text/html", "text/plain"}  # no kernel runs here
    assert forms["text/html"].count("<details>") == len(replay) == 7
    assert not any(word in forms["text/html"] for word in ("<script", "http://", "https://"))
    assert all(
        each.title in text for each in replay for text in (repr(replay), replay.sheet().text, replay.sheet().alt)
    )
    assert replay.sheet().sized(480).size[0] <= 480
    row, below = slider.widget().children
    *_, back, _, bar = row.children
    assert (bar.value, "nothing has moved" in below.value) == (36, True)
    back.click()
    assert (slider.chosen, "nothing has moved" in below.value) == (35, False)
    replay[:2].play()
    assert len(capsys.readouterr().out) > 100
