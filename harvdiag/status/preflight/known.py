"""The known issues of the path of an upgrade, each with what is known of it in this cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from harvdiag.core.model import Finding, Outcome
from harvdiag.core.release import on_path
from harvdiag.rules.known_row import KnownRow
from harvdiag.rules.known_rows import KNOWN_ROWS

__all__ = ["KnownIssue", "KnownState", "known_issues"]

PASSED = "passed"


class KnownState(StrEnum):
    """What is known of an issue before the upgrade."""

    PRESENT = "present"
    """Its sign was found: the upgrade will meet it."""
    ABSENT = "absent"
    """Its sign would have been found, and was not."""
    UNTOLD = "untold"
    """It cannot be told: see `reason` and `by_hand`."""


@dataclass(frozen=True, kw_only=True)
class KnownIssue:
    """One known issue that a step of the path has."""

    row: KnownRow
    step: tuple[str, str]
    """The first step that has it, as two versions; the second is empty where only the start is known."""
    state: KnownState
    reason: str = ""
    """Why it cannot be told; of others empty."""
    findings: tuple[Finding, ...] = ()
    """What was found of it, worst first."""

    @property
    def by_hand(self) -> tuple[str, ...]:
        """The commands that tell it, where no rule does."""
        return self.row.by_hand if self.state is KnownState.UNTOLD else ()

    @property
    def document(self) -> dict[str, object]:
        """The issue as data for JSON: each key is there, lists may be empty."""
        return {
            "issue": self.row.link,
            "symptom": self.row.symptom,
            "paths": list(self.row.paths),
            "step": [version for version in self.step if version],
            "state": str(self.state),
            "reason": self.reason,
            "findings": [finding.fingerprint for finding in self.findings],
            "by_hand": list(self.by_hand),
        }


def known_issues(pairs: Iterable[tuple[str, str]], outcomes: Iterable[Outcome]) -> tuple[KnownIssue, ...]:
    """Return every known issue of the steps of a path, those that are present first, then those that cannot be told.

    `pairs` are the steps as two versions (`harvdiag.rules.known_paths.path_pairs`): without a target, the release
    installed and an empty end. `outcomes` are those of all rules.
    """
    by_rule = {outcome.rule: outcome for outcome in outcomes}
    steps = tuple(pairs)
    found = [_judge(row, step, by_rule) for row in KNOWN_ROWS if (step := _step_of(row, steps))]
    order = (KnownState.PRESENT, KnownState.UNTOLD, KnownState.ABSENT)
    return tuple(sorted(found, key=lambda issue: order.index(issue.state)))


@cache
def _shared() -> frozenset[str]:
    """The rules that see a state which several issues have: their findings do not tell which of them it is."""
    count = Counter(name for row in KNOWN_ROWS for name in row.rules)
    return frozenset(name for name, times in count.items() if times > 1)


def _step_of(row: KnownRow, steps: tuple[tuple[str, str], ...]) -> tuple[str, str] | None:
    return next((step for step in steps if any(on_path(path, *step) for path in row.paths)), None)


def _judge(row: KnownRow, step: tuple[str, str], by_rule: Mapping[str, Outcome]) -> KnownIssue:
    outcomes = [by_rule[name] for name in row.rules if name in by_rule and name not in _shared()]
    findings = sorted((f for each in outcomes for f in each.findings), key=lambda f: (f.severity.rank, f.subject))
    if findings:
        return KnownIssue(row=row, step=step, state=KnownState.PRESENT, findings=tuple(findings))
    before = [by_rule[name] for name in row.before if name in by_rule]
    reasons = dict.fromkeys(each.reason for each in before if each.outcome != PASSED)
    if before and not reasons:
        return KnownIssue(row=row, step=step, state=KnownState.ABSENT)
    reason = "; ".join(filter(None, reasons)) or row.why or "its check was not among those that were chosen"
    return KnownIssue(row=row, step=step, state=KnownState.UNTOLD, reason=reason)
