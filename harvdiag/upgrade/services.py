"""What the Job that upgrades the services waits for, in words; its log says it, or objects do."""

from __future__ import annotations

__all__ = [
    "ADDON",
    "BUNDLES",
    "CAPI",
    "CATALOG",
    "CHART",
    "FLEET_AGENT",
    "FLEET_FIELDS",
    "FLEET_READY",
    "HELM",
    "MANAGERS",
    "PLAN",
    "RANCHER",
    "REPOSITORY",
    "RKE2_WAIT",
    "ROLLOUT",
]

REPOSITORY = "the upgrade repository, from which the Job loads what it installs, does not answer"
HELM = "a Helm release is not deployed in its new version; it may roll back after 5 minutes"
RANCHER = "Rancher does not show the new version in its setting server-version"
CAPI = (
    "Cluster fleet-local/local (cluster.x-k8s.io) is not Provisioned with a new generation; expired "
    "certificates are a known cause (harvester/harvester#3863, harvester/harvester#10719)"
)
PLAN = "a Plan must be done on every Node, also on one that is not managed"
FLEET_READY = "Fleet does not call the cluster local ready"
FLEET_FIELDS = "Fleet's new version is not installed yet: a field of it is missing"
BUNDLES = "not every Bundle of Fleet is ready"
ADDON = "an Addon is not deployed in its new version; the Job gives up after 5 minutes"
CATALOG = "the chart repository inside the cluster does not show the new charts"
ROLLOUT = "a Deployment or DaemonSet is not rolled out"
CHART = "a ManagedChart is not ready in its new version: look at it and its Bundle"
FLEET_AGENT = "Fleet's agent has not been redeployed yet"
MANAGERS = "not every Longhorn node runs one new instance manager; a Longhorn node of a removed host blocks that"
RKE2_WAIT = "Waiting for RKE2 to be upgraded"
"""The line of a node's Job that waits for its Kubernetes."""
