"""A report to hand on as data: each root cause with what follows from it, its steps with their ticks, and its notes.

Markdown and HTML give it their form. Everything is told once: what repeats refers to where it was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from harvdiag.core.findings import Findings, Source
from harvdiag.core.listing import group_by
from harvdiag.core.model import Evidence, Finding, ObjectRef
from harvdiag.core.notes import Note, NoteStatus
from harvdiag.status.answer import Answer, RootCause, build_answer, fill_findings
from harvdiag.status.notes import StaleNotes, list_stale
from harvdiag.status.policy import Remark, describe_ignored_causes, list_remarks
from harvdiag.status.summary import is_alike_step, is_answered, tell_support_once, without_repeats

__all__ = ["Follower", "Outline", "ReportStep", "Section", "Told", "build_outline", "name_findings"]

LIVE = "live"


class ReportStep(NamedTuple):
    """One numbered step: done where what was collected answers it, or where people ticked it."""

    number: int
    text: str
    """The sentence; commands in it are between backticks."""
    answered: bool
    ticked: bool

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.answered or self.ticked


@dataclass(frozen=True, kw_only=True)
class Told:
    """One finding with what is told of it where it stands: what was told before is left out."""

    finding: Finding
    evidence: tuple[Evidence, ...]
    steps: tuple[ReportStep, ...]
    as_for: ObjectRef | None
    """The subject whose steps are the same but for the names; then `steps` is empty."""
    caution: str
    notes: tuple[Note, ...]
    """What people wrote about it, oldest first."""
    status: NoteStatus | None
    """What they decided; None where no one wrote anything."""
    cause: str
    """From which findings it follows that are ignored; empty where from none."""


class Follower(NamedTuple):
    """The findings of one rule that follow from a root cause."""

    rule: str
    told: tuple[Told, ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A row of the answer with all about it: a root cause, or several of one rule, and what follows."""

    row: RootCause
    told: tuple[Told, ...]
    """One for each subject of the row; the first has everything."""
    followers: tuple[Follower, ...]
    again: tuple[Finding, ...]
    """What follows, too, and was told in an earlier section."""


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The whole report. `findings` are those that were given, with the source as a reader elsewhere may name it."""

    findings: Findings
    answer: Answer
    sections: tuple[Section, ...]
    stale: tuple[StaleNotes, ...]
    """Notes on what is not found, with the reason."""
    settings: tuple[Remark, ...]
    """What the settings of the person changed: findings that are ignored, and why, and what to know of the file."""

    @property
    def first_steps(self) -> tuple[ReportStep, ...]:
        """The steps of the first root cause."""
        return self.sections[0].told[0].steps if self.sections else ()


def build_outline(findings: Findings, answer: Answer | None = None) -> Outline:
    """Build the outline of a report from the findings of a check and their notes; `answer` is by default theirs."""
    given = name_findings(findings)
    answer = answer or build_answer(given)
    teller = _Teller(given)
    return Outline(
        findings=given,
        answer=answer,
        sections=tuple(teller.section(row) for row in answer.rows),
        stale=list_stale(given),
        settings=tuple(list_remarks(given)),
    )


def name_findings(findings: Findings) -> Findings:
    """Return the findings with the source as a reader elsewhere may name it."""
    return _with_source(findings, _name_source(findings.source))


def _name_source(source: Source) -> Source:
    """The source as commands in a report name it: by its name without a path of the author's machine.

    A cluster has another name in the kubeconfig of each reader, and no file has the pseudonym of a source, so there the
    word SOURCE stays.
    """
    nameless = source.kind == LIVE or not source.name or (source.redacted and source.arguments is None)
    return replace(source, arguments=None if nameless else (source.name,))


def _with_source(findings: Findings, source: Source) -> Findings:
    made = Findings(source, findings.coverage, findings.outcomes, findings.upgrade, findings.notes)
    return made.under(findings.policy, findings.ignored)


class _Teller:
    """Tells each finding once, in the order of the answer."""

    def __init__(self, findings: Findings) -> None:
        whole = fill_findings(findings)
        self._findings = tell_support_once(whole)
        self._notes = findings.notes
        self._whole = {finding.fingerprint: finding for finding in whole}
        self._given = {finding.fingerprint: finding for finding in findings}
        self._filled = {finding.fingerprint: finding for finding in self._findings}
        self._seen = frozenset((e.object, e.path) for root in findings.roots for e in root.evidence)
        self._done: set[str] = set()

    def section(self, row: RootCause) -> Section:
        """One row of the answer, with what follows from it and was not told yet."""
        roots = [self._filled[finding.fingerprint] for finding in row.findings]
        story = {other.fingerprint: other for root in roots for other in self._findings.story(root)}
        new = [other for name, other in story.items() if name not in self._done]
        again = tuple(other for name, other in story.items() if name in self._done)
        self._done.update(story)
        return Section(row=row, told=self._tell_alike(roots, ()), followers=self._follow(new, roots), again=again)

    def _follow(self, new: Iterable[Finding], roots: Sequence[Finding]) -> tuple[Follower, ...]:
        shown, found = list(roots[:1]), []
        for rule, alike in group_by(new, lambda finding: finding.rule):
            found.append(Follower(rule, self._tell_alike(alike, shown)))
            shown += alike
        return tuple(found)

    def _tell_alike(self, alike: Sequence[Finding], shown: Sequence[Finding]) -> tuple[Told, ...]:
        """Findings of one rule: the first, and the others as they differ from it."""
        first = self._tell(alike[0], without_repeats(alike[0], shown), None)
        return (first, *(self._tell(other, without_repeats(other, shown), alike[0]) for other in alike[1:]))

    def _tell(self, finding: Finding, rest: Finding, first: Finding | None) -> Told:
        """`rest` is the finding without what was told; `first` an earlier one of its rule."""
        evidence = tuple(e for e in finding.evidence if not finding.caused_by or e[:2] not in self._seen)
        notes = self._notes.of(finding.fingerprint)
        steps = self._list_steps(finding, rest)
        alike = first is not None and _are_alike(finding, first) and not any(step.ticked for step in steps)
        return Told(
            finding=finding,
            evidence=evidence,
            steps=() if alike else steps,
            as_for=first.subject if alike and first and steps else None,
            caution="" if first and _same_caution(finding, first) else rest.caution,
            notes=notes,
            status=self._notes.status(finding.fingerprint) if notes else None,
            cause=describe_ignored_causes(self._findings, finding),
        )

    def _list_steps(self, finding: Finding, rest: Finding) -> tuple[ReportStep, ...]:
        """The steps that are left to tell, with the numbers that they have in the finding."""
        ticked = self._notes.ticked(self._given[finding.fingerprint])
        numbered = enumerate(self._whole[finding.fingerprint].next, 1)
        return tuple(ReportStep(n, text, is_answered(text), n in ticked) for n, text in numbered if text in rest.next)


def _are_alike(finding: Finding, first: Finding) -> bool:
    """Whether all steps are those of the first finding with other names."""
    pairs = zip(finding.next, first.next, strict=False)
    return len(finding.next) == len(first.next) and all(is_alike_step(*pair, finding, first) for pair in pairs)


def _same_caution(finding: Finding, first: Finding) -> bool:
    return is_alike_step(finding.caution, first.caution, finding, first)
