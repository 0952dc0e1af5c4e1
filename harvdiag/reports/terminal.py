"""Findings for a terminal: root causes in full, what follows from each below it, coloured only if asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap

from harvdiag.escape import plain, shown
from harvdiag.findings import Findings
from harvdiag.model import Finding
from harvdiag.words import about, counted, verdict

__all__ = ["render"]

MARKS = {"error": "✗", "warning": "!", "info": "i"}
COLOURS = {"error": "31", "warning": "33", "info": "36", "good": "32"}
AT_A_GLANCE = 3  # root causes that need no overview
MOST_NAMES = 8
GUTTER = 11  # two blanks, the longest label (Caution) and two more


def __dir__() -> list[str]:
    return __all__


def render(findings: Findings, width: int = 100, colour: bool = False) -> str:
    """The report as text, wrapped to `width` columns; with ANSI colours if `colour`."""
    page = _Page(findings, max(width, 40), colour)
    return "\n".join(line.rstrip() for line in page.lines()) + "\n"


class _Page:
    """One report being laid out: everything from the cluster goes through `plain` on its way in."""

    def __init__(self, findings: Findings, width: int, colour: bool) -> None:
        self.findings, self.width, self.colour = findings, width, colour
        self.explained: set[str] = set()

    def lines(self) -> Iterator[str]:
        yield from map(self._bold, self._wrapped(self.findings.source.name, 0))
        yield from self._wrapped(about(self.findings), 0)
        good = not self.findings and not self.findings.skipped
        for line in self._wrapped(verdict(self.findings), 0):
            yield self._paint("good", line) if good else self._bold(line)
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
            mark = MARKS[str(found[0].severity)]
            yield from self._wrapped(f"{mark} {rule}: {found[0].subject.kind} {names}{more}", 2, hang=2)

    def _root(self, finding: Finding) -> Iterator[str]:
        yield from self._head(finding)
        yield from self._wrapped(finding.message, 2)
        full = finding.rule not in self.explained
        self.explained.add(finding.rule)
        yield from self._details(finding) if full else self._again(finding)
        for other in self._consequences(finding):
            yield ""
            yield from self._head(other, "  → leads to")
            yield from self._wrapped(other.message, 4)

    def _consequences(self, finding: Finding) -> list[Finding]:
        """Everything that follows from a finding, each only once in the whole report."""
        fresh = [other for other in self.findings.story(finding) if other.fingerprint not in self.explained]
        self.explained.update(other.fingerprint for other in fresh)
        return fresh

    def _details(self, finding: Finding) -> Iterator[str]:
        if finding.why:
            yield ""
            yield from self._labelled("Why", finding.why)
        yield from self._evidence(finding)
        for number, step in enumerate(finding.next, 1):
            yield from self._labelled("Next" if number == 1 else "", f"{number}. {step}", hang=3)
        if finding.caution:
            yield from self._labelled("Caution", finding.caution, kind="warning")
        yield from self._labelled("More", " ".join(finding.links)) if finding.links else ()

    def _again(self, finding: Finding) -> Iterator[str]:
        """A second finding of a rule: its evidence, but not the same advice over again."""
        yield from self._evidence(finding)
        yield from self._labelled("Next", f"as for the first {finding.rule} above")

    def _evidence(self, finding: Finding) -> Iterator[str]:
        for number, e in enumerate(finding.evidence):
            text = (
                f"{e.object}  {e.path} = {shown(e.value)}" if e.value is not None else f"{e.object}  {e.path} is absent"
            )
            yield from self._labelled("Seen" if number == 0 else "", text, hang=2)

    def _skipped(self) -> Iterator[str]:
        """What was not judged, by reason, so that twenty checks that miss one kind are one line."""
        by_reason: dict[str, list[str]] = {}
        for outcome in self.findings.skipped:
            by_reason.setdefault(outcome.reason, []).append(outcome.rule)
        if by_reason:
            yield ""
            yield self._paint("warning", f"! Not judged: {counted(len(self.findings.skipped), 'check')}")
        for reason, names in by_reason.items():
            yield from self._wrapped(reason, 2)
            yield from self._wrapped(", ".join(names), 4)

    def _head(self, finding: Finding, lead: str = "") -> Iterator[str]:
        """Severity, rule and subject in a line; where they do not fit, the subject stands below, then the rule too."""
        word = str(finding.severity)
        mark = f"{MARKS[word]} {word.upper()}"
        parts = [(lead, self._bold(lead)), (mark, self._paint(word, mark)), (finding.rule, finding.rule)]
        parts += [
            (line, self._bold(line)) for line in wrap(plain(finding.subject), self.width - 4, break_on_hyphens=False)
        ]
        row, length = "", 0
        for text, painted in parts[not lead :]:
            if row and length + 2 + len(text) > self.width:
                yield row
                row, length = f"    {painted}", 4 + len(text)
            else:
                row, length = f"{row}  {painted}" if row else painted, length + len(text) + 2 * bool(row)
        yield row

    def _labelled(self, label: str, text: str, hang: int = 0, kind: str = "") -> Iterator[str]:
        lines = wrap(plain(text), self.width - GUTTER - 2, subsequent_indent=" " * hang, break_on_hyphens=False)
        for number, line in enumerate(lines):
            name = f"{label if number == 0 else '':<{GUTTER - 2}}"
            name = self._paint(kind, name) if kind else self._dim(name)
            yield f"  {name}{line}"

    def _wrapped(self, text: str, indent: int, hang: int = 0) -> list[str]:
        pad = " " * indent
        return wrap(
            plain(text),
            self.width,
            initial_indent=pad,
            subsequent_indent=pad + " " * hang,
            break_on_hyphens=False,
        )

    def _paint(self, kind: str, text: str) -> str:
        return self._ansi(f"1;{COLOURS[kind]}", text)

    def _bold(self, text: str) -> str:
        return self._ansi("1", text)

    def _dim(self, text: str) -> str:
        return self._ansi("2", text)

    def _ansi(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text
