"""The ignore list: what it names does not count, is told all the same, and what follows from it stays."""

from __future__ import annotations

import json
from datetime import date

import pytest

import harvdiag as hd
from harvdiag.cluster import Cluster
from harvdiag.core.findings import Findings
from harvdiag.core.ignore import Ignore, SubjectPattern
from harvdiag.core.policy import Policy
from harvdiag.reports import render

BROKEN = hd.open("data/bundles/issue-8236.zip")
TODAY = date(2026, 12, 1)


def check(*entries: Ignore, select: tuple[str, ...] = ()) -> Findings:
    """The sample, judged under an ignore list."""
    policy = Policy(file="harvdiag.toml", today=TODAY, ignore=entries)
    return Cluster(BROKEN.snapshot, policy=policy).check(select)


def test_an_ignored_finding_does_not_count_and_is_not_hidden() -> None:
    """Neither in the list nor in a count; beside both, with its entry; its check has failed all the same."""
    findings = check(Ignore(rules=("upgrade-*",), reason="a lab"), Ignore(rules=("node-without-machine",), reason="x"))
    assert not findings
    assert (findings.summary["findings"], findings.summary["errors"]) == (0, 0)
    assert {f"{i.finding.rule}: {i.entry.reason}" for i in findings.ignored} >= {"node-without-machine: x"}
    assert {o.rule for o in findings.outcomes if o.outcome == "failed"} == {i.finding.rule for i in findings.ignored}
    document = json.loads(render(findings, "json"))
    assert [row["reason"] for row in document["ignored"]] == [i.entry.reason for i in findings.ignored]
    assert document["config"]["file"] == "harvdiag.toml"


def test_what_follows_from_an_ignored_cause_stays() -> None:
    """It is a root cause of its own then, and tells that its cause is ignored."""
    findings = check(Ignore(rules=("node-without-machine",), reason="a lab"))
    (root,) = findings.roots
    assert (root.caused_by, root.ignored_causes) == ((), ("node-without-machine:Node::srv09",))
    assert json.loads(render(findings, "json"))["findings"][0]["ignored_causes"] == [*root.ignored_causes]


@pytest.mark.parametrize(
    ("entry", "matches"),
    [
        (Ignore(reason="r", rules=("node-without-machine",)), True),
        (Ignore(reason="r", rules=("pairing",)), True),
        (Ignore(reason="r", rules=("node-*", "upgrade")), True),
        (Ignore(reason="r", rules=("node",)), False),
        (Ignore(reason="r", subjects=(SubjectPattern(name="srv0?"),)), True),
        (Ignore(reason="r", subjects=(SubjectPattern("node", "", "srv09"),)), True),
        (Ignore(reason="r", subjects=(SubjectPattern("Machine", name="srv09"),)), False),
        (Ignore(reason="r", rules=("health",), subjects=(SubjectPattern(name="srv09"),)), False),
        (Ignore(reason="r", rules=("pairing",), expires=TODAY), True),
        (Ignore(reason="r", rules=("pairing",), expires=date(2026, 11, 30)), False),
    ],
    ids=str,
)
def test_patterns_of_rules_and_subjects_and_the_last_day(entry: Ignore, matches: bool) -> None:
    """Rule or family, and kind, namespace and name; the last day still counts."""
    assert bool(check(entry, select=("node-without-machine",)).ignored) is matches
