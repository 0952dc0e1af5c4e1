"""The kinds that take part in an upgrade; docs/objects.md#kinds."""

from __future__ import annotations

from harvdiag.kinds.columns import (
    CREATED,
    DELETING,
    NAME,
    NAMESPACE,
    UID,
    bool_column,
    condition_column,
    field_column,
    int_column,
)
from harvdiag.kinds.kind import Kind, Link

__all__ = ["KINDS"]

FLEET = "fleet-local"


def __dir__() -> list[str]:
    return __all__


SETTING = Kind(
    "Setting",
    "harvesterhci.io",
    "settings",
    "",
    ("v1beta1",),
    columns=(NAME, field_column("value", "value"), field_column("default", "default"), CREATED, UID),
)
UPGRADE = Kind(
    "Upgrade",
    "harvesterhci.io",
    "upgrades",
    "harvester-system",
    ("v1beta1",),
    columns=(
        NAMESPACE,
        NAME,
        bool_column("latest", 'metadata.labels["harvesterhci.io/latestUpgrade"]'),
        field_column("state", 'metadata.labels["harvesterhci.io/upgradeState"]'),
        field_column("version", "spec.version"),
        field_column("previous_version", "status.previousVersion"),
        condition_column("completed", "Completed"),
        condition_column("nodes_upgraded", "NodesUpgraded"),
        field_column("single_node", "status.singleNode"),
        DELETING,
        CREATED,
        UID,
    ),
)
JOB = Kind(
    "Job",
    "batch",
    "jobs",
    "harvester-system",
    columns=(
        NAMESPACE,
        NAME,
        int_column("active", "status.active"),
        int_column("succeeded", "status.succeeded"),
        int_column("failed", "status.failed"),
        CREATED,
        UID,
    ),
)
PLAN_OF_SUC = Kind(
    "Plan",
    "upgrade.cattle.io",
    "plans",
    "cattle-system",
    columns=(
        NAMESPACE,
        NAME,
        field_column("version", "status.latestVersion", "spec.version"),
        field_column("hash", "status.latestHash"),
        int_column("concurrency", "spec.concurrency"),
        condition_column("complete", "Complete"),
        CREATED,
        UID,
    ),
)
UPGRADELOG = Kind(
    "UpgradeLog",
    "harvesterhci.io",
    "upgradelogs",
    "harvester-system",
    ("v1beta1",),
    columns=(
        NAMESPACE,
        NAME,
        field_column("upgrade", "spec.upgradeName"),
        condition_column("started", "Started"),
        CREATED,
        UID,
    ),
    links=(Link("spec.upgradeName", "Upgrade", home="harvester-system"),),
)
UPGRADEPLAN = Kind(
    "UpgradePlan",
    "management.harvesterhci.io",
    "upgradeplans",
    "",
    ("v1beta1",),
    columns=(
        NAME,
        field_column("phase", "status.currentPhase"),
        field_column("version", "status.version", "spec.version"),
        field_column("previous_version", "status.previousVersion"),
        condition_column("degraded", "Degraded"),
        CREATED,
        UID,
    ),
)
MANAGEDCHART = Kind(
    "ManagedChart",
    "management.cattle.io",
    "managedcharts",
    FLEET,
    ("v3",),
    columns=(
        NAMESPACE,
        NAME,
        field_column("version", "spec.version"),
        bool_column("paused", "spec.paused"),
        condition_column("ready", "Ready"),
        field_column("state", "status.display.state"),
        CREATED,
        UID,
    ),
)
BUNDLE = Kind(
    "Bundle",
    "fleet.cattle.io",
    "bundles",
    FLEET,
    ("v1alpha1",),
    columns=(
        NAMESPACE,
        NAME,
        int_column("desired", "status.summary.desiredReady"),
        int_column("ready", "status.summary.ready"),
        int_column("failed", "status.summary.errApplied"),
        CREATED,
        UID,
    ),
)
LONGHORN_NODE = Kind(
    "Node.longhorn.io",
    "longhorn.io",
    "nodes",
    "longhorn-system",
    ("v1beta2", "v1beta1"),
    columns=(
        NAMESPACE,
        NAME,
        bool_column("schedulable", "spec.allowScheduling"),
        bool_column("evicting", "spec.evictionRequested"),
        condition_column("ready", "Ready"),
        CREATED,
        UID,
    ),
    links=(Link("metadata.name", "Node"),),
)

KINDS = (SETTING, UPGRADE, JOB, PLAN_OF_SUC, UPGRADELOG, UPGRADEPLAN, MANAGEDCHART, BUNDLE, LONGHORN_NODE)
