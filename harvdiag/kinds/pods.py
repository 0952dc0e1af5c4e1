"""Pods, Events and virtual machines: read only when a check asks for some of them; docs/objects.md#kinds.

What is kept of them holds no environment, no user data and no argument.
"""

from __future__ import annotations

from harvdiag.core.conditions import STATUS_LIST
from harvdiag.kinds.columns import (
    CREATED,
    DELETING,
    NAME,
    NAMESPACE,
    OWNER,
    UID,
    Column,
    condition_column,
    field_column,
    int_column,
    time_column,
)
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.podstate import not_ready, reason, restarts

__all__ = ["KINDS", "LAST_SEEN"]

HOME = "harvester-system"
LAST_SEEN = (
    "series.lastObservedTime",
    "lastTimestamp",
    "eventTime",
    "firstTimestamp",
    "metadata.creationTimestamp",
)
"""Where an Event has the time at which it was last seen, the best first."""
POD_STATE = (
    "status.phase",
    "status.reason",
    "status.message",
    "status.startTime",
    "status.podIP",
    *STATUS_LIST,
    *(
        f"status.{kind}.{field}"
        for kind in ("containerStatuses", "initContainerStatuses")
        for field in ("name", "image", "ready", "restartCount", "state", "lastState", "started")
    ),
)
BOUND = (
    *(f"domain.devices.disks.{field}" for field in ("name", "cdrom")),
    *(f"domain.devices.{key}.{field}" for key in ("hostDevices", "gpus") for field in ("name", "deviceName")),
    *(f"domain.devices.interfaces.{field}" for field in ("name", "sriov")),
    *("nodeSelector", "volumes.name", "volumes.containerDisk.image"),
    *("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution",),
)
"""What may bind a VM to a host, by names alone, below the spec of a VM's template and of its instance."""
POD = Kind(
    name="Pod",
    group="",
    plural="pods",
    home=HOME,
    lazy=True,
    keep=(
        "spec.nodeName",
        "spec.nodeSelector",
        "spec.containers.name",
        "spec.initContainers.name",
        "spec.volumes.persistentVolumeClaim.claimName",
        'metadata.annotations["kubevirt.io/install-strategy-version"]',
        'metadata.annotations["kubevirt.io/install-strategy-identifier"]',
        'metadata.annotations["kubevirt.io/install-strategy-registry"]',
        'metadata.annotations["cdi.kubevirt.io/storage.import.source"]',
        *POD_STATE,
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("phase", "status.phase"),
        field_column("node", "spec.nodeName"),
        Column("not_ready", "str", "status.containerStatuses: names with ready false", not_ready),
        Column("restarts", "Int64", "status.containerStatuses: sum of restartCount", restarts),
        Column("reason", "str", "status.reason, or of the first container or condition that is not well", reason),
        OWNER,
        DELETING,
        CREATED,
        UID,
    ),
)
EVENT = Kind(
    name="Event",
    group="",
    plural="events",
    home=HOME,
    lazy=True,
    keep=(
        "involvedObject",
        "reason",
        "message",
        "type",
        "count",
        "firstTimestamp",
        "lastTimestamp",
        "eventTime",
        "series",
        "source.component",
        "reportingComponent",
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("object_kind", "involvedObject.kind"),
        field_column("object", "involvedObject.name"),
        field_column("type", "type"),
        field_column("reason", "reason"),
        field_column("message", "message"),
        int_column("count", "count", "series.count"),
        time_column("last", *LAST_SEEN),
        CREATED,
        UID,
    ),
)
VM = Kind(
    name="VirtualMachine",
    group="kubevirt.io",
    plural="virtualmachines",
    home=HOME,
    lazy=True,
    keep=(
        "spec.running",
        "spec.runStrategy",
        *(f"spec.template.spec.{path}" for path in BOUND),
        "status.created",
        "status.ready",
        "status.printableStatus",
        *STATUS_LIST,
        "status.volumeRequests",
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("status", "status.printableStatus"),
        field_column("ready", "status.ready", dtype="boolean"),
        CREATED,
        UID,
    ),
)
VMI = Kind(
    name="VirtualMachineInstance",
    group="kubevirt.io",
    plural="virtualmachineinstances",
    home=HOME,
    lazy=True,
    keep=(
        "spec.architecture",
        "spec.domain.cpu.cores",
        "spec.domain.cpu.threads",
        "spec.evictionStrategy",
        *(f"spec.{path}" for path in BOUND),
        "spec.volumes.persistentVolumeClaim.claimName",
        "spec.volumes.persistentVolumeClaim.hotpluggable",
        "spec.volumes.dataVolume.name",
        "spec.volumes.dataVolume.hotpluggable",
        "status.phase",
        "status.nodeName",
        "status.reason",
        *STATUS_LIST,
        "status.migrationState",
        "status.evacuationNodeName",
        "status.launcherContainerImageVersion",
    ),
    columns=(
        NAMESPACE,
        NAME,
        field_column("phase", "status.phase"),
        field_column("node", "status.nodeName"),
        condition_column("ready", "Ready"),
        condition_column("live_migratable", "LiveMigratable"),
        field_column("evacuating_from", "status.evacuationNodeName"),
        DELETING,
        CREATED,
        UID,
    ),
)

KINDS = (POD, EVENT, VM, VMI)
