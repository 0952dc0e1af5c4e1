"""The base clusters of `data/scenarios/base`: run `python -m tests.world.bases` to write them again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from harvdiag.training.world.objects import compact, moment
from harvdiag.training.world.rollouts import at_phase, at_step
from harvdiag.training.world.upgradeplans import at_plan_step
from harvdiag.training.world.upgrades import NAME, add_manifest_job, add_node_job, add_upgrade, put_back, start_rollout
from harvdiag.training.world.world import World
from tests.world import healthy
from tests.world.kit import dump
from tests.world.samples import DATA

_LEFT_OUT = ("appliedPlan", "plan", "failed-checksum", "failed-output")


def four_nodes_upgrading() -> World:
    """An upgrade that gets on: two nodes are done, hv03 is being drained, the worker hv04 waits for its turn."""
    world = healthy(("hv01", "hv02", "hv03", "hv04"), version="v1.4.2")
    states = {"hv01": "Succeeded", "hv02": "Succeeded", "hv03": "Pre-draining", "hv04": "Images preloaded"}
    add_upgrade(world, "v1.4.1", states)
    start_rollout(world)
    began = moment(world.captured_at, days=-1, hours=1)
    add_manifest_job(world, moment(began, minutes=65))
    for i, node in enumerate(("hv01", "hv02")):
        add_node_job(world, node, "pre-drain", moment(began, hours=3 + i))
        add_node_job(world, node, "post-drain", moment(began, hours=3 + i, minutes=30))
    for node in ("hv03", "hv04"):
        put_back(world, node, "v1.4.1")
    _drain(world, "hv03")
    return world


def _four() -> World:
    return healthy(("hv01", "hv02", "hv03", "hv04"), version="v1.4.2")


BASES: dict[str, Callable[[], World]] = {
    "one-node": lambda: healthy(("hv01",)),
    "three-nodes": healthy,
    "three-nodes-v1beta2": lambda: healthy(version="v1.8.2"),
    "four-nodes-upgrading": four_nodes_upgrading,
    "four-nodes-services": lambda: at_phase(_four(), "UpgradingSystemServices"),
    "four-nodes-draining": lambda: at_step(_four(), "hv02", "h4"),
    "four-nodes-plan": lambda: at_plan_step(healthy(("hv01", "hv02", "hv03", "hv04"), version="v1.9.0"), "hv02", "h4"),
    "six-nodes": lambda: healthy([f"hv0{i}" for i in range(1, 7)], version="v1.3.2"),
}


def text(name: str) -> str:
    """A base as one list, plain kubectl style: without namespaces and without bodies of plans."""
    objects = [obj for obj in BASES[name]().objects if obj["kind"] != "Namespace"]
    whole = {"apiVersion": "v1", "items": [_bare(obj) for obj in objects], "kind": "List"}
    return dump(whole | {"metadata": {"resourceVersion": ""}})


def write_bases(folder: Path = DATA / "scenarios" / "base") -> list[Path]:
    """Write all bases and give back their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.yaml" for name in BASES]
    for path in paths:
        path.write_text(text(path.stem), encoding="utf-8")
    return paths


def _bare(obj: dict[str, Any]) -> dict[str, Any]:
    for key in _LEFT_OUT:
        obj.get("data", {}).pop(key, None)
    del obj["metadata"]["resourceVersion"]
    return obj


def _drain(world: World, node: str) -> None:
    """Show a node whose turn has come: cordoned, pre-drain asked for, its Job at work."""
    options = compact({"deleteEmptyDirData": True, "enabled": True, "force": True, "ignoreDaemonSets": True})
    asked = {"rke.cattle.io/drain-options": options, "rke.cattle.io/pre-drain": options}
    machine = world.machine_of(node)
    world.change("Secret", f"{machine}-machine-plan", {"metadata": {"annotations": asked}})
    at = moment(world.captured_at, minutes=-7)
    taint = {"effect": "NoSchedule", "key": "node.kubernetes.io/unschedulable", "timeAdded": at}
    world.change("Node", node, {"spec": {"taints": [taint], "unschedulable": True}})
    job = add_node_job(world, node, "pre-drain", at)
    job["status"] = {"active": 1, "ready": 1, "startTime": at, "uncountedTerminatedPods": {}}
    text = f"draining etcd node(s) {machine}: draining node"
    waiting = {"status": "Unknown", "reason": "Waiting", "message": text, "lastTransitionTime": at}
    for kind in ("RKEControlPlane", "Cluster.provisioning.cattle.io"):
        for condition in world.get(kind, "local")["status"]["conditions"]:
            if condition["type"] in ("Reconciled", "Updated"):
                condition.update(waiting)
    world.get("Upgrade", NAME)["status"]["nodeStatuses"][node] = {"state": "Pre-draining"}


if __name__ == "__main__":
    for path in write_bases():
        print(path)
