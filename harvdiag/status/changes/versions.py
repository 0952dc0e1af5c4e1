"""The versions that changed between two readings: of Harvester, of Kubernetes, and on each node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.status.changes.side import Side

__all__ = ["VersionChange", "compare_versions"]

ON_NODES = (("kubelet", "status.nodeInfo.kubeletVersion"), ("operating system", "status.nodeInfo.osImage"))


@dataclass(frozen=True, kw_only=True)
class VersionChange:
    """A version that is another now; one that is unknown on a side does not count."""

    of: str
    """``Harvester``, ``Kubernetes``, or what runs on a node: ``kubelet``, ``operating system``."""
    before: str
    now: str
    node: str = ""
    """The name of the Node; empty for the cluster."""


def compare_versions(before: Side, now: Side) -> list[VersionChange]:
    """Return the versions that changed, of the cluster and then of each Node that is on both sides."""
    return [change for change in _pair_versions(before, now) if change.before and change.now != change.before]


def _pair_versions(before: Side, now: Side) -> Iterator[VersionChange]:
    one, other = before.findings.source, now.findings.source
    pairs = (
        ("Harvester", one.harvester_version, other.harvester_version),
        ("Kubernetes", one.kubernetes_version, other.kubernetes_version),
    )
    yield from (VersionChange(of=of, before=was, now=is_) for of, was, is_ in pairs if is_)
    for name in now.nodes:
        was, is_ = (side.facts.links.objects.get(ObjectRef("Node", "", name)) for side in (before, now))
        for of, path in ON_NODES:
            version = get_text(is_, path)
            if version:
                yield VersionChange(of=of, before=get_text(was, path), now=version, node=name)
