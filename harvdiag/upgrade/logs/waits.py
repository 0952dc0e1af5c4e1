"""What the Job that upgrades the services writes while it waits, in the words of each release.

From harvester/harvester, package/upgrade/upgrade_manifests.sh and lib.sh, v1.0 to v1.9.
"""

from __future__ import annotations

from harvdiag.upgrade.logs.log import LogPattern
from harvdiag.upgrade.services import (
    ADDON,
    BUNDLES,
    CAPI,
    CATALOG,
    CHART,
    FLEET_AGENT,
    FLEET_FIELDS,
    FLEET_READY,
    HELM,
    RANCHER,
    REPOSITORY,
    ROLLOUT,
)

__all__ = ["HELM_BEGINS", "OF_SERVICES", "OVER_SERVICES", "ROLLOUT_BEGINS"]

HELM_BEGINS, ROLLOUT_BEGINS = "wait helm release ", "wait rollout -n "
"""How the waits for one Helm release and for one rollout begin; what follows names it."""
OF_SERVICES = (
    LogPattern("Wait for upgrade repo", REPOSITORY),
    LogPattern("Upgrade repo deployment is not ready yet", REPOSITORY),
    LogPattern("Upgrade repo resource not found yet", REPOSITORY),
    LogPattern("Try to bring up the upgrade repo VM", REPOSITORY),
    LogPattern("Failed to download the requested file from", REPOSITORY),
    LogPattern("Wait for Rancher to be upgraded", RANCHER),
    LogPattern(HELM_BEGINS, HELM),
    LogPattern(" in pending-", HELM, also="state for .* minutes"),
    LogPattern(", resume wait...", HELM),
    LogPattern("deadline exceeded. rolling back", HELM),
    LogPattern("resetting stability timer", CAPI),
    LogPattern("failed to get CAPI cluster", CAPI),
    LogPattern("cluster.fleet -n fleet-local local condition Ready is", FLEET_READY),
    LogPattern("wait until cluster.fleet local is Ready", FLEET_READY),
    LogPattern("wait until fleet-agent is redeployed", FLEET_AGENT),
    LogPattern("waiting for fleet-agent creation timestamp", FLEET_AGENT),
    LogPattern("wait for new field ", FLEET_FIELDS),
    LogPattern(ROLLOUT_BEGINS, ROLLOUT),
    LogPattern("continue waiting rollout", ROLLOUT),
    LogPattern("resource was not created, continue", ROLLOUT),
    LogPattern("waiting for statefulset", ROLLOUT, also="to be created"),
    LogPattern("waiting for deployment", ROLLOUT, also="to be created"),
    LogPattern("Waiting for harvester-cluster-repo deployment ready", ROLLOUT),
    LogPattern("wait managedchart ", CHART),
    LogPattern(" ready is 0, continue", CHART),
    LogPattern("chart is not found, continue", CHART),
    LogPattern("some bundles are not ready", BUNDLES),
    LogPattern("get bundle status fail", BUNDLES),
    LogPattern("wait addon status to be", ADDON),
    LogPattern(", continue wait: ", ADDON),
    LogPattern("Waiting for clusterrepo", CATALOG),
    LogPattern("Waiting for cluster repo catalog index update", CATALOG),
)
"""These waits, the specific before the general; they stand before those of pods.py."""
OVER_SERVICES = (
    r"|Z completed helm release |Z rollback succeeded|is provisioned and stable|Upgrade repo is fully ready"
    r"|all bundles are ready|finish wait fleet bundles|Clusterrepo .* catalog index updated"
    r"|Z fleet-agent is redeployed$|condition Ready is true$|Z  ?ready is [1-9]"
    r"|addon (?:status|enabled) is .*(?:do not wait|Successful)$"
)
"""What it writes when such a wait is over, as the end of a regular expression."""
