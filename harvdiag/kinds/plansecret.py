"""What harvdiag keeps of Secrets: only machine plans, and of these neither plan nor token nor body."""

from __future__ import annotations

from base64 import b64decode, b64encode

from harvdiag.core.fields import Obj, field_path, get_text
from harvdiag.core.secrets import mask_secrets, may_hold_secrets

__all__ = ["PLAN_TYPE", "STATUS_KEYS", "strip_plan"]

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
_LONG = 100
"""Characters of an encoded text: counts, times and digests are shorter."""
KEPT = frozenset({"apiVersion", "kind", "metadata", "type"})
"""The other fields that are kept of a Secret: no more are needed, so none can contain a body."""


def _mask_encoded(value: object) -> object:
    """What is kept, with credentials masked in the text that it encodes; only a probe's answer is long enough."""
    if not isinstance(value, str) or len(value) < _LONG:
        return value
    try:
        text = b64decode(value).decode()
    except ValueError:
        return value
    masked = mask_secrets(text) if may_hold_secrets(text) else text
    return value if masked == text else b64encode(masked.encode()).decode()


def strip_plan(obj: Obj) -> Obj | None:
    """Return the Secret without its plan, or None if it is not a machine plan."""
    if get_text(obj, "type") != PLAN_TYPE:
        return None
    data = field_path("data").get(obj)
    found = data if isinstance(data, dict) else {}
    kept = {key: _mask_encoded(value) for key, value in found.items() if key in STATUS_KEYS}
    return {key: value for key, value in obj.items() if key in KEPT} | {"data": kept}
