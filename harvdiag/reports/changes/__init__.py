"""A comparison of two readings of a cluster, as text, JSON and Markdown."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harvdiag.status.changes.comparison import Comparison

__all__ = ["ENDINGS", "FORMATS", "render"]

FORMATS = {"text": "terminal", "json": "json", "markdown": "markdown"}
"""The formats, each with the module of this package that has its `render`."""
ENDINGS = {".txt": "text", ".json": "json", ".md": "markdown"}
"""The formats by the ending of a file."""


def render(comparison: Comparison, form: str) -> str:
    """Return the comparison whole in one of the `FORMATS`; ends with a newline."""
    text: str = import_module(f"harvdiag.reports.changes.{FORMATS[form]}").render(comparison)
    return text
