"""The kinds of an upgrade."""

from __future__ import annotations

from harvdiag.columns import CREATED, DELETING, NAME, NAMESPACE, UID, at, condition, count, flag
from harvdiag.kind import Kind

__all__ = ["KINDS"]


def __dir__() -> list[str]:
    return __all__


SETTING = Kind(
    "Setting",
    "harvesterhci.io",
    "settings",
    "",
    ("v1beta1",),
    columns=(NAME, at("value", "value"), at("default", "default"), CREATED, UID),
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
    "Job",
    "batch",
    "jobs",
    "harvester-system",
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

KINDS = (SETTING, UPGRADE, JOB)
