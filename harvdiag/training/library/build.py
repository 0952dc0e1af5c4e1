"""From a stage to what one opens: the objects of its cluster, in memory or as a support bundle with logs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.io.whole import write_whole
from harvdiag.sources.saved.writer import unwritable_error
from harvdiag.training.kit.bundle import Manner, write_bundle
from harvdiag.training.kit.surround import surround
from harvdiag.training.library.stage import Stage
from harvdiag.training.memory import open_objects
from harvdiag.training.world.everyday import serve
from harvdiag.training.world.evidence import node_zips, pod_logs
from harvdiag.training.world.extras import enrich

__all__ = ["open_stage", "write_stage"]


def open_stage(name: str, stage: Stage) -> Cluster:
    """The cluster of a stage under a name; the stage is used up."""
    return open_objects(name, _whole(stage), stage.world.captured_at)


def write_stage(path: Path, stage: Stage) -> Path:
    """Write a stage as a support bundle and return its path; the stage is used up.

    It is written completely or not at all. Raises UsageError, in one line, where that fails.
    """
    objects = _whole(stage)
    logs, hosts = pod_logs(stage.world, stage.said), node_zips(stage.world, stage.lost, stage.distrusting)
    how = Manner(logs=logs, node_zips=hosts)
    with TemporaryDirectory(prefix="harvdiag-") as folder:
        try:
            made = write_bundle(Path(folder, "made.zip"), objects, stage.world.captured_at, how)
            write_whole(path, made.read_bytes())
        except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
            raise unwritable_error(path, str(getattr(error, "strerror", error)).lower()) from error
    return path


def _whole(stage: Stage) -> list[dict[str, Any]]:
    """All objects: those that changes were made to, those that a real cluster has beside them, and late changes.

    No event is a warning: what one may find is what was changed.
    """
    world = stage.world
    enrich(world)
    serve(world)
    for step in stage.late:
        step(world)
    return surround(obj for obj in world.objects if not (obj["kind"] == "Event" and obj["type"] == "Warning"))
