"""Findings for a terminal: root causes in full, what follows from each below it, coloured only if asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from harvdiag.core.escape import plain
from harvdiag.core.findings import Findings
from harvdiag.core.marks import ERROR, GOOD, INFO, SIGNS, WARNING
from harvdiag.core.model import Finding
from harvdiag.core.wrap import count_cells, fill, wrap
from harvdiag.status.summary import (
    build_verdict,
    describe_source,
    format_count,
    format_evidence,
    is_same_step,
    list_unseen,
    permission_hint,
    without_repeats,
)

__all__ = ["render"]

COLOURS = {ERROR: "31", WARNING: "33", INFO: "36", GOOD: "32"}
AT_A_GLANCE = 3  # root causes that need no overview
MOST_NAMES = 8
GUTTER = 11  # two blanks, the longest label (Caution) and two more


def render(findings: Findings, width: int = 100, colour: bool = False) -> str:
    """The report as text, wrapped to `width` columns; with ANSI colours if `colour`."""
    page = _Page(findings, max(width, 40), colour)
    return "\n".join(line.rstrip() for line in page.lines()) + "\n"


class _Page:
    """One report being laid out: everything from the cluster goes through `plain` on its way in."""

    def __init__(self, findings: Findings, width: int, colour: bool) -> None:
        self.findings, self.width, self.colour = findings, width, colour
        self.explained: dict[str, Finding] = {}  # the first finding of each rule that was told in full
        self.followed: dict[str, Finding] = {}  # the first of each rule that was told as a consequence, as far as told
        self.done: set[str] = set()

    def lines(self) -> Iterator[str]:
        yield from map(self._bold, self._wrapped(self.findings.source.name, 0))
        yield from self._wrapped(describe_source(self.findings), 0)
        good = not self.findings and not self.findings.skipped
        for line in self._wrapped(build_verdict(self.findings), 0):
            yield self._paint(GOOD, line) if good else self._bold(line)
        yield from self._overview()
        for finding in self.findings.roots:
            yield ""
            yield from self._root(finding)
        yield from self._skipped()

    def _overview(self) -> Iterator[str]:
        """Where there is more than one screen to read: the root causes at a glance, one line a rule."""
        if len(self.findings.roots) <= AT_A_GLANCE:
            return
        yield ""
        for rule, group in groupby(self.findings.roots, key=lambda finding: finding.rule):
            found = list(group)
            names = ", ".join(finding.subject.name for finding in found[:MOST_NAMES])
            more = f" and {len(found) - MOST_NAMES} more" if len(found) > MOST_NAMES else ""
            mark = SIGNS[str(found[0].severity)]
            yield from self._wrapped(f"{mark} {rule}: {found[0].subject.kind} {names}{more}", 2, hang=2)

    def _root(self, finding: Finding) -> Iterator[str]:
        yield from self._head(finding)
        yield from self._wrapped(finding.message, 2)
        first = self.explained.setdefault(finding.rule, finding)
        yield from self._details(finding) if first is finding else self._again(finding, first)
        told = [finding]
        for other in self._consequences(finding):
            yield ""
            yield from self._head(other, "  → leads to")
            yield from self._wrapped(other.message, 4)
            yield from self._follows(without_repeats(other, told))
            told.append(other)

    def _consequences(self, finding: Finding) -> list[Finding]:
        """Everything that follows from a finding, each only once in the whole report."""
        fresh = [other for other in self.findings.story(finding) if other.fingerprint not in self.done]
        self.done.update(other.fingerprint for other in fresh)
        return fresh

    def _details(self, finding: Finding) -> Iterator[str]:
        if finding.why:
            yield ""
            yield from self._labelled("Why", finding.why)
        yield from self._evidence(finding)
        yield from self._steps([f"{number}. {step}" for number, step in enumerate(finding.next, 1)])
        yield from self._caution(finding)
        for number, link in enumerate(finding.links):
            yield from self._labelled("" if number else "More", link)

    def _again(self, finding: Finding, first: Finding) -> Iterator[str]:
        """A further finding of a rule: all that is its own, but neither why nor links over again."""
        yield from self._evidence(finding)
        yield from self._advice_again(finding, first)

    def _follows(self, finding: Finding) -> Iterator[str]:
        """What a consequence advises beyond what was told already."""
        first = self.explained.get(finding.rule) or self.followed.setdefault(finding.rule, finding)
        yield from self._advice_again(finding, first)

    def _advice_again(self, finding: Finding, first: Finding) -> Iterator[str]:
        """Steps in full, but for those that are the first finding's with another name outside of any command."""
        known = [] if finding is first else first.next
        same = [
            n for n, step in enumerate(finding.next, 1) if any(is_same_step(step, old, finding, first) for old in known)
        ]
        steps = [f"{number}. {step}" for number, step in enumerate(finding.next, 1) if number not in same]
        if same:
            which = "" if not steps else f"{', '.join(map(str, same))}. "
            names = f", with {finding.subject.name} for {first.subject.name}"
            other = names if finding.subject.name != first.subject.name else ""
            steps.insert(0, f"{which}as for the first {finding.rule} above{other}")
        yield from self._steps(steps)
        if finding is first or finding.caution != first.caution:
            yield from self._caution(finding)

    def _steps(self, steps: list[str]) -> Iterator[str]:
        for number, step in enumerate(steps):
            yield from self._labelled("" if number else "Next", step, hang=3)

    def _caution(self, finding: Finding) -> Iterator[str]:
        yield from self._labelled("Caution", finding.caution, kind=WARNING) if finding.caution else ()

    def _evidence(self, finding: Finding) -> Iterator[str]:
        for number, e in enumerate(finding.evidence):
            where = "  ".join(filter(None, (str(e.object), e.path)))
            verb = "" if not e.path and e.value is None else " is" if e.value is None else " ="
            yield from self._labelled("" if number else "Seen", f"{where}{verb} {format_evidence(e)}", hang=2)

    def _skipped(self) -> Iterator[str]:
        """What was not seen, a line a reason, then once what could not be judged for it."""
        skipped = self.findings.skipped
        if not skipped:
            return
        yield ""
        yield self._paint(WARNING, f"{SIGNS[WARNING]} Not seen:")
        for kind, why in list_unseen(self.findings):
            yield from self._wrapped(f"{kind}: {why}", 2, hang=2)
        if more := permission_hint(self.findings.source):
            yield from self._wrapped(more, 2, hang=2)
        names = ", ".join(outcome.rule for outcome in skipped)
        yield from self._wrapped(f"Therefore not judged ({format_count(len(skipped), 'check')}): {names}", 2, hang=2)

    def _head(self, finding: Finding, lead: str = "") -> Iterator[str]:
        """Severity, rule and subject in a line; where they do not fit, the subject stands below, then the rule too."""
        word = str(finding.severity)
        mark = f"{SIGNS[word]} {word.upper()}"
        parts = [(lead, self._bold(lead)), (mark, self._paint(word, mark)), (finding.rule, finding.rule)]
        parts += [(line, self._bold(line)) for line in wrap(finding.subject, self.width - 4)]
        row, length = "", 0
        for text, painted in parts[not lead :]:
            if row and length + 2 + count_cells(text) > self.width:
                yield row
                row, length = f"    {painted}", 4 + count_cells(text)
            else:
                row, length = f"{row}  {painted}" if row else painted, length + count_cells(text) + 2 * bool(row)
        yield row

    def _labelled(self, label: str, text: str, hang: int = 0, kind: str = "") -> Iterator[str]:
        lines = fill(plain(text), self.width - GUTTER - 2, hang)
        for number, line in enumerate(lines):
            name = f"{label if number == 0 else '':<{GUTTER - 2}}"
            name = self._paint(kind, name) if kind else self._dim(name)
            yield f"  {name}{line}"

    def _wrapped(self, text: str, indent: int, hang: int = 0) -> list[str]:
        pad = " " * indent
        return wrap(f"{pad}{text}", self.width, pad + " " * hang)

    def _paint(self, kind: str, text: str) -> str:
        return self._ansi(f"1;{COLOURS[kind]}", text)

    def _bold(self, text: str) -> str:
        return self._ansi("1", text)

    def _dim(self, text: str) -> str:
        return self._ansi("2", text)

    def _ansi(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text
