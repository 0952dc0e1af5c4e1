"""Training: small broken clusters to practise on, opened like any other source, and the exercises of the labs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harvdiag.cluster import Cluster
from harvdiag.core.fields import Obj
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.reader import FilesReader
from harvdiag.training.scenarios import load_scenario

if TYPE_CHECKING:
    from harvdiag.training.exercises import check, cluster, hint, lab, progress, solution

__all__ = ["check", "cluster", "hint", "lab", "open_objects", "open_scenario", "progress", "solution"]

_EXERCISES = {"check", "cluster", "hint", "lab", "progress", "solution"}


def __getattr__(name: str) -> Any:
    """The calls of the exercises, which are read on first use: whoever opens a scenario needs none of them."""
    if name in _EXERCISES:
        return getattr(import_module("harvdiag.training.exercises"), name)
    raise AttributeError(f"module 'harvdiag.training' has no attribute {name!r}")


def open_scenario(file: str | os.PathLike[str]) -> Cluster:
    """Open the cluster of a scenario file below ``data/scenarios``. Raises UsageError, in one line, otherwise."""
    scenario = load_scenario(Path(file))
    return open_objects(f"{scenario.rule}/{scenario.path.stem}", scenario.objects, scenario.captured_at or "")


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
