"""Findings: a sequence, root causes first, that knows what was checked and what was not."""

from __future__ import annotations

from dataclasses import replace

from harvdiag.core.findings import Findings, Source
from harvdiag.core.model import Coverage, Finding, ObjectRef, Outcome, Severity
from harvdiag.reports import render
from harvdiag.status.summary import build_verdict

SOURCE = Source(
    kind="files", name="made up", captured_at="", harvester_version="", kubernetes_version="", nodes=4, machines=3
)


def finding(rule: str, *causes: Finding, severity: Severity = Severity.ERROR, name: str = "n") -> Finding:
    """A finding of a rule about one Node."""
    subject = ObjectRef("Node", "", name)
    return Finding(
        rule=rule,
        family="family",
        severity=severity,
        subject=subject,
        message=rule.upper(),
        caused_by=tuple(c.fingerprint for c in causes),
    )


ROOT = finding("b-root")
MILD = finding("a-mild", severity=Severity.WARNING)
NEXT = finding("c-next", ROOT)
LAST = finding("d-last", NEXT, MILD)


def findings(*all_of_them: Finding, skipped: str = "") -> Findings:
    """Findings in this order, one rule each, and perhaps a rule that was skipped."""
    outcomes = [Outcome(f.rule, "failed", "", (f,)) for f in all_of_them]
    outcomes += [Outcome("passed-rule", "passed")]
    outcomes += [Outcome(skipped, "skipped", "unseen")] if skipped else []
    return Findings(SOURCE, Coverage(), outcomes)


def test_roots_come_first_then_the_worse_then_by_name() -> None:
    """The order in which one should read, whatever the order of the rules."""
    expected = [ROOT, MILD, NEXT, LAST]
    assert list(findings(LAST, NEXT, MILD, ROOT)) == expected
    assert list(findings(ROOT, MILD, NEXT, LAST)) == expected


def test_same_rule_is_ordered_by_subject() -> None:
    """Two Nodes with one fault come in the order of their names."""
    a, b = finding("r", name="a"), finding("r", name="b")
    both = Findings(SOURCE, Coverage(), [Outcome("r", "failed", "", (b, a))])
    assert list(both) == [a, b]


def test_is_a_sequence() -> None:
    """Length, index, slice, membership, truth."""
    found = findings(ROOT, NEXT)
    assert (len(found), found[0], list(found[1:]), ROOT in found, MILD in found) == (2, ROOT, [NEXT], True, False)
    assert found.index(NEXT) == 1
    assert found
    assert not findings()


def test_roots_and_worst() -> None:
    """Where to begin; None where there is nothing."""
    found = findings(LAST, NEXT, MILD, ROOT)
    assert found.roots == (ROOT, MILD)
    assert found.worst() == ROOT
    assert findings().worst() is None


def test_consequences_are_the_next_step_and_the_story_is_all_of_them() -> None:
    """Nearest first; what two ways lead to is told once."""
    found = findings(LAST, NEXT, MILD, ROOT)
    assert found.consequences(ROOT) == (NEXT,)
    assert found.story(ROOT) == (NEXT, LAST)
    assert found.story(MILD) == (LAST,)
    assert found.story(LAST) == ()


def test_story_ends_where_causes_go_round() -> None:
    """No rule may make a circle; if one did, the report would still end."""
    a = finding("a")
    b = finding("b", a)
    a = replace(a, caused_by=(b.fingerprint,))
    assert {f.rule for f in findings(a, b).story(a)} == {"a", "b"}


def test_of_takes_rules_families_severities_and_names() -> None:
    """One word narrows them down."""
    found = findings(LAST, NEXT, MILD, ROOT)
    assert found.of("b-root") == (ROOT,)
    assert found.of("warning") == (MILD,)
    assert found.of("family") == found.of("n") == tuple(found)
    assert found.of("nothing") == ()


def test_count_is_by_severity_or_of_a_finding() -> None:
    """``count("error")`` reads well; a sequence's own count still works."""
    found = findings(LAST, NEXT, MILD, ROOT)
    assert (found.count("error"), found.count(Severity.WARNING), found.count("info")) == (3, 1, 0)
    assert (found.count(ROOT), found.count(finding("other"))) == (1, 0)


def test_summary_counts_findings_and_checks() -> None:
    """What a program asks first."""
    assert findings(ROOT, MILD, NEXT, skipped="s").summary == {
        "findings": 3,
        "root_causes": 2,
        "errors": 2,
        "warnings": 1,
        "infos": 0,
        "checks": {"passed": 1, "failed": 3, "skipped": 1, "not-applicable": 0},
        "nodes": 4,
        "machines": 3,
    }


def test_skipped_are_outcomes_with_reasons() -> None:
    """What could not be judged."""
    assert findings(ROOT, skipped="s").skipped == (Outcome("s", "skipped", "unseen"),)
    assert findings(ROOT).skipped == ()


def test_frame_has_one_row_a_finding() -> None:
    """In the same order, all text; causes are fingerprints."""
    frame = findings(NEXT, ROOT).frame
    assert list(frame["rule"]) == ["b-root", "c-next"]
    assert list(frame["caused_by"]) == ["", ROOT.fingerprint]
    assert list(frame["severity"]) == ["error", "error"]
    assert list(frame["fingerprint"]) == [ROOT.fingerprint, NEXT.fingerprint]
    assert list(frame["status"]) == ["open", "open"]


def test_fingerprint_survives_a_new_collection() -> None:
    """Rule and subject only: no uid, no time, no message."""
    assert ROOT.fingerprint == "b-root:Node::n"
    assert replace(ROOT, message="other", evidence=(), caused_by=("x",)).fingerprint == ROOT.fingerprint


def test_text_forms_are_short() -> None:
    """What a notebook without HTML or a debugger shows."""
    assert str(ROOT) == "error b-root Node n: B-ROOT"
    assert repr(findings(ROOT, skipped="s")).splitlines()[0] == "1 finding, 1 root cause, 1 skipped check"


def test_what_does_not_apply_is_told_apart_everywhere() -> None:
    """In the verdict it is counted, in JUnit skipped with its reason, in SARIF a notification; it is not skipped."""
    given = findings(ROOT)
    one = Outcome("other", "not-applicable", "an upgrade is under way")
    told = given.with_outcomes([*given.outcomes, one])
    assert told.skipped == given.skipped
    assert told.summary["checks"]["not-applicable"] == 1
    assert "1 not applicable" in build_verdict(told)
    assert '<skipped type="not-applicable" message="an upgrade is under way" />' in render(told, "junit")
    assert "Not applicable: an upgrade is under way." in render(told, "sarif")
