"""A runbook for programs: schema 1, stable. Equal runbooks give equal bytes."""

from __future__ import annotations

from typing import Any

from harvdiag.cure.plan import Runbook
from harvdiag.reports.cure.json import frame_document
from harvdiag.reports.json import dump_text

__all__ = ["build_runbook_document", "render"]


def render(runbook: Runbook) -> str:
    """Return the document as text, indented by two; ends with a newline."""
    return dump_text(build_runbook_document(runbook))


def build_runbook_document(runbook: Runbook) -> dict[str, Any]:
    """Build the document: that of the runbook, with the tool and the source."""
    return frame_document(runbook.document, runbook.before)
