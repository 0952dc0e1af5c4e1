"""The preflight of one cluster, from its facts and what was found."""

from __future__ import annotations

from harvdiag.core.findings import Findings
from harvdiag.core.model import Severity
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import has_role
from harvdiag.rules.known_paths import path_pairs
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.hand import Hosts
from harvdiag.status.preflight.known import known_issues
from harvdiag.status.preflight.rows import answer_rows

__all__ = ["build_preflight"]


def build_preflight(facts: Facts, findings: Findings) -> Preflight:
    """Return the preflight for an upgrade to the target of the facts."""
    return Preflight(
        findings=findings,
        target=facts.target,
        running=facts.running,
        rows=answer_rows(findings.outcomes, facts.harvester_version, facts.running, _list_ignored(findings)),
        path=facts.path,
        known=known_issues(path_pairs(facts), findings.outcomes),
        hosts=_list_hosts(facts),
    )


def _list_ignored(findings: Findings) -> frozenset[str]:
    """The rules of which an error or a warning is ignored."""
    told = (ignored.finding for ignored in findings.ignored)
    return frozenset(finding.rule for finding in told if finding.severity is not Severity.INFO)


def _list_hosts(facts: Facts) -> Hosts:
    if not facts.snapshot.seen("Node"):
        return Hosts()
    nodes = sorted(facts.pairing.nodes)
    servers = [node.name for node in nodes if has_role(facts, node, "control-plane")]
    return Hosts(tuple(node.name for node in nodes), tuple(servers))
