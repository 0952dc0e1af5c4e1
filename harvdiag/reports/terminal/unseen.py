"""What was not seen, at the end of a report in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.findings import Findings
from harvdiag.core.marks import SIGNS, WARNING
from harvdiag.reports.terminal.layout import Layout
from harvdiag.status.answer import Answer
from harvdiag.status.summary import format_count, list_unseen, permission_hint

__all__ = ["unseen_lines", "unseen_summary"]


def unseen_lines(findings: Findings, layout: Layout) -> Iterator[str]:
    """Yield what was not seen, one line per reason, then the checks that were skipped for it."""
    skipped = findings.skipped
    if not skipped:
        return
    yield ""
    yield layout.paint.severity(WARNING, f"{SIGNS[WARNING]} Not seen:")
    for kind, why in list_unseen(findings):
        yield from layout.wrap(f"{kind}: {why}", 2, hang=2)
    if more := permission_hint(findings.source):
        yield from layout.wrap(more, 2, hang=2)
    names = ", ".join(outcome.rule for outcome in skipped)
    if len(skipped) == len(findings.outcomes):
        names = "all that were asked for"
    yield from layout.wrap(f"Therefore skipped ({format_count(len(skipped), 'check')}): {names}", 2, hang=2)


def unseen_summary(answer: Answer, layout: Layout) -> Iterator[str]:
    """Yield the same in one sentence; nothing where every check was run."""
    if answer.unseen:
        yield from layout.wrap(f"{SIGNS[WARNING]} {answer.unseen}", hang=2)
