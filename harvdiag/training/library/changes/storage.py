"""Changes to volumes and the nodes that hold their replicas, all of Longhorn."""

from __future__ import annotations

from typing import Any

from harvdiag.training.library.stage import Finds, Stage, change
from harvdiag.training.world.objects import moment
from harvdiag.training.world.upgrades import conditions
from harvdiag.training.world.world import World

__all__ = [
    "ask_for_too_many_replicas",
    "degrade_by_node",
    "degrade_volume",
    "evict_node",
    "fault_volume",
    "hold_drain_by_volume",
    "leave_longhorn_node",
]

_VOLUME, _NODE, _REPLICA = "Volume.longhorn.io", "Node.longhorn.io", "Replica.longhorn.io"


@change
def degrade_volume(stage: Stage, hours: int) -> Finds:
    """A replica of a volume failed hours ago, and no new one was built."""
    name = stage.volume()
    stage.then(lambda world: _degrade(world, name, moment(world.captured_at, hours=-hours)))
    yield f"volume-degraded {_VOLUME}/{name}"


@change
def hold_drain_by_volume(stage: Stage, node: str) -> Finds:
    """A volume is degraded, and the Job that empties the node waits for it."""
    name = stage.volume()
    at = stage.world.captured_at
    stage.then(lambda world: _degrade(world, name, at))
    yield f"upgrade-pre-drain-held Node/{node}"
    yield f"volume-degraded {_VOLUME}/{name}"


@change
def ask_for_too_many_replicas(stage: Stage) -> Finds:
    """A volume asks for more replicas than there are nodes."""
    name, wanted = stage.volume(), len(stage.nodes) + 2

    def ask(world: World) -> None:
        _degrade(world, name, moment(world.captured_at, days=-3), failed=False)
        world.change(_VOLUME, name, {"spec": {"numberOfReplicas": wanted}})

    stage.then(ask)
    yield f"volume-wants-too-many-replicas {_VOLUME}/{name}"


@change
def degrade_by_node(stage: Stage, node: str) -> Finds:
    """The disk of a node in Longhorn takes no replica, and two volumes lack one."""

    def lack(world: World) -> None:
        at = moment(world.captured_at, hours=-9)
        for row in conditions(world.get(_NODE, node)):
            if row["type"] == "Schedulable":
                row |= {"status": "False", "reason": "KubernetesNodeCordoned", "lastTransitionTime": at}
        for index in (0, 1):
            _degrade(world, stage.volume(index), at, failed=False)
            last = _replicas(world, stage.volume(index))[-1]
            world.remove(_REPLICA, last["metadata"]["name"])

    stage.then(lack)
    yield f"longhorn-node-degrades-volumes {_NODE}/{node}"


@change
def evict_node(stage: Stage, node: str) -> Finds:
    """An eviction of all replicas was asked for, and was left on."""
    stage.then(lambda world: _put(world, node, {"evictionRequested": True}))
    yield f"longhorn-node-evicting {_NODE}/{node}"


@change
def fault_volume(stage: Stage, hours: int) -> Finds:
    """Every replica of a volume has failed."""
    name = stage.volume()

    def fail(world: World) -> None:
        at = moment(world.captured_at, hours=-hours)
        world.change(_VOLUME, name, {"status": {"robustness": "faulted", "lastDegradedAt": at}})
        for replica in _replicas(world, name):
            replica["spec"] |= {"failedAt": at, "healthyAt": ""}
            replica["status"] |= {"currentState": "stopped", "started": False}

    stage.then(fail)
    yield f"volume-faulted {_VOLUME}/{name}"


@change
def leave_longhorn_node(stage: Stage, node: str) -> Finds:
    """Longhorn still counts a host that was removed."""

    def leave(world: World) -> None:
        gone = {"type": "Ready", "status": "False", "reason": "KubernetesNodeGone"}
        made = world.get(_NODE, stage.first)
        copy: dict[str, Any] = {**made, "metadata": {**made["metadata"], "name": node, "uid": f"{node}-longhorn"}}
        copy["spec"] = {**made["spec"], "name": node, "allowScheduling": False}
        copy["status"] = {**made["status"], "conditions": [gone], "diskStatus": {}}
        world.add(copy)

    stage.then(leave)
    yield f"leftover-longhorn-node {_NODE}/{node}"


def _put(world: World, node: str, spec: dict[str, Any]) -> None:
    world.change(_NODE, node, {"spec": spec})


def _replicas(world: World, volume: str) -> list[dict[str, Any]]:
    return [replica for replica in world.find(_REPLICA) if replica["spec"]["volumeName"] == volume]


def _degrade(world: World, volume: str, at: str, *, failed: bool = True) -> None:
    """Let a volume lack a replica since a time; the last of them has failed."""
    world.change(_VOLUME, volume, {"status": {"robustness": "degraded", "lastDegradedAt": at}})
    replica = _replicas(world, volume)[-1]
    if failed:
        replica["spec"] |= {"failedAt": at, "healthyAt": ""}
        replica["status"] |= {"currentState": "stopped", "started": False}
