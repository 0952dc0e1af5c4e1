"""Whether two readings are of one cluster."""

from __future__ import annotations

from harvdiag.core.fields import uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.status.changes.side import Side

__all__ = ["NO_NODE", "OTHER_UIDS", "find_difference"]

NO_NODE, OTHER_UIDS = "no node in common", "other uids"
LOCAL = "local"


def find_difference(before: Side, now: Side) -> str:
    """Return by what two readings are of two clusters; empty where they are of one, or nothing tells.

    ``no node in common``: both have Nodes, and no name is in both. ``other uids``: there are names in both, but each
    Node and each object that stands for the cluster has another uid, so it was installed again.
    """
    if before.nodes and now.nodes and not set(before.nodes) & set(now.nodes):
        return NO_NODE
    one, other = _find_uids(before), _find_uids(now)
    both = [ref for ref in one if ref in other]
    replaced = both and all(one[ref] != other[ref] for ref in both)
    return OTHER_UIDS if replaced and {ref.kind == "Node" for ref in both} == {True, False} else ""


def _find_uids(side: Side) -> dict[ObjectRef, str]:
    """The uid of each Node and of each object that stands for the cluster, as far as it has one."""
    found = {
        ref: uid_of(obj)
        for ref, obj in side.facts.links.objects.items()
        if ref.kind == "Node" or (ref.kind.partition(".")[0] == "Cluster" and ref.name == LOCAL)
    }
    return {ref: uid for ref, uid in found.items() if uid}
