"""Findings for a terminal: root causes in full with their consequences below, coloured only if requested."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Findings
from harvdiag.core.marks import GOOD, SIGNS, WARNING
from harvdiag.core.model import Finding
from harvdiag.core.wrap import count_cells, wrap_commands, wrap_text
from harvdiag.reports.paint import Paint
from harvdiag.status.summary import (
    build_verdict,
    describe_source,
    format_count,
    format_evidence,
    is_same_step,
    list_unseen,
    permission_hint,
    tell_support_once,
    without_repeats,
)

__all__ = ["render", "render_unseen"]

AT_A_GLANCE = 3  # root causes that need no overview
MOST_NAMES = 8
GUTTER = 11  # two blanks, the longest label (Caution) and two more


def render(findings: Findings, width: int = 100, colour: bool = False) -> str:
    """Return the report as text, wrapped to `width` columns; with ANSI colours if `colour`."""
    page = _Page(tell_support_once(findings), max(width, 40), colour)
    return "\n".join(line.rstrip() for line in page.lines()) + "\n"


def render_unseen(findings: Findings, width: int = 100, colour: bool = False) -> str:
    """Return the last part of the report alone: what was not seen, and the checks that were skipped for it."""
    lines = _Page(findings, max(width, 40), colour).unseen_lines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Page:
    """The layout of one report. All text from the cluster passes through `escape_text`."""

    def __init__(self, findings: Findings, width: int, colour: bool) -> None:
        self.findings, self.width, self.paint = findings, width, Paint(colour)
        # by rule: the first finding that was shown in full, and the first that was shown as a consequence (as shown)
        self.explained: dict[str, Finding] = {}
        self.followed: dict[str, Finding] = {}
        self.done: set[str] = set()

    def lines(self) -> Iterator[str]:
        yield from map(self.paint.bold, self._wrap_text(self.findings.source.name, 0))
        yield from self._wrap_text(describe_source(self.findings), 0)
        good = not self.findings and not self.findings.skipped
        for line in self._wrap_text(build_verdict(self.findings), 0):
            yield self.paint.severity(GOOD, line) if good else self.paint.bold(line)
        yield from self._overview_lines()
        for finding in self.findings.roots:
            yield ""
            yield from self._root_cause_lines(finding)
        yield from self.unseen_lines()

    def _overview_lines(self) -> Iterator[str]:
        """If the report exceeds one screen: an overview of the root causes, one line per rule."""
        if len(self.findings.roots) <= AT_A_GLANCE:
            return
        yield ""
        for rule, group in groupby(self.findings.roots, key=lambda finding: finding.rule):
            found = list(group)
            names = ", ".join(finding.subject.name for finding in found[:MOST_NAMES])
            more = f" and {len(found) - MOST_NAMES} more" if len(found) > MOST_NAMES else ""
            mark = SIGNS[str(found[0].severity)]
            yield from self._wrap_text(f"{mark} {rule}: {found[0].subject.kind} {names}{more}", 2, hang=2)

    def _root_cause_lines(self, finding: Finding) -> Iterator[str]:
        yield from self._heading_lines(finding)
        yield from self._wrap_text(finding.message, 2)
        first = self.explained.setdefault(finding.rule, finding)
        yield from self._detail_lines(finding) if first is finding else self._repeated_rule_lines(finding, first)
        shown = [finding]
        for other in self._new_consequences(finding):
            yield ""
            yield from self._heading_lines(other, "  → leads to")
            yield from self._wrap_text(other.message, 4)
            yield from self._consequence_lines(without_repeats(other, shown))
            shown.append(other)

    def _new_consequences(self, finding: Finding) -> list[Finding]:
        """The consequences of a finding that were not shown yet: each appears once in the report."""
        unshown = [other for other in self.findings.story(finding) if other.fingerprint not in self.done]
        self.done.update(other.fingerprint for other in unshown)
        return unshown

    def _detail_lines(self, finding: Finding) -> Iterator[str]:
        if finding.why:
            yield ""
            yield from self._labelled_lines("Why", finding.why)
        yield from self._evidence_lines(finding)
        yield from self._step_lines([f"{number}. {step}" for number, step in enumerate(finding.next, 1)])
        yield from self._caution_lines(finding)
        for number, link in enumerate(finding.links):
            yield from self._labelled_lines("" if number else "More", link)

    def _repeated_rule_lines(self, finding: Finding, first: Finding) -> Iterator[str]:
        """A further finding of a rule: its own evidence and advice, without repeating why and links."""
        yield from self._evidence_lines(finding)
        yield from self._advice_lines(finding, first)

    def _consequence_lines(self, finding: Finding) -> Iterator[str]:
        """The advice of a consequence beyond what was shown already."""
        first = self.explained.get(finding.rule) or self.followed.setdefault(finding.rule, finding)
        yield from self._advice_lines(finding, first)

    def _advice_lines(self, finding: Finding, first: Finding) -> Iterator[str]:
        """Steps in full, except those that differ from the first finding's only by a name outside commands."""
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
        yield from self._step_lines(steps)
        if finding is first or finding.caution != first.caution:
            yield from self._caution_lines(finding)

    def _step_lines(self, steps: list[str]) -> Iterator[str]:
        for number, step in enumerate(steps):
            yield from self._labelled_lines("" if number else "Next", step, hang=3)

    def _caution_lines(self, finding: Finding) -> Iterator[str]:
        yield from self._labelled_lines("Caution", finding.caution, kind=WARNING) if finding.caution else ()

    def _evidence_lines(self, finding: Finding) -> Iterator[str]:
        for number, e in enumerate(finding.evidence):
            where = "  ".join(filter(None, (str(e.object), e.path)))
            verb = "" if not e.path and e.value is None else " is" if e.value is None else " ="
            yield from self._labelled_lines("" if number else "Seen", f"{where}{verb} {format_evidence(e)}", hang=2)

    def unseen_lines(self) -> Iterator[str]:
        """What was not seen, one line per reason, then the checks that were skipped for it."""
        skipped = self.findings.skipped
        if not skipped:
            return
        yield ""
        yield self.paint.severity(WARNING, f"{SIGNS[WARNING]} Not seen:")
        for kind, why in list_unseen(self.findings):
            yield from self._wrap_text(f"{kind}: {why}", 2, hang=2)
        if more := permission_hint(self.findings.source):
            yield from self._wrap_text(more, 2, hang=2)
        names = ", ".join(outcome.rule for outcome in skipped)
        if len(skipped) == len(self.findings.outcomes):
            names = "all that were asked for"
        yield from self._wrap_text(f"Therefore skipped ({format_count(len(skipped), 'check')}): {names}", 2, hang=2)

    def _heading_lines(self, finding: Finding, lead: str = "") -> Iterator[str]:
        """Severity, rule and subject in one line; if they do not fit, the subject goes below, then the rule too."""
        word = str(finding.severity)
        mark = f"{SIGNS[word]} {word.upper()}"
        parts = [(lead, self.paint.bold(lead)), (mark, self.paint.severity(word, mark)), (finding.rule, finding.rule)]
        parts += [(line, self.paint.bold(line)) for line in wrap_text(finding.subject, self.width - 4)]
        row, length = "", 0
        for text, painted in parts[not lead :]:
            if row and length + 2 + count_cells(text) > self.width:
                yield row
                row, length = f"    {painted}", 4 + count_cells(text)
            else:
                row, length = f"{row}  {painted}" if row else painted, length + count_cells(text) + 2 * bool(row)
        yield row

    def _labelled_lines(self, label: str, text: str, hang: int = 0, kind: str = "") -> Iterator[str]:
        lines = wrap_commands(escape_text(text), self.width - GUTTER - 2, hang)
        for number, line in enumerate(lines):
            name = f"{label if number == 0 else '':<{GUTTER - 2}}"
            name = self.paint.severity(kind, name) if kind else self.paint.dim(name)
            yield f"  {name}{line}"

    def _wrap_text(self, text: str, indent: int, hang: int = 0) -> list[str]:
        pad = " " * indent
        return wrap_text(f"{pad}{text}", self.width, pad + " " * hang)
