"""The verdict before an upgrade in the formats of a report: the reasons, then each check of Harvester's own.

The table, JSON and Markdown have a module each. In the others, the findings are told as those of a check.
"""

from __future__ import annotations

from importlib import import_module

from harvdiag import reports
from harvdiag.status.preflight import Preflight

__all__ = ["OWN", "render"]

OWN = {"table": "terminal", "json": "json", "markdown": "markdown", "html": "html"}
"""The formats that have a form of their own, with the module of each."""


def render(preflight: Preflight, form: str) -> str:
    """Return the verdict in one of the formats of a report; ends with a newline."""
    if form not in OWN:
        return reports.render(preflight.findings, form)
    text: str = import_module(f"{__name__}.{OWN[form]}").render(preflight)
    return text
