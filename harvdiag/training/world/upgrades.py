"""Upgrades: the Upgrade, the plans and jobs that carry it out, and nodes that are still on the old release."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from harvdiag.training.world.objects import compact, condition, digest, moment, new
from harvdiag.training.world.versions import Release, release
from harvdiag.training.world.world import World

__all__ = [
    "NAME",
    "add_manifest_job",
    "add_node_job",
    "add_plan",
    "add_plan_job",
    "add_upgrade",
    "conditions",
    "configure",
    "lasting",
    "put_back",
    "put_on",
    "safe_name",
    "set_job",
    "set_plan",
    "start_rollout",
    "unix_date",
]

NAME = "hvst-upgrade-abcde"
_HOOKS = {"preDrainHooks": "harvesterhci.io/pre-hook", "postDrainHooks": "harvesterhci.io/post-hook"}
_STEPS = {  # condition, and the upgradeState while it is Unknown
    "LogReady": "PreparingLoggingInfra",
    "ImageReady": "LoggingInfraPrepared",
    "RepoReady": "PreparingRepo",
    "NodesPrepared": "PreparingNodes",
    "SystemServicesUpgraded": "UpgradingSystemServices",
    "NodesUpgraded": "UpgradingNodes",
}


def add_upgrade(
    world: World, previous: str, states: Mapping[str, str], *, name: str = NAME, state: str = "UpgradingNodes"
) -> dict[str, Any]:
    """Add the Upgrade from release `previous` to the world's own; `states` maps a node to its upgrade state.

    `state` is the label `harvesterhci.io/upgradeState`, such as UpgradingNodes or Succeeded.
    """
    began = moment(world.captured_at, days=-1, hours=1)
    labels = {"harvesterhci.io/latestUpgrade": "true", "harvesterhci.io/upgradeState": state}
    if state == "Succeeded":
        labels |= {"harvesterhci.io/read-message": "true"}
    return world.add(
        new(
            "harvesterhci.io/v1beta1",
            "Upgrade",
            name,
            "harvester-system",
            metadata={"creationTimestamp": began},
            labels=labels,
            finalizers=["wrangler.cattle.io/harvester-upgrade-controller"],
            generation=1,
            spec={"image": "", "logEnabled": True, "version": world.version},
            status={
                "conditions": _conditions(state, began),
                "imageID": f"harvester-system/{name}",
                "nodeStatuses": {node: {"state": node_state} for node, node_state in states.items()},
                "previousVersion": previous,
                "repoInfo": _repo_info(world.release, previous),
                "upgradeLog": f"{name}-upgradelog",
            },
        )
    )


def start_rollout(world: World) -> None:
    """Change the provisioning Cluster and RKEControlPlane as Harvester does when the nodes' turn comes."""
    drain: dict[str, Any] = {"deleteEmptyDirData": True, "enabled": True, "force": True, "ignoreDaemonSets": True}
    drain |= {"ignoreErrors": False, "timeout": 0} | {key: [{"annotation": hook}] for key, hook in _HOOKS.items()}
    strategy: dict[str, Any] = {"controlPlaneConcurrency": "1", "workerConcurrency": "1"}
    strategy |= {"controlPlaneDrainOptions": drain, "workerDrainOptions": drain}
    rollout = {"provisionGeneration": 4, "upgradeStrategy": strategy}
    world.change("Cluster.provisioning.cattle.io", "local", {"spec": {"rkeConfig": rollout}})
    world.change("RKEControlPlane", "local", {"spec": rollout})


def put_back(world: World, node: str, version: str) -> None:
    """Show the node on the older release `version`: it has not been upgraded yet."""
    put_on(world, node, release(version).kubernetes, release(version).os)


