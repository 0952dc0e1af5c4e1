"""The kinds that an upgrade is made of; docs/objects.md#kinds."""

from __future__ import annotations

from harvdiag.kinds.columns import CREATED, DELETING, NAME, NAMESPACE, UID, at, condition, count, flag
from harvdiag.kinds.kind import Kind, Link
from harvdiag.kinds.local import FLEET

__all__ = ["KINDS"]


SETTING = Kind(
    name="Setting",
    group="harvesterhci.io",
    plural="settings",
    home="",
    versions=("v1beta1",),
    columns=(NAME, at("value", "value"), at("default", "default"), CREATED, UID),
)
UPGRADE = Kind(
    name="Upgrade",
    group="harvesterhci.io",
    plural="upgrades",
    home="harvester-system",
    versions=("v1beta1",),
    columns=(
        NAMESPACE,
        NAME,
        flag("latest", 'metadata.labels["harvesterhci.io/latestUpgrade"]'),
        at("state", 'metadata.labels["harvesterhci.io/upgradeState"]'),
        at("version", "spec.version"),
        at("previous_version", "status.previousVersion"),
        condition("completed", "Completed"),
        condition("nodes_upgraded", "NodesUpgraded"),
        at("single_node", "status.singleNode"),
        DELETING,
        CREATED,
        UID,
    ),
)
JOB = Kind(
    name="Job",
    group="batch",
    plural="jobs",
    home="harvester-system",
    columns=(
        NAMESPACE,
        NAME,
        count("active", "status.active"),
        count("succeeded", "status.succeeded"),
        count("failed", "status.failed"),
        CREATED,
        UID,
    ),
)
PLAN_OF_SUC = Kind(
    name="Plan",
    group="upgrade.cattle.io",
    plural="plans",
    home="cattle-system",
    columns=(
        NAMESPACE,
        NAME,
        at("version", "status.latestVersion", "spec.version"),
        at("hash", "status.latestHash"),
        count("concurrency", "spec.concurrency"),
        condition("complete", "Complete"),
        CREATED,
        UID,
    ),
)
UPGRADELOG = Kind(
    name="UpgradeLog",
    group="harvesterhci.io",
    plural="upgradelogs",
    home="harvester-system",
    versions=("v1beta1",),
    columns=(NAMESPACE, NAME, at("upgrade", "spec.upgradeName"), condition("started", "Started"), CREATED, UID),
    links=(Link("spec.upgradeName", "Upgrade", home="harvester-system"),),
)
UPGRADEPLAN = Kind(
    name="UpgradePlan",
    group="management.harvesterhci.io",
    plural="upgradeplans",
    home="",
    versions=("v1beta1",),
    columns=(
        NAME,
        at("phase", "status.currentPhase"),
        at("version", "status.version", "spec.version"),
        at("previous_version", "status.previousVersion"),
        condition("degraded", "Degraded"),
        CREATED,
        UID,
    ),
)
MANAGEDCHART = Kind(
    name="ManagedChart",
    group="management.cattle.io",
    plural="managedcharts",
    home=FLEET,
    versions=("v3",),
    columns=(
        NAMESPACE,
        NAME,
        at("version", "spec.version"),
        flag("paused", "spec.paused"),
        condition("ready", "Ready"),
        at("state", "status.display.state"),
        CREATED,
        UID,
    ),
)
BUNDLE = Kind(
    name="Bundle",
    group="fleet.cattle.io",
    plural="bundles",
    home=FLEET,
    versions=("v1alpha1",),
    columns=(
        NAMESPACE,
        NAME,
        count("desired", "status.summary.desiredReady"),
        count("ready", "status.summary.ready"),
        count("failed", "status.summary.errApplied"),
        CREATED,
        UID,
    ),
)
LONGHORN_NODE = Kind(
    name="Node.longhorn.io",
    group="longhorn.io",
    plural="nodes",
    home="longhorn-system",
    versions=("v1beta2", "v1beta1"),
    columns=(
        NAMESPACE,
        NAME,
        flag("schedulable", "spec.allowScheduling"),
        flag("evicting", "spec.evictionRequested"),
        condition("ready", "Ready"),
        CREATED,
        UID,
    ),
    links=(Link("metadata.name", "Node"),),
)

KINDS = (SETTING, UPGRADE, JOB, PLAN_OF_SUC, UPGRADELOG, UPGRADEPLAN, MANAGEDCHART, BUNDLE, LONGHORN_NODE)
