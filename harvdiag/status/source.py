"""The line below every title: the source, the time of collection, the Harvester release."""

from __future__ import annotations

from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Source
from harvdiag.core.timestamps import Timestamp
from harvdiag.status.diagnosis import Diagnosis

__all__ = ["describe_reading", "source_line"]


def source_line(diagnosis: Diagnosis) -> str:
    """Return ``bundle.zip · 2025-05-08 10:00 UTC · Harvester v1.4.2``."""
    return describe_reading(diagnosis.findings.source, diagnosis.facts.now)


def describe_reading(source: Source, now: Timestamp) -> str:
    """Return the same of a source that was collected at this time; of a redacted one that it is."""
    version = f"Harvester {source.harvester_version}" if source.harvester_version else "Harvester of unknown version"
    told = (source.name, str(now) if now else "time of collection unknown", version)
    return escape_text(" · ".join((*told, "names are pseudonyms") if source.redacted else told))
