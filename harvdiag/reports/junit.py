"""Findings as JUnit XML, for the test reports of Jenkins, GitLab and others.

Each check is a test case: passed, skipped with its reason, or one failure for each object that it found. The object is
in the name, since GitLab drops a second case of the same class and name; the class, which both show as the suite, is
the family of the check. A finding of the severity *info* fails nothing, as with `--fail-on`: its case has passed, and
its text is the output. One that people call a false positive is skipped. Only what XML and these programs take is
written: no attribute and no element that the schema of Jenkins' xUnit plugin lacks, no control character, 30 MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Findings
from harvdiag.core.ignore import Ignore
from harvdiag.core.model import Finding, Outcome, Severity
from harvdiag.core.notes import Notes, NoteStatus
from harvdiag.reports.plain import Describer, cut_text, describe_origin, list_remarks, name_answers, tell_note
from harvdiag.reports.several import ClusterAnswer
from harvdiag.rules import own_rules, registry

__all__ = ["MOST_BYTES", "render", "render_several"]

MOST_BYTES = 30_000_000
"""GitLab takes no larger file."""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
TOOL = "harvdiag"
IGNORED = "ignored"
TITLE = 1000
"""The most characters of a message that is an attribute."""
ERROR, FAILURE, SKIPPED, OUTPUT, PASSED = ORDER = "error", "failure", "skipped", "system-out", ""
"""The element that tells the result of a case, in the order in which the cases of a suite come."""


class _Room(NamedTuple):
    """How many characters the text of a case may have, and how many cases a suite; None: any number."""

    text: int
    cases: int | None = None


ROOMS = (_Room(100_000), _Room(2000), _Room(200), _Room(200, 5000), _Room(0, 1000))
"""Tried one after the other until the file is small enough."""


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One test case; `result` is its element, empty where it has passed."""

    family: str
    name: str
    result: str = PASSED
    kind: str = ""
    message: str = ""
    text: str = ""


def render(findings: Findings) -> str:
    """Return the document; it has a suite for each family."""
    return render_several([ClusterAnswer(name=findings.source.name, findings=findings)])


def render_several(answers: Sequence[ClusterAnswer], most: int = MOST_BYTES) -> str:
    """Return one document of several clusters: the name of each is part of its classes and suites.

    One that could not be read is a case with an error. Where the document would have more than `most` bytes, the texts
    of its cases are cut, at last left out, and then cases, which it tells.
    """
    text = ""
    for room in ROOMS:
        text = _write(answers, room)
        if len(text.encode()) <= most:
            break
    return text


def _write(answers: Sequence[ClusterAnswer], room: _Room) -> str:
    root = Element("testsuites", name=TOOL)
    for answer, source in zip(answers, name_answers(answers), strict=True):
        lead = f"{TOOL}.{escape_text(source)}" if len(answers) > 1 else TOOL
        cases = sorted(_list_cases(answer), key=lambda case: (case.family, ORDER.index(case.result)))
        for family, members in groupby(cases, key=lambda case: case.family):
            suite = SubElement(root, "testsuite", name=f"{lead}.{family}")
            _fill_suite(suite, [*describe_origin(answer, source)], [*members], room)
        if answer.findings is not None and (remarks := list_remarks(answer.findings)):
            SubElement(suite, OUTPUT).text = "\n".join(remarks)
    _count(root, root.iter("testcase"))
    del root.attrib[SKIPPED]  # the schema of Jenkins has it for suites alone
    indent(root)
    return f"{HEAD}{tostring(root, encoding='unicode')}\n"


def _fill_suite(suite: Element, origin: Sequence[tuple[str, str]], cases: Sequence[_Case], room: _Room) -> None:
    properties = SubElement(suite, "properties")
    for key, value in origin:
        if value:
            SubElement(properties, "property", name=key, value=escape_text(value))
    kept = list(islice(cases, room.cases))
    for case in kept:
        _add_case(suite, case, room)
    if left := len(cases) - len(kept):
        SubElement(suite, OUTPUT).text = f"{left} of {len(cases)} checks are left out: the file would be too large"
    _count(suite, suite)


def _add_case(suite: Element, case: _Case, room: _Room) -> None:
    names = {"classname": suite.get("name", ""), "name": escape_text(case.name), "time": "0"}
    element = SubElement(suite, "testcase", names)
    if not case.result:
        return
    attributes = {"type": case.kind, "message": escape_text(cut_text(case.message, TITLE))}
    result = SubElement(element, case.result, {} if case.result == OUTPUT else attributes)
    result.text = cut_text(case.text, room.text) if room.text else None


def _count(element: Element, cases: Iterable[Element]) -> None:
    """Set the counts of a suite, or of all."""
    found = [case for case in cases if case.tag == "testcase"]
    element.set("tests", str(len(found)))
    for name, result in (("failures", FAILURE), ("errors", ERROR), (SKIPPED, SKIPPED)):
        element.set(name, str(sum(case.find(result) is not None for case in found)))
    element.set("time", "0")


def _list_cases(answer: ClusterAnswer) -> Iterator[_Case]:
    if answer.error:
        text = escape_text(answer.error)
        yield _Case(family="source", name="read", result=ERROR, kind="unreadable", message=answer.error, text=text)
    if answer.findings is None:
        return
    findings = answer.findings
    rules = {**registry(), **own_rules(findings.policy)}
    describe = Describer(findings).describe
    apart = {ignored.finding.rule for ignored in findings.ignored}
    yield from (_ignored_case(finding, entry, describe(finding)) for finding, entry in findings.ignored)
    for outcome in findings.outcomes:
        yield from (_finding_case(findings.notes, finding, describe(finding)) for finding in outcome.findings)
        if not outcome.findings and outcome.rule not in apart:
            yield _quiet_case(rules[outcome.rule].family if outcome.rule in rules else TOOL, outcome)


def _quiet_case(family: str, outcome: Outcome) -> _Case:
    """A check that found nothing, or was not run, since it could not be or does not apply."""
    if outcome.judged:
        return _Case(family=family, name=outcome.rule)
    return _Case(family=family, name=outcome.rule, result=SKIPPED, kind=outcome.outcome, message=outcome.reason)


def _ignored_case(finding: Finding, entry: Ignore, text: str) -> _Case:
    """A finding that does not count."""
    name, message = f"{finding.rule} {finding.subject}", f"{IGNORED}: {entry.reason}"
    return _Case(family=finding.family, name=name, result=SKIPPED, kind=IGNORED, message=message, text=text)


def _finding_case(notes: Notes, finding: Finding, text: str) -> _Case:
    result, kind, message = FAILURE, str(finding.severity), finding.message
    if notes.status(finding.fingerprint) is NoteStatus.FALSE_POSITIVE:
        result, kind = SKIPPED, str(NoteStatus.FALSE_POSITIVE)
        message = "; ".join(map(tell_note, notes.of(finding.fingerprint)))
    elif finding.severity is Severity.INFO:
        result = OUTPUT
    name = f"{finding.rule} {finding.subject}"
    return _Case(family=finding.family, name=name, result=result, kind=kind, message=message, text=text)
