"""The answer of a check, to be read first: the verdict, one row per root cause, the next step and the next command.

`Answer` holds, as data and words without a shape: `verdict` and `running` (what is under way, also where nothing is
wrong), `rows` (the root causes, those that hold the upgrade up first), `steps` of the first root cause and `step`, the
first of them that is left to do, `cautions` for it (each sentence once), `command` (what to run next, with the source
filled in), `unseen` (what was not seen, in one line) and `noted` (what people decided). It is built from the Findings
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.findings import Findings, Source
from harvdiag.core.listing import group_by
from harvdiag.core.model import Finding, ObjectRef, Severity
from harvdiag.core.notes import Notes
from harvdiag.core.suggest import join_names
from harvdiag.core.target import join_words
from harvdiag.status.summary import (
    build_verdict,
    describe_upgrade,
    format_count,
    is_answered,
    list_unseen,
    summarize_unseen,
)

if TYPE_CHECKING:
    from harvdiag.snapshot import Snapshot

__all__ = [
    "ANSWERED",
    "HOLDS",
    "TICKED",
    "Answer",
    "RootCause",
    "Step",
    "build_answer",
    "describe_alike",
    "describe_done",
    "fill_command",
    "fill_findings",
    "fill_source",
    "list_steps",
    "name_alike",
    "name_command",
    "split_sentences",
]

FEW = 3
"""The most root causes of one rule that have a row each; more of them share one."""
ANSWERED = "answered by what was collected"
TICKED = "ticked as done"
"""What is said of the numbers of steps that are done, and of those that people ticked."""
HOLDS = "holds the upgrade up"
"""What is said of a root cause for which the upgrade waits."""
ROOM, WIDE = 76, 200
"""The most characters of a clause beside others, and of `what` before it is cut at a colon."""
SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z])")
ENDS = (re.compile(r"\. |; "), re.compile(r": "))
BRACKETS = (("(", ")"), ("[", "]"))
PLACEHOLDER = "SOURCE"
COMMAND = re.compile(rf"(`harvdiag [a-z]+) {PLACEHOLDER}\b")


@dataclass(frozen=True, kw_only=True)
class RootCause:
    """One row: a root cause, or several of one rule where there are many."""

    severity: Severity
    rule: str
    subjects: tuple[ObjectRef, ...]
    """The objects that it is about; one, except where several share the row."""
    what: str
    """What is wrong, to be read after the first subject: ``has no Machine``; a whole clause where it names another."""
    more: str
    """The same at more length, where nothing else tells it: with what follows the colon of the message."""
    consequences: int
    """How many other findings follow from it."""
    holds: bool
    """Whether the upgrade that is under way waits for it, or for what follows from it."""
    decided: str
    """What people decided about it in notes, such as ``acknowledged``; empty where they did not."""
    findings: tuple[Finding, ...]


class Step(NamedTuple):
    """One step of a finding's advice, with its number and how many there are."""

    number: int
    of: int
    text: str
    """The sentence; commands in it are between backticks."""
    done: bool
    """Whether it is answered already by what was collected: nothing is left to do."""
    ticked: bool = False
    """Whether people ticked it in a note: nothing is left to do either."""

    @property
    def left(self) -> bool:
        """Whether something is left to do."""
        return not (self.done or self.ticked)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What to read first. All texts are as in the cluster, not yet escaped."""

    verdict: str
    """The result in a few sentences, with what is running."""
    running: str
    """What is running in one sentence, also where nothing is wrong; empty where that is unknown."""
    rows: tuple[RootCause, ...]
    """The root causes: the worst first, of equal ones those that hold the upgrade up; empty where nothing is found."""
    steps: tuple[Step, ...]
    """All steps of the first root cause."""
    cautions: tuple[str, ...]
    """The caution of the first root cause, sentence by sentence, each once."""
    command: str
    """The next command of harvdiag, with the source filled in and quoted for a shell; empty where none is needed."""
    unseen: str
    """What was not seen, so that checks were skipped, in one line; empty where every check was run."""
    noted: str
    """What people decided about the findings, in one line; empty where there are no notes."""

    @property
    def left(self) -> tuple[Step, ...]:
        """The steps that are left to do: what was collected does not answer them, and no one ticked them."""
        return tuple(step for step in self.steps if step.left)

    @property
    def step(self) -> Step | None:
        """The first step that is left to do; None where there is none."""
        return next(iter(self.left), None)


def build_answer(findings: Findings) -> Answer:
    """Build the answer from the findings of a check."""
    findings = fill_findings(findings)
    rows = _build_rows(findings)
    first = rows[0].findings[0] if rows else None
    return Answer(
        verdict=build_verdict(findings),
        running=describe_upgrade(findings),
        rows=rows,
        steps=list_steps(first, findings.notes) if first else (),
        cautions=tuple(dict.fromkeys(split_sentences(first.caution))) if first else (),
        command=_choose_command(findings, rows),
        unseen=_describe_unseen(findings),
        noted=_describe_notes(findings),
    )


def list_steps(finding: Finding, notes: Notes, whole: Finding | None = None) -> tuple[Step, ...]:
    """Return the steps of a finding with their numbers, and with the ticks that notes give them.

    Of a finding of which steps were left out the numbers are those that they have in the `whole`: a tick names them.
    """
    whole = whole or finding
    of, ticked = len(whole.next), notes.ticked(whole)
    return tuple(
        Step(number=number, of=of, text=step, done=is_answered(step), ticked=number in ticked)
        for number, step in enumerate(whole.next, 1)
        if step in finding.next
    )


def describe_done(steps: Iterable[Step]) -> str:
    """Return which steps are done, and how: ``1, 2 and 3: answered by what was collected; 4: ticked as done``."""
    done = [step for step in steps if not step.left]
    told = ((ANSWERED, [step for step in done if not step.ticked]), (TICKED, [step for step in done if step.ticked]))
    return "; ".join(f"{join_names([str(step.number) for step in some])}: {how}" for how, some in told if some)


def split_sentences(text: str) -> list[str]:
    """Return the sentences of an advice, in order; none for an empty text."""
    return SENTENCE.split(text) if text else []


def name_command(command: str, *options: str) -> str:
    """Return a command of harvdiag with the word SOURCE for the source: ``harvdiag upgrade SOURCE --node hv01``."""
    return join_words(("harvdiag", command, PLACEHOLDER, *options))


def fill_command(source: Source, command: str, *options: str) -> str:
    """Return a command of harvdiag for this source, as it was named: ``harvdiag upgrade data/bundle.zip``.

    Where it is not known how the source was named, the word SOURCE stands for it.
    """
    return fill_source(f"`{name_command(command, *options)}`", source)[1:-1]


def fill_source(text: str, source: Source | Snapshot) -> str:
    """Return a text with the source in the commands of harvdiag in it (``harvdiag check SOURCE``), as it was named.

    Reports do so, when they are printed: findings and explanations are the same however the source was named.
    """
    if source.arguments is None:
        return text
    arguments = f" {join_words(source.arguments)}" if source.arguments else ""
    return COMMAND.sub(lambda found: f"{found[1]}{arguments}", text)


def fill_findings(findings: Findings) -> Findings:
    """Return the findings with the source in the commands of their steps."""
    source = findings.source
    outcomes = [
        outcome._replace(
            findings=tuple(
                replace(f, next=tuple(fill_source(step, source) for step in f.next)) for f in outcome.findings
            )
        )
        for outcome in findings.outcomes
    ]
    notes = findings.notes.with_steps(lambda step: fill_source(step, source))
    return findings.with_outcomes(outcomes, notes)


def _build_rows(findings: Findings) -> tuple[RootCause, ...]:
    groups: list[Sequence[Finding]] = []
    for _, alike in group_by(findings.roots, lambda finding: (finding.rule, finding.severity)):
        groups += [alike] if len(alike) > FEW else [[finding] for finding in alike]
    rows = [_build_row(findings, group) for group in groups]
    return tuple(sorted(rows, key=lambda row: (row.severity.rank, not row.holds)))


def _build_row(findings: Findings, alike: Sequence[Finding]) -> RootCause:
    first = alike[0]
    following = {other.fingerprint: other for finding in alike for other in findings.story(finding)}
    running = findings.upgrade is None or bool(findings.upgrade.name)
    return RootCause(
        severity=first.severity,
        rule=first.rule,
        subjects=tuple(finding.subject for finding in alike),
        what=_describe_row(alike, ROOM),
        more=_describe_row(alike, WIDE),
        consequences=len(following),
        holds=running and any(f.holds for f in (*alike, *following.values())),
        decided=_describe_decision(findings, alike),
        findings=tuple(alike),
    )


def _describe_decision(findings: Findings, alike: Sequence[Finding]) -> str:
    if not findings.notes:
        return ""
    from harvdiag.status.notes import describe_decision  # here, as most checks have no notes

    return describe_decision(findings, alike)


def _describe_notes(findings: Findings) -> str:
    if not findings.notes and not findings.notes.fault:
        return ""
    from harvdiag.status.notes import summarize_notes

    return summarize_notes(findings)


def _describe_row(alike: Sequence[Finding], room: int) -> str:
    if len(alike) > 1 and alike[0].many:
        return alike[0].many
    words = [_cut_clause(f.message, ROOM if alike[1:] else room) for f in alike]
    told = [
        clause.removeprefix(f"{f.subject.kind.partition('.')[0]} {f.subject.name} ")
        for f, clause in zip(alike, words, strict=True)
    ]
    if len(told) == 1:
        return told[0]
    return f"each {told[0]}" if len(set(told)) == 1 else f"the first {told[0]}; also the others"


def describe_alike(alike: Sequence[Finding]) -> str:
    """Return what is wrong in one clause, of one finding or of several of one rule, with their objects."""
    first, rest = alike[0], len(alike) - 1
    if rest and first.many:
        return f"{name_alike([finding.subject for finding in alike])} {first.many}"
    clause = _cut_clause(first.message, ROOM)
    if first.subject.name not in clause:
        clause = f"{first.subject}: {clause}"
    return f"{clause}; likewise {join_names([finding.subject.name for finding in alike[1:]])}" if rest else clause


def name_alike(subjects: Sequence[ObjectRef]) -> str:
    """Return the objects in words: ``Node hv04``, or of one kind ``Nodes hv04, hv05 and hv06``, of many the first.

    A kind that harvdiag does not know has the name of its list, ``namespaces``, which is a plural already.
    """
    first, *others = subjects
    kinds = first.kind if first.kind.islower() else f"{first.kind}s"
    return f"{kinds} {join_names([subject.name for subject in subjects])}" if others else str(first)


def _cut_clause(message: str, room: int) -> str:
    """The first clause of a message: up to its first sentence's end or semicolon; where that is long, to its colon."""
    for end in ENDS:
        if end is ENDS[0] or len(message) > room:
            message = next(_whole_beginnings(message, end), message)
    return message


def _whole_beginnings(message: str, end: re.Pattern[str]) -> Iterator[str]:
    """The beginnings before each end, without those that would cut a quotation or a bracket open."""
    for match in end.finditer(message):
        begin = message[: match.start()]
        if begin.count('"') % 2 == 0 and all(begin.count(one) == begin.count(other) for one, other in BRACKETS):
            yield begin


def _choose_command(findings: Findings, rows: Sequence[RootCause]) -> str:
    """`upgrade` where one is under way; else, where something is found, the report to hand on."""
    if (findings.upgrade and findings.upgrade.name) or any(row.holds for row in rows):
        return fill_command(findings.source, "upgrade")
    return fill_command(findings.source, "report") if rows else ""


def _describe_unseen(findings: Findings) -> str:
    if not findings.skipped:
        return ""
    count = f"{len(findings.skipped)} of {format_count(len(findings.outcomes), 'check')}"
    return f"{count} were skipped; not seen: {summarize_unseen(list_unseen(findings))}"
