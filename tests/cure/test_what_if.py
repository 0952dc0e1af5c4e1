"""`harvdiag what-if`: how a simulation is told, exit codes, files, JSON, notebooks, completion, and the picture."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import harvdiag as hd
from harvdiag.cli.action import split_words
from harvdiag.cli.what_if import what_if
from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.ignore import Ignore
from harvdiag.core.model import Severity
from harvdiag.core.wrap import count_cells
from harvdiag.cure.action import FORMS
from harvdiag.cure.model import Hazard, Simulation
from harvdiag.cure.simulate import simulate
from harvdiag.figures.changes.simulated import compare_states
from harvdiag.notebook.display import HTML
from harvdiag.reports.cure import render
from harvdiag.reports.cure.terminal import render as render_table
from harvdiag.status.cure.words import HAZARD_MARKS, UNCHANGED
from tests.command import run
from tests.cure.made import P1, found, simulation
from tests.routes import BROKEN

ACTION = "delete Machine custom-9d026ddd9748"


@pytest.mark.parametrize(
    ("told", "words", "code"),
    [
        (simulation(Hazard.SAFE), (), 0),
        (simulation(Hazard.CARE), (), 0),
        (simulation(Hazard.USELESS), ("--strict",), 0),
        (simulation(Hazard.DANGEROUS), (), 1),
        (simulation(Hazard.SILENT), (), 1),
        (simulation(Hazard.CARE, found(Severity.WARNING)), (), 0),
        (simulation(Hazard.CARE, found()), (), 1),
        (simulation(Hazard.UNTOLD), (), 0),
        (simulation(Hazard.UNTOLD), ("--strict",), 1),
    ],
)
def test_exit_code(monkeypatch: pytest.MonkeyPatch, told: Simulation, words: tuple[str, ...], code: int) -> None:
    """1 where it does damage; with --strict also where that cannot be told."""
    monkeypatch.setattr(Cluster, "simulate", lambda *_: told)
    done = run("what-if", BROKEN, ACTION, *words)
    assert (done.returncode, done.stderr) == (code, "")
    assert UNCHANGED in done.stdout


def test_every_class_has_a_mark() -> None:
    """A new one cannot be forgotten."""
    assert set(HAZARD_MARKS) == set(Hazard)


@pytest.mark.parametrize("width", [40, 80, 100])
def test_the_class_comes_first_and_a_long_cascade_is_folded(width: int) -> None:
    """Its reasons in a line each, 200 alike steps in one row, P1 to P6 with values, what is open; no line too long."""
    told = simulation(Hazard.DANGEROUS, found(), untold="Pods of users were not seen")
    lines = render_table(told, width, full=False).splitlines()
    assert all(count_cells(line) <= width or "`" in line for line in lines)
    assert len(lines) < 60
    if width == 40:
        return
    text = "\n".join(lines)
    assert lines[2:5] == [f"✗ Dangerous: {ACTION}", "  - two Machines claim Node srv07", "  - P1 is not met"]
    assert "3-202  Longhorn     removed  Replica pvc-0000, pvc-0001 and 198 more" in text
    assert "each is lost with the disk: spec.nodeID is srv07 (from code;" in text
    assert "P1  ✗ not met         etcd voters that remain: 2 of 3" in text
    assert "P3  ? cannot be told  does no VM run on srv07?" in text
    assert "  ? Pods of users were not seen" in text
    assert lines[-1] == UNCHANGED
    assert f"`harvdiag what-if '{ACTION}'`" in text


def test_many_findings_of_a_rule_share_a_row() -> None:
    """Where each would be too long; in full each has its own."""
    told = simulation(Hazard.DANGEROUS, *(found(name=f"srv{number}") for number in range(40)))
    assert "✗ ERROR  made-up  Node srv0, srv1 and 38 more\n" in render_table(told, 100, full=False)
    assert render_table(told, 100).count("made-up  Node srv") == 41


def test_full_shows_each_step() -> None:
    """And so does a file."""
    text = render_table(simulation(), 100)
    assert "  202  Longhorn     removed  Replica pvc-0199" in text
    assert "--full" not in text


def test_names_from_a_cluster_are_escaped() -> None:
    """In every form."""
    hostile = replace(P1, told="2 voters \x1b[31m<script>")
    told = replace(simulation(replicas=1), preconditions=(hostile,), reasons=("\x1b[1m|<b>",))
    for form in ("table", "json", "markdown"):
        assert "\x1b" not in render(told, form)
    assert "<b>" not in render(told, "markdown").replace("<b>", "", 0).replace("\\<b\\>", "")
    card = HTML["harvdiag.cure.model", "Simulation"](told)
    assert "<script>" not in card
    assert "\x1b" not in card


def test_json_is_stable() -> None:
    """Schema 1: the action, its class and why, findings, P1 to P6, what is open, each step."""
    told = simulation(Hazard.DANGEROUS, found(), untold="x", replicas=1)
    document: dict[str, Any] = json.loads(render(told, "json"))
    assert [*document][:4] == ["schema", "tool", "source", "action"]
    assert (document["schema"], document["class"], document["harmful"]) == (1, "dangerous", True)
    assert document["action"]["text"] == ACTION
    assert document["source"]["harvester_version"] == "v1.4.2"
    assert [row["met"] for row in document["preconditions"]] == [False, None]
    assert document["preconditions"][0]["values"][0]["value"] == 2
    assert [row["derived"] for row in document["steps"]] == [False, False, True]
    assert document["steps"][2]["step"] == 3
    assert [row["fingerprint"] for row in document["gone"]] == ["made-up:Node::srv09"]
    assert (len(document["new"]), document["untold"]) == (1, ["x"])


def test_in_python_it_is_a_card_and_a_frame() -> None:
    """The picture is in the card, folded."""
    told = simulation(replicas=1)
    assert told.frame["actor"].tolist() == ["you", "Cluster API", "Longhorn"]
    assert str(told.frame.dtypes["derived"]) == "boolean"
    card = HTML["harvdiag.cure.model", "Simulation"](told)
    assert "Dangerous: delete Machine" in card
    assert "<summary style='cursor:pointer'>Before and after</summary>" in card
    assert hd.draw(told).title.startswith(f'Nothing changed after "{ACTION}"')


def test_files_are_written_in_the_format_of_their_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the class on stderr; a picture, too."""
    monkeypatch.setattr(Cluster, "simulate", lambda *_: simulation(replicas=2))
    for name, begin in (("a.md", "# issue-8236.zip"), ("a.json", "{"), ("a.txt", "issue-8236.zip"), ("a.svg", "<svg")):
        done = run("what-if", BROKEN, ACTION, "-o", tmp_path / name)
        assert (tmp_path / name).read_text("utf-8").startswith(begin)
        assert done.returncode == 1
        assert ACTION in done.stderr
    done = run("what-if", BROKEN, ACTION, "-o", tmp_path / "a.svg", "--format", "json")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_names_can_be_replaced_by_pseudonyms() -> None:
    """The action is given in true names all the same."""
    done = run("what-if", BROKEN, "delete Node srv09", "--redact")
    assert "Useless: delete Node host-" in done.stdout
    assert "srv09" not in done.stdout


