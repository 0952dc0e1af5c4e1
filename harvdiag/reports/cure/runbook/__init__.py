"""A runbook as text, JSON and Markdown: finding and answer first, the ways compared, then the best one whole."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from harvdiag.reports.cure import ENDINGS, FORMATS

if TYPE_CHECKING:
    from harvdiag.cure.plan import Runbook

__all__ = ["ENDINGS", "FORMATS", "render"]


def render(runbook: Runbook, form: str) -> str:
    """Return the runbook whole in one of the `FORMATS`; ends with a newline."""
    text: str = import_module(f"{__name__}.{FORMATS[form]}").render(runbook)
    return text
