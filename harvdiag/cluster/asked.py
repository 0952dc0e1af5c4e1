"""Which finding of a cluster is meant, and the ways out of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harvdiag.core.errors import UsageError
from harvdiag.core.model import Finding
from harvdiag.cure.plan import Runbook

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["build_cure", "find_finding"]


def build_cure(cluster: Cluster, asked: Finding | str | None) -> Runbook:
    """Return the runbook of a finding, named as for `harvdiag note`; by default of the root cause that a check tells
    first.
    """
    worst = [] if asked else [finding for row in cluster.answer.rows for finding in row.findings]
    finding = find_finding(cluster, asked) if asked else next(iter(worst), None)
    if finding is None:
        unseen = cluster.answer.unseen  # what was not judged may be wrong all the same
        return Runbook(finding=None, asked=None, ways=(), refused=(), none=unseen, support=(), before=cluster.snapshot)
    from harvdiag.cure.runbook import build_runbook

    made = build_runbook(cluster.facts, finding, cluster._all_outcomes, cluster.policy)
    return replace(made, before=cluster.snapshot, others=tuple(worst[1:]))


def find_finding(cluster: Cluster, asked: Finding | str) -> Finding:
    """Return the finding that is meant. Raises UsageError where a word means none, or several."""
    if isinstance(asked, Finding):
        return asked
    if not isinstance(asked, str):
        raise UsageError(f"{asked!r} is not a finding: give one of `check()`, or its rule and subject as a text")
    redactor = cluster.snapshot.redactor
    word = redactor.text(asked) if redactor else asked  # its true names are known to who has the key
    findings = cluster.findings_with(word)
    name = findings.named(word)
    found = next((finding for finding in findings.whole if finding.fingerprint == name), None)
    if found is None:
        raise UsageError(f"{word!r} is no longer found: only notes tell of it")
    return found
