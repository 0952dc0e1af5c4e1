"""Causes of findings: what a rule names as one counts only where it was found."""

from __future__ import annotations

from dataclasses import replace

from harvdiag.core.model import Finding, Outcome, Severity

__all__ = ["drop_unfound_causes"]

PREFLIGHT = "preflight"


def drop_unfound_causes(outcomes: list[Outcome]) -> list[Outcome]:
    """Drop from each finding the causes that are not findings themselves, and explain nothing.

    An error of the preflight is not explained by an info either: a state that is too young to be a fault is still
    enough for a refusal, and that is then what is told first.
    """
    found = [finding for outcome in outcomes for finding in outcome.findings]
    fingerprints = {finding.fingerprint for finding in found}
    infos = {finding.fingerprint for finding in found if finding.severity is Severity.INFO}

    def keep_causes(finding: Finding) -> Finding:
        refuses = finding.family == PREFLIGHT and finding.severity is Severity.ERROR
        known = fingerprints - infos if refuses else fingerprints
        causes = tuple(cause for cause in dict.fromkeys(finding.caused_by) if cause in known)
        return replace(finding, caused_by=causes)

    return [outcome._replace(findings=tuple(map(keep_causes, outcome.findings))) for outcome in outcomes]
