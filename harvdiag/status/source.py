"""The line below every title: which source, at what time, which release."""

from __future__ import annotations

from harvdiag.core.escape import escape_text
from harvdiag.status.diagnosis import Diagnosis

__all__ = ["source_line"]


def source_line(diagnosis: Diagnosis) -> str:
    """``bundle.zip · 2025-05-08 10:00 UTC · Harvester v1.4.2``."""
    found, now = diagnosis.findings.source, diagnosis.facts.now
    version = f"Harvester {found.harvester_version}" if found.harvester_version else "Harvester of unknown version"
    return escape_text(" · ".join((found.name, str(now) if now else "time of collection not told", version)))
