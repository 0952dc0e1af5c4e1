"""The phases of a Machine, as Harvester's own checks read them."""

from __future__ import annotations

__all__ = ["GOOD_PHASES"]

GOOD_PHASES = frozenset({"Running", "Updating"})
"""Updating came with Cluster API 1.12, and Harvester reads it as Running (docs/objects.md#kind-machine-phase)."""
