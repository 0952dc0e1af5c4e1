"""`harvdiag cure`: how a runbook is told in a terminal, Markdown, JSON and notebooks; words, exit codes, drafts."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cli.cure import cure
from harvdiag.cli.finding import take_words
from harvdiag.cli.source import SourceOptions
from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.wrap import count_cells
from harvdiag.cure.plan import Runbook, Standing
from harvdiag.notebook.display import HTML
from harvdiag.reports.cure.runbook import render
from harvdiag.reports.cure.runbook.terminal import render as render_table
from harvdiag.status.cure.runbook import STANDING_MARKS
from harvdiag.status.cure.words import UNCHANGED
from tests.command import run
from tests.cure.made import BY_HAND, REBUILD, found, runbook
from tests.routes import BROKEN

OPEN = replace(REBUILD, standing=Standing.OPEN, reasons=("each precondition is met",))
CLOSED = replace(REBUILD, standing=Standing.CLOSED, reasons=("P1 is not met",))
NOTHING = Runbook(finding=None, asked=None, ways=(), refused=(), none="", support=())
COMMAND = REBUILD.steps[2].commands[1]


def test_every_standing_has_a_mark() -> None:
    """A new one cannot be forgotten."""
    assert set(STANDING_MARKS) == set(Standing)


@pytest.mark.parametrize("width", [40, 60, 100])
def test_the_answer_comes_first_then_the_ways_then_the_best(width: int) -> None:
    """Only the first way has its steps, and no command is ever broken."""
    lines = render_table(runbook(), width, full=False).splitlines()
    whole = [line for line in lines if "`" in line or line.startswith("       ") or "https://" in line]
    assert all(count_cells(line) <= width or line in whole for line in lines)
    assert f"       {COMMAND}" in lines
    assert lines[-1] == UNCHANGED or width < 60
    text = "\n".join(lines)
    order = [
        "? Can be cured",
        "The ways out",
        "1. Rebuild the host (rebuild)",
        "Before you begin",
        "Point of no return",
    ]
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert text.index("  2. ✓ Back up etcd") < text.index("── Point of no return") < text.index("  3. Delete the Node")
    assert "P1  · by step 1" in text
    assert "  2. ✓ Back up etcd" in text
    assert "not offered" in " ".join(text.split())
    assert "2. Make the objects by hand" not in text


def test_a_way_whose_precondition_fails_keeps_its_steps_folded() -> None:
    """In full each way has its steps, with its drafts and their dangers."""
    folded, whole = (render_table(runbook(CLOSED, BY_HAND), 100, full=full) for full in (False, True))
    assert "✗ No way can be followed now; the nearest: rebuild the host: P1 is not met\n" in folded
    assert "Move everything off srv09" not in folded
    assert "--way rebuild`, `--way by-hand`" in folded
    assert whole.count("Move everything off srv09") == 2
    assert "srv09-machine.yaml" in whole
    assert "worse than the orphan" in whole
    assert "✓ Can be cured: rebuild the host\n" in render_table(runbook(OPEN), 100)
    none = replace(runbook(), ways=(), finding=replace(found(), next=("do `this`",), caution="mind that"), none="It is")
    for text in (render_table(none), render(none, "markdown"), HTML["harvdiag.cure.plan", "Runbook"](none)):
        assert text.index("No way is offered: it is") < text.index("do ") < text.index("mind that")
    many = replace(runbook(), others=tuple(found(name=f"srv{number}") for number in range(5)))
    assert "made-up srv0, made-up srv1, made-up srv2 and 2 more:" in " ".join(render_table(many, 100).split())
    assert "✓ Nothing to cure: nothing was found\n" in render_table(NOTHING)


def test_markdown_has_a_box_for_each_step() -> None:
    """What is done already is ticked; commands stand in a block of their own, the other ways are folded."""
    text = render(runbook(), "markdown")
    assert text.index("- [ ] **1. Move everything off srv09**") < text.index("- [x] **2. Back up etcd**")
    assert f"  ```text\n  kubectl delete nodes srv09\n  {COMMAND}\n  ```" in text
    assert "<summary>2. Make the objects by hand (by-hand): 3 steps</summary>" in text
    assert text.index("> **! Point of no return") < text.index("- [ ] **3. Delete the Node**")


def test_json_is_stable() -> None:
    """Schema 1: the finding, each way with its preconditions and steps, and each step as a row."""
    document: dict[str, Any] = json.loads(render(runbook(), "json"))
    assert [*document] == [
        *("schema", "tool", "source", "finding", "asked", "best", "ways"),
        *("refused", "none", "support", "simulation", "others", "steps"),
    ]
    assert (document["schema"], document["best"], document["finding"]["rule"]) == (1, None, "made-up")
    way = document["ways"][0]
    assert (way["standing"], way["prepared"]) == ("cannot be told", [{"id": "P1", "by": "step 1"}])
    assert [(step["step"], step["final"], step["class"]) for step in way["steps"]] == [
        *((1, False, "safe"), (2, False, None), (3, True, None))
    ]
    assert document["ways"][1]["drafts"][0]["sources"] == [{"field": "spec.clusterName", "from": "every other Machine"}]
    assert [row["way"] for row in document["steps"]] == ["rebuild"] * 3 + ["by-hand"] * 3
    assert json.loads(render(replace(NOTHING), "json"))["finding"] is None


def test_names_from_a_cluster_are_escaped() -> None:
    """In every form, commands too."""
    bad = "\x1b[31m<script>"
    step = replace(REBUILD.steps[2], what=bad, commands=(f"kubectl {bad}\n```",), sees=(bad,), back=bad, caution=bad)
    told = runbook(replace(REBUILD, steps=(step,), title=bad, reasons=(bad,), support=(bad,)))
    texts = [render(told, form) for form in ("table", "json", "markdown")]
    card = HTML["harvdiag.cure.plan", "Runbook"](told)
    assert not any("\x1b" in text for text in (*texts, card))
    assert "<script>" not in card
    assert "<script>" not in texts[2].replace(f"kubectl {bad[5:]}", "").replace("kubectl \\x1b[31m<script>", "")


def test_in_python_it_is_a_card_and_a_frame() -> None:
    """Commands keep their lines; the first way is unfolded, the picture of the wrong step folded."""
    card = HTML["harvdiag.cure.plan", "Runbook"](runbook())
    assert "white-space:pre" in card
    assert "<summary style='cursor:pointer'>2. Make the objects by hand" in card
    assert "<summary style='cursor:pointer'>1. Rebuild" not in card
    assert "<summary style='cursor:pointer'>Do not do this instead" in card
    assert "Nothing to cure" in HTML["harvdiag.cure.plan", "Runbook"](NOTHING)
    frame = runbook().frame
    assert (str(frame.dtypes["final"]), len(frame), len(NOTHING.frame)) == ("boolean", 6, 0)


@pytest.mark.parametrize(
    ("told", "words", "code"),
    [
        (NOTHING, (), 0),
        (NOTHING, ("--strict", "--way", "rebuild", "--drafts", "x"), 0),
        (runbook(OPEN), ("--strict",), 0),
        (runbook(), (), 0),
        (runbook(), ("--strict",), 1),
        (runbook(CLOSED), (), 1),
        (runbook(OPEN, BY_HAND), ("--way", "by-hand"), 1),
        (replace(runbook(), ways=(), none="only support can"), (), 1),
        (runbook(), ("--way", "rebuilt"), 2),
        (runbook(), ("--way", "register"), 1),
        (runbook(), ("--drafts", "x"), 2),
        (runbook(), ("--force",), 2),
        (runbook(), ("--redact", "--drafts", "x"), 2),
    ],
)
def test_exit_code(monkeypatch: pytest.MonkeyPatch, told: Runbook, words: tuple[str, ...], code: int) -> None:
    """0 where a way can be followed, or nothing was found; 1 where none can; 2 for what cannot be meant."""
    monkeypatch.setattr(Cluster, "cure", lambda *_: told)
    done = run("cure", BROKEN, *words)
    assert (done.returncode, done.stderr.count("\n")) == (code, code == 2)
    assert (UNCHANGED in done.stdout) == (code != 2)


def test_files_are_written_in_the_format_of_their_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the answer on stderr; there is no picture."""
    monkeypatch.setattr(Cluster, "cure", lambda *_: runbook())
    for name, begin in (("a.md", "# issue-8236.zip"), ("a.json", "{"), ("a.txt", "issue-8236.zip")):
        done = run("cure", BROKEN, "-o", tmp_path / name)
        assert (tmp_path / name).read_text("utf-8").startswith(begin)
        assert "made-up srv09: Can be cured if" in done.stderr
    assert "a runbook ends in .txt, .json or .md" in run("cure", BROKEN, "-o", tmp_path / "a.svg").stderr


