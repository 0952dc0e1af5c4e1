"""A simulated action for programs: schema 1, stable. Equal simulations give equal bytes."""

from __future__ import annotations

from typing import Any

from harvdiag.core.timestamps import normalise_time
from harvdiag.cure.model import Simulation
from harvdiag.reports.json import dump_text
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Snapshot
from harvdiag.version import __version__

__all__ = ["build_simulation_document", "frame_document", "render"]


def render(simulation: Simulation) -> str:
    """Return the document as text, indented by two; ends with a newline."""
    return dump_text(build_simulation_document(simulation))


def build_simulation_document(simulation: Simulation) -> dict[str, Any]:
    """Build the document: that of the simulation, with the tool and the source."""
    return frame_document(simulation.document, simulation.before)


def frame_document(document: dict[str, Any], snapshot: Snapshot | None) -> dict[str, Any]:
    """Return a document with the tool and the source after its schema; the source is null where none is known."""
    return {
        "schema": document.pop("schema"),
        "tool": {"name": "harvdiag", "version": __version__},
        "source": _build_source(snapshot) if snapshot is not None else None,
        **document,
    }


def _build_source(snapshot: Snapshot) -> dict[str, Any]:
    manifest = snapshot.manifest
    return {
        "kind": manifest.kind,
        "name": manifest.name,
        "captured_at": normalise_time(manifest.captured_at),
        "harvester_version": Facts(snapshot).harvester_version,
    }
