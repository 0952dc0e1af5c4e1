"""What the settings of the person changed, at the end of a report in a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.findings import Findings
from harvdiag.core.marks import INFO, SIGNS
from harvdiag.reports.terminal.layout import Layout

__all__ = ["policy_lines", "policy_summary"]


def policy_lines(findings: Findings, layout: Layout) -> Iterator[str]:
    """Yield what is ignored and why, what has expired or is not needed, and thresholds; nothing where nothing is."""
    if not findings.policy.file:
        return
    from harvdiag.status.policy import list_remarks  # here, as most checks have no settings

    remarks = list_remarks(findings)
    if not remarks:
        return
    yield ""
    yield from layout.wrap(f"{SIGNS[INFO]} Settings ({findings.policy.file}):", hang=2)
    for remark in remarks:
        yield from layout.wrap(f"{remark.label}: {remark.text}", 2, hang=2)


def policy_summary(findings: Findings, layout: Layout) -> Iterator[str]:
    """Yield the same in one line."""
    if not findings.policy.file:
        return
    from harvdiag.status.policy import sum_up_policy

    if told := sum_up_policy(findings):
        yield from layout.wrap(f"{SIGNS[INFO]} Settings of {told}", hang=2)
