"""Random clusters, the same for the same seed: of any shape and release, with faults and upgrades, seen in part."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.kinds import CATALOGUE, qualified_name
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.reader import FilesReader
from harvdiag.training.world.longhorn import longhorn
from harvdiag.training.world.machines import machine_set
from harvdiag.training.world.objects import FLEET, moment, uid
from harvdiag.training.world.versions import RELEASES
from harvdiag.training.world.world import merge
from tests.cure.hosts import replica, vmi, volume
from tests.world import World, faults, healthy, rollouts

Object = dict[str, Any]
Dice = random.Random
Fault = Callable[[Dice, World], str]
Trap = Callable[[Dice, World, str], str]
HIDEABLE = (
    *("Node", "Machine", "CustomMachine", "RKEBootstrap", "Secret", "Setting", "Upgrade", "UpgradePlan", "Plan", "Job"),
    *("Replica", "Volume", "VirtualMachineInstance", "Cluster", "Cluster.management.cattle.io", "RKEControlPlane"),
)
"""Kinds that a source may not show."""
VERSIONS = tuple(name for name in RELEASES if name >= "v1.1")
LONG_AGO, JUST_NOW = "2025-05-02T15:10:00Z", "2025-05-08T09:40:00Z"


@dataclass
class Invented:
    """A random cluster: its objects, the kinds of which nothing is seen, and what was done to it, for messages."""

    seed: int
    objects: list[Object]
    unseen: frozenset[str]
    captured_at: str
    story: list[str] = field(default_factory=list)

    def open(self) -> Cluster:
        """The cluster as harvdiag sees it: every kind whole but those that are unseen, of which there is no list."""
        seen = [kind for kind in CATALOGUE.values() if kind.versions and kind.name not in self.unseen]
        lists = [
            {
                "apiVersion": f"{k.group}/{k.versions[0]}" if k.group else k.versions[0],
                "kind": f"{k.bare}List",
                "items": [],
            }
            for k in seen
        ]
        shown = [obj for obj in self.objects if kind_of(obj) not in self.unseen]
        name = f"invented-{self.seed}"
        return Cluster(
            Snapshot(FilesReader(name, [("", each) for each in (*lists, *shown)], self.captured_at, whole=True))
        )


def kind_of(obj: Object) -> str:
    """The name of its kind in the catalogue."""
    return qualified_name(obj["apiVersion"].rpartition("/")[0], obj["kind"])


def invent(seed: int) -> Invented:
    """The cluster of a seed."""
    dice = Dice(seed)
    world = _shape(dice)
    story = [f"{world.version}: {', '.join(f'{h.name} {h.role}' for h in world.hosts.values())}"]
    hidden = (_leave if dice.random() < 0.5 else _break)(dice, world, story)
    story.append(f"unseen: {', '.join(hidden) or 'nothing'}")
    return Invented(seed, world.objects, frozenset(hidden), world.captured_at, story)


def _break(dice: Dice, world: World, story: list[str]) -> list[str]:
    """Anything may be wrong, and several things at once; the kinds of which nothing is seen."""
    if dice.random() < 0.3:
        story.append(_upgrade(dice, world))
    world.objects += _storage(dice, world)
    world.objects += _vms(dice, world)
    _lay(dice, world, story, dice.choices(FAULTS, k=dice.choice((0, 1, 1, 2, 2, 3, 5))))
    return dice.sample(HIDEABLE, dice.choice((1, 1, 2, 4))) if dice.random() < 0.35 else []


def _leave(dice: Dice, world: World, story: list[str]) -> list[str]:
    """One host is off for good, or has no Machine of its own, everything else in order but for one trap: something that
    its removal would destroy, or hide.
    """
    name = _node(dice, world)
    if dice.random() < 0.4:
        _switch_off(world.get("Node", name))
        story.append(f"off: {name}")
    else:
        story.append(f"{name} {dice.choice(('orphan', 'false', 'twice', 'alone'))}")
        _part(dice, world, name, story[-1].rpartition(" ")[2])
    world.objects += [*disks(world), volume("pvc-all", on=name), *(replica("pvc-all", host) for host in world.hosts)]
    trap = dice.choice((*TRAPS, None))
    if trap is not None:
        with suppress(KeyError, StopIteration, IndexError):  # there may be no other host
            story.append(f"{trap.__name__}: {trap(dice, world, name)}")
    return dice.sample(HIDEABLE, 1) if dice.random() < 0.25 else []


def _part(dice: Dice, world: World, name: str, how: str) -> None:
    """Part a Node from its Machine in one of four ways, each of which has a cure."""
    other = dice.choice([host for host in world.hosts if host != name] or [name])
    if how == "false" and other != name:
        faults.share_machine(world, name, other)
    elif how == "twice":
        faults.second_machine(world, name, LONG_AGO)
    elif how == "alone" and world.hosts[name].role == "worker":
        faults.ghost(world, name)
        world.hosts[name] = world.hosts[other]
    else:
        faults.orphan(world, name, managed=dice.random() < 0.5)


def _lay(dice: Dice, world: World, story: list[str], chosen: Iterable[Fault]) -> None:
    for fault in chosen:
        with suppress(KeyError, StopIteration, IndexError):  # what it would change is gone already
            story.append(f"{fault.__name__}: {fault(dice, world)}")


def _shape(dice: Dice) -> World:
    names = [f"hv{number:02}" for number in range(1, dice.choice((1, 2, 3, 3, 3, 4, 4, 5, 6, 7, 9)) + 1)]
    witness = names[-1] if len(names) > 2 and dice.random() < 0.15 else None
    return healthy(names, witness=witness, version=dice.choice(VERSIONS))


def _upgrade(dice: Dice, world: World) -> str:
    phase = dice.choice((*rollouts.PHASES, "UpgradingNodes", "UpgradingNodes", "Failed"))
    try:
        rollouts.at_phase(world, phase)
    except (KeyError, StopIteration, IndexError):
        return "no upgrade"
    return f"upgrade {phase}"


def _storage(dice: Dice, world: World) -> list[Object]:
    """Volumes of one to three replicas, most of them healthy."""
    hosts = [host.name for host in world.hosts.values() if host.role != "witness"]
    found = disks(world) if dice.random() < 0.7 else []
    for number in range(dice.choice((0, 0, 2, 4))):
        name = f"pvc-{number}"
        places = dice.sample(hosts, min(dice.choice((1, 2, 3, 3)), len(hosts)))
        state = dice.choice(("healthy",) * 6 + ("degraded", "faulted", "unknown"))
        found.append(volume(name, state, on=dice.choice(places), vm=dice.choice(("", f"vm-{number}"))))
        for place in places:
            marks = {"failedAt": LONG_AGO} if dice.random() < 0.12 else {}
            marks |= {"healthyAt": ""} if dice.random() < 0.05 else {}
            marks |= {"currentState": dice.choice(("running", "running", "running", "stopped", "error"))}
            found.append(replica(name, place, **marks))
    return found


def disks(world: World) -> list[Object]:
    """The Longhorn Nodes of a cluster, which take replicas."""
    return [obj for obj in longhorn(world, volumes=0) if obj["kind"] == "Node"]


def _vms(dice: Dice, world: World) -> list[Object]:
    hosts = [host.name for host in world.hosts.values() if host.role != "witness"]
    able = ("True", "True", "False", "")
    return [
        vmi(f"vm-{number}", dice.choice(hosts), dice.choice(able), dice.choice(("Running", "Running", "Succeeded")))
        for number in range(dice.choice((0, 0, 0, 1, 3)))
    ]


# --- faults ---------------------------------------------------------------------------------------------------------


def _node(dice: Dice, world: World) -> str:
    return dice.choice([obj["metadata"]["name"] for obj in world.find("Node")])


def _machine(dice: Dice, world: World) -> Object:
    return dice.choice(list(world.find("Machine", namespace=FLEET)))


def _two(dice: Dice, world: World) -> tuple[str, str]:
    names = [obj["metadata"]["name"] for obj in world.find("Node")]
    if len(names) < 2:
        raise IndexError
    one, other = dice.sample(names, 2)
    return one, other


def orphan(dice: Dice, world: World) -> str:
    name = _node(dice, world)
    faults.orphan(world, name, managed=dice.random() < 0.5)
    return name


def orphan_worker(dice: Dice, world: World) -> str:
    name = dice.choice([host.name for host in world.hosts.values() if host.role == "worker"])
    faults.orphan(world, name, managed=dice.random() < 0.5)
    return name


def ghost(dice: Dice, world: World) -> str:
    name = _node(dice, world)
    faults.ghost(world, name, etcd=dice.random() < 0.4)
    return name


def ghost_without_links(dice: Dice, world: World) -> str:
    """A Machine of a host that never came, or whose links are lost."""
    name = _node(dice, world)
    machine = world.machine_of(name)
    faults.ghost(world, name)
    world.change("Machine", machine, {"spec": {"providerID": None}, "status": {"nodeRef": None}})
    world.change("CustomMachine", machine, {"spec": {"providerID": None}})
    return name


def twice(dice: Dice, world: World) -> str:
    """Two Machines for one Node: the one of before is stuck in deletion, or not even that."""
    name = _node(dice, world)
    old = faults.second_machine(world, name, dice.choice((LONG_AGO, JUST_NOW)))
    if dice.random() < 0.5:
        world.change("Machine", old, {"metadata": {"deletionTimestamp": None}, "status": {"phase": "Running"}})
    return f"{name} by {old}"


def shared(dice: Dice, world: World) -> str:
    one, other = _two(dice, world)
    faults.share_machine(world, one, other)
    return f"{one} names the Machine of {other}"


def blank_ref(dice: Dice, world: World) -> str:
    machine = _machine(dice, world)
    machine["status"].pop("nodeRef", None)
    return f"{machine['metadata']['name']}"


def wrong_ref(dice: Dice, world: World) -> str:
    machine, name = _machine(dice, world), dice.choice([_node(dice, world), "nowhere"])
    machine["status"]["nodeRef"] = {"name": name, "kind": "Node", "apiVersion": "v1"}
    return f"{machine['metadata']['name']} to {name}"


def wrong_id(dice: Dice, world: World) -> str:
    """A Machine or its CustomMachine has the providerID of another Node, or none."""
    kind, name = dice.choice(("Machine", "CustomMachine")), _machine(dice, world)["metadata"]["name"]
    value = dice.choice((f"rke2://{_node(dice, world)}", None, "rke2://nowhere"))
    world.change(kind, name, {"spec": {"providerID": value}})
    return f"{kind} {name} {value}"


def wrong_annotation(dice: Dice, world: World) -> str:
    name = _node(dice, world)
    value = dice.choice((_machine(dice, world)["metadata"]["name"], "custom-nowhere", None))
    world.change("Node", name, {"metadata": {"annotations": {"cluster.x-k8s.io/machine": value}}})
    return f"{name} to {value}"


def lost_part(dice: Dice, world: World) -> str:
    kind, name = (
        dice.choice(("CustomMachine", "RKEBootstrap", "Machine", "Secret")),
        _machine(dice, world)["metadata"]["name"],
    )
    world.remove(kind, f"{name}-machine-plan" if kind == "Secret" else name)
    return f"{kind} {name}"


def marked(kind: str, *choices: Object) -> Fault:
    """A fault that lays one of these changes over an object of a kind."""

    def fault(dice: Dice, world: World) -> str:
        obj = dice.choice([each for each in world.find(kind) if each["metadata"].get("namespace", FLEET) == FLEET])
        change = dice.choice(choices)
        merge(obj, change)
        return f"{kind} {obj['metadata']['name']} {change}"

    return fault


def state(dice: Dice, world: World) -> str:
    """Another status of a condition of a Node, or none."""
    name = _node(dice, world)
    kind, status = dice.choice(
        (
            ("Ready", "Unknown"),
            ("Ready", "Unknown"),
            ("Ready", "False"),
            ("Ready", ""),
            ("EtcdIsVoter", "False"),
            ("EtcdIsVoter", ""),
        )
    )
    node = world.get("Node", name)
    rows = [row for row in node["status"]["conditions"] if row["type"] != kind]
    if status:
        rows.append({"type": kind, "status": status, "lastTransitionTime": moment(world.captured_at, hours=-6)})
    node["status"]["conditions"] = rows
    return f"{name} {kind} {status or 'absent'}"


def off(dice: Dice, world: World) -> str:
    name = _node(dice, world)
    _switch_off(world.get("Node", name))
    return name


def _switch_off(node: Object) -> None:
    """A person has marked the host as off."""
    rows = node["status"]["conditions"]
    node["status"]["conditions"] = [{**row, "status": "Unknown"} if row["type"] == "Ready" else row for row in rows]
    node["spec"]["taints"] = [
        {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute", "value": "nodeshutdown"}
    ]


# --- traps: what goes, or cannot be told, once a host goes ----------------------------------------------------------


def last_replica(dice: Dice, world: World, name: str) -> str:
    """Of a volume that is not attached, whose other replicas failed or are not there."""
    others = [replica("pvc-last", host, failedAt=LONG_AGO) for host in world.hosts if host != name]
    world.objects += [volume("pvc-last", "unknown"), replica("pvc-last", name), *others[: dice.choice((0, 2))]]
    return name


def stranded_vm(dice: Dice, world: World, name: str) -> str:
    world.add(vmi("vm-left", name, dice.choice(("False", ""))))
    return name


def second_claim(dice: Dice, world: World, name: str) -> str:
    """Another Machine has the Node, in one of four ways; its own host may run."""
    host = dice.choice([other for other in world.hosts if other != name])
    other, way = world.machine_of(host), dice.choice(("nodeRef", "Machine", "CustomMachine", "annotation"))
    if way == "nodeRef":
        world.change("Machine", other, {"status": {"nodeRef": {"name": name}}})
    elif way == "annotation":
        world.change("Node", name, {"metadata": {"annotations": {"cluster.x-k8s.io/machine": other}}})
    else:
        world.change("Machine", other, {"spec": {"providerID": None}, "status": {"nodeRef": None}})
        world.change("CustomMachine", other, {"spec": {"providerID": None}})
        world.change(way, other, {"spec": {"providerID": f"rke2://{name}"}})
    return f"{name} by {way} of {other}"


def another_off(dice: Dice, world: World, name: str) -> str:
    other = dice.choice([host for host in world.hosts if host != name])
    rows = world.get("Node", other)["status"]["conditions"]
    world.get("Node", other)["status"]["conditions"] = [
        {**row, "status": "Unknown"} if row["type"] == "Ready" else row for row in rows
    ]
    return other


def member_left(dice: Dice, world: World, name: str) -> str:
    """A management node is gone, but for its Machine: its member may still be in etcd."""
    other = dice.choice([host.name for host in world.hosts.values() if host.etcd and host.name != name])
    faults.ghost(world, other, etcd=True)
    return other


def guest(dice: Dice, world: World) -> str:
    """A Machine of a cluster that runs as a guest, whose node may have the name of a host."""
    host = world.hosts[dice.choice(list(world.hosts))]
    made, *_ = machine_set(host, world.release, world.get("Cluster", "local"), world.captured_at)
    made["metadata"] |= {"name": "guest-1", "namespace": "fleet-default", "uid": uid("Machine", "guest-1")}
    made["spec"]["clusterName"] = "guest"
    world.add(made)
    return host.name


_OF_NODE = marked(
    "Node",
    {"metadata": {"deletionTimestamp": LONG_AGO}},
    {"metadata": {"deletionTimestamp": JUST_NOW}},
    {"spec": {"unschedulable": True}},
    {"spec": {"providerID": None}},
    {"metadata": {"labels": {"harvesterhci.io/managed": None}}},
    {"metadata": {"labels": {"node-role.kubernetes.io/etcd": None}}},
    {"metadata": {"labels": {"node-role.kubernetes.io/control-plane": None}}},
    {"metadata": {"creationTimestamp": JUST_NOW}},
)
_OF_MACHINE = marked(
    "Machine",
    {"metadata": {"deletionTimestamp": LONG_AGO}},
    {"metadata": {"deletionTimestamp": JUST_NOW}},
    {"metadata": {"labels": {"rke.cattle.io/etcd-role": None}}},
    {"metadata": {"labels": {"cluster.x-k8s.io/control-plane": None}}},
    {"metadata": {"annotations": {"pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup": None}}},
    {"metadata": {"annotations": {"pre-drain.delete.hook.machine.cluster.x-k8s.io/strange": "x"}}},
    {"status": {"phase": "Failed"}},
    {"status": {"phase": "Provisioning", "nodeRef": None}},
)
_OF_CLUSTER = marked("Cluster", {"spec": {"paused": True}}, {"status": {"phase": "Provisioning"}})
_OF_PART = marked("CustomMachine", {"metadata": {"ownerReferences": None}}, {"spec": {"providerID": None}})
_OF_NODE.__name__, _OF_MACHINE.__name__ = "node", "machine"
_OF_CLUSTER.__name__, _OF_PART.__name__ = "capi cluster", "part"

TRAPS: tuple[Trap, ...] = (last_replica, stranded_vm, second_claim, second_claim, another_off, member_left)
FAULTS: tuple[Fault, ...] = (
    *(orphan, orphan_worker, ghost, ghost, ghost_without_links, twice, twice, shared, blank_ref, wrong_ref, wrong_id),
    *(wrong_id, wrong_annotation, lost_part, state, state, off, guest, _OF_NODE, _OF_NODE, _OF_MACHINE, _OF_MACHINE),
    *(_OF_CLUSTER, _OF_PART, off, off, off),
)
