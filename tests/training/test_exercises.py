"""Exercises: how answers are read and judged, the hints, what is kept of them, and their cards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import harvdiag as hd
from harvdiag.core.errors import UsageError
from harvdiag.core.model import Finding, ObjectRef, Severity
from harvdiag.notebook.display import HTML
from harvdiag.notebook.gaps import fill_gaps
from harvdiag.training.exercise import Exercise, Form, always
from harvdiag.training.exercises.clusters import open_cluster
from harvdiag.training.exercises.keeper import FILE
from harvdiag.training.exercises.reading import read_answer
from harvdiag.training.exercises.result import Standing
from harvdiag.training.labs import LABS

EXERCISES = [exercise for lab in LABS.values() for exercise in lab.exercises]
NODE = ObjectRef("Node", "", "srv09")
PAIR = ["hv01", "hv02"]
FOUND = Finding(rule="r", family="f", severity=Severity.ERROR, subject=NODE, message="m")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def asked(form: Form) -> Exercise:
    return Exercise(
        id="x1",
        question="?",
        form=form,
        cluster="",
        kind="Node" if form in {Form.NAME, Form.NAMES} else "",
        choices={"a": "the first", "b": "the second"},
        answer=always(""),
        wrong=(),
        hints=("", "", ""),
        because="",
    )


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.id)
def test_what_an_exercise_declares(exercise: Exercise) -> None:
    """The model answer is right; at least three typical wrong ones get the hint that is made for them."""
    cluster = open_cluster(exercise.cluster)
    assert hd.training.check(exercise.id, exercise.answer(cluster)).right is True
    assert len(exercise.wrong) >= 3
    assert len({wrong.hint for wrong in exercise.wrong}) == len(exercise.wrong)
    for wrong in exercise.wrong:
        result = hd.training.check(exercise.id, wrong.answer(cluster))
        assert (result.right, result.texts) == (False, (wrong.hint,))
    assert (exercise.form in {Form.CHOICE, Form.CHOICES}) == bool(exercise.choices)
    assert LABS[exercise.id[0]].exercises[int(exercise.id[1:]) - 1] is exercise


@pytest.mark.parametrize(
    ("form", "read", "answers"),
    [
        (
            Form.NAME,
            {"srv09"},
            [
                *("srv09", " SRV09\n", "Node srv09", "Node/srv09", "'srv09'", ["srv09"], {"srv09": 1}, NODE, FOUND),
                *([FOUND], pd.Series(["srv09", None]), pd.DataFrame({"node": ["srv09"], "machine": ["m"]})),
                *(pd.DataFrame({"name": ["srv09"], "machine": ["m"]}).iloc[0], np.array(["srv09"]), np.str_("srv09")),
                *({"kind": "Node", "metadata": {"name": "srv09"}}, (each for each in ["srv09"])),
            ],
        ),
        (
            Form.NAMES,
            {"hv01", "hv02"},
            ["hv02, hv01", "hv01 and hv02", ["hv02", "hv01"], {"hv01", "hv02"}, "nodes hv01; hv02", pd.Index(PAIR)],
        ),
        (Form.NUMBER, {"3"}, [3, 3.0, "3", "three", " 3 nodes", np.int64(3), "3.0"]),
        (Form.NUMBER, {"75"}, ["75 %", 75, "75%"]),
        (Form.TRUTH, {"yes"}, [True, np.True_, "yes", "True", "Y", 1]),
        (Form.WORD, {"noderef"}, ["nodeRef", "status.nodeRef", "node reference", ["noderef"], "`status.nodeRef`"]),
        (Form.CHOICE, {"b"}, ["b", "B", "(b)", "b)", ["b"], "The second", "the second."]),
        (Form.CHOICES, {"a", "b"}, ["ab", "a, b", ["b", "a"], {"a", "b"}, "b and a", ["the first", "b"]]),
    ],
)  # fmt: skip
def test_natural_forms_of_an_answer(form: Form, read: set[str], answers: list[Any]) -> None:
    """A name, a list in any order, a column, a row, an object, a finding, a number in words, letters."""
    for answer in answers:
        assert read_answer(answer, asked(form)).items == read, repr(answer)


class Hostile:
    """What raises whatever is done with it."""

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError

    __str__ = __float__ = __eq__ = __iter__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("form", [*Form], ids=str)
def test_no_answer_raises(form: Form) -> None:
    """An empty gap is no attempt; what cannot be read gets a sentence; nothing is a traceback."""
    endless: list[Any] = []
    endless.append(endless)
    for blank in (..., None, "", " ... ", [...], float("nan"), "…"):
        assert read_answer(blank, asked(form)).blank
    frame = pd.DataFrame({"x": [1], "y": [2]})
    for odd in (
        Hostile(),
        endless,
        count(),
        object(),
        len,
        print,
        frame,
        frame.x == 1,
        {},
        b"\xff",
        1e400,
        type,
        [[[]]],
        repeat(""),
        repeat([None]),
        "srv09 " * 100_000,
        ["9" * 100_000],
        "\ud800",
        "\x1b[1m",
    ):
        reading = read_answer(odd, asked(form))
        assert all(item.isprintable() and len(item) < 100 for item in reading.items)
        assert reading.problem == " ".join(reading.problem.split())
        assert not reading.blank or not reading.items


def test_three_hints_then_the_solution() -> None:
    """The same wrong answer again costs no hint; a hint made for an answer neither."""
    first = hd.training.check("b1", "hv01")
    again = hd.training.check("b1", "hv01")
    assert first == again
    texts = [hd.training.check("b1", name).texts[0] for name in ("hv02", "hv03", "hv01, hv02")]
    assert [first.texts[0][:8], *(text[:8] for text in texts)] == ["Hint one", "Hint two", "Hint thr", "Hint thr"]
    last = hd.training.check("b1", "hint")
    assert last == hd.training.hint("b1")
    assert len(last.texts) == 3
    assert "solution" in last.further
    told = hd.training.check("b1", " Solution")
    assert told == hd.training.solution("b1")
    assert "hv04" in told.texts[0]
    assert hd.training.check("b1", "hv04").standing is Standing.RIGHT
    row = hd.training.progress().frame.set_index("exercise").loc["b1"]
    assert (row.state, row.tries, row.hints) == ("solved after the solution", 5, 3)
    assert "hv04" not in Path(FILE).read_text(encoding="utf-8")


def test_what_is_told_of_a_name() -> None:
    """Of another kind, unknown, some of them, too many; and of gaps, which leave no file behind."""
    assert hd.training.check("b1").standing is Standing.EMPTY
    assert hd.training.check("b2", "z").right is False
    assert not Path(FILE).exists()
    assert "the kind Machine" in hd.training.check("b6", "custom-957869c2ad0d").texts[0]
    assert "There is no Node hv05" in hd.training.check("b6", "hv05").texts[0]
    assert "kind Node" in hd.training.check("b7", "hv01").texts[0]
    assert "something that does not" in hd.training.check("b2", "abcd").texts[0]
    for call in (hd.training.check, hd.training.hint, hd.training.solution, hd.training.cluster, hd.training.lab):
        with pytest.raises(UsageError, match="there is no"):
            call("q9")


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        "{",
        '{"exercises": []}',
        '{"exercises": {"b1": 3}}',
        '{"exercises": {"b1": {"hints": "x"}}}',
        "[" * 9999,
    ],
)
def test_a_broken_file_is_set_aside(broken: str) -> None:
    """Told in one line; nothing is lost, and an older one that was set aside stays."""
    Path(FILE).write_text(broken, encoding="utf-8")
    result = hd.training.check("b1", "hv04")
    assert "harvdiag-progress.broken.json" in result.remark
    assert "\n" not in result.remark
    assert Path("harvdiag-progress.broken.json").read_text(encoding="utf-8") == broken
    assert hd.training.progress().remark == ""
    Path(FILE).write_text(broken, encoding="utf-8")
    assert "broken-2.json" in hd.training.progress().remark


def test_a_file_of_another_release_and_one_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other exercises and keys are no fault; where no file can be, the progress lives as long as the kernel."""
    Path(FILE).write_text('{"schema": 2, "exercises": {"z9": {"solved": true, "more": 1}}}', encoding="utf-8")
    hd.training.check("b1", "hv04")
    assert [*json.loads(Path(FILE).read_text(encoding="utf-8"))["exercises"]] == ["b1", "z9"]
    (tmp_path / "other" / FILE).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "other")
    assert "progress is not kept" in hd.training.check("b1", "hv04").remark
    assert hd.training.lab("b").solved == ("b1",)
    assert hd.training.progress().frame.state.eq("solved").sum() == 1


