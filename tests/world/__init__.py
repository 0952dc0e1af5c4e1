"""An invented world of Harvester clusters: API objects, support bundles, samples and scenarios are built from it."""

from tests.world.cluster import healthy
from tests.world.kit import write_bundle, write_folder
from tests.world.world import World

__all__ = ["World", "healthy", "write_bundle", "write_folder"]
