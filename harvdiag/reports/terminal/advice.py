"""Steps and cautions in a terminal: each sentence of a caution once in a report, later ones by reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harvdiag.core.listing import group_by
from harvdiag.core.marks import GOOD, SIGNS, WARNING
from harvdiag.core.model import Finding
from harvdiag.core.notes import Notes
from harvdiag.reports.shorten import cut_lines
from harvdiag.reports.terminal.fold import Fold
from harvdiag.reports.terminal.layout import GUTTER, Layout
from harvdiag.status.answer import list_steps, split_sentences
from harvdiag.status.summary import is_alike_step, is_answered, is_same_step

__all__ = ["Advice"]

REFERENCE = "as for the first"
"""The words that refer to what was given before; such a line is never shortened."""


class Advice:
    """The advice of one report; it knows what was given already."""

    def __init__(self, layout: Layout, fold: Fold, notes: Notes, whole: Mapping[str, Finding]) -> None:
        """`whole` are the findings by fingerprint, with the steps that are left out here, which count."""
        self.layout, self.fold, self.notes, self.whole = layout, fold, notes, whole
        self.shortened = 0
        """How many steps were shortened."""
        self._warned: dict[str, Finding] = {}

    def lines(self, finding: Finding, first: Finding) -> Iterator[str]:
        """Yield the steps and the caution; of a further finding of a rule what differs from those of the `first`."""
        known = () if finding is first else first.next
        yield from self._step_lines(self._steps(finding, first, known))
        yield from self.caution_lines(finding, bool(known))

    def _steps(self, finding: Finding, first: Finding, known: Sequence[str]) -> list[str]:
        """The steps with their numbers; those that are the same as of the first finding in one line."""
        told = list_steps(finding, self.notes, self.whole.get(finding.fingerprint))
        steps = {s.number: f"{s.number}. {f'{SIGNS[GOOD]} ' if s.ticked else ''}{s.text}" for s in told}
        alike = bool(known) and bool(self.fold.step) and _are_alike(finding, first)
        same = [
            s.number
            for s in told
            if not s.ticked and (alike or any(is_same_step(s.text, old, finding, first) for old in known))
        ]
        if not same:
            return list(steps.values())
        which = f"{_join_numbers(same)}. " if len(same) < len(steps) else ""
        other = _names_instead(finding, first, len(same) == len(steps))
        shown = steps | {same[0]: f"{which}{REFERENCE} {finding.rule} above{other}"}
        return [text for number, text in shown.items() if number not in same[1:]]

    def _step_lines(self, steps: Sequence[str]) -> Iterator[str]:
        for number, step in enumerate(steps):
            most = 0 if REFERENCE in step else self.fold.step
            lines = cut_lines(step, self.layout.width - GUTTER - 2, most, hang=3)
            self.shortened += bool(most) and lines != cut_lines(step, self.layout.width - GUTTER - 2, 0, hang=3)
            yield from self.layout.label_lines("" if number else "Next", lines)

    def caution_lines(self, finding: Finding, repeated_rule: bool = False) -> Iterator[str]:
        """Yield the sentences of a caution that were not given yet, and where the others are."""
        sentences = split_sentences(finding.caution)
        new = [sentence for sentence in sentences if sentence not in self._warned]
        sources = [self._warned[sentence] for sentence in sentences if sentence in self._warned]
        self._warned.update(dict.fromkeys(new, finding))
        shown = [sentence for sentence in new if not (self.fold.step and is_answered(sentence))]
        if repeated_rule and not new and all(source.rule == finding.rule for source in sources):
            return  # the steps say already that it is as for the first
        rules = [rule for rule, _ in group_by(sources, lambda source: source.rule)]
        lead = "The rest " if shown else ""
        shown += [f"{lead}{REFERENCE} {' and '.join(rules)} above."] if rules else []
        yield from self.layout.labelled("Caution", " ".join(shown), kind=WARNING)


def _are_alike(finding: Finding, first: Finding) -> bool:
    """Whether all steps are those of the first finding with other names."""
    pairs = zip(finding.next, first.next, strict=False)
    return len(finding.next) == len(first.next) and all(is_alike_step(*pair, finding, first) for pair in pairs)


def _names_instead(finding: Finding, first: Finding, everything: bool) -> str:
    """Which names are to be put in place of those of the first finding."""
    pairs = [(finding.subject.name, first.subject.name)]
    if everything:
        pairs += [(new.name, old.name) for new, old in zip(finding.targets, first.targets, strict=False)]
    told = [f"{new} for {old}" for new, old in dict.fromkeys(pairs) if new != old]
    return f", with {' and '.join(told)}" if told else ""


def _join_numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
