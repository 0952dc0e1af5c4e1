"""A next step as an answer: an action or a way out is played on the cluster, and told by what it would do; exams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cure.plan import Standing as WayStanding
from harvdiag.notebook.gaps import fill_gaps
from harvdiag.training.exercises.clusters import open_cluster
from harvdiag.training.exercises.result import Standing

GHOST = open_cluster("library:one-too-many")
STALE = "custom-3375afd15c2e"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "answer",
    [
        f"  DELETE  machine {STALE}",
        f"kubectl delete machines.cluster.x-k8s.io -n fleet-local {STALE}",
        f"delete machine/{STALE}",
        "remove-ghost",
        lambda: GHOST.simulate(f"delete Machine {STALE}"),
        lambda: GHOST.simulate(f"delete Machine {STALE}").action,
        lambda: GHOST.cure().ways[0],
    ],
    ids=["words", "kubectl", "slash", "way", "simulation", "action", "way of a runbook"],
)
def test_forms_of_a_right_step(answer: Any) -> None:
    """As one writes it, as kubectl has it, as the name of a way out, or as an object of harvdiag."""
    assert hd.training.check("e7", answer() if callable(answer) else answer).right is True


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            "delete host hv03",
            ("`dangerous`", "RKE2 still runs", "node-without-machine of hv03", "What was found stays"),
        ),
        ("drain hv02", ("`needs care`", "What was found stays")),
        ("register hv02", ("`cannot be told`", "cattle-id")),
        ("rebuild", ("none of those out of this fault",)),
    ],
)
def test_a_step_that_is_not_safe_is_told_by_what_it_does(answer: str, told: tuple[str, ...]) -> None:
    """Harm, a fault that stays, what cannot be told, and a way for another fault."""
    result = hd.training.check("e7", answer)
    assert result.standing is Standing.WRONG
    assert [part for part in told if part not in result.texts[0]] == []
    assert hd.training.check("e7", answer) == result, "which costs no hint"
    assert hd.training.progress("e").frame.set_index("exercise").loc["e7"].hints == 0


@pytest.mark.parametrize("answer", ["delete Node hv09", "delet", "uncordon hv01", 'delete "', 3, [1], GHOST, len])
def test_what_cannot_be_played_counts_as_no_attempt(answer: Any) -> None:
    """It is told in one line, with what to give."""
    result = hd.training.check("e7", answer)
    assert (result.right, "\n" in result.texts[0]) == (False, False)
    assert hd.training.progress("e").frame.set_index("exercise").loc["e7"].tries == 0


@pytest.mark.parametrize("seed", [7, 9, 21, 36, 44])
def test_the_answers_of_an_exam(seed: int) -> None:
    """Its roots are the faults, each has a next step, and waiting is none; of what happened each part is needed."""
    exam = hd.training.exam(seed)
    roots = exam.cluster.check().roots
    assert exam.check(roots).right is exam.check([root.subject.name for root in roots]).right is True
    assert all(each.right is None for each in (exam.check(), exam.check_stories(...), exam.check_step("", "wait")))
    true = [line[0] for line in exam.stories if line[3:] in exam.solution.story]
    assert exam.check_stories(true).right is True
    assert (exam.check_stories(true[0]).right, exam.check_stories("abcde").right) == (False, False)
    for root in roots:
        assert exam.check_step(root, root.next[0]).right is True
        assert exam.check_step(root, "wait").right is False
        first = next(iter(exam.cluster.cure(root).ways), None)
        if first and first.standing is not WayStanding.CLOSED:
            assert exam.check_step(root, first).right is True


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("hv04", "1 of 2 found."),
        ("hv03, hv04", "the fault is at an object of the kind Machine"),
        ("hv01, hv04, custom-957869c2ad0d", "Nothing is wrong at Node hv01"),
        ("hv77", "is called hv77"),
    ],
)
def test_faults_that_are_none(answer: str, told: str) -> None:
    """Each wrong name gets what can be said of it."""
    result = hd.training.exam(52).check(answer)
    assert result.right is False
    assert any(told in text for text in result.texts)


def test_next_steps_of_an_exam() -> None:
    """A command of the finding is one; harm is told; a fault is named by its object, and by its check where two are."""
    exam, two = hd.training.exam(52), hd.training.exam(7)
    assert exam.check_step("hv04", "kubectl uncordon hv04").right is True
    assert "`dangerous`" in exam.check_step("hv04", "delete Node hv04").texts[0]
    assert "can be followed" in exam.check_step("custom-957869c2ad0d", "support").texts[0]
    assert "No search ends at hv03" in exam.check_step("hv03", "wait").texts[0]
    assert "2 faults at it" in two.check_step("edge04", "wait").texts[0]
    assert two.check_step("node-half-joined edge04", "rebuild").right is True
    assert hd.training.exam(44).check_step("custom-8d37a396337f", "support").right is True
    follows = hd.training.exam(19).check("custom-6941fc122e4f, rack04")
    assert "follows from another finding" in " ".join(follows.texts)


def test_gaps_of_an_exam_without_quotation_marks() -> None:
    """They are read as those of an exercise."""
    cell = "fault = {}\nstep = {}  # a way\nmine.check_step(fault, step)"
    given, meant = ("hv04", "kubectl uncordon hv04"), ("'hv04'", "'kubectl uncordon hv04'")
    assert fill_gaps(cell.format(*given), {"mine"}) == cell.format(*meant)
    assert fill_gaps("faults =\nmine.check(faults)", {"mine"}) == "faults = ...\nmine.check(faults)"
    assert fill_gaps("step = hv04\nmine.go(step)", {"mine"}) == "step = hv04\nmine.go(step)"
