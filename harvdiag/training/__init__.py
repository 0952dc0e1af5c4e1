"""Training: clusters to learn on, opened like any other source, exams, and the exercises of the labs."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harvdiag.cluster import Cluster
from harvdiag.training.memory import open_objects
from harvdiag.training.scenario_files import load_scenario

if TYPE_CHECKING:
    from harvdiag.training.examining import exam
    from harvdiag.training.exercises import check, cluster, hint, join, lab, progress, solution
    from harvdiag.training.library.catalogue import scenarios

__all__ = [
    "check",
    "cluster",
    "exam",
    "hint",
    "join",
    "lab",
    "open_objects",
    "open_scenario",
    "progress",
    "scenarios",
    "solution",
]

_HOMES = {
    **dict.fromkeys(("check", "cluster", "hint", "join", "lab", "progress", "solution"), "harvdiag.training.exercises"),
    "exam": "harvdiag.training.examining",
    "scenarios": "harvdiag.training.library.catalogue",
}
"""Where each name is that is read on first use: whoever opens a file needs none of them."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'harvdiag.training' has no attribute {name!r}")


def open_scenario(file: str | os.PathLike[str]) -> Cluster:
    """Open the cluster of a scenario file below ``data/scenarios``. Raises UsageError, in one line, otherwise."""
    scenario = load_scenario(Path(file))
    return open_objects(f"{scenario.rule}/{scenario.path.stem}", scenario.objects, scenario.captured_at or "")
