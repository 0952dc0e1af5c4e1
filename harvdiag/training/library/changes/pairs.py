"""Changes to nodes, Machines and the cluster that ties them."""

from __future__ import annotations

from harvdiag.training.library.stage import Finds, Stage, change
from harvdiag.training.world import faults
from harvdiag.training.world.hosts import Host
from harvdiag.training.world.machines import machine_set
from harvdiag.training.world.objects import moment, uid
from harvdiag.training.world.upgrades import conditions

__all__ = [
    "cordon",
    "delete_custom_machine",
    "delete_machine",
    "forget_host",
    "half_join",
    "keep_old_machine",
    "leave_etcd",
    "leave_machine",
    "lose_first_host",
    "lose_plan_secret",
    "pause_cluster",
    "recreate_node",
    "register_host",
    "reuse_old_install",
    "set_managed_by_hand",
    "stop_kubelet",
    "swap_machines",
    "take_managed_label",
]


@change
def forget_host(stage: Stage, node: str) -> Finds:
    """The host runs RKE2 and has its Node, but it was never registered, so it has no Machine."""
    faults.orphan(stage.world, node)
    stage.lost.add(node)
    yield f"node-without-machine Node/{node}"


@change
def set_managed_by_hand(stage: Stage, node: str) -> Finds:
    """An administrator gave the Node the managed label, so that the upgrade of the services went on."""
    stage.world.change("Node", node, {"metadata": {"labels": {"harvesterhci.io/managed": "true"}}})
    return ()


@change
def leave_machine(stage: Stage, node: str, etcd: bool = False) -> Finds:
    """Only the Node of the host was deleted; its Machine is left."""
    machine = stage.machine(node)
    faults.ghost(stage.world, node, etcd=etcd)
    yield f"machine-dangling-node Machine/{machine}"


@change
def keep_old_machine(stage: Stage, node: str, days: int) -> Finds:
    """The host was added again before its old Machine was gone, whose deletion does not end since."""
    old = faults.second_machine(stage.world, node, moment(stage.world.captured_at, days=-days))
    yield f"machine-stuck-deleting Machine/{old}"


@change
def reuse_old_install(stage: Stage, node: str, other: str) -> Finds:
    """The host was installed on a disk in use before, and claims the Machine of another one."""
    faults.share_machine(stage.world, node, other)
    stage.lost.add(node)
    yield f"nodes-share-machine Machine/{stage.machine(other)}"


@change
def half_join(stage: Stage, node: str) -> Finds:
    """The host has a Machine and a plan, but Cluster API never matched Machine and Node."""
    world, machine = stage.world, stage.machine(node)
    marks = dict.fromkeys(key for key in _annotations(stage, node) if key.startswith("cluster.x-k8s.io/"))
    world.change("Node", node, {"metadata": {"annotations": marks}})
    told = {"phase": "Provisioning", "nodeRef": None, "infrastructureReady": None if world.release.beta2 else False}
    world.change("Machine", machine, {"spec": {"providerID": None}, "status": told})
    world.change("CustomMachine", machine, {"spec": {"providerID": None}})
    yield f"node-half-joined Node/{node}"


@change
def take_managed_label(stage: Stage, node: str) -> Finds:
    """The label by which Harvester knows its nodes was removed."""
    stage.world.change("Node", node, {"metadata": {"labels": {"harvesterhci.io/managed": None}}})
    yield f"node-not-managed Node/{node}"


@change
def swap_machines(stage: Stage, node: str, other: str) -> Finds:
    """Two Nodes name each other's Machine."""
    for one, its in ((node, other), (other, node)):
        marks = {"cluster.x-k8s.io/machine": stage.machine(its)}
        stage.world.change("Node", one, {"metadata": {"annotations": marks}})
    yield from (f"node-machine-disagree Node/{each}" for each in (node, other))


@change
def recreate_node(stage: Stage, node: str) -> Finds:
    """The Node was deleted while its host ran on, which made it again."""
    at = moment(stage.world.captured_at, days=-2)
    stage.world.change("Node", node, {"metadata": {"uid": uid("made again", node), "creationTimestamp": at}})
    yield f"node-recreated Node/{node}"


