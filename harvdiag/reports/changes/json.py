"""A comparison for programs: schema 1, stable. Equal differences give equal bytes."""

from __future__ import annotations

from typing import Any

from harvdiag.reports.json import dump_text
from harvdiag.status.changes.comparison import Comparison
from harvdiag.version import __version__

__all__ = ["build_document", "render"]


def render(comparison: Comparison) -> str:
    """Return the document as text, indented by two; ends with a newline."""
    return dump_text(build_document(comparison))


def build_document(comparison: Comparison) -> dict[str, Any]:
    """Build the document: that of the comparison, with the tool, and whether the later was given as the earlier."""
    document = comparison.document
    return {
        "schema": document.pop("schema"),
        "tool": {"name": "harvdiag", "version": __version__},
        "swapped": comparison.backwards,
        **document,
    }
