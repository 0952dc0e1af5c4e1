"""What Longhorn and its budgets keep of volumes, beside the Volumes themselves; docs/objects.md#kinds."""

from __future__ import annotations

from harvdiag.kinds.columns import (
    CREATED,
    NAME,
    NAMESPACE,
    UID,
    field_column,
    int_column,
    time_column,
)
from harvdiag.kinds.kind import Kind

__all__ = ["KINDS"]

HOME = "longhorn-system"
VERSIONS = ("v1beta2", "v1beta1")
PDB = Kind(
    name="PodDisruptionBudget",
    group="policy",
    plural="poddisruptionbudgets",
    home=HOME,
    lazy=True,
    keep=("spec", "status"),
    columns=(
        NAMESPACE,
        NAME,
        int_column("allowed", "status.disruptionsAllowed"),
        int_column("healthy", "status.currentHealthy"),
        int_column("desired", "status.desiredHealthy"),
        CREATED,
        UID,
    ),
)
ENGINE = Kind(
    name="Engine",
    group="longhorn.io",
    plural="engines",
    home=HOME,
    versions=VERSIONS,
    lazy=True,
    keep=(
        "spec.volumeName",
        "spec.nodeID",
        "spec.desireState",
        "status.currentState",
        "status.instanceManagerName",
        "status.ownerID",
        "status.replicaModeMap",
        "status.started",
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("volume", "spec.volumeName"),
        field_column("state", "status.currentState"),
        field_column("node", "spec.nodeID"),
        field_column("instance_manager", "status.instanceManagerName"),
        CREATED,
        UID,
    ),
)
REPLICA = Kind(
    name="Replica",
    group="longhorn.io",
    plural="replicas",
    home=HOME,
    versions=VERSIONS,
    lazy=True,
    keep=(
        "spec.volumeName",
        "spec.nodeID",
        "spec.desireState",
        "spec.failedAt",
        "spec.healthyAt",
        "spec.active",
        "status.currentState",
        "status.instanceManagerName",
        "status.ownerID",
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("volume", "spec.volumeName"),
        field_column("state", "status.currentState"),
        field_column("node", "spec.nodeID"),
        time_column("failed_at", "spec.failedAt"),
        CREATED,
        UID,
    ),
)
INSTANCE_MANAGER = Kind(
    name="InstanceManager",
    group="longhorn.io",
    plural="instancemanagers",
    home=HOME,
    versions=VERSIONS,
    lazy=True,
    keep=(
        "spec.nodeID",
        "spec.type",
        "spec.dataEngine",
        "spec.image",
        "status.currentState",
        "status.ownerID",
        *(
            f"status.{kind}.*.{field}"
            for kind in ("instances", "instanceEngines", "instanceReplicas")
            for field in ("spec.name", "status.state", "status.type")
        ),
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("node", "spec.nodeID"),
        field_column("type", "spec.type"),
        field_column("state", "status.currentState"),
        CREATED,
        UID,
    ),
)
LONGHORN_SETTING = Kind(
    name="Setting.longhorn.io",
    group="longhorn.io",
    plural="settings",
    home=HOME,
    versions=VERSIONS,
    keep=("value", "status"),
    columns=(NAMESPACE, NAME, field_column("value", "value"), CREATED, UID),
)

KINDS = (LONGHORN_SETTING, PDB, ENGINE, REPLICA, INSTANCE_MANAGER)