@pytest.mark.parametrize(
    ("words", "source", "finding"),
    [
        ((), None, ""),
        ((str(BROKEN),), str(BROKEN), ""),
        ((str(BROKEN), "node-without-machine", "srv09"), str(BROKEN), "node-without-machine srv09"),
        ((str(BROKEN), "node-without-machine srv09"), str(BROKEN), "node-without-machine srv09"),
        (("node-without-machine", "srv09"), None, "node-without-machine srv09"),
        (("node-without-machine:Node::srv09",), None, "node-without-machine:Node::srv09"),
        (("srv09",), "srv09", ""),
    ],
)
def test_which_word_is_the_source(words: tuple[str, ...], source: str | None, finding: str) -> None:
    """A finding needs no quotes, and no source before it where it is about the current cluster."""
    where, found_words = take_words(SourceOptions(None, (), None, 1.0), words)
    assert (where.source, found_words) == (source, finding)


def test_a_finding_knows_its_cluster() -> None:
    """That is no part of it; one that was made elsewhere says what to do."""
    cluster = hd.open(BROKEN)
    (finding,) = cluster.check().roots
    assert cluster.cure().finding == cluster.cure("srv09").finding == finding
    asked: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vars(finding), "_cure", asked.append)
        finding.cure()
    assert asked == [finding]
    other = pickle.loads(pickle.dumps(finding))  # noqa: S301
    assert (other, hash(other), repr(other)) == (finding, hash(finding), repr(finding))
    assert [*vars(other)] == [*vars(replace(finding))]
    for made in (other, replace(finding), found()):
        with pytest.raises(UsageError, match="does not know its cluster"):
            made.cure()
    with pytest.raises(UsageError, match="no finding"):
        cluster.cure("node-with-machine srv09")
    with pytest.raises(UsageError, match="3 is not a finding"):
        cluster.cure(3)  # type: ignore[arg-type]


def test_completion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings of the source on the line."""
    monkeypatch.setenv("COMP_WORDS", f"harvdiag cure {BROKEN}")
    context = cure.make_context("cure", [str(BROKEN)], resilient_parsing=True)
    (words,) = [param for param in cure.params if param.name == "words"]
    assert "node-without-machine srv09" in [item.value for item in words.shell_complete(context, "node-w")]
