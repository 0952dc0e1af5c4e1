"""A second opinion on what an action destroys, read off raw objects: it knows nothing of how harvdiag judges one.

Its facts are those of docs/objects.md: Cluster API deletes the Node of a Machine by nodeRef, else by the providerID of
the Machine or of its CustomMachine, whoever else claims that Node; Harvester deletes the Machine that the annotation of
a Node names; a member leaves etcd with either. It errs on the side of damage: whatever may hold a deletion up, it takes
place here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any

from harvdiag.core.fields import field_path
from harvdiag.core.model import ObjectRef
from harvdiag.cure.model import Action
from harvdiag.kinds import qualified_name
from harvdiag.training.world.objects import FLEET

Object = dict[str, Any]
CLUSTERS = frozenset(
    {"Cluster", "Cluster.provisioning.cattle.io", "Cluster.management.cattle.io", "RKEControlPlane", "RKECluster"}
)
"""Kinds of which each object is the cluster."""
ANNOTATION = "cluster.x-k8s.io/machine"
HOLDS = ("pre-drain.delete.hook.machine.", "pre-terminate.delete.hook.machine.", "cluster.x-k8s.io/paused")
REPLICA, VMI, VOLUME = "Replica", "VirtualMachineInstance", "Volume"
ASKED = ("Node", "Machine", "CustomMachine", REPLICA, VMI)
"""What must have been seen before a Node goes: whose it is, and what is on it."""


class Oracle:
    """The objects of a cluster, on which actions are carried out one after the other.

    `unseen` are the kinds that harvdiag was not shown.
    """

    def __init__(self, objects: Iterable[Object], unseen: Iterable[str] = ()) -> None:
        self.unseen = frozenset(unseen)
        self.objects: dict[ObjectRef, Object] = {}
        for obj in objects:
            meta, group = obj["metadata"], obj["apiVersion"].rpartition("/")[0]
            self.objects[ObjectRef(qualified_name(group, obj["kind"]), meta.get("namespace", ""), meta["name"])] = obj

    def harms(self, action: Action) -> list[str]:
        """What the action destroys, one line each; it is carried out here, too."""
        ref = action.ref
        if ref is None:
            return []
        deeds: dict[str, Callable[[ObjectRef, Action], Iterator[str]]] = {
            "delete": lambda ref, _: self._delete(ref),
            "delete host": lambda ref, _: self._delete(self._host(ref)),
            "label": self._mark,
            "annotate": self._mark,
            "patch": self._patch,
            "create": self._create,
            "drain": lambda ref, _: self._drain(ref),
            "uninstall": lambda ref, _: self._switch_off(ref),
            "join": lambda ref, _: self._join(ref),
        }
        deed = deeds.get(str(action.verb))
        return list(dict.fromkeys(deed(ref, action))) if deed else []

    def blind(self, action: Action) -> list[str]:
        """The kinds that must be seen before anybody can say that the action, which is not carried out, is harmless."""
        if action.ref is None:
            return []
        if action.verb in {"delete", "delete host"} and action.ref.kind in {"Node", "Machine"}:
            return [kind for kind in ASKED if kind in self.unseen] if self._node_may_go(action.ref) else []
        if action.verb == "uninstall" or (action.verb == "join" and action.ref in self.objects):
            return [kind for kind in ("Node", REPLICA, VMI) if kind in self.unseen]
        return []

    def _node_may_go(self, ref: ObjectRef) -> bool:
        """Whether a Node goes with it, or may: one that was not seen."""
        if ref.kind == "Node" or self._node_of(ref) is not None:
            return True
        name = path(self.objects.get(ref), "status", "nodeRef", "name")
        return bool({"Node"} & self.unseen) or (not name and bool({"CustomMachine"} & self.unseen))

    # --- what is deleted ---------------------------------------------------------------------------------------------

    def _host(self, node: ObjectRef) -> ObjectRef:
        """What Harvester's UI deletes."""
        named = self._named(node)
        return named if named in self.objects else node

    def _delete(self, ref: ObjectRef) -> Iterator[str]:
        if path(self.objects.get(ref), "metadata", "deletionTimestamp"):
            return  # it is being deleted already, and another request changes nothing
        if ref.kind in CLUSTERS:
            yield f"everything goes with {ref.kind} {ref.name}"
        elif ref.kind == "Node":
            yield from self._delete_node(ref)
        elif ref.kind == "Machine":
            yield from self._delete_machine(ref, ref)
        elif ref.kind == REPLICA:
            yield from self._lose_replicas([ref])
        elif ref.kind == VOLUME:
            yield f"volume {ref.name} and its data go"
        elif ref.kind == VMI and self._lives(ref):
            yield f"VM {ref.name} is stopped"
        self.objects.pop(ref, None)

    def _delete_node(self, node: ObjectRef) -> Iterator[str]:
        """As kubectl does: nothing drains it, and Harvester deletes the Machine that its annotation names."""
        named = self._named(node)
        claims = self._claims(node)
        own = {named} if named in self.objects else set(claims) if len(claims) == 1 else set()
        yield from (f"{node.name} is also the Node of {m.name}" for m in claims if m not in own)
        if self._answers(node):
            yield from (f"VM {vm.name} runs on {node.name}, which is not drained" for vm in self._vms(node))
        yield from self._lose(node)
        if named in self.objects:
            yield from self._delete_machine(named, node)

    def _delete_machine(self, machine: ObjectRef, asked: ObjectRef) -> Iterator[str]:
        node = self._node_of(machine)
        infra = self._infrastructure(machine)
        if node is not None:
            if asked.kind == "Node" and node != asked:
                yield f"Node {node.name} goes with {machine.name}, for the sake of {asked.name}"
            rivals = [other for other in self._claims(node) if other != machine]
            yield from (f"{node.name} is also the Node of {other.name}" for other in rivals)
            yield from self._lose(node)
            named = self._named(node)
            for gone in (machine, infra):
                self.objects.pop(gone, None)
            self.objects.pop(node, None)
            if named in self.objects and named != machine:
                yield from self._delete_machine(named, asked)
        for gone in (machine, infra):
            self.objects.pop(gone, None)

    # --- what is lost with a Node ------------------------------------------------------------------------------------

    def _lose(self, node: ObjectRef) -> Iterator[str]:
        if node not in self.objects:
            return
        yield from self._lose_member(node)
        yield from self._lose_replicas([r for r in self._all(REPLICA) if self._place(r) == node.name])
        for vm in self._vms(node):
            if condition(self.objects[vm], "LiveMigratable") != "True":
                yield f"VM {vm.name} on {node.name} cannot be moved"
            elif not any(self._takes_vms(other) for other in self._all("Node") if other != node):
                yield f"VM {vm.name} on {node.name} has nowhere to go"
        self.objects.pop(node)

    def _lose_member(self, node: ObjectRef) -> Iterator[str]:
        """More than half of all members must answer once the host is gone, also for it to be taken out."""
        members = self._members()
        if node not in members:
            return
        left = [m for m in members if m != node and m.kind == "Node" and condition(self.objects[m], "Ready") == "True"]
        if len(left) < len(members) // 2 + 1:
            yield f"etcd keeps {len(left)} of {len(members)} voters without {node.name}"

    def _members(self) -> list[ObjectRef]:
        """The members of etcd: Nodes that vote, or have the role and do not say, and what Nodes that are gone left."""
        found = []
        for node in self._all("Node"):
            votes = condition(self.objects[node], "EtcdIsVoter")
            if votes == "True" or (votes != "False" and labels(self.objects[node], "node-role.kubernetes.io/etcd")):
                found.append(node)
        for machine in self._machines():
            name = path(self.objects[machine], "status", "nodeRef", "name")
            etcd = labels(self.objects[machine], "rke.cattle.io/etcd-role") == "true"
            if etcd and name and ObjectRef("Node", "", name) not in self.objects:
                found.append(machine)
        return found

    def _lose_replicas(self, gone: list[ObjectRef]) -> Iterator[str]:
        """A volume needs a healthy replica elsewhere, on a Node that is there and not down."""
        for ref in gone:
            volume = path(self.objects[ref], "spec", "volumeName")
            if not self._is_healthy(ref):
                continue
            others = [r for r in self._all(REPLICA) if path(self.objects[r], "spec", "volumeName") == volume]
            if not any(self._serves(other) for other in others if other not in gone):
                yield f"the last healthy replica of {volume} goes with {self._place(ref)}"
        for ref in gone:
            self.objects.pop(ref, None)

    def _is_healthy(self, replica: ObjectRef) -> bool:
        obj = self.objects[replica]
        return bool(path(obj, "spec", "healthyAt")) and not path(obj, "spec", "failedAt")

    def _serves(self, replica: ObjectRef) -> bool:
        """Whether data can be read from a replica."""
        obj, node = self.objects[replica], ObjectRef("Node", "", self._place(replica))
        up = node in self.objects and condition(self.objects[node], "Ready") not in {"False", "Unknown"}
        whole = path(obj, "spec", "active") is not False
        return up and whole and self._is_healthy(replica) and path(obj, "status", "currentState") != "error"

    def _place(self, replica: ObjectRef) -> str:
        return str(path(self.objects[replica], "spec", "nodeID") or "")

    def _vms(self, node: ObjectRef) -> list[ObjectRef]:
        """The VMs that live on a Node."""
        found = [ref for ref in self._all(VMI) if path(self.objects[ref], "status", "nodeName") == node.name]
        return [ref for ref in found if self._lives(ref)]

    def _lives(self, vm: ObjectRef) -> bool:
        return path(self.objects.get(vm), "status", "phase") not in {"Succeeded", "Failed"}

    def _takes_vms(self, node: ObjectRef) -> bool:
        obj = self.objects[node]
        witness = labels(obj, "node-role.harvesterhci.io/witness") == "true"
        return condition(obj, "Ready") == "True" and not witness and path(obj, "spec", "unschedulable") is not True

    # --- who has whom ------------------------------------------------------------------------------------------------

    def _claims(self, node: ObjectRef) -> list[ObjectRef]:
        """Every Machine that has a Node, in any of the four ways; one that is being deleted gives it up."""
        provider = path(self.objects.get(node), "spec", "providerID")
        found = []
        for machine in self._machines():
            obj = self.objects[machine]
            ids = {
                path(obj, "spec", "providerID"),
                path(self.objects.get(self._infrastructure(machine)), "spec", "providerID"),
            }
            by_id = bool(provider) and provider in ids
            by_name = path(obj, "status", "nodeRef", "name") == node.name or self._named(node) == machine
            if (by_id or by_name) and not path(obj, "metadata", "deletionTimestamp"):
                found.append(machine)
        return found

    def _node_of(self, machine: ObjectRef) -> ObjectRef | None:
        """The Node that Cluster API deletes with a Machine."""
        obj = self.objects.get(machine)
        name = path(obj, "status", "nodeRef", "name")
        if name:
            ref = ObjectRef("Node", "", name)
            return ref if ref in self.objects else None
        for part in (machine, self._infrastructure(machine)):
            wanted = path(self.objects.get(part), "spec", "providerID")
            for node in self._all("Node"):
                if wanted and path(self.objects[node], "spec", "providerID") == wanted:
                    return node
        return None

    def _infrastructure(self, machine: ObjectRef) -> ObjectRef:
        name = path(self.objects.get(machine), "spec", "infrastructureRef", "name")
        return ObjectRef("CustomMachine", machine.namespace, name or machine.name)

    def _named(self, node: ObjectRef) -> ObjectRef:
        """The Machine that the annotation of a Node names, there or not."""
        return ObjectRef("Machine", FLEET, path(self.objects.get(node), "metadata", "annotations", ANNOTATION) or "")

    def _answers(self, node: ObjectRef) -> bool:
        return condition(self.objects.get(node, {}), "Ready") == "True"

    def _machines(self) -> list[ObjectRef]:
        """Those of this cluster, not of one that runs as a guest."""
        own = [ref for ref in self._all("Machine") if ref.namespace == FLEET]
        return [ref for ref in own if path(self.objects[ref], "spec", "clusterName") in (None, "", "local")]

    def _all(self, kind: str) -> list[ObjectRef]:
        return [ref for ref in self.objects if ref.kind == kind]

    # --- what is changed ---------------------------------------------------------------------------------------------

    def _mark(self, ref: ObjectRef, action: Action) -> Iterator[str]:
        part = "metadata.annotations" if action.verb == "annotate" else "metadata.labels"
        yield from self._change(ref, {f'{part}["{key}"]': value for key, value in action.changes})

    def _patch(self, ref: ObjectRef, action: Action) -> Iterator[str]:
        yield from self._change(ref, dict(action.changes))

    def _change(self, ref: ObjectRef, changes: dict[str, Any]) -> Iterator[str]:
        """Set fields; a deletion that only waited for them goes on."""
        if ref not in self.objects:
            return
        waited = self._waiting()
        self.objects[ref] = deepcopy(self.objects[ref])
        for place, value in changes.items():
            put(self.objects[ref], [str(step) for step in field_path(place).steps], value)
        for machine in waited - self._waiting():
            if machine in self.objects and path(self.objects[machine], "metadata", "finalizers"):
                yield from self._delete_machine(machine, machine)

    def _waiting(self) -> set[ObjectRef]:
        """The Machines whose deletion is held up by a hook, or as Cluster API is paused."""
        paused = path(self.objects.get(ObjectRef("Cluster", FLEET, "local")), "spec", "paused") is True
        found = set()
        for machine in self._machines():
            marks = path(self.objects[machine], "metadata", "annotations") or {}
            held = paused or any(key.startswith(HOLDS) for key in marks)
            if held and path(self.objects[machine], "metadata", "deletionTimestamp"):
                found.add(machine)
        return found

    def _create(self, _: ObjectRef, action: Action) -> Iterator[str]:
        self.objects |= Oracle(action.objects).objects
        yield from ()

    def _drain(self, node: ObjectRef) -> Iterator[str]:
        """VMs that can move do, and so do replicas that have a place where the volume has none."""
        rooms = [other for other in self._all("Node") if other != node and self._takes_vms(other)]
        for replica in [r for r in self._all(REPLICA) if self._place(r) == node.name]:
            volume = path(self.objects[replica], "spec", "volumeName")
            alike = [r for r in self._all(REPLICA) if path(self.objects[r], "spec", "volumeName") == volume]
            free = [room for room in rooms if room.name not in {self._place(other) for other in alike}]
            if free:
                yield from self._change(replica, {"spec.nodeID": free[0].name})
        for vm in self._vms(node):
            if rooms and condition(self.objects[vm], "LiveMigratable") == "True":
                yield from self._change(vm, {"status.nodeName": rooms[0].name})

    def _switch_off(self, node: ObjectRef) -> Iterator[str]:
        """Whatever is on the host is gone; its Node stays, and its member stays in etcd and answers no more."""
        obj = self.objects.get(node)
        if obj is None:
            return
        yield from self._lose(node)
        self.objects[node] = obj = deepcopy(obj)
        rows = [row for row in path(obj, "status", "conditions") or [] if row.get("type") != "Ready"]
        put(obj, ["status", "conditions"], [*rows, {"type": "Ready", "status": "Unknown"}])

    def _join(self, node: ObjectRef) -> Iterator[str]:
        """A host on wiped disks: what was on it before is lost; it has a Node, and no vote for now."""
        yield from self._switch_off(node)
        ready = {"conditions": [{"type": "Ready", "status": "True"}, {"type": "EtcdIsVoter", "status": "False"}]}
        self.objects[node] = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": node.name}, "status": ready}


def put(obj: Any, steps: list[str], value: Any) -> None:
    """Set a field of an object; None removes it."""
    *before, last = steps
    for step in before:
        obj = obj.setdefault(step, {})
    if value is None:
        obj.pop(last, None)
    else:
        obj[last] = value


def path(obj: Any, *steps: str) -> Any:
    """A field of an object; None where it is not there."""
    for step in steps:
        obj = obj.get(step) if isinstance(obj, dict) else None
    return obj


def labels(obj: Object, key: str) -> str:
    """The value of a label."""
    return str(path(obj, "metadata", "labels", key) or "")


def condition(obj: Object, kind: str) -> str:
    """The status of a condition."""
    rows = path(obj, "status", "conditions") or []
    return next((str(row.get("status")) for row in rows if row.get("type") == kind), "")
