"""What was found, in words instead of the names of checks."""

from __future__ import annotations

from collections.abc import Iterable

from harvdiag.core.listing import join_escaped
from harvdiag.core.model import Finding
from harvdiag.rules import registry
from harvdiag.status.links.rows import Row
from harvdiag.status.summary import counted

__all__ = ["follows", "left", "likewise", "within"]

FIRST = {"A", "An", "All", "Another", "It", "More", "No", "None", "Nothing", "Not", "One", "Only", "Plan", "Several"}
FIRST |= {"The", "What", "Management"}


def within(told: str) -> str:
    """A sentence that goes on after a comma or a colon."""
    return told[:1].lower() + told[1:] if told.partition(" ")[0] in FIRST else told


def follows(findings: Iterable[Finding]) -> str:
    """What comes of a fault: ``what follows: the running upgrade waits for a Node that has no Machine``."""
    told = dict.fromkeys(within(_summary(finding.rule)) for finding in findings)
    return f"what follows: {'; '.join(told)}" if told else ""


def likewise(count: int, noun: str, finding: Finding) -> str:
    """Others with the same fault: ``27 more nodes have no Machine``, else the fault behind a colon."""
    more, found = counted(count, f"more {noun}"), registry().get(finding.rule)
    if found and found.alike and count > 1 and finding.subject.kind.lower() == noun.lower():
        return f"{more} {found.alike}"
    return f"{more} likewise: {within(_summary(finding.rule).partition(':')[0])}"


def left(row: Row) -> str:
    """What was left out of a row: its Nodes by their names, else how many objects; empty where all is shown."""
    if row.folded:
        names = join_escaped([ref.name for ref in row.folded], 12)
        return f"and {counted(len(row.folded), 'more node')} that hang together with these: {names}"
    return f"and {row.left} more objects that hang together with these" if row.left else ""


def _summary(rule: str) -> str:
    found = registry().get(rule)
    return found.summary.rstrip(".") if found else rule
