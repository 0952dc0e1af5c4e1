"""Nodes in a table: ready or not, whether they take Pods, their roles."""

from __future__ import annotations

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_items, get_labels, get_text
from harvdiag.kinds.printing.column import AGE, NAME, PrintColumn, computed, field

__all__ = ["NODES"]

ROLE, OLD_ROLE = "node-role.kubernetes.io/", "kubernetes.io/role"


def _status(obj: Obj) -> str:
    ready = find_condition(obj, "Ready")
    state = {"True": "Ready", "": "Unknown"}.get(ready.status, "NotReady")
    return f"{state},SchedulingDisabled" if field_path("spec.unschedulable").get(obj) is True else state


def _roles(obj: Obj) -> str:
    labels = get_labels(obj)
    roles = {key.removeprefix(ROLE) for key in labels if key.startswith(ROLE)} - {""}
    roles |= {str(labels[OLD_ROLE])} if labels.get(OLD_ROLE) else set()
    return ",".join(sorted(roles))


def _address(header: str, kind: str) -> PrintColumn:
    def text(obj: Obj) -> str:
        found = (each for each in get_items(obj, "status.addresses") if isinstance(each, dict))
        return next((get_text(each, "address") for each in found if each.get("type") == kind), "")

    return computed(header, text, wide=True)


NODES = (
    NAME,
    computed("STATUS", _status),
    computed("ROLES", _roles),
    AGE,
    field("VERSION", "status.nodeInfo.kubeletVersion"),
    _address("INTERNAL-IP", "InternalIP"),
    _address("EXTERNAL-IP", "ExternalIP"),
    field("OS-IMAGE", "status.nodeInfo.osImage", wide=True),
    field("KERNEL-VERSION", "status.nodeInfo.kernelVersion", wide=True),
    field("CONTAINER-RUNTIME", "status.nodeInfo.containerRuntimeVersion", wide=True),
)
