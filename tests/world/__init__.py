"""The invented world of Harvester clusters as tests take it: the package's builders and writers, in fewer words."""

from typing import Any

from harvdiag.training.world import cluster, faults, rollouts, steps
from harvdiag.training.world.extras import enrich
from harvdiag.training.world.world import World
from tests.world.kit import write_bundle, write_folder

__all__ = ["World", "faults", "healthy", "rollouts", "steps", "write_bundle", "write_folder"]


def healthy(*nodes: Any, lean: bool = True, **how: Any) -> World:
    """A healthy cluster, see `cluster.healthy`; one that is not lean has all that a real one lists."""
    world = cluster.healthy(*nodes, **how)
    if not lean:
        enrich(world)
    return world
