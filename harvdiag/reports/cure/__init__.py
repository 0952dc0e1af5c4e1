"""A simulated action as text, JSON and Markdown: its class first, then the steps, findings, P1 to P6, what is open."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harvdiag.cure.model import Simulation

__all__ = ["ENDINGS", "FORMATS", "render"]

FORMATS = {"table": "terminal", "json": "json", "markdown": "markdown"}
"""The formats, each with the module of this package that has its `render`."""
ENDINGS = {".txt": "table", ".json": "json", ".md": "markdown"}
"""The formats by the ending of a file."""


def render(simulation: Simulation, form: str) -> str:
    """Return the simulation whole in one of the `FORMATS`; ends with a newline."""
    text: str = import_module(f"{__name__}.{FORMATS[form]}").render(simulation)
    return text
