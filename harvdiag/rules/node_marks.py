"""What a Node says about its own cordon: by whom, and for what."""

from __future__ import annotations

__all__ = ["INSTALL_CORDONED", "MAINTENANCE", "PROMOTION"]

MAINTENANCE = 'metadata.annotations["harvesterhci.io/maintain-status"]'
PROMOTION = 'metadata.annotations["harvesterhci.io/promote-status"]'
"""Harvester cordons a worker while it promotes it."""
INSTALL_CORDONED = "harvesterhci.io/install-cordoned"
"""The label of a host that was cordoned as it was installed."""
