"""A simulated action for programs: schema 1, stable. Equal simulations give equal bytes."""

from __future__ import annotations

from typing import Any

from harvdiag.core.timestamps import normalise_time
from harvdiag.cure.model import Simulation
from harvdiag.reports.json import dump_text
from harvdiag.rules.facts import Facts
from harvdiag.version import __version__

__all__ = ["build_simulation_document", "render"]


def render(simulation: Simulation) -> str:
    """Return the document as text, indented by two; ends with a newline."""
    return dump_text(build_simulation_document(simulation))


def build_simulation_document(simulation: Simulation) -> dict[str, Any]:
    """Build the document: that of the simulation, with the tool and the source."""
    document, manifest = simulation.document, simulation.before.manifest
    return {
        "schema": document.pop("schema"),
        "tool": {"name": "harvdiag", "version": __version__},
        "source": {
            "kind": manifest.kind,
            "name": manifest.name,
            "captured_at": normalise_time(manifest.captured_at),
            "harvester_version": Facts(simulation.before).harvester_version,
        },
        **document,
    }
