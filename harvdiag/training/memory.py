"""A cluster of objects in memory, opened as kubectl output would be."""

from __future__ import annotations

from collections.abc import Iterable

from harvdiag.cluster import Cluster
from harvdiag.core.fields import Obj
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.reader import FilesReader

__all__ = ["open_objects"]


def open_objects(name: str, objects: Iterable[Obj], captured_at: str = "") -> Cluster:
    """The cluster of these objects, which are all there is; `captured_at` is RFC 3339, else the last heartbeat counts.

    `name` is what to call it.
    """
    # An empty list of every kind, as from kubectl: a scenario is complete also for kinds that it has none of.
    empty = [("", _empty_list(kind)) for kind in CATALOGUE.values() if kind.versions]
    documents = [*empty, *((name, obj) for obj in objects)]
    return Cluster(Snapshot(FilesReader(name, documents, captured_at, whole=True)))


def _empty_list(kind: Kind) -> Obj:
    version = f"{kind.group}/{kind.versions[0]}" if kind.group else kind.versions[0]
    return {"apiVersion": version, "kind": f"{kind.bare}List", "items": []}
