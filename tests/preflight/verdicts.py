"""Preflights made of outcomes that a test chooses, whatever a cluster has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harvdiag.core.findings import Findings, Source
from harvdiag.core.model import Coverage, Finding, ObjectRef, Outcome, Severity
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.hand import Hosts
from harvdiag.status.preflight.rows import ROWS, answer_rows
from harvdiag.upgrade.paths import find_path

VOLUME = ObjectRef("Volume.longhorn.io", "longhorn-system", "pvc-1")


def found(rule: str, severity: Severity = Severity.ERROR, *causes: Finding) -> Finding:
    """A finding of a rule about one volume."""
    family = "preflight" if rule.startswith("preflight-") else "health"
    return Finding(
        rule=rule,
        family=family,
        severity=severity,
        subject=VOLUME,
        message=f"Volume pvc-1 has the fault of {rule}",
        next=("Look at `kubectl get volumes.longhorn.io -n longhorn-system pvc-1`.",),
        caution="Do not delete pvc-1.",
        caused_by=tuple(cause.fingerprint for cause in causes),
    )


def preflight(
    *findings: Finding,
    skipped: Mapping[str, str] | None = None,
    version: str = "v1.8.2",
    kind: str = "bundle",
    nodes: Sequence[str] = ("hv01", "hv02", "hv03"),
    running: str = "",
) -> Preflight:
    """All rules of the rows have passed, but for those with findings, and those that were skipped, with the reason."""
    by_rule: dict[str, list[Finding]] = {rule: [] for row in ROWS for rule in row.rules}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    reasons = skipped or {}
    outcomes = [
        Outcome(
            rule,
            "skipped" if rule in reasons else "failed" if alike else "passed",
            reasons.get(rule, ""),
            tuple(alike),
        )
        for rule, alike in by_rule.items()
    ]
    source = Source(
        kind=kind,
        name="lab.zip",
        captured_at="2025-05-08T10:00:00Z",
        harvester_version=version,
        kubernetes_version="",
        nodes=len(nodes),
        machines=len(nodes),
        arguments=("lab.zip",),
    )
    return Preflight(
        findings=Findings(source, Coverage(), outcomes),
        target="v1.9.0",
        running=running,
        path=find_path(version, "v1.9.0"),
        rows=answer_rows(outcomes, version, running),
        hosts=Hosts(tuple(nodes), tuple(nodes[:3])),
    )
