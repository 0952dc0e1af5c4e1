"""The charts that an upgrade installs, and the Bundles that fleet makes of them (docs/objects.md#charts)."""

from __future__ import annotations

__all__ = ["CHARTS", "is_upgrade_chart"]

CHARTS = ("harvester", "harvester-crd", "rancher-monitoring-crd", "rancher-logging-crd", "kubeovn-operator-crd")
"""The names of the ManagedCharts in fleet-local; the last from 1.8 on."""
BUNDLES = frozenset({"fleet-agent-local", *(f"mcc-{chart}" for chart in CHARTS)})


def is_upgrade_chart(kind: str, name: str) -> bool:
    """Whether a ManagedChart or Bundle of fleet-local belongs to the upgrade; administrators may have others there."""
    return name in {"ManagedChart": frozenset(CHARTS), "Bundle": BUNDLES}.get(kind, frozenset())
