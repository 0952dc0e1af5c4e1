"""Faults to lay into a healthy world; each changes it in place."""

from __future__ import annotations

from tests.world.world import World

MACHINE_SET = ("Machine", "CustomMachine", "RKEBootstrap")


def drop_machine_set(world: World, node: str) -> None:
    """Remove the Machine of a host with its CustomMachine, RKEBootstrap and plan Secret, as if it never registered."""
    name = world.machine_of(node)
    for kind in MACHINE_SET:
        world.remove(kind, name)
    world.remove("Secret", f"{name}-machine-plan")


def unlink_node(world: World, node: str, *, managed: bool = False) -> None:
    """Take from a Node all that Cluster API and Rancher's plan put there; `managed` keeps harvesterhci.io/managed."""
    meta = world.get("Node", node)["metadata"]
    marks = ("cluster.x-k8s.io/", "rke.cattle.io/machine", "plan.cattle.io/")
    for part in ("annotations", "labels"):
        meta[part] = {key: value for key, value in meta[part].items() if not key.startswith(marks)}
    meta["annotations"]["rke2.io/node-args"] = '["agent","--server","https://10.0.0.10:9345","--token","********"]'
    if not managed:
        del meta["labels"]["harvesterhci.io/managed"]


def orphan(world: World, node: str, *, managed: bool = False) -> None:
    """Make the Node one that runs but never got a Machine (harvester/harvester#8236)."""
    drop_machine_set(world, node)
    unlink_node(world, node, managed=managed)
