"""Faults to lay into a healthy world; each changes it in place."""

from __future__ import annotations

import json

from harvdiag.training.world.hosts import Host
from harvdiag.training.world.machines import machine_set
from harvdiag.training.world.objects import digest, owner, uid
from harvdiag.training.world.upgrades import NAME, conditions
from harvdiag.training.world.world import World

__all__ = [
    "MACHINE_SET",
    "drop_machine_set",
    "ghost",
    "lose_answer",
    "orphan",
    "pass_over",
    "second_machine",
    "share_machine",
    "unlink_node",
]

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


def share_machine(world: World, node: str, other: str) -> None:
    """Let the Node name the Machine of another, and have no Machine and no managed label of its own.

    Its host re-used an old install; etcd knows it in the place of the other (harvester-develop-summary).
    """
    orphan(world, node)
    meta = world.get("Node", node)["metadata"]
    meta["annotations"] |= {
        "cluster.x-k8s.io/cluster-name": "local",
        "cluster.x-k8s.io/cluster-namespace": "fleet-local",
        "cluster.x-k8s.io/machine": world.machine_of(other),
        "etcd.rke2.cattle.io/node-address": meta["annotations"]["rke2.io/internal-ip"],
        "etcd.rke2.cattle.io/node-name": f"{node}-{digest(8, 'etcd', node)}",
    }
    meta["labels"] |= {"rke.cattle.io/machine": uid("old install", node), "node-role.kubernetes.io/etcd": "true"}
    for name, status, reason in ((node, "True", "MemberNotLearner"), (other, "False", "NotAMember")):
        rows = [row for row in world.get("Node", name)["status"]["conditions"] if row["type"] != "EtcdIsVoter"]
        ready = next(row for row in rows if row["type"] == "Ready")
        text = "Node is a voting member of the etcd cluster" if status == "True" else "Node is not a member of etcd"
        rows.append(ready | {"type": "EtcdIsVoter", "status": status, "reason": reason, "message": text})
        world.get("Node", name)["status"]["conditions"] = rows


def pass_over(world: World, node: str) -> None:
    """Take from the world what an upgrade did on a Node, as if the plans' selectors had never met it."""
    plans = [plan for plan in world.find("Plan") if plan["metadata"]["name"].startswith(NAME)]
    labels = world.get("Node", node)["metadata"]["labels"]
    for plan in plans:
        labels.pop(f"plan.upgrade.cattle.io/{plan['metadata']['name']}", None)
    world.get("Upgrade", NAME)["status"]["nodeStatuses"].pop(node, None)
    keys = ("upgrade.cattle.io/node", "harvesterhci.io/node")
    for job in list(world.find("Job")):
        if node in [job["metadata"]["labels"].get(key) for key in keys]:
            world.remove("Job", job["metadata"]["name"])


def second_machine(world: World, node: str, deleted_at: str) -> str:
    """Give a Node the Machine that it had before it was added again, whose deletion never ends; its name."""
    old = Host(f"{node}-before", world.hosts[node].index, "worker")
    named = Host(node, old.index, old.role)
    cluster = world.get("Cluster", "local")
    for obj in machine_set(named, world.release, cluster, world.captured_at):
        text = json.dumps(obj)
        for mine, its in ((named.machine, old.machine), (named.cattle_id, old.cattle_id)):
            text = text.replace(mine, its)
        copy = json.loads(text)
        copy["metadata"]["uid"] = uid(copy["kind"], copy["metadata"]["name"])
        copy["metadata"].pop("ownerReferences", None)
        world.add(copy)
    dying = {"deletionTimestamp": deleted_at, "deletionGracePeriodSeconds": 0}
    world.change("Machine", old.machine, {"metadata": dying, "status": {"phase": "Deleting"}})
    _own(world, old.machine)
    return old.machine


def ghost(world: World, node: str, *, etcd: bool = False) -> None:
    """Remove the Node and leave its Machine, as if only the Node had been deleted (harvester/harvester#6203)."""
    world.remove("Node", node)
    machine = world.hosts.pop(node).machine
    for row in conditions(world.get("Machine", machine)):
        if row["type"] in {"NodeHealthy", "NodeReady"}:
            row |= {"status": "False", "reason": "NodeNotFound", "message": f"Node {node} was not found"}
    for kind, name in (*((kind, machine) for kind in MACHINE_SET), ("Secret", f"{machine}-machine-plan")):
        if etcd:
            roles = {"rke.cattle.io/control-plane-role": "true", "rke.cattle.io/etcd-role": "true"}
            world.change(kind, name, {"metadata": {"labels": roles}})


def lose_answer(world: World, node: str, hook: str = "pre-hook") -> None:
    """Take Harvester's acknowledgement from the plan Secret, as if the second of its two writes had failed."""
    marks = {f"harvesterhci.io/{hook}": None}
    world.change("Secret", f"{world.machine_of(node)}-machine-plan", {"metadata": {"annotations": marks}})


def _own(world: World, machine: str) -> None:
    """Let the objects of a Machine's set own one another as in a healthy cluster."""
    of = {"Machine": world.get("Cluster", "local")}
    of |= dict.fromkeys(("CustomMachine", "RKEBootstrap"), world.get("Machine", machine))
    for kind, parent in of.items():
        world.get(kind, machine)["metadata"]["ownerReferences"] = [owner(parent, controller=kind != "Machine")]
    secret = world.get("Secret", f"{machine}-machine-plan")
    secret["metadata"]["ownerReferences"] = [owner(world.get("RKEBootstrap", machine))]
