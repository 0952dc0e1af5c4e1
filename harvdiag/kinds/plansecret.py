"""What harvdiag may keep of a Secret: machine plans only, and of those no plan, no token, no body."""

from __future__ import annotations

from harvdiag.core.fields import Obj, field, text

__all__ = ["OUTPUTS", "PLAN_TYPE", "admit"]

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
"""The status keys that a support bundle keeps (rancher/support-bundle-kit); no plan is among them."""
OUTPUTS = frozenset({"applied-output", "applied-periodic-output"})
"""What commands that went well wrote on the hosts: nearly all the bytes of a plan Secret, and no sign of any fault."""
KEPT = frozenset({"apiVersion", "kind", "metadata", "type"})
"""What stays of a Secret beside those: no other field is needed, so none can carry a body."""
COPIES = ("kubectl.kubernetes.io/last-applied-configuration", "objectset.rio.cattle.io/applied")
"""Annotations that may hold a copy of the whole Secret."""


def admit(obj: Obj) -> Obj | None:
    """The Secret as a snapshot may keep it, or None where it is no machine plan."""
    if text(obj, "type") != PLAN_TYPE:
        return None
    data = field("data").get(obj)
    kept = {key: value for key, value in data.items() if key in STATUS_KEYS} if isinstance(data, dict) else {}
    clean = {key: value for key, value in obj.items() if key in KEPT} | {"data": kept}
    annotations = field("metadata.annotations").get(obj)
    if isinstance(annotations, dict) and any(key in annotations for key in COPIES):
        fewer = {key: value for key, value in annotations.items() if key not in COPIES}
        clean["metadata"] = {**obj["metadata"], "annotations": fewer}
    return clean
