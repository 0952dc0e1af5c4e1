"""The objects of the benchmark's cluster: 200 nodes with what belongs to them, and pods of a usual size."""

from __future__ import annotations

import copy
import json
from typing import Any

from harvdiag.training.world.objects import digest, uid
from tests.tools.gen_bundle import World as Generator
from tests.world import healthy

KINDS = (  # what a check reads, and the pods
    "Node",
    "Machine",
    "CustomMachine",
    "RKEBootstrap",
    "Secret",
    "Cluster",
    "Cluster.provisioning.cattle.io",
    "Cluster.management.cattle.io",
    "RKECluster",
    "RKEControlPlane",
    "Setting",
    "Upgrade",
    "Pod",
)
POD_SIZE = 4000


def objects(nodes: int, pods: int) -> list[dict[str, Any]]:
    """A healthy cluster, its Nodes with the images of the generator, and as many pods as are asked for."""
    world = healthy([f"node{i:03d}" for i in range(nodes)], lean=False)
    for node, full in zip(_core_nodes(world), Generator(nodes, 1).nodes(), strict=True):
        node["status"]["images"] = full["status"]["images"]
    patterns = [obj for obj in world.objects if obj["kind"] == "Pod"]
    rest = [obj for obj in world.objects if obj["kind"] != "Pod"]
    return rest + [_pod(patterns[i % len(patterns)], i) for i in range(pods)]


def _core_nodes(world: Any) -> list[dict[str, Any]]:
    return [obj for obj in world.find("Node") if obj["apiVersion"] == "v1"]


def _pod(pattern: dict[str, Any], number: int) -> dict[str, Any]:
    """A pod like another, under a name of its own, and with as much environment as makes it `POD_SIZE` bytes."""
    pod = copy.deepcopy(pattern)
    meta = pod["metadata"]
    meta["name"] = f"{meta['name'][:50]}-{number}"
    meta["uid"] = uid("Pod", meta["namespace"], meta["name"])
    container = pod["spec"]["containers"][0]
    for state in pod["status"].get("containerStatuses", ()):  # the typed client insists on them
        state |= {"image": container["image"], "imageID": f"docker.io/{container['image']}@sha256:{digest(64, number)}"}
    lacking = POD_SIZE - len(json.dumps(pod, separators=(",", ":")))
    env = container.setdefault("env", [])
    env += [{"name": f"SETTING_{i:02d}", "value": digest(40, number, i)} for i in range(max(0, lacking // 75))]
    return pod
