"""All rows, and what each comes to in one cluster: asked, skipped, or not applicable, each with its reason."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace

from harvdiag.core.findings import Findings
from harvdiag.core.model import Finding, Outcome, Severity
from harvdiag.rules import rows_plan, rows_script, rows_webhook
from harvdiag.rules.blind import is_blind
from harvdiag.rules.gates import exclude_release
from harvdiag.rules.row import Row

__all__ = ["NOT_APPLICABLE", "ROWS", "SKIPPED", "Answered", "answer_rows", "leave_rows"]

ROWS = (*rows_webhook.ROWS, *rows_script.ROWS, *rows_plan.ROWS)
"""Every check of Harvester's own, as in docs/preflight.md."""
FAILED, SKIPPED, PASSED, NOT_APPLICABLE = "failed", "skipped", "passed", "not-applicable"
IGNORED = "the settings ignore what was found"


@dataclass(frozen=True, kw_only=True)
class Answered:
    """One row with its answer: `outcome` is ``passed``, ``failed``, ``skipped`` or ``not-applicable``."""

    row: Row
    outcome: str
    reason: str = ""
    """Why it was skipped or does not apply, or that all that was found is ignored; of others empty."""
    findings: tuple[Finding, ...] = ()
    """What was found, worst first."""

    @property
    def severity(self) -> Severity | None:
        """That of the worst finding; None where there is none."""
        return min((f.severity for f in self.findings), key=lambda severity: severity.rank, default=None)

    @property
    def failed(self) -> bool:
        """Whether what the check asks is not so, by an error."""
        return self.outcome == FAILED and self.severity is Severity.ERROR

    @property
    def ignored(self) -> bool:
        """Whether it failed by nothing but what the settings ignore."""
        return self.outcome == FAILED and self.reason == IGNORED

    @property
    def passed(self) -> bool:
        """Whether what the check asks is so; what was found besides is a note."""
        return self.outcome == PASSED

    @property
    def refused(self) -> bool:
        """Whether Harvester's own check sees an error, and not only harvdiag does."""
        return any(f.severity is Severity.ERROR and not is_blind(self.row, f) for f in self.findings)

    @property
    def warned(self) -> bool:
        """Whether there is something to fix first, for which the check does not fail."""
        return self.outcome == FAILED and not (self.failed or self.ignored)

    @property
    def by_hand(self) -> tuple[str, ...]:
        """The commands that are left to run: those of the row, where it was skipped."""
        return self.row.by_hand if self.outcome == SKIPPED else ()


def answer_rows(
    outcomes: Iterable[Outcome], version: str, running: str = "", ignored: Container[str] = ()
) -> tuple[Answered, ...]:
    """Return every row with its answer. `version` is the release installed, `running` the upgrade under way.

    `ignored` are the rules of which the settings ignore an error or a warning: their rows have not passed.
    """
    by_rule = {outcome.rule: outcome for outcome in outcomes}
    rows = (_answer(row, by_rule, version, running) for row in ROWS)
    return tuple(_tell_ignored(answered, ignored) for answered in rows)


def _tell_ignored(answered: Answered, ignored: Container[str]) -> Answered:
    """A row that did not fail by anything that counts, but by what is ignored, has failed all the same."""
    if answered.outcome in {FAILED, NOT_APPLICABLE} or not any(rule in ignored for rule in answered.row.rules):
        return answered
    return replace(answered, outcome=FAILED, reason=IGNORED)


def leave_rows(findings: Findings) -> Findings:
    """Return the findings without the outcomes of the rules that answer rows: what is left to tell besides these."""
    told = {rule for row in ROWS for rule in row.rules}
    return findings.with_outcomes([outcome for outcome in findings.outcomes if outcome.rule not in told])


def _answer(row: Row, by_rule: Mapping[str, Outcome], version: str, running: str) -> Answered:
    if running and not row.running:
        return Answered(row=row, outcome=NOT_APPLICABLE, reason=f"{running} is under way")
    if reason := exclude_release(version, since=row.since, only=row.only):
        return Answered(row=row, outcome=NOT_APPLICABLE, reason=reason)
    judged = [by_rule[name] for name in row.rules if name in by_rule]
    if not judged:
        outcome = SKIPPED if row.by_hand or not row.unknown else NOT_APPLICABLE
        return Answered(row=row, outcome=outcome, reason=row.unknown or "not among the checks that were chosen")
    findings = sorted((f for each in judged for f in each.findings), key=lambda f: (f.severity.rank, f.subject))
    told = tuple(f for f in findings if f.severity is not Severity.INFO)
    if told:
        return Answered(row=row, outcome=FAILED, findings=tuple(findings))
    for outcome in (SKIPPED, PASSED, NOT_APPLICABLE):
        if of_it := [each for each in judged if each.outcome in {outcome, FAILED if outcome == PASSED else outcome}]:
            reasons = dict.fromkeys(each.reason for each in of_it if each.reason)
            return Answered(row=row, outcome=outcome, reason="; ".join(reasons), findings=tuple(findings))
    raise AssertionError(row.key)
