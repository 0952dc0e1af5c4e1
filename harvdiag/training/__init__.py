"""Training: small broken clusters to practise on, opened like any other source."""

from __future__ import annotations

import os
from pathlib import Path

from harvdiag.cluster import Cluster
from harvdiag.training.memory import open_objects
from harvdiag.training.scenarios import load_scenario

__all__ = ["open_objects", "open_scenario"]


def open_scenario(file: str | os.PathLike[str]) -> Cluster:
    """Open the cluster of a scenario file below ``data/scenarios``. Raises UsageError, in one line, otherwise."""
    scenario = load_scenario(Path(file))
    return open_objects(f"{scenario.rule}/{scenario.path.stem}", scenario.objects, scenario.captured_at or "")
