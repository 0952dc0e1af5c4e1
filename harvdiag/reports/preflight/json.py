"""The verdict before an upgrade for programs: the document of a check, schema 1, with each check of Harvester's own."""

from __future__ import annotations

from typing import Any

from harvdiag.reports.json import build_document, dump_text
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.rows import Answered

__all__ = ["build_preflight_document", "render"]


def render(preflight: Preflight) -> str:
    """Return the document as text."""
    return dump_text(build_preflight_document(preflight))


def build_preflight_document(preflight: Preflight) -> dict[str, Any]:
    """Build the document of a check with `verdict`, `target`, `path`, `by_hand` and `known_issues`.

    `checks` has one entry for each check of Harvester's own, in the order of its tools; `rules` what it has of a check.
    """
    document = build_document(preflight.findings)
    rules = document.pop("checks")
    commands = {key: [each.text for each in check.commands] for check in preflight.by_hand for key in check.keys}
    return {
        **document,
        "verdict": {
            "ready": preflight.ready,
            "text": preflight.verdict,
            "reasons": [finding.fingerprint for finding in preflight.reasons],
            "untold": len(preflight.untold),
            "next": preflight.answer.command,
        },
        "target": preflight.target,
        "running": preflight.running,
        "path": list(preflight.path.steps),
        "checks": [_row_document(row, commands.get(row.row.key, [])) for row in preflight.rows],
        "rules": rules,
        "by_hand": [check.as_dict() for check in preflight.by_hand],
        "known_issues": [issue.document for issue in preflight.known],
    }


def _row_document(answered: Answered, commands: list[str]) -> dict[str, Any]:
    row = answered.row
    return {
        "rule": next(iter(row.rules), ""),
        "outcome": answered.outcome,
        "reason": answered.reason,
        "tool": str(row.tool),
        "check": row.id,
        "asks": row.asks,
        "rules": list(row.rules),
        "severity": str(answered.severity) if answered.severity else None,
        "findings": [finding.fingerprint for finding in answered.findings],
        "go": list(row.go),
        "skip": row.skip,
        "by_hand": commands,
    }