def put_on(world: World, node: str, kubelet: str, os: str) -> None:
    """Show what runs on the node: its kubelet's version and its OS."""
    info = {"kubeProxyVersion": kubelet, "kubeletVersion": kubelet, "osImage": os}
    world.change("Node", node, {"status": {"nodeInfo": info}})
    for machine in world.find("Machine", world.machine_of(node)):
        machine["status"]["nodeInfo"] = {"kubeletVersion": kubelet, "osImage": os}


def configure(world: World, part: Mapping[str, Any]) -> None:
    """Set a part of the Setting upgrade-config (1.6 and newer; made where the release has none)."""
    found = next(world.find("Setting", "upgrade-config"), None)
    if found is None:
        found = world.add(new("harvesterhci.io/v1beta1", "Setting", "upgrade-config", value="", default="{}"))
    found["value"] = compact(json.loads(found["value"] or found["default"]) | part)


def conditions(obj: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All conditions of an object, with those that Cluster API v1beta2 keeps in the old form."""
    status = obj["status"]
    old: list[dict[str, Any]] = status.get("deprecated", {}).get("v1beta1", {}).get("conditions", [])
    return [*status["conditions"], *old]


def unix_date(at: str) -> str:
    """The RFC 3339 time as rancher-system-agent writes it: `Thu May  8 09:58:41 UTC 2025`."""
    when = dt.datetime.fromisoformat(at)
    return f"{when:%a %b} {when.day:2d} {when:%H:%M:%S} UTC {when.year}"


def add_plan(world: World, name: str, nodes: Iterable[str], *, managed: bool = True, image: str) -> dict[str, Any]:
    """Add a finished SUC Plan and label the Nodes it ran on with its hash."""
    latest = digest(56, "plan", name)
    for node in nodes:
        world.change("Node", node, {"metadata": {"labels": {f"plan.upgrade.cattle.io/{name}": latest}}})
    label, version = ("harvesterhci.io/managed", "true") if managed else ("kubernetes.io/os", "linux"), world.version
    kinds = ("LatestResolved", "Validated", "Complete")
    return world.add(
        new(
            "upgrade.cattle.io/v1",
            "Plan",
            name,
            "cattle-system",
            labels={"harvesterhci.io/upgrade": NAME, "harvesterhci.io/upgradeComponent": "node"} if managed else None,
            generation=1,
            spec={
                "concurrency": 1 if managed else 10,
                "jobActiveDeadlineSecs": 3600,
                "nodeSelector": {"matchLabels": dict([label])},
                "serviceAccountName": "system-upgrade-controller",
                "tolerations": [{"operator": "Exists"}],
                "upgrade": {"image": image, "command": ["do_upgrade_node.sh"], "args": [name.rpartition("-")[2]]},
                "version": version,
            },
            status={
                "conditions": [condition(kind) for kind in kinds],
                "latestHash": latest,
                "latestVersion": version,
            },
        )
    )


def set_plan(plan: dict[str, Any], applying: list[str]) -> None:
    """Show a SUC Plan at work on nodes."""
    told = {"type": "Complete", "status": "False", "lastTransitionTime": plan["metadata"]["creationTimestamp"]}
    rows = [row for row in plan["status"]["conditions"] if row["type"] != "Complete"]
    plan["status"] |= {"applying": applying, "conditions": [*rows, told]}


def set_job(job: dict[str, Any], state: str) -> None:
    """Show a Job as `active`, `complete` (as it was made) or `failed`."""
    if state == "complete":
        return
    began = job["status"]["startTime"]
    job["status"] = {"ready": 0, "startTime": began, "uncountedTerminatedPods": {}}
    if state == "active":
        job["status"] |= {"active": 1, "ready": 1}
        return
    text = "Job has reached the specified backoff limit"
    told = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": text}
    job["status"] |= {"conditions": [told | {"lastTransitionTime": moment(began, minutes=20)}], "failed": 7}


def add_plan_job(world: World, plan: str, node: str, at: str, *, minutes: int = 9) -> dict[str, Any]:
    """Add the finished Job of a SUC Plan on a Node."""
    latest = digest(56, "plan", plan)
    labels = {
        "upgrade.cattle.io/controller": "system-upgrade-controller",
        "upgrade.cattle.io/node": node,
        "upgrade.cattle.io/plan": plan,
        "upgrade.cattle.io/version": world.version,
        f"plan.upgrade.cattle.io/{plan}": latest,
    }
    name = safe_name("apply", plan, "on", node, "with", latest)
    return lasting(_job(world, name, "cattle-system", labels, at), minutes)


def add_node_job(world: World, node: str, kind: str, at: str, name: str = NAME) -> dict[str, Any]:
    """Add the finished Job of an upgrade on a Node; `kind` is its type, such as pre-drain or post-drain."""
    labels = {
        "harvesterhci.io/node": node,
        "harvesterhci.io/upgrade": name,
        "harvesterhci.io/upgradeComponent": "node",
        "harvesterhci.io/upgradeJobType": kind,
    }
    return _job(world, safe_name(name, kind, node), "harvester-system", labels, at)


def add_manifest_job(world: World, at: str, name: str = NAME) -> dict[str, Any]:
    """Add the finished Job that upgraded the system services."""
    labels = {"harvesterhci.io/upgrade": name, "harvesterhci.io/upgradeComponent": "manifest"}
    return lasting(_job(world, f"{name}-apply-manifests", "harvester-system", labels, at), 110)


def safe_name(*parts: str) -> str:
    """The parts joined by `-`, cut and hashed beyond 63 letters as rancher/wrangler does."""
    full = "-".join(parts)
    if len(full) <= 63:
        return full
    keep = 57 if full[56].isalnum() else 56
    return f"{full[:keep]}-{hashlib.sha256(full.encode()).hexdigest()[: 62 - keep]}"


def lasting(job: dict[str, Any], minutes: int) -> dict[str, Any]:
    """Let a finished Job have taken so many minutes, and give it back."""
    done = moment(job["status"]["startTime"], minutes=minutes)
    job["status"] |= {
        "completionTime": done,
        "conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": done}],
    }
    return job


def _job(world: World, name: str, namespace: str, labels: dict[str, str], at: str) -> dict[str, Any]:
    node = labels.get("harvesterhci.io/node") or labels.get("upgrade.cattle.io/node")
    container = {"image": f"rancher/harvester-upgrade:{world.version}", "name": "apply", "resources": {}}
    pod = {"containers": [container], "restartPolicy": "Never"} | ({"nodeName": node} if node else {})
    job = new(
        "batch/v1",
        "Job",
        name,
        namespace,
        metadata={"creationTimestamp": at},
        labels=labels,
        generation=1,
        spec={
            "backoffLimit": 6,
            "completions": 1,
            "parallelism": 1,
            "template": {"metadata": {"creationTimestamp": None, "labels": labels}, "spec": pod},
            "ttlSecondsAfterFinished": 604800,
        },
        status={"ready": 0, "startTime": at, "succeeded": 1, "uncountedTerminatedPods": {}},
    )
    return lasting(world.add(job), 9)


def _conditions(state: str, at: str) -> list[dict[str, str]]:
    finished = state == "Succeeded"
    found = [("Completed", "True" if finished else "Unknown")]
    for kind, running in _STEPS.items():
        found.append((kind, "Unknown" if running == state else "True"))
        if running == state:
            break
    return [{"type": kind, "status": status, "lastUpdateTime": at, "lastTransitionTime": at} for kind, status in found]


def _repo_info(new_release: Release, previous: str) -> str:
    lines = {
        "harvester": new_release.harvester,
        "harvesterChart": new_release.harvester.removeprefix("v"),
        "os": new_release.os,
        "kubernetes": new_release.kubernetes,
        "rancher": new_release.rancher,
        "monitoringChart": "103.1.1+up45.31.1",
        "minUpgradableVersion": previous,
    }
    return "release:\n" + "".join(f"  {key}: {value}\n" for key, value in lines.items())
