"""The second line of a box: the role, phase or kind of an object, and whether it is being deleted."""

from __future__ import annotations

from harvdiag.core.fields import Obj, get_labels, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.columns import condition_column, roles_column

__all__ = ["describe_object", "kind_label"]

ROLES, READY = roles_column(), condition_column("ready", "Ready")
INIT = "rke.cattle.io/init-node"


def describe_object(obj: Obj, ref: ObjectRef) -> str:
    """Return the role of a Node, the phase of a Machine, or the kind where several kinds share a column."""
    leaving = "being deleted" if get_text(obj, "metadata.deletionTimestamp") else ""
    if ref.kind == "Node":
        ready = "" if READY.value(obj) in {"True", None} else "not ready"
        return _join_words(ready, leaving, (ROLES.value(obj) or "worker").replace(" ", ", "))
    if ref.kind == "Machine":
        phase = get_text(obj, "status.phase")
        return _join_words(phase, leaving if phase != "Deleting" else "")
    if ref.kind == "Secret":
        rest = "machine-plan" if ref.name.endswith("-machine-plan") else ""
        return _join_words(rest, leaving, "init node" if get_labels(obj).get(INIT) == "true" else "")
    return _join_words(kind_label(ref.kind), leaving)


def kind_label(name: str) -> str:
    """Return a short name for the kind: three kinds are called Cluster."""
    bare = CATALOGUE[name].bare
    group = CATALOGUE[name].group
    if bare != "Cluster":
        return bare
    return {"cluster.x-k8s.io": "CAPI Cluster"}.get(group, f"{group.partition('.')[0]} Cluster")


def _join_words(*words: str) -> str:
    return ", ".join(filter(None, words))