@pytest.mark.parametrize(
    ("words", "source", "action"),
    [
        (("delete Node x",), None, "delete Node x"),
        (("b.zip", "delete Node x"), "b.zip", "delete Node x"),
        (("delete Node x", "b.zip"), "b.zip", "delete Node x"),
        (("b.zip", "delete", "Node", "x"), "b.zip", "delete Node x"),
        (("label", "Node", "x", "a=b.json"), None, "label Node x a=b.json"),
        (("wait",), None, "wait"),
        (("wait", "b.zip"), "b.zip", "wait"),
        (("b.zip", "wait"), "b.zip", "wait"),
        (("kubectl delete node x",), None, "kubectl delete node x"),
        (("b.zip", "nonsense"), "b.zip", "nonsense"),
    ],
)
def test_which_word_is_the_source(words: tuple[str, ...], source: str | None, action: str) -> None:
    """One word or two, quoted or not, in either order."""
    assert split_words(words) == (source, action)


def test_a_source_alone_is_refused() -> None:
    """It is not taken for an action."""
    with pytest.raises(UsageError, match="give the ACTION after"):
        split_words((str(BROKEN),))


def test_the_grammar_stands_in_help_and_errors() -> None:
    """Each form."""
    text = run("what-if", "--help").stdout
    assert all(form.split()[0] in text and form in text for form in FORMS)
    done = run("what-if", BROKEN, "destroy Node srv09")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "delete KIND NAME" in done.stderr
    assert "did you mean srv09" in run("what-if", BROKEN, "delete Node srv9").stderr


@pytest.mark.parametrize(
    ("given", "begun", "offered"),
    [
        ((), "del", "delete"),
        ((str(BROKEN),), "reg", "register"),
        ((str(BROKEN), "register"), "", "srv09"),
        ((str(BROKEN),), "delete ho", "delete host"),
        ((str(BROKEN),), "delete host srv0", "delete host srv09"),
        ((str(BROKEN), "delete", "Node"), "srv", "srv09"),
    ],
)
def test_completion(monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], begun: str, offered: str) -> None:
    """Verbs, kinds and names of the source on the line, within quotes or without."""
    monkeypatch.setenv("COMP_WORDS", " ".join(("harvdiag", "what-if", *given)))
    context = what_if.make_context("what-if", [*given], resilient_parsing=True)
    (words,) = [param for param in what_if.params if param.name == "words"]
    assert offered in [item.value for item in words.shell_complete(context, begun)]


def test_a_namespace_needs_no_quotes() -> None:
    """As with kubectl, before or after the words."""
    name = "custom-9f6ca6994d70"
    plain = run("what-if", BROKEN, "delete", "machine", name, "-n", "fleet-local", "--format", "json")
    assert json.loads(plain.stdout)["action"]["text"] == f"delete Machine {name}"
    wrong = run("what-if", BROKEN, "-n", "elsewhere", f"delete machine {name}")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_the_picture_is_of_what_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """It judges nothing again, and leaves out what the ignore list does."""
    made = hd.open(BROKEN)
    ignore = Ignore(rules=("node-without-machine",), reason="known")
    told = simulate(made.facts, "delete Node srv09", replace(made.policy, ignore=(ignore,)))
    monkeypatch.setattr("harvdiag.rules.run_rules", lambda *_: pytest.fail("judged again"))
    found = compare_states(told)
    for side in (found.before, found.now):
        assert {each.rule for each in side.findings} & {"upgrade-blocked-by-orphan-node", "node-not-managed"}
        assert "node-without-machine" not in {each.rule for each in side.findings}
