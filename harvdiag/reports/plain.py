"""One finding with everything about it as plain text, for programs that show each finding by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.notes import Note
from harvdiag.core.timestamps import normalise_time
from harvdiag.reports.several import ClusterAnswer
from harvdiag.status import policy
from harvdiag.status.notes import describe_note, list_stale
from harvdiag.status.summary import format_evidence

__all__ = ["Describer", "cut_text", "describe_origin", "list_remarks", "name_answers", "name_object", "tell_note"]


class Describer:
    """Describes the findings of one check; it has them by their fingerprints, as a large cluster has thousands."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._told = {finding.fingerprint: finding for finding in findings}

    def describe(self, finding: Finding) -> str:
        """Return message, notes, causes, reason, evidence, steps, caution and links; control characters are escaped."""
        return "\n".join(map(escape_text, self._lines(finding)))

    def _lines(self, finding: Finding) -> Iterator[str]:
        notes = self._findings.notes
        causes = [self._told[cause] for cause in finding.caused_by if cause in self._told]
        seen = [f"{e.object} {e.path}".rstrip() + f": {format_evidence(e)}" for e in finding.evidence]
        ticked = notes.ticked(finding)
        steps = [f"{n}. {'(done) ' if n in ticked else ''}{step}" for n, step in enumerate(finding.next, 1)]
        yield f"{finding.message}."
        for note in notes.of(finding.fingerprint):
            yield from _labelled("Note", tell_note(note).split("\n"))
        yield from _labelled("Caused by", map(_name, causes))
        yield from filter(None, [policy.describe_ignored_causes(self._findings, finding)])
        yield from _labelled("Leads to", map(_name, self._findings.consequences(finding)))
        yield from _labelled("Why", filter(None, [finding.why]))
        yield from _labelled("Seen", seen)
        yield from _labelled("Next", steps)
        yield from _labelled("Caution", filter(None, [finding.caution]))
        yield from _labelled("More", finding.links)


def _labelled(label: str, lines: Iterable[str]) -> Iterator[str]:
    """One line beside its label, several below it; none at all where there is no line."""
    first, *others = [*lines] or [""]
    if others:
        yield f"{label}:"
        yield from (f"  {line}" for line in (first, *others))
    elif first:
        yield f"{label}: {first}"


def _name(finding: Finding) -> str:
    return f"{finding.rule} {finding.subject}"


def tell_note(note: Note) -> str:
    """Return who wrote a note, when, and what it sets, and its text."""
    return ": ".join(filter(None, (describe_note(note), note.text)))


def list_remarks(findings: Findings) -> list[str]:
    """Return what is to be told besides the findings: notes on other things, what is ignored, other settings."""
    told = [f"Note on the cluster: {tell_note(note)}" for note in findings.notes.cluster]
    for stale in list_stale(findings):
        told += [f"Note on {stale.name} ({stale.state}): {tell_note(note)}" for note in stale.notes]
    told += [f"Notes: {findings.notes.fault}"] if findings.notes.fault else []
    told += [f"{remark.label}: {remark.text}" for remark in policy.list_remarks(findings)]
    return [" ".join(map(escape_text, text.split("\n"))) for text in told]


def name_object(ref: ObjectRef) -> str:
    """Return kind, namespace and name as a path: ``Machine/fleet-local/custom-1``."""
    return escape_text("/".join(filter(None, ref)))


def cut_text(text: str, most: int) -> str:
    """Return a text of at most about so many characters; one that was cut ends with its length."""
    return text if len(text) <= most else f"{text[:most].rstrip()}… ({len(text)} characters)"


def name_answers(answers: Sequence[ClusterAnswer]) -> list[str]:
    """Return the name of each source, without its folder; as it was given where two have the same."""
    names = [answer.findings.source.name if answer.findings is not None else answer.name for answer in answers]
    return [answer.name if names.count(name) > 1 else name for answer, name in zip(answers, names, strict=True)]


def describe_origin(answer: ClusterAnswer, name: str) -> Iterator[tuple[str, str]]:
    """Yield what was read: name, kind, time of collection and versions; what is unknown is empty."""
    yield "name", name
    if answer.findings is not None:
        source = answer.findings.source
        yield "kind", source.kind
        yield "collected", normalise_time(source.captured_at)
        yield "harvester", source.harvester_version
        yield "kubernetes", source.kubernetes_version
        yield "redacted", f"pseudonyms, under key {source.redacted}" if source.redacted else ""
