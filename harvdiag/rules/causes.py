"""Causes of findings: what a rule names as one counts only where it was found."""

from __future__ import annotations

from dataclasses import replace

from harvdiag.core.model import Finding, Outcome

__all__ = ["drop_unfound_causes"]


def drop_unfound_causes(outcomes: list[Outcome]) -> list[Outcome]:
    """Drop from each finding the causes that are not findings themselves: they explain nothing."""
    fingerprints = {finding.fingerprint for outcome in outcomes for finding in outcome.findings}

    def keep_causes(finding: Finding) -> Finding:
        causes = tuple(cause for cause in dict.fromkeys(finding.caused_by) if cause in fingerprints)
        return replace(finding, caused_by=causes)

    return [outcome._replace(findings=tuple(map(keep_causes, outcome.findings))) for outcome in outcomes]
