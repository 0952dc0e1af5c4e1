"""The objects that stand for the cluster itself: Harvester is one cluster, and Rancher calls it `local`."""

from __future__ import annotations

from harvdiag.core.model import ObjectRef

__all__ = ["CONTROL_PLANE", "FLEET", "LOCAL", "MANAGEMENT", "PROVISIONING"]

FLEET = "fleet-local"
"""The namespace of Machines and of what belongs to them."""
LOCAL = ObjectRef("Cluster", FLEET, "local")
PROVISIONING = ObjectRef("Cluster.provisioning.cattle.io", FLEET, "local")
CONTROL_PLANE = ObjectRef("RKEControlPlane", FLEET, "local")
MANAGEMENT = ObjectRef("Cluster.management.cattle.io", "", "local")
