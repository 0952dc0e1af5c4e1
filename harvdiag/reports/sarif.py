"""Findings as SARIF 2.1.0, for code scanning at GitHub and for viewers.

One run: a result for each finding, a rule for each check that found something or was not run, an invocation for each
source, with a notification for each check that was skipped or does not apply. Checks that passed are left out, and so
are findings that are ignored, as viewers count every result as a problem; a notification tells of the latter. GitHub
takes no result without a file, so each is at the first line of the source's file; the object is the logical location.
What GitHub refuses is not written: more than 5,000 results, 1,000 locations of one, or 10 MB compressed.

A message has no arguments, so that braces in it mean nothing, and are written as they are: readers do not agree on how
they would be escaped. Only what a reader could take for a placeholder or a link is escaped, as the standard says.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import quote

from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding, ObjectRef, Severity
from harvdiag.core.notes import Notes, NoteStatus
from harvdiag.reports.json import dump_text
from harvdiag.reports.plain import (
    Describer,
    cut_text,
    describe_origin,
    list_remarks,
    name_answers,
    name_object,
    tell_note,
)
from harvdiag.reports.several import ClusterAnswer
from harvdiag.rules import Rule, own_rules, registry
from harvdiag.version import __version__

__all__ = ["MOST_BYTES", "MOST_LOCATIONS", "MOST_RESULTS", "render", "render_several"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
"""The name of the schema, which readers look for; nothing fetches it."""
MOST_RESULTS, MOST_LOCATIONS, MOST_BYTES = 5000, 1000, 10_000_000
"""What GitHub takes or shows at most; the bytes are those of the compressed file."""
ROOMS = (20_000, 2000, 200)
"""How many characters a message may have, tried one after the other until the file is small enough."""
DESCRIPTION = 1000
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
UNNAMED = {"", ".", ".."}
PLACEHOLDER, LINK = re.compile(r"\{(\d+)\}"), re.compile(r"(?=\]\()")


class _Hit(NamedTuple):
    """One finding with its text, and number and name of the source in which it was found."""

    number: int
    source: str
    notes: Notes
    finding: Finding
    text: str


def render(findings: Findings) -> str:
    """Return the log of one check."""
    return render_several([ClusterAnswer(name=findings.source.name, findings=findings)])


def render_several(answers: Sequence[ClusterAnswer], most: int = MOST_BYTES) -> str:
    """Return one log of several clusters: each result is at the file of its source.

    Where it would have more than `most` bytes compressed, the messages are cut, each with its length at the end.
    """
    text, names = "", name_answers(answers)
    hits = [hit for number, answer in enumerate(answers) for hit in _list_hits(number, names[number], answer.findings)]
    for room in ROOMS:
        text = dump_text(_build_log(answers, names, hits, room))
        if len(text) <= most or len(zlib.compress(text.encode())) <= most:
            break
    return text


def _list_hits(number: int, source: str, findings: Findings | None) -> Iterator[_Hit]:
    if findings is not None:
        describe = Describer(findings).describe
        yield from (_Hit(number, source, findings.notes, finding, describe(finding)) for finding in findings)


def _build_log(
    answers: Sequence[ClusterAnswer], names: Sequence[str], hits: Sequence[_Hit], room: int
) -> dict[str, Any]:
    kept = hits if len(hits) <= MOST_RESULTS else sorted(hits, key=_rank_of)[:MOST_RESULTS]
    rules = _Rules(
        (hit.finding for hit in kept), [answer.findings for answer in answers if answer.findings is not None]
    )
    results = [_build_result(hit, rules, room, len(answers) > 1) for hit in kept]
    calls = [_build_invocation(answer, name, rules) for answer, name in zip(answers, names, strict=True)]
    if left := len(hits) - len(kept):
        text = f"Left out, as GitHub shows no more: {left} of {len(hits)} findings, the least severe."
        calls[0].setdefault("toolExecutionNotifications", []).append(_notification("note", text))
    driver = {"name": "harvdiag", "semanticVersion": __version__, "rules": rules.entries}
    run = {"tool": {"driver": driver}, "invocations": calls, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rank_of(hit: _Hit) -> int:
    return hit.finding.severity.rank


class _Rules:
    """The rules that a run names, each described once, when it is first asked for."""

    def __init__(self, shown: Iterable[Finding], checks: Iterable[Findings]) -> None:
        """Describe the rules of some checks; one that is not declared here as the findings `shown` have it."""
        self._known = dict(registry())
        for findings in checks:
            self._known |= own_rules(findings.policy)
        self._examples: dict[str, Finding] = {}
        for finding in shown:
            self._examples.setdefault(finding.rule, finding)
        self._places: dict[str, int] = {}
        self.entries: list[dict[str, Any]] = []

    def place(self, name: str) -> int:
        """Return the place of a rule among the entries."""
        if name not in self._places:
            self._places[name] = len(self.entries)
            self.entries.append(_build_rule(name, self._known.get(name), self._examples.get(name)))
        return self._places[name]


def _build_rule(name: str, rule: Rule | None, example: Finding | None) -> dict[str, Any]:
    """Describe a rule as it is declared; one that is not declared here by a finding of it."""
    summary = rule.summary if rule else f"{example.short if example and example.short else name}."
    why = (rule.why if rule else example.why if example else "") or summary
    links = rule.links if rule else example.links if example else ()
    family = rule.family if rule else example.family if example else ""
    severity = rule.severity if rule else example.severity if example else Severity.ERROR
    more = [f"harvdiag rules {name}", *links]
    markdown = [f"`harvdiag rules {name}`", *(f"<{link}>" for link in links)]
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": _message(summary, DESCRIPTION)},
        "fullDescription": {"text": _message(why, DESCRIPTION)},
        "help": {
            "text": "\n".join([why, "", *more]),
            "markdown": "\n".join([why, "", *(f"- {line}" for line in markdown)]),
        },
        **({"helpUri": links[0]} if links else {}),
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {"tags": ["harvester", family] if family else ["harvester"]},
    }


def _build_result(hit: _Hit, rules: _Rules, room: int, several: bool) -> dict[str, Any]:
    finding, file = hit.finding, _name_file(hit.source)
    related = [ref for ref in dict.fromkeys(_related(finding)) if ref != finding.subject]
    kept = related[: MOST_LOCATIONS - 1]
    left = {"relatedLocationsLeftOut": len(related) - len(kept)} if len(kept) < len(related) else {}
    identity = f"{hit.source}:{finding.fingerprint}" if several else finding.fingerprint
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.place(finding.rule),
        "level": LEVELS[finding.severity],
        "message": {"text": _message(hit.text, room)},
        "locations": [_locate(file, finding.subject)],
        **({"relatedLocations": [_locate(file, ref, n) for n, ref in enumerate(kept, 1)]} if kept else {}),
        "partialFingerprints": {
            "harvdiag/v1": escape_text(identity),
            # The one that GitHub looks at; it would compute it from the file's text, which every finding shares.
            "primaryLocationLineHash": f"{sha256(escape_text(identity).encode()).hexdigest()[:16]}:1",
        },
        **_suppress(hit),
        "provenance": {"invocationIndex": hit.number},
        "properties": {
            "family": finding.family,
            "status": str(hit.notes.status(finding.fingerprint)),
            "holds": finding.holds,
            "causedBy": [escape_text(cause) for cause in finding.caused_by],
            **left,
        },
    }


def _related(finding: Finding) -> Iterator[ObjectRef]:
    yield from finding.targets
    yield from (evidence.object for evidence in finding.evidence)


def _locate(file: str, ref: ObjectRef, number: int = 0) -> dict[str, Any]:
    """The source's file, and the object in it; a further location has a number and a message."""
    logical = {"name": escape_text(ref.name), "fullyQualifiedName": name_object(ref), "kind": "resource"}
    physical = {"artifactLocation": {"uri": file}, "region": {"startLine": 1}}
    more = {"id": number, "message": {"text": _message(escape_text(ref), DESCRIPTION)}} if number else {}
    return {**more, "physicalLocation": physical, "logicalLocations": [logical]}


