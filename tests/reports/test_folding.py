"""The first screen of `harvdiag check`: the answer in its first lines, folded to a screen, with nothing lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.findings import Findings
from harvdiag.core.model import Severity
from harvdiag.reports import terminal
from harvdiag.reports.shorten import cut_lines
from harvdiag.reports.terminal import View
from harvdiag.status.answer import build_answer, fill_source, split_sentences
from tests.world.samples import DATA

SAMPLES = sorted((DATA / "bundles").glob("*.zip"))
WIDTH, SCREEN, FIRST, TERMINAL = 80, 60, 15, 24


def flat(text: str) -> str:
    """The words of a text, without its lines."""
    return " ".join(text.split())


def rows(text: str) -> int:
    """How many rows of a terminal a text takes: a long command takes several."""
    return sum(max(1, -(-len(line) // WIDTH)) for line in text.splitlines())


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.stem)
def found(request: pytest.FixtureRequest) -> Findings:
    """The check of a sample bundle."""
    path: Path = request.param
    return hd.open(path).check()


def test_the_first_lines_hold_the_answer(found: Findings) -> None:
    """Verdict, root causes and first step within a few lines of 80 columns; three steps and what to run in a screen."""
    answer = build_answer(found)
    lines = terminal.render(found, WIDTH, view=View.FOLDED).splitlines()
    top = flat("\n".join(lines[:FIRST]))
    assert answer.verdict in top
    for row in answer.rows[:2]:
        assert f"{row.rule} {row.subjects[0]} {row.what}" in top
    screen = "\n".join(lines[:TERMINAL])
    if answer.rows:
        assert answer.step is not None
        assert f"{answer.step.number}. " in top
        assert flat(answer.step.text) in flat(screen)
        assert all(f" {step.number}. " in screen for step in answer.left[:3])
    assert answer.command in screen


def test_a_report_fits_on_a_screen(found: Findings) -> None:
    """All of it, with every root cause, rule and caution of a root cause."""
    text = terminal.render(found, WIDTH, view=View.FOLDED)
    assert rows(text) <= SCREEN
    assert all(finding.rule in text for finding in found)
    for sentence in (s for root in found.roots for s in split_sentences(root.caution) if not s.startswith("Already")):
        assert flat(text).count(sentence) == 1


def test_what_is_folded_is_counted(found: Findings) -> None:
    """Each field of evidence is there, or counted; the whole report has them all."""
    text, whole = (flat(terminal.render(found, WIDTH, view=view)) for view in (View.FOLDED, View.FULL))
    fields = {(e.object, e.path) for finding in found for e in finding.evidence}
    counted = sum(int(n) for n in re.findall(r"Folded: (\d+) more field", text))
    assert len(fields) <= counted + sum("".join(path.split()) in text.replace(" ", "") for _, path in fields)
    squeezed = whole.replace(" ", "")
    assert all(str(about).replace(" ", "") + path.replace(" ", "") in squeezed for about, path in fields)
    steps = (fill_source(step, found.source) for finding in found.roots[:1] for step in finding.next)
    assert all(flat(step) in whole for step in steps)
    if "Folded: " in text:
        assert "--full`" in text


def test_each_sentence_of_a_caution_is_told_once(found: Findings) -> None:
    """Also in the whole report; later ones refer to the first."""
    text = flat(terminal.render(found, 100, view=View.FULL))
    for sentence in {s for finding in found for s in split_sentences(finding.caution)}:
        assert text.count(sentence) == 1


def test_brief_is_the_answer_with_whole_steps_and_the_caution(found: Findings) -> None:
    """Nothing follows it: so no command is cut, no caution is missing, and what is left out is counted."""
    answer, brief = build_answer(found), terminal.render(found, WIDTH, view=View.BRIEF)
    text = flat(brief)
    assert all(flat(step.text) in text for step in answer.left[:3])
    assert all(sentence in text for sentence in answer.cautions if not sentence.startswith("Already"))
    assert len(answer.left) <= 3 or f"{len(answer.left) - 3} more with --full" in text
    assert "…" not in text
    assert rows(brief) < SCREEN * 2 / 3
    assert "Seen " not in brief


def test_a_consequence_of_two_root_causes_says_so_at_both() -> None:
    """At the first in full, at the second by name."""
    found = hd.open(DATA / "bundles" / "ghost-machines.zip").check()
    second = found.roots[1]
    for view in (View.FOLDED, View.FULL):
        text = flat(terminal.render(found, WIDTH, view=view))
        assert f"also follows from Machine {second.subject.name}" in text
        assert "also leads to planner-waits-for-ghost-machine, upgrade-planner-stalled, " in text
    assert found.count(Severity.WARNING) == 1


@pytest.mark.parametrize(
    ("text", "most", "lines"),
    [
        ("1. Wait.", 1, ["1. Wait."]),
        ("1. Wait. Then look at it again.", 0, ["1. Wait. Then look", "   at it again."]),
        ("1. Wait. Then look at it again.", 1, ["1. Wait. …"]),
        ("1. Wait. Then look at it once again and again and again.", 3, ["1. Wait. …"]),
        ("2. Look at it for a long time, and more", 2, ["2. Look at it", "   for a long …"]),
        (f"3. Run `kubectl get nodes {'x' * 30}` and wait for it.", 2, ["3. Run", "   `kubectl get …` …"]),
    ],
)
def test_a_step_is_cut_at_a_sentence_and_never_within_a_command(text: str, most: int, lines: list[str]) -> None:
    """What is left of a long command cannot be run."""
    assert cut_lines(text, 18, most, hang=3) == lines
