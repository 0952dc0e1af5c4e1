"""The parts of a comparison as JSON data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from harvdiag.core.findings import Source
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.timestamps import normalise_time
from harvdiag.status.changes.found import FoundChanges
from harvdiag.status.changes.progress import UpgradeChange

__all__ = ["build_findings", "build_source", "build_upgrade"]


def build_source(source: Source) -> dict[str, str]:
    """Build what one of the two was read from."""
    return {
        "name": source.name,
        "kind": source.kind,
        "captured_at": normalise_time(source.captured_at),
        "harvester_version": source.harvester_version,
        "kubernetes_version": source.kubernetes_version,
    }


def build_findings(found: FoundChanges, lasting: Callable[[ObjectRef], bool]) -> dict[str, Any]:
    """Build what became of each finding; `lasting` tells whether an object is there now, or may be."""
    earlier = {was.fingerprint: str(was.severity) for was, _ in found.regraded}
    return {
        "gone": [{**_build_finding(each), "subject_exists": lasting(each.subject)} for each in found.gone],
        "new": [_build_finding(each) for each in found.new],
        "same": [
            {**_build_finding(each), "severity_before": earlier.get(each.fingerprint, str(each.severity))}
            for each in found.remaining
        ],
        "not_judged": [
            {**_build_finding(each.finding), "when": each.when, "reason": each.reason} for each in found.unjudged
        ],
    }


def _build_finding(finding: Finding) -> dict[str, Any]:
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "severity": str(finding.severity),
        "subject": finding.subject.as_dict(),
        "message": finding.message,
        "caused_by": list(finding.caused_by),
    }


def build_upgrade(upgrade: UpgradeChange) -> dict[str, Any]:
    """Build how far the upgrade got."""
    return {
        "changed": upgrade.changed,
        "began": upgrade.began,
        "before": asdict(upgrade.before) if upgrade.before else None,
        "now": asdict(upgrade.now) if upgrade.now else None,
        "nodes": [asdict(move) for move in upgrade.moves],
        "not_compared": upgrade.gap,
    }
