"""What harvdiag keeps of Secrets: only machine plans, and of these neither plan nor token nor body."""

from __future__ import annotations

from harvdiag.core.fields import Obj, field_path, get_text

__all__ = ["OUTPUTS", "PLAN_TYPE", "strip_plan"]

PLAN_TYPE = "rke.cattle.io/machine-plan"
STATUS_KEYS = frozenset(
    {
        "applied-checksum",
        "applied-output",
        "applied-periodic-output",
        "failed-checksum",
        "failed-output",
        "failure-count",
        "failure-threshold",
        "last-apply-time",
        "max-failures",
        "probe-statuses",
        "success-count",
    }
)
"""The status keys that a support bundle keeps (rancher/support-bundle-kit); the plan is not among them."""
OUTPUTS = frozenset({"applied-output", "applied-periodic-output"})
"""The output of successful commands on the hosts: nearly all bytes of a plan Secret, and never an error."""
KEPT = frozenset({"apiVersion", "kind", "metadata", "type"})
"""The other fields that are kept of a Secret: no more are needed, so none can contain a body."""
COPIES = ("kubectl.kubernetes.io/last-applied-configuration", "objectset.rio.cattle.io/applied")
"""Annotations that may contain a copy of the whole Secret."""


def strip_plan(obj: Obj) -> Obj | None:
    """Return the Secret without its plan, as a snapshot may keep it, or None if it is not a machine plan."""
    if get_text(obj, "type") != PLAN_TYPE:
        return None
    data = field_path("data").get(obj)
    kept = {key: value for key, value in data.items() if key in STATUS_KEYS} if isinstance(data, dict) else {}
    clean = {key: value for key, value in obj.items() if key in KEPT} | {"data": kept}
    annotations = field_path("metadata.annotations").get(obj)
    if isinstance(annotations, dict) and any(key in annotations for key in COPIES):
        fewer = {key: value for key, value in annotations.items() if key not in COPIES}
        clean["metadata"] = {**obj["metadata"], "annotations": fewer}
    return clean