def _suppress(hit: _Hit) -> dict[str, Any]:
    """What people call a false positive is suppressed; what they have only acknowledged is still there."""
    notes = hit.notes
    if notes.status(hit.finding.fingerprint) is not NoteStatus.FALSE_POSITIVE:
        return {}
    why = "; ".join(escape_text(tell_note(note)) for note in notes.of(hit.finding.fingerprint))
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": why}]}


def _build_invocation(answer: ClusterAnswer, name: str, rules: _Rules) -> dict[str, Any]:
    findings = answer.findings
    skipped = findings.skipped if findings is not None else ()
    unasked = [o for o in findings.outcomes if not o.judged and o not in skipped] if findings is not None else []
    ran = findings is not None and not answer.error and (len(skipped) < len(findings.outcomes) or not skipped)
    told = [_notification("error", answer.error)] if answer.error else []
    told += [_notification("warning", f"Skipped: {o.reason}.", o.rule, rules.place(o.rule)) for o in skipped]
    told += [_notification("note", f"Not applicable: {o.reason}.", o.rule, rules.place(o.rule)) for o in unasked]
    told += [_notification("note", text) for text in (list_remarks(findings) if findings is not None else ())]
    return {
        "executionSuccessful": ran,
        **({"toolExecutionNotifications": told} if told else {}),
        "properties": {"source": {key: escape_text(value) for key, value in describe_origin(answer, name) if value}},
    }


def _notification(level: str, text: str, rule: str = "", place: int = -1) -> dict[str, Any]:
    associated = {"associatedRule": {"id": rule, "index": place}} if rule else {}
    return {"level": level, "message": {"text": _message(escape_text(text), ROOMS[0])}, **associated}


def _name_file(name: str) -> str:
    """The name of the source as a relative URI, without its folder."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    return quote(escape_text("source" if base in UNNAMED else base), safe="")


def _message(text: str, most: int) -> str:
    """A text as a message: cut, and without placeholders and links."""
    return LINK.sub(r"\\", PLACEHOLDER.sub(r"{{\1}}", cut_text(text, most)))
