"""Clusters of which not every kind was seen."""

from __future__ import annotations

from pathlib import Path

from harvdiag.cluster import Cluster
from harvdiag.snapshot import Manifest, Snapshot
from harvdiag.sources.files.reader import FilesReader
from harvdiag.training.world.cluster import CAPTURED_AT
from tests.world import World, write_folder

__all__ = ["without"]


def without(place: Path, world: World, *files: str, captured_at: str = CAPTURED_AT) -> Cluster:
    """The world as files of kubectl, of which some (``machines.cluster.x-k8s.io``) were not asked for."""
    folder = write_folder(place, world.objects)
    for file in files:
        (folder / f"{file}.yaml").unlink()
    reader = FilesReader.from_path(folder)
    reader.manifest = Manifest(kind="files", name=folder.name, captured_at=captured_at)
    return Cluster(Snapshot(reader))
