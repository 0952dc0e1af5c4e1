"""The answer of one check among those of others: the verdict in two words, the first root cause, and the release."""

from __future__ import annotations

from dataclasses import dataclass

from harvdiag.core.findings import Findings, UpgradeState
from harvdiag.core.marks import GOOD, INFO, UNSEEN
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.status.answer import build_answer
from harvdiag.status.summary import format_count

__all__ = ["NOT_READ", "UNDETERMINED", "Overview", "build_overview"]

NOT_READ, UNDETERMINED = "not read", "undetermined"
NOUNS = {"error": "error", "warning": "warning", INFO: "note"}


@dataclass(frozen=True, kw_only=True)
class Overview:
    """One line. All texts are as in the cluster, not yet escaped."""

    mark: str
    """The worst severity, ``good`` where nothing is found, ``unseen`` where that is not known."""
    verdict: str
    """``upgrade stuck``, ``2 errors``, ``nothing found``, ``undetermined``."""
    rule: str
    """That of the first root cause; empty where nothing is found."""
    subject: ObjectRef | None
    """Its object, or the first of them."""
    what: str
    """What is wrong, to be read after the object; where nothing is found, what is under way."""
    more: int
    """How many other root causes there are."""
    version: str
    """The release of Harvester; empty where it is unknown."""


def build_overview(findings: Findings) -> Overview:
    """Build the line from the findings of a check."""
    told = build_answer(findings)
    version = findings.source.harvester_version
    if not told.rows:
        nothing = f"all {len(findings.ignored)} ignored" if findings.ignored else "nothing found"
        mark, verdict = (UNSEEN, UNDETERMINED) if findings.skipped else (GOOD, nothing)
        what = _describe_upgrade(findings.upgrade)
        return Overview(mark=mark, verdict=verdict, rule="", subject=None, what=what, more=0, version=version)
    first, *others = told.rows
    return Overview(
        mark=first.severity.value,
        verdict="upgrade stuck" if first.holds and first.severity is Severity.ERROR else _count_worst(findings),
        rule=first.rule,
        subject=first.subjects[0],
        what=f"{first.what} ({first.decided})" if first.decided else first.what,
        more=len(others) + len(first.subjects) - 1,
        version=version,
    )


def _describe_upgrade(state: UpgradeState | None) -> str:
    """What is under way where nothing is found."""
    if state is None or not state.name:
        return "no upgrade under way" if state else ""
    nodes = "" if state.done is None else f", {state.done} of {format_count(state.of, 'node')} done"
    return f"upgrade{f' to {state.version}' if state.version else ''}: {state.phase}{nodes}"


def _count_worst(findings: Findings) -> str:
    """How many findings there are of the worst severity."""
    severity = min((finding.severity for finding in findings), key=lambda severity: severity.rank)
    return format_count(findings.count(severity), NOUNS[severity.value])
