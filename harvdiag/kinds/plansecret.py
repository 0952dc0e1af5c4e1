"""What harvdiag keeps of Secrets: only machine plans, and of these neither plan nor token nor body."""

from __future__ import annotations

from harvdiag.core.fields import Obj, field_path, get_text

__all__ = ["PLAN_TYPE", "strip_plan"]

PLAN_TYPE = "rke.cattle.io/machine-plan"
STATUS_KEYS = frozenset(
    {
        "applied-checksum",
        "failed-checksum",
        "failure-count",
        "failure-threshold",
        "last-apply-time",
        "max-failures",
        "probe-statuses",
        "success-count",
    }
)
"""The status keys that a support bundle keeps (rancher/support-bundle-kit) without the outputs of commands on hosts,
which no check reads and which may print anything; the plan is not among them."""
KEPT = frozenset({"apiVersion", "kind", "metadata", "type"})
"""The other fields that are kept of a Secret: no more are needed, so none can contain a body."""


def strip_plan(obj: Obj) -> Obj | None:
    """Return the Secret without its plan, or None if it is not a machine plan."""
    if get_text(obj, "type") != PLAN_TYPE:
        return None
    data = field_path("data").get(obj)
    kept = {key: value for key, value in data.items() if key in STATUS_KEYS} if isinstance(data, dict) else {}
    return {key: value for key, value in obj.items() if key in KEPT} | {"data": kept}
