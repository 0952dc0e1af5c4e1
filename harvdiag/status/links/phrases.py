"""Findings as clauses of a sentence, from the summaries of their rules."""

from __future__ import annotations

from collections.abc import Iterable

from harvdiag.core.listing import join_escaped
from harvdiag.core.model import Finding
from harvdiag.rules import registry
from harvdiag.status.links.rows import Row
from harvdiag.status.summary import format_count

__all__ = ["continue_sentence", "describe_consequences", "describe_hidden", "describe_repeated"]

FIRST = {"A", "An", "All", "Another", "It", "More", "No", "None", "Nothing", "Not", "One", "Only", "Plan", "Several"}
FIRST |= {"The", "What", "Management"}


def continue_sentence(sentence: str) -> str:
    """Return a sentence for use after a comma or a colon: its first word in lower case unless a name."""
    return sentence[:1].lower() + sentence[1:] if sentence.partition(" ")[0] in FIRST else sentence


def describe_consequences(findings: Iterable[Finding]) -> str:
    """Return a sentence for use after a comma or a colon; its first word in lower case unless a name."""
    clauses = dict.fromkeys(continue_sentence(_rule_summary(finding.rule)) for finding in findings)
    return f"what follows: {'; '.join(clauses)}" if clauses else ""


def describe_repeated(count: int, noun: str, finding: Finding) -> str:
    """Return how many others have the same fault: ``27 more nodes have no Machine``, else the fault after a colon."""
    more, found = format_count(count, f"more {noun}"), registry().get(finding.rule)
    if found and found.alike and count > 1 and finding.subject.kind.lower() == noun.lower():
        return f"{more} {found.alike}"
    return f"{more} likewise: {continue_sentence(_rule_summary(finding.rule).partition(':')[0])}"


def describe_hidden(row: Row) -> str:
    """Return what was left out of a row: its Nodes by name, else how many objects; empty where all is shown."""
    if row.folded:
        names = join_escaped([ref.name for ref in row.folded], 12)
        return f"and {format_count(len(row.folded), 'more node')} that are connected with these: {names}"
    return f"and {row.left} more objects that are connected with these" if row.left else ""


def _rule_summary(rule: str) -> str:
    found = registry().get(rule)
    return found.summary.rstrip(".") if found else rule
