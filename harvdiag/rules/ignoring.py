"""The ignore list: findings that do not count are set apart from the others, and what follows from them stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from harvdiag.core.model import Finding, Outcome
from harvdiag.core.policy import Policy

if TYPE_CHECKING:
    from harvdiag.core.ignore import Ignored

__all__ = ["set_apart"]


def set_apart(outcomes: Sequence[Outcome], policy: Policy) -> tuple[list[Outcome], tuple[Ignored, ...]]:
    """Return the outcomes without the findings that the ignore list names, and these with their entries.

    The outcome of a check is ``failed`` all the same. What follows from such a finding stays, as it is about another
    object, which no one has decided to ignore: it has the cause among its `ignored_causes` instead of `caused_by`.
    """
    if not policy.ignore:
        return list(outcomes), ()
    from harvdiag.core.ignore import Ignored  # here, as few checks have an ignore list

    found = [finding for outcome in outcomes for finding in outcome.findings]
    ignored = tuple(Ignored(finding, entry) for finding in found if (entry := policy.find_ignore(finding)))
    if not ignored:
        return list(outcomes), ()
    names = frozenset(each.finding.fingerprint for each in ignored)
    kept = [
        outcome._replace(
            findings=tuple(_without_causes(f, names) for f in outcome.findings if f.fingerprint not in names)
        )
        for outcome in outcomes
    ]
    return kept, ignored


def _without_causes(finding: Finding, ignored: frozenset[str]) -> Finding:
    causes = tuple(cause for cause in finding.caused_by if cause in ignored)
    if not causes:
        return finding
    left = tuple(cause for cause in finding.caused_by if cause not in ignored)
    return replace(finding, caused_by=left, ignored_causes=causes)