def test_cards() -> None:
    """No script and no address, whatever is given; the same words as text."""
    forms = {name: show for (module, name), show in HTML.items() if module.endswith("exercises.result")}
    result = hd.training.check("b1", "<script>alert(1)")
    for value in (result, hd.training.hint("b1"), hd.training.lab("b"), hd.training.progress()):
        html = forms[type(value).__name__](value)
        assert "<script" not in html
        assert "http" not in html
        assert repr(value)
    assert "&lt;script" in forms["Result"](result)
    assert "<code>answer = hint</code>" in forms["Result"](result)


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ("srv09", "'srv09'"),
        ("custom-86d1b0faf2f1  # a name", "'custom-86d1b0faf2f1'  # a name"),
        ("hv01, hv02", "'hv01, hv02'"),
        ("hint", "'hint'"),
        ("", "..."),
        ("# a name", "...  # a name"),
        *((same, same) for same in ("...", '"a#b"', "75", "True", "cluster.nodes", "[", "cluster.nodes[odd]", "a = b")),
    ],
)
def test_gaps_as_learners_fill_them(answer: str, meant: str) -> None:
    """A name without quotes, an empty gap; what is Python, and every other cell, stays as it is."""
    cell = 'answer = {}\nhd.training.check("b1", answer)'
    assert fill_gaps(cell.format(answer), {"hd", "cluster"}).replace("= ", "=") == cell.format(meant).replace("= ", "=")
    assert fill_gaps(f"answer = {answer}", {"hd"}) == f"answer = {answer}"


def test_a_cell_with_a_bare_name_runs() -> None:
    """In IPython, from the first use of `hd.training` on; a name that was never set is an empty gap."""
    shell = InteractiveShell.instance()
    try:
        shell.run_cell("import harvdiag as hd\nhd.training.progress()", silent=True)
        done = shell.run_cell('answer = hv04\nhd.training.check("b1", answer)', silent=True)
        assert done.success
        assert shell.user_ns["answer"] == "hv04"
        assert shell.run_cell('hd.training.check("b1", never_set)', silent=True).success
    finally:
        InteractiveShell.clear_instance()
