"""What every invented API object is made of: stable ids, stable times, metadata, owners and conditions."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import uuid
from typing import Any

__all__ = ["CREATED", "FLEET", "compact", "condition", "digest", "moment", "new", "number", "owner", "uid"]

CREATED = "2025-01-31T10:12:22Z"
FLEET = "fleet-local"


def digest(length: int, *what: object) -> str:
    """The first `length` (up to 64) hex digits of a hash over `what`: the world's only source of chance."""
    return hashlib.sha256("/".join(map(str, what)).encode()).hexdigest()[:length]


def uid(*what: object) -> str:
    """A version 4 UUID that depends on `what` alone."""
    return str(uuid.UUID(digest(32, "uid", *what), version=4))


def number(below: int, *what: object) -> int:
    """A whole number from 0 to `below` - 1 that depends on `what` alone."""
    return int(digest(12, "number", *what), 16) % below


def moment(text: str, **shift: float) -> str:
    """The RFC 3339 time `text`, shifted by the parts of a timedelta: `moment(t, hours=-2)`."""
    at = dt.datetime.fromisoformat(text) + dt.timedelta(**shift)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def compact(value: object) -> str:
    """JSON text as Rancher's annotations hold it: no blanks, keys sorted."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def new(api: str, kind: str, name: str, namespace: str | None = None, **body: Any) -> dict[str, Any]:
    """An API object; of `body`, the keys of ObjectMeta go to metadata and the rest to the top level.

    The uid depends on kind, namespace and name; None values are left out.
    """
    group = api.rpartition("/")[0]
    meta: dict[str, Any] = {"name": name, "namespace": namespace, "uid": uid(group, kind, namespace, name)}
    meta["resourceVersion"] = str(1_000_000 + number(80_000_000, "rv", kind, namespace, name))
    meta["creationTimestamp"] = CREATED
    for key in ("labels", "annotations", "ownerReferences", "finalizers", "generation", "generateName"):
        meta[key] = body.pop(key, None)
    meta |= body.pop("metadata", {})
    return {"apiVersion": api, "kind": kind, "metadata": _present(meta), **_present(body)}


def owner(of: dict[str, Any], controller: bool = True) -> dict[str, Any]:
    """The owner reference to the object `of`."""
    meta = of["metadata"]
    ref = {"apiVersion": of["apiVersion"], "kind": of["kind"], "name": meta["name"], "uid": meta["uid"]}
    return ref | ({"blockOwnerDeletion": True, "controller": True} if controller else {})


def condition(kind: str, status: str = "True", reason: str = "", message: str = "") -> dict[str, str]:
    """A condition as Rancher and Cluster API v1beta1 write it; empty reason and message are left out."""
    texts = {"reason": reason, "message": message}
    return {"type": kind, "status": status, "lastTransitionTime": CREATED} | {k: v for k, v in texts.items() if v}


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
