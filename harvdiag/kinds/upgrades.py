"""The kinds that take part in an upgrade; docs/objects.md#kinds."""

from __future__ import annotations

from harvdiag.kinds.columns import (
    CONDITIONS,
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
from harvdiag.kinds.local import FLEET

__all__ = ["KINDS"]


SETTING = Kind(
    name="Setting",
    group="harvesterhci.io",
    plural="settings",
    home="",
    versions=("v1beta1",),
    stored=(
        "value",
        "default",
    ),
    columns=(NAME, field_column("value", "value"), field_column("default", "default"), CREATED, UID),
)
UPGRADE_ANNOTATIONS = (
    "apply-skip-rke2-manifests-plan-completed",
    "auto-cleanup-system-generated-snapshot",
    "image-cleanup-plan-completed",
    "kubevirt-workload-update-methods",
    "longhorn-settings-restored",
    "node-upgrade-pause-map",
    "replica-replenishment-wait-interval",
)
"""What an Upgrade notes on itself: the values of settings before it, and what is done."""
UPGRADE = Kind(
    name="Upgrade",
    group="harvesterhci.io",
    plural="upgrades",
    home="harvester-system",
    versions=("v1beta1",),
    stored=(
        *(f'metadata.annotations["harvesterhci.io/{key}"]' for key in UPGRADE_ANNOTATIONS),
        "spec.version",
        "spec.image",
        "spec.logEnabled",
        "status",
    ),
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
    name="Job",
    group="batch",
    plural="jobs",
    home="harvester-system",
    stored=(
        "spec.completions",
        "spec.parallelism",
        "spec.selector",
        "spec.suspend",
        "spec.template.spec.containers.image",
        "spec.template.spec.containers.name",
        "status",
    ),
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
    name="Plan",
    group="upgrade.cattle.io",
    plural="plans",
    home="cattle-system",
    stored=(
        "spec.concurrency",
        "spec.nodeSelector",
        "spec.upgradeName",
        "spec.version",
        "spec.upgrade.image",
        "status",
    ),
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
    name="UpgradeLog",
    group="harvesterhci.io",
    plural="upgradelogs",
    home="harvester-system",
    versions=("v1beta1",),
    stored=(
        "spec.upgradeName",
        *CONDITIONS,
    ),
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
    name="UpgradePlan",
    group="management.harvesterhci.io",
    plural="upgradeplans",
    home="",
    since=(1, 8),
    versions=("v1beta1",),
    stored=(
        'metadata.annotations["management.harvesterhci.io/allow-deletion"]',
        'metadata.annotations["harvesterhci.io/allowDeletion"]',
        "spec",
        "status",
    ),
    columns=(
        NAME,
        field_column("phase", "status.currentPhase", "status.phase"),
        field_column("version", "spec.version", "status.releaseMetadata.harvester"),
        field_column("image", "spec.image"),
        field_column("previous_version", "status.previousVersion"),
        condition_column("progressing", "Progressing"),
        condition_column("degraded", "Degraded"),
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
    stored=(
        "spec.paused",
        "spec.version",
        "spec.chart",
        "spec.repoName",
        "status",
    ),
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
    name="Bundle",
    group="fleet.cattle.io",
    plural="bundles",
    home=FLEET,
    versions=("v1alpha1",),
    stored=(
        "spec.forceSyncGeneration",
        "spec.paused",
        "status.display",
        "status.observedGeneration",
        "status.summary",
        *CONDITIONS,
    ),
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
    name="Node.longhorn.io",
    group="longhorn.io",
    plural="nodes",
    home="longhorn-system",
    versions=("v1beta2", "v1beta1"),
    stored=(
        "spec.allowScheduling",
        "spec.disks",
        "spec.evictionRequested",
        "spec.tags",
        "status",
    ),
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
