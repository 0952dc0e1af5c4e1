"""The columns of each kind in a table, by its name in the catalogue, else by its resource."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from harvdiag.core.fields import get_text
from harvdiag.kinds.columns import Column
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.printing.column import AGE, NAME, PrintColumn, computed, condition, field, print_value
from harvdiag.kinds.printing.events import EVENTS
from harvdiag.kinds.printing.nodes import NODES
from harvdiag.kinds.printing.pods import PODS
from harvdiag.kinds.printing.workloads import (
    BUDGETS,
    CLAIMS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    JOBS,
    REPLICASETS,
    SERVICES,
    STATEFULSETS,
    VOLUMES,
    count_keys,
)

__all__ = ["print_columns"]

OWN = frozenset({"namespace", "name", "owner", "deleting", "created", "uid"})
"""Columns of the catalogue that a table of kubectl has in another way, or not at all."""


def _secret_type(obj: dict[str, object]) -> str:
    return get_text(obj, "type")


PRINTED: dict[str, Sequence[PrintColumn]] = {
    "Addon": (
        NAME,
        field("HELMREPO", "spec.repo"),
        field("CHARTNAME", "spec.chart"),
        field("ENABLED", "spec.enabled"),
        field("STATUS", "status.status", wide=True),
    ),
    "Cluster": (NAME, field("PHASE", "status.phase"), AGE, field("VERSION", "spec.topology.version")),
    "DaemonSet": DAEMONSETS,
    "Deployment": DEPLOYMENTS,
    "Event": EVENTS,
    "Job": JOBS,
    "KubeVirt": (NAME, AGE, field("PHASE", "status.phase")),
    "Machine": (
        NAME,
        field("CLUSTER", "spec.clusterName"),
        field("NODENAME", "status.nodeRef.name"),
        field("PROVIDERID", "spec.providerID"),
        field("PHASE", "status.phase"),
        AGE,
        field("VERSION", "spec.version"),
    ),
    "Node": NODES,
    "Pod": PODS,
    "PodDisruptionBudget": BUDGETS,
    "Secret": (NAME, computed("TYPE", _secret_type), computed("DATA", count_keys("data")), AGE),
    "Setting": (NAME, field("VALUE", "value"), field("DEFAULT", "default", wide=True)),
    "Setting.longhorn.io": (NAME, field("VALUE", "value"), AGE),
    "VirtualMachine": (
        NAME,
        AGE,
        field("STATUS", "status.printableStatus"),
        condition("READY", "Ready"),
    ),
    "VirtualMachineInstance": (
        NAME,
        AGE,
        field("PHASE", "status.phase"),
        field("NODENAME", "status.nodeName"),
        condition("READY", "Ready"),
        condition("LIVE-MIGRATABLE", "LiveMigratable", wide=True),
    ),
    "Volume.longhorn.io": (
        NAME,
        field("STATE", "status.state"),
        field("ROBUSTNESS", "status.robustness"),
        field("SIZE", "spec.size"),
        field("NODE", "status.currentNodeID"),
        AGE,
        field("DATA ENGINE", "spec.dataEngine", "spec.backendStoreDriver", wide=True),
        field("ACTUAL SIZE", "status.actualSize", wide=True),
        field("CLAIM", "status.kubernetesStatus.pvcName", wide=True),
    ),
    "configmaps": (NAME, computed("DATA", count_keys("data", "binaryData")), AGE),
    "cronjobs.batch": CRONJOBS,
    "events.events.k8s.io": EVENTS,
    "namespaces": (NAME, field("STATUS", "status.phase"), AGE),
    "persistentvolumeclaims": CLAIMS,
    "persistentvolumes": VOLUMES,
    "replicasets.apps": REPLICASETS,
    "services": SERVICES,
    "statefulsets.apps": STATEFULSETS,
    "volumeattachments.storage.k8s.io": (
        NAME,
        field("ATTACHER", "spec.attacher"),
        field("PV", "spec.source.persistentVolumeName"),
        field("NODE", "spec.nodeName"),
        field("ATTACHED", "status.attached"),
        AGE,
    ),
}


@cache
def print_columns(kind: Kind) -> tuple[PrintColumn, ...]:
    """Return the columns of a kind; those of the catalogue, or name and age, where kubectl has no others."""
    if kind.name in PRINTED:
        return tuple(PRINTED[kind.name])
    own = (_from_catalogue(column) for column in kind.columns if column.name not in OWN)
    return (NAME, *own, AGE) if kind.served else (NAME, *own)


def _from_catalogue(column: Column) -> PrintColumn:
    return computed(column.name.upper().replace("_", "-"), lambda obj: print_value(column.value(obj)))
