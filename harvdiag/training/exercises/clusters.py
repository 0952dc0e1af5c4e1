"""The clusters that exercises are about, opened once each."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.sources import open_source
from harvdiag.training import open_scenario
from harvdiag.training.library.build import open_stage
from harvdiag.training.library.catalogue import scenarios
from harvdiag.training.library.drawing import draw_exam
from harvdiag.training.replays.replay import replay

__all__ = ["open_again", "open_cluster"]

PACKAGE = Path(__file__).parents[2]
PLACES = (PACKAGE / "kit" / "data", PACKAGE.parent / "data")
"""The samples of an installation, and of a checkout."""
LIBRARY, EXAM, REPLAY = "library:", "exam:", "replay:"


@cache
def open_cluster(name: str) -> Cluster:
    """Return the cluster against which answers are checked; of one name always the same."""
    return open_again(name)


def open_again(name: str) -> Cluster:
    """Open the sample, the scenario (``rule/file``, ``library:NAME``) or the exam of this name again.

    That of an exam is ``exam:SEED:DIFFICULTY``, a frame of a replay ``replay:NAME/KEY``. Raises UsageError for a name
    that none has.
    """
    if name.startswith(EXAM):
        seed, difficulty = map(int, name.removeprefix(EXAM).split(":"))
        return open_stage(f"exam-{seed}", draw_exam(seed, difficulty).stage())
    if name.startswith(LIBRARY):
        return scenarios()[name.removeprefix(LIBRARY)].open()
    if name.startswith(REPLAY):
        course, _, key = name.removeprefix(REPLAY).partition("/")
        return replay(course)[key].cluster
    file = f"scenarios/{name}.yaml" if "/" in name else f"bundles/{name}.zip"
    path = next((place / file for place in PLACES if (place / file).exists()), None)
    if path is None:
        raise UsageError(f"this installation has no samples: {file} is missing")
    return open_scenario(path) if "/" in name else Cluster(open_source(path))
