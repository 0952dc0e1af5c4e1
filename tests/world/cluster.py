"""A healthy cluster of any shape and version."""

from __future__ import annotations

from collections.abc import Sequence

from tests.world.clusters import cluster_set, namespaces, settings
from tests.world.hosts import hosts
from tests.world.machines import machine_set
from tests.world.nodes import node
from tests.world.world import World

CAPTURED_AT = "2025-05-08T10:00:00Z"
NODES = ("hv01", "hv02", "hv03")


def healthy(
    nodes: Sequence[str] = NODES,
    workers: Sequence[str] = (),
    *,
    witness: str | None = None,
    version: str = "v1.4.2",
    lean: bool = True,
    captured_at: str = CAPTURED_AT,
) -> World:
    """A cluster in which every link between nodes and machines holds; see `hosts` for who gets which role.

    A lean one has the objects that tie hosts, Machines and the cluster together; else also what a real cluster lists
    beside them: images, managedFields, pods, events, Longhorn, fleet, charts and the Secrets a bundle leaves out.
    """
    world = World(hosts(nodes, workers, witness), version, captured_at)
    world.objects += [node(host, world.release, captured_at) for host in world.hosts.values()]
    clusters = cluster_set(world.release, len(world.hosts))
    sets = [machine_set(host, world.release, clusters[0], captured_at) for host in world.hosts.values()]
    for same_kind in zip(*sets, strict=True):
        world.objects += same_kind
    world.objects += [*clusters, *settings(world.release), *namespaces()]
    if not lean:
        from tests.world.extras import enrich

        enrich(world)
    return world
