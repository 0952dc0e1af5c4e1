"""The known issues of an upgrade, in words: how many there are of each state, and each in one line."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harvdiag.status.preflight.known import KnownIssue, KnownState
from harvdiag.status.summary import format_count

__all__ = ["count_known", "name_known", "pick_known"]

ISSUE = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/issues/(\d+)", re.ASCII)
WORDS = {KnownState.PRESENT: "present", KnownState.UNTOLD: "not told before it", KnownState.ABSENT: "absent"}


def count_known(known: Iterable[KnownIssue]) -> str:
    """Return how many there are: ``6 known issues of this upgrade: 1 present, 5 absent``; empty for none."""
    issues = [*known]
    counts = ((sum(issue.state is state for issue in issues), word) for state, word in WORDS.items())
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    return f"{format_count(len(issues), 'known issue')} of this upgrade: {told}" if issues else ""


def name_known(issue: KnownIssue) -> str:
    """Return one known issue in a clause, with its report: ``a VM stays Starting (harvester/harvester#8949)``."""
    link = ISSUE.sub(r"\1#\2", issue.row.link)
    return f"{issue.row.symptom} ({link})"


def pick_known(known: Iterable[KnownIssue]) -> tuple[KnownIssue, ...]:
    """Return the known issues to read before the upgrade: those that are not absent."""
    return tuple(issue for issue in known if issue.state is not KnownState.ABSENT)