@change
def pause_cluster(stage: Stage) -> Finds:
    """A restore left the Cluster paused."""
    stage.world.change("Cluster", "local", {"spec": {"paused": True}})
    yield "cluster-paused Cluster/local"


@change
def register_host(stage: Stage, name: str) -> Finds:
    """A new host was registered, whose Machine waits for its Node."""
    world = stage.world
    host = Host(name, len(world.hosts), "worker")
    made, custom, bootstrap, _ = machine_set(host, world.release, world.get("Cluster", "local"), world.captured_at)
    made["status"] = {"phase": "Pending"} | ({} if world.release.beta2 else {"bootstrapReady": False})
    made["spec"].pop("providerID")
    custom["spec"], custom["status"] = {}, {"ready": True}
    bootstrap["status"] = {"ready": False}
    for obj in (made, custom, bootstrap):
        obj["metadata"]["creationTimestamp"] = moment(world.captured_at, days=-2)
        world.add(obj)
    return ()


@change
def lose_first_host(stage: Stage) -> Finds:
    """The host with which the cluster began was removed; its plan Secret is still the init node's."""
    world, node = stage.world, stage.first
    machine = stage.machine(node)
    world.remove("Node", node)
    for kind in faults.MACHINE_SET:
        world.remove(kind, machine)
    del world.hosts[node]
    yield f"init-node-dead Secret/{machine}-machine-plan"


@change
def leave_etcd(stage: Stage, node: str) -> Finds:
    """The host counts as an etcd node, and the members of etcd do not know it."""
    for row in conditions(stage.world.get("Node", node)):
        if row["type"] == "EtcdIsVoter":
            text = "Node is not a member of the etcd cluster"
            row |= {"status": "False", "reason": "NotAMember", "message": text}
            row["lastTransitionTime"] = moment(stage.world.captured_at, hours=-18)
    yield f"node-outside-etcd Node/{node}"


@change
def cordon(stage: Stage, node: str) -> Finds:
    """The Node was cordoned for some work last week, and is so still."""
    at = moment(stage.world.captured_at, days=-6)
    taint = {"effect": "NoSchedule", "key": "node.kubernetes.io/unschedulable", "timeAdded": at}
    stage.world.change("Node", node, {"spec": {"unschedulable": True, "taints": [taint]}})
    yield f"node-cordoned Node/{node}"


@change
def stop_kubelet(stage: Stage, node: str, hours: int) -> Finds:
    """The host is off, or its kubelet is silent."""
    at = moment(stage.world.captured_at, hours=-hours)
    silent = {"status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status."}
    for row in conditions(stage.world.get("Node", node)):
        if row["type"] == "Ready":
            row.update(silent | {"lastTransitionTime": at, "lastHeartbeatTime": at})
    yield f"node-unready Node/{node}"


@change
def lose_plan_secret(stage: Stage, node: str) -> Finds:
    """The plan Secret of the Machine was deleted, and is not made again."""
    machine = stage.machine(node)
    stage.world.remove("Secret", f"{machine}-machine-plan")
    yield f"machine-without-plan Machine/{machine}"


@change
def delete_machine(stage: Stage, node: str, days: int) -> Finds:
    """The Machine of the host was deleted days ago, and its deletion does not end."""
    machine, at = stage.machine(node), moment(stage.world.captured_at, days=-days)
    stage.world.change("Machine", machine, {"metadata": {"deletionTimestamp": at}, "status": {"phase": "Deleting"}})
    yield f"machine-stuck-deleting Machine/{machine}"


@change
def delete_custom_machine(stage: Stage, node: str) -> Finds:
    """The CustomMachine of the host was deleted alone."""
    machine = stage.machine(node)
    stage.world.remove("CustomMachine", machine)
    yield f"machine-without-infrastructure Machine/{machine}"


def _annotations(stage: Stage, node: str) -> list[str]:
    return list(stage.world.get("Node", node)["metadata"]["annotations"])
