"""The details of a report in a terminal: each root cause with its evidence and advice, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from harvdiag.core.findings import Findings
from harvdiag.core.listing import group_by
from harvdiag.core.marks import SIGNS
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.reports.shorten import cut_lines
from harvdiag.reports.terminal.advice import Advice
from harvdiag.reports.terminal.evidence import field_lines, object_lines
from harvdiag.reports.terminal.fold import Fold
from harvdiag.reports.terminal.layout import GUTTER, Layout
from harvdiag.reports.terminal.notes import finding_note_lines, note_lines
from harvdiag.status.answer import Answer, describe_alike, fill_command, name_alike
from harvdiag.status.summary import format_count, share_message, without_repeats

__all__ = ["Body", "Origins", "find_origins"]

ARROW = "  → "
LEAD = f"{ARROW}leads to"
MOST_ROOTS = 3


class Origins(NamedTuple):
    """Where findings come from; the same however much of a report is folded."""

    roots: Mapping[str, Sequence[Finding]]
    """The root causes of each consequence, by its fingerprint."""
    fields: frozenset[tuple[ObjectRef, str]]
    """The evidence of all root causes: what follows from them does not repeat it."""
    whole: Mapping[str, Finding]
    """Every finding with all its steps, by its fingerprint."""


def find_origins(findings: Findings, whole: Findings) -> Origins:
    """Find the root causes of each consequence, and their evidence; `whole` are the same findings with all steps."""
    roots: dict[str, list[Finding]] = {}
    for root in findings.roots:
        for other in findings.story(root):
            roots.setdefault(other.fingerprint, []).append(root)
    fields = frozenset((e.object, e.path) for root in findings.roots for e in root.evidence)
    return Origins(roots, fields, {finding.fingerprint: finding for finding in whole})


class Body:
    """The details of one report. It knows what was told already, and counts what is folded."""

    def __init__(self, findings: Findings, answer: Answer, origins: Origins, layout: Layout, fold: Fold) -> None:
        self.findings, self.answer, self.origins, self.layout, self.fold = findings, answer, origins, layout, fold
        self.advice = Advice(layout, fold, findings.notes, origins.whole)
        # by rule: the first finding that was shown in full, and the first that was shown as a consequence (as shown)
        self.explained: dict[str, Finding] = {}
        self.followed: dict[str, Finding] = {}
        self.done: set[str] = set()
        self.last: Mapping[str, Sequence[tuple[str, str]]] = {}
        """What another report tells at the end of a root cause: labels and texts, by its fingerprint."""
        self.told_last: frozenset[str] = frozenset()
        """The fingerprints of what follows and is told by `last`, where the report is folded."""
        self.whole_command = fill_command(findings.source, "check", "--full")
        """The command that tells everything."""
        self.hidden_fields = self.hidden_steps = self.hidden_cautions = 0

    def lines(self) -> Iterator[str]:
        """Yield the root causes in the order of the answer, then what was folded."""
        for row in self.answer.rows:
            for alike in [row.findings] if self.fold.grouped else [(finding,) for finding in row.findings]:
                yield ""
                yield from self._block_lines(alike)
        yield from self._folded_lines()

    def _block_lines(self, alike: Sequence[Finding]) -> Iterator[str]:
        """One root cause, or the first of many of a rule with the names of the others."""
        finding = alike[0]
        yield from self.layout.heading(str(finding.severity), finding.rule, finding.subject)
        if not (
            self.fold.step
            and f"{finding.subject.kind} {finding.subject.name} {self._fault(finding)}" == finding.message
        ):
            yield from self.layout.wrap(finding.message, 2)
        if finding.ignored_causes:
            yield from self._ignored_lines(finding)
        yield from self._detail_lines(finding)
        if others := alike[1:]:
            self._hide(others)
            names = join_names([other.subject.name for other in others])
            yield from self.layout.wrap(f"Likewise {format_count(len(others), 'other')}: {names}", 2, hang=2)
            yield from self._other_notes(others)
        yield from self._consequence_lines(alike)
        for label, text in self.last.get(alike[0].fingerprint, ()):
            yield from self.layout.labelled(label, text)

    def _other_notes(self, others: Sequence[Finding]) -> Iterator[str]:
        """The notes on findings that are told by their names alone."""
        for finding in others:
            if notes := self.findings.notes.of(finding.fingerprint):
                yield from self.layout.wrap(f"{finding.subject}:", 2)
                yield from note_lines(notes, self.layout, folded=True)

    def _ignored_lines(self, finding: Finding) -> Iterator[str]:
        from harvdiag.status.policy import describe_ignored_causes  # here, as most checks have no settings

        if cause := describe_ignored_causes(self.findings, finding):
            yield from self.layout.wrap(cause, 2, hang=2)

    def _fault(self, finding: Finding) -> str:
        """What the table at the top says of it."""
        return next((row.what for row in self.answer.rows if row.findings == (finding,)), "")

    def _detail_lines(self, finding: Finding) -> Iterator[str]:
        """Why, evidence, advice and links; a further finding of a rule has neither the first nor the last."""
        first = self.explained.setdefault(finding.rule, finding)
        if first is finding and finding.why:
            yield from [] if self.fold.why else [""]
            why = cut_lines(finding.why, self.layout.width - GUTTER - 2, self.fold.why)
            yield from self.layout.label_lines("Why", why)
        yield from self._evidence_lines(finding)
        yield from self.advice.lines(finding, first)
        if first is finding:
            yield from self._link_lines(finding.links)
        yield from finding_note_lines(self.findings.notes, finding, self.layout, self.fold.grouped)

    def _evidence_lines(self, finding: Finding) -> Iterator[str]:
        told = self.origins.fields if finding.caused_by else ()
        new = [e for e in finding.evidence if e[:2] not in told]
        if not new:
            return
        if not self.fold.grouped:
            yield from field_lines(new, self.layout)
            return
        lines, left = object_lines(new, self.layout, self.fold.fields)
        self.hidden_fields += left
        yield from lines

    def _link_lines(self, links: Sequence[str]) -> Iterator[str]:
        shown = links[: self.fold.links] if self.fold.links else links
        for number, link in enumerate(shown):
            more = len(links) - len(shown)
            text = f"{link} and {more} more" if more and number == len(shown) - 1 else link
            yield from self.layout.labelled("" if number else "More", text)

    # --- what follows ------------------------------------------------------------------------------------------------

    def _consequence_lines(self, roots: Sequence[Finding]) -> Iterator[str]:
        """What follows from these root causes and was not told yet, then what was told at an earlier one."""
        story = {other.fingerprint: other for root in roots for other in self.findings.story(root)}
        new = [other for name, other in story.items() if name not in self.done]
        told = [other for name, other in story.items() if name in self.done]
        self.done.update(story)
        shown = [*roots[:1]]
        groups = group_by(new, lambda f: f.rule) if self.fold.grouped else [(f.rule, [f]) for f in new]
        also = [self._also_follows(alike[0], roots) for _, alike in groups]
        shared = len(groups) > 1 and len(set(also)) == 1 and not self.fold.advice
        for (_, alike), more in zip(groups, also, strict=True):
            if self.fold.advice:
                yield from self._followed_lines(alike, more, shown)
            elif {f.fingerprint for f in alike} <= self.told_last:
                self._hide(alike)
            else:
                yield from self._short_lines(alike, "" if shared else more)
            shown += alike
        if shared and also[0]:
            yield from self.layout.wrap(f"each of these {also[0]}", 6, hang=2)
        if told:
            counts = group_by(told, lambda f: f.rule)
            names = [f"{rule} ({len(alike)})" if len(alike) > 1 else rule for rule, alike in counts]
            yield from self.layout.wrap(f"{ARROW}also leads to {', '.join(names)}: see above", hang=4)

    def _followed_lines(self, alike: Sequence[Finding], also: str, shown: list[Finding]) -> Iterator[str]:
        """A consequence, or those of one rule, with the advice beyond what was shown already."""
        yield ""
        first = alike[0]
        yield from self.layout.heading(str(first.severity), first.rule, name_alike([f.subject for f in alike]), LEAD)
        shared = share_message(alike)
        for message in [shared] if shared else [f.message for f in alike]:
            yield from self.layout.wrap(message, 4)
        if also:
            yield from self.layout.wrap(also, 4)
        for finding in alike:
            yield from self._evidence_lines(finding)
            fresh = without_repeats(finding, shown)
            yield from self.advice.lines(
                fresh, self.explained.get(fresh.rule) or self.followed.setdefault(fresh.rule, fresh)
            )
            yield from finding_note_lines(self.findings.notes, finding, self.layout, self.fold.grouped)

    def _short_lines(self, alike: Sequence[Finding], also: str) -> Iterator[str]:
        """The same in short: the rule and the main clause."""
        word = str(alike[0].severity)
        self._hide(alike)
        mark = f"{SIGNS[word]} {word.upper()}"
        text = f"{ARROW}{mark}  {alike[0].rule}: {describe_alike(alike)}"
        first, *rest = self.layout.wrap(text, hang=6, most=self.fold.clause)
        yield first.replace(mark, self.layout.paint.severity(word, mark), 1)
        yield from rest
        if also:
            yield from self.layout.wrap(also, 6)
        for finding in alike:
            yield from note_lines(self.findings.notes.of(finding.fingerprint), self.layout, folded=True)
        if self.fold.warned:
            for finding in alike:
                yield from self.advice.caution_lines(finding, finding is not alike[0])
        else:
            self.hidden_cautions += sum(bool(finding.caution) for finding in alike)

    def _also_follows(self, finding: Finding, roots: Sequence[Finding]) -> str:
        """From which other root causes it follows; empty where there is none."""
        found = [root.subject for root in self.origins.roots[finding.fingerprint] if root not in roots]
        others = [f"{subject.kind} {subject.name}" for subject in found]
        rest = f" and {len(others) - MOST_ROOTS} more" if len(others) > MOST_ROOTS else ""
        return f"also follows from {', '.join(others[:MOST_ROOTS])}{rest}" if others else ""

    # --- what is folded ----------------------------------------------------------------------------------------------

    def _hide(self, findings: Sequence[Finding]) -> None:
        self.hidden_fields += sum(e[:2] not in self.origins.fields for f in findings for e in f.evidence)
        self.hidden_steps += sum(len(f.next) for f in findings)

    def _folded_lines(self) -> Iterator[str]:
        rest = [
            format_count(number, noun)
            for number, noun in ((self.hidden_steps, "step"), (self.hidden_cautions, "caution"))
            if number
        ]
        told = [format_count(self.hidden_fields, "more field")] if self.hidden_fields else []
        told += [f"{format_count(self.advice.shortened, 'step')} in part"] if self.advice.shortened else []
        told += [f"{' and '.join(rest)} of what follows"] if rest else []
        if told:
            yield ""
            yield from self.layout.commands(f"Folded: {'; '.join(told)}. Everything: `{self.whole_command}`")
