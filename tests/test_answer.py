"""The answer that is read first: root causes, the next step, the next command with the source filled in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding, ObjectRef, Outcome, Severity, State
from harvdiag.core.target import target_arguments
from harvdiag.reports import terminal
from harvdiag.reports.terminal import View
from harvdiag.status.answer import build_answer, fill_command, fill_source, split_sentences
from tests import port
from tests.routes import BROKEN, HEALTHY
from tests.world import healthy


def finding(rule: str, name: str, message: str, **rest: object) -> Finding:
    """A finding about a Node."""
    base = Finding(
        rule=rule, family="pairing", severity=Severity.ERROR, subject=ObjectRef("Node", "", name), message=message
    )
    return replace(base, **rest)  # type: ignore[arg-type]


def findings(*found: Finding) -> Findings:
    """A check of a healthy cluster that found these."""
    real = hd.open(HEALTHY).check()
    return Findings(real.source, real.coverage, [Outcome("r", "failed", findings=found)], real.upgrade)


def test_the_answer_of_the_sample() -> None:
    """The root cause alone has a row; the next step is the first that is not answered by the bundle."""
    answer = build_answer(hd.open(BROKEN).check())
    (row,) = answer.rows
    assert (str(row.subjects[0]), row.what, row.consequences, row.holds) == ("Node srv09", "has no Machine", 1, True)
    assert answer.step is not None
    assert (answer.step.number, answer.step.of) == (4, 8)
    assert [step.done for step in answer.steps] == [True] * 3 + [False] * 5
    assert answer.command == f"harvdiag upgrade {BROKEN}"
    assert len(answer.cautions) == len(set(answer.cautions)) > 1


def test_nothing_found_has_no_step_and_no_row() -> None:
    """At rest there is nothing to run; half-way the command that looks at the upgrade."""
    answer = build_answer(hd.open(HEALTHY).check())
    assert (answer.rows, answer.step, answer.command, answer.unseen) == ((), None, "", "")
    assert answer.running == "No upgrade is under way; the last, to v1.4.2, succeeded."
    half = build_answer(hd.open(HEALTHY.parent / "upgrade-half-way.zip").check())
    assert half.command.startswith("harvdiag upgrade ")
    assert "2 of 4 nodes done" in half.running


def test_what_was_not_seen_is_in_one_line() -> None:
    """A verdict without it would say more than was looked at."""
    answer = build_answer(port.cluster(healthy().objects, Machine=State.FORBIDDEN).check())
    assert "not seen: Machine: not allowed" in answer.unseen


def test_what_holds_the_upgrade_up_comes_first_and_many_of_a_rule_share_a_row() -> None:
    """Of equally grave root causes; a rule with hundreds of Nodes must not hide the others."""
    many = [finding("a", f"hv{n:03}", f"Node hv{n:03} is odd: it is", many="are odd") for n in range(100)]
    held = finding("b", "hv09", "Node hv09 stays; no one knows why", holds=True)
    found = findings(*many, held)
    assert found.upgrade is not None
    running = Findings(found.source, found.coverage, found.outcomes, replace(found.upgrade, name="u"))
    rows = build_answer(running).rows
    assert [(row.rule, len(row.subjects), row.what) for row in rows] == [("b", 1, "stays"), ("a", 100, "are odd")]
    assert rows[0].holds
    assert not any(row.holds for row in build_answer(found).rows)  # no upgrade is under way


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("Node hv01 has no Machine: it references none, " + "x" * 80, "has no Machine"),
        (
            'Node hv01 says "a: b; c. d' + "x" * 80 + '", and stops; then more',
            f'says "a: b; c. d{"x" * 80}", and stops',
        ),
        ("Machine m references Node hv01, which is gone", "Machine m references Node hv01, which is gone"),
        ("Node hv01 is odd", "is odd"),
        (
            "is NotReady since 10:00 UTC: NotReady(1) [Cluster local; daemonset.apps x/y [Modified]]",
            "is NotReady since 10:00 UTC",
        ),
    ],
)
def test_a_row_has_the_main_clause(message: str, what: str) -> None:
    """Without the subject, which stands before it; no quotation is cut open."""
    assert build_answer(findings(finding("a", "hv01", message))).rows[0].what == what


def test_sentences_of_a_caution() -> None:
    """A full stop within a name ends none."""
    text = "Do not edit rke.cattle.io/x (a/b#1). It stops. Already seen: 3 voters (a)."
    assert split_sentences(text) == ["Do not edit rke.cattle.io/x (a/b#1).", "It stops.", "Already seen: 3 voters (a)."]
    assert split_sentences("") == []


@pytest.mark.parametrize(
    ("target", "kubeconfig", "arguments"),
    [
        ("a b.zip", None, ("a b.zip",)),
        (Path("-x.zip"), None, ("./-x.zip",)),
        ("-", None, ("-",)),
        ("context:lab", None, ("--context", "lab")),
        ("context:", "k.yaml", ("--kubeconfig", "k.yaml")),
        ("context:", None, ()),
    ],
)
def test_how_a_source_is_named_on_the_command_line(
    target: str | Path, kubeconfig: str | None, arguments: tuple[str, ...]
) -> None:
    """The words after `harvdiag check`, as the user would type them."""
    assert target_arguments(target, kubeconfig) == arguments


def test_steps_have_the_source_in_their_commands_when_they_are_printed() -> None:
    """The findings keep the word SOURCE, so that they are the same however the source was named."""
    found = hd.open(BROKEN).check()
    assert any("`harvdiag report SOURCE" in step for finding in found for step in finding.next)
    text = terminal.render(found, view=View.FULL)
    assert "SOURCE" not in text
    assert f"`harvdiag report {BROKEN}`" in text
    source = replace(found.source, arguments=())
    assert fill_source("Run `harvdiag check SOURCE -o x`; SOURCE is", source) == "Run `harvdiag check -o x`; SOURCE is"


def test_the_next_command_is_quoted_for_a_shell() -> None:
    """Blanks in it, and a source that was opened in another way."""
    source = hd.open(HEALTHY).check().source
    assert fill_command(replace(source, arguments=("a b.zip",)), "upgrade") == "harvdiag upgrade 'a b.zip'"
    assert fill_command(replace(source, arguments=None), "check", "--full") == "harvdiag check SOURCE --full"
