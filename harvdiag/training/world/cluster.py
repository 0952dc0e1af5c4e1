"""A healthy cluster of any shape and version."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.training.world.clusters import cluster_set, namespaces, settings
from harvdiag.training.world.hosts import hosts
from harvdiag.training.world.machines import machine_set
from harvdiag.training.world.nodes import node
from harvdiag.training.world.world import World

__all__ = ["CAPTURED_AT", "NODES", "healthy"]

CAPTURED_AT = "2025-05-08T10:00:00Z"
NODES = ("hv01", "hv02", "hv03")


def healthy(
    nodes: Sequence[str] = NODES,
    workers: Sequence[str] = (),
    *,
    witness: str | None = None,
    version: str = "v1.4.2",
    captured_at: str = CAPTURED_AT,
) -> World:
    """A cluster in which every link between nodes and machines holds; see `hosts` for who gets which role.

    It is lean: it has the objects that tie hosts, Machines and the cluster together. `enrich` of the module `extras`
    adds what a real cluster lists beside them.
    """
    world = World(hosts(nodes, workers, witness), version, captured_at)
    world.objects += [node(host, world.release, captured_at) for host in world.hosts.values()]
    clusters = cluster_set(world.release, len(world.hosts))
    sets = [machine_set(host, world.release, clusters[0], captured_at) for host in world.hosts.values()]
    for same_kind in zip(*sets, strict=True):
        world.objects += same_kind
    world.objects += [*clusters, *settings(world.release), *namespaces()]
    return world
