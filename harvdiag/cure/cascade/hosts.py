"""What a person does to a host: moving everything off it, and uninstalling it.

docs/objects.md#host-drain, #host-uninstall.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from harvdiag.core.conditions import STATUS_LIST, conditions_of, find_condition, with_conditions
from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.cascade.longhorn import KIND as LONGHORN_NODE
from harvdiag.cure.cascade.longhorn import SPACE
from harvdiag.cure.cascade.read import is_ready
from harvdiag.cure.cascade.stage import Change, Deed, Stage
from harvdiag.cure.cascade.words import unread
from harvdiag.cure.model import Effect, Hazard
from harvdiag.cure.preconditions.maintenance import MAINTENANCE, why_no_maintenance
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.cure.preconditions.removal import Removal
from harvdiag.cure.preconditions.vms import BOUND, ON_IT, judge_vms
from harvdiag.cure.preconditions.volumes import is_healthy, of_volumes
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.vms import VMI

__all__ = ["drain", "uninstall"]

DRAINING = "harvester pkg/controller/master/nodedrain, pkg/util/drainhelper"
EVICTING = "longhorn-manager controller/replica_controller.go, scheduler"
REPLICA, VOLUME = "Replica", "Volume.longhorn.io"
LIFECYCLE = "kubernetes pkg/controller/nodelifecycle"
SOFT = ObjectRef("Setting.longhorn.io", SPACE, "replica-soft-anti-affinity")
SILENT = ("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")
"""The conditions that kubelet reports; once it is silent, others write Unknown."""


def drain(stage: Stage, node: ObjectRef) -> None:
    """Move everything off a Node: replicas by Longhorn's eviction, VMs by Harvester's maintenance mode.

    Where the number of management nodes forbids that mode, a person cordons the Node and migrates VM by VM.
    """
    moved = _evict(stage, node)
    vms = judge_vms(stage.facts, Removal(asked=node, nodes=(node,), machines=()))
    path = f'metadata.annotations["{MAINTENANCE}"]'
    if get_text(stage.world.get(node), path) == "completed" and not moved and not vms.refs(ON_IT):
        stage.tell(node, Effect.NOTHING, Deed("you", "change nothing: it is in maintenance mode, and has no replica"))
        stage.note(Hazard.USELESS, f"{node.name} is drained already")
        return
    nodes = {ref: obj for ref in stage.world.refs("Node") if (obj := stage.world.get(ref)) is not None}
    refused, stuck = why_no_maintenance(nodes, node), _why_vms_stay(stage, node, vms)
    if refused or stuck:
        deed = Deed("Harvester", "refuses maintenance mode", refused or stuck, DRAINING)
        stage.tell(node, Effect.REFUSED, deed)
        stage.note(Hazard.USELESS if stuck else Hazard.CARE, f"Harvester refuses maintenance mode: {deed.why}")
    if stuck:
        return
    stage.set(node, "spec.unschedulable", True)
    by = Deed("Harvester", "cordons it and migrates its VMs: maintenance mode", "it is asked for", DRAINING)
    by_hand = Deed("you", "cordon it instead, and migrate its VMs one by one")
    stage.tell(node, Effect.CHANGED, by_hand if refused else by)
    names = _migrate(stage, node, whole=vms.met is True)
    stage.untold |= dict.fromkeys(vms.untold)
    if not refused:
        stage.set(node, path, "completed")
    if names or moved or vms.untold:
        stage.note(Hazard.CARE, f"room for what leaves {node.name} is needed: VMs {len(names)}, replicas {moved}")
    else:
        stage.note(Hazard.SAFE, f"nothing that was seen lives on {node.name}")


def _why_vms_stay(stage: Stage, node: ObjectRef, vms: Precondition) -> str:
    """Why its VMs cannot leave a Node; empty where they can."""
    if bound := vms.refs(BOUND):
        return f"{join_names([ref.name for ref in bound])} cannot be migrated: shut down first"
    return "no other node can take its VMs" if vms.refs(ON_IT) and not _other_nodes(stage, node) else ""


def _migrate(stage: Stage, node: ObjectRef, whole: bool) -> list[str]:
    """Move the VMs to another Node, and what they have attached; return their names.

    Where not all of them can be moved for certain (`whole`), only those that KubeVirt says can be are, and a volume is
    left where it is, with the VM that it may belong to.
    """
    target = next(iter(_other_nodes(stage, node)), "")
    names = []
    for ref, obj in _objects_on(stage, VMI, node, Wanted(fields=(f"status.nodeName={node.name}",), everywhere=True)):
        if whole or find_condition(obj, "LiveMigratable").status == "True":
            stage.world.add(ref, obj)
            stage.set(ref, "status.nodeName", target)
            names.append(ref.name)
    if names:
        stage.tell(node, Effect.CHANGED, Deed("KubeVirt", f"migrates {join_names(names)} to other nodes", "", DRAINING))
    if not whole:
        return names
    for ref, obj in _objects_on(stage, VOLUME, node, Wanted(fields=(f"status.currentNodeID={node.name}",))):
        stage.world.add(ref, obj)
        stage.set(ref, "status.currentNodeID", target)
    return names


def _other_nodes(stage: Stage, node: ObjectRef) -> list[str]:
    """The names of the Nodes that can take what leaves this one."""
    return [
        ref.name
        for ref in stage.world.refs("Node")
        if ref != node
        and is_ready(stage.world.get(ref))
        and field_path("spec.unschedulable").get(stage.world.get(ref)) is not True
    ]


def _objects_on(stage: Stage, kind: str, node: ObjectRef, wanted: Wanted) -> Iterator[tuple[ObjectRef, Obj]]:
    """The objects of a large kind that are on a Node, as far as they were seen."""
    found = stage.world.snapshot().find(kind, wanted)
    if found.gap is not None:
        stage.untold[f"{unread(kind, found.gap)}, so that more may be on {node.name}"] = None
    yield from ((ObjectRef(kind, namespace_of(obj), name_of(obj)), obj) for obj in found.objects)


def _evict(stage: Stage, node: ObjectRef) -> int:
    """Let Longhorn move the replicas to other Nodes; return how many leave."""
    own = ObjectRef(LONGHORN_NODE, SPACE, node.name)
    if stage.world.get(own) is not None:
        stage.set(own, "spec.allowScheduling", False)
        stage.set(own, "spec.evictionRequested", True)
        stage.tell(own, Effect.CHANGED, Deed("you", "let it take no replica, and evict those that it has"))
    elif gap := stage.gap(LONGHORN_NODE):
        stage.untold[f"{gap}, so that replicas may stay on {node.name}"] = None
    replicas = list(_objects_on(stage, REPLICA, node, Wanted(fields=(f"spec.nodeID={node.name}",))))
    places = _places(stage, node)
    taken = _taken(stage, {get_text(obj, "spec.volumeName") for _, obj in replicas})
    left: list[ObjectRef] = []
    for ref, obj in replicas:
        volume = get_text(obj, "spec.volumeName")
        target = next((name for name in places if is_healthy(obj) and _is_free(stage, volume, name, taken)), "")
        taken.add((volume, target))
        if target:
            stage.world.add(ref, obj)
            stage.set(ref, "spec.nodeID", target)
        else:
            left.append(ref)
    _tell_eviction(stage, node, len(replicas) - len(left), left)
    return len(replicas) - len(left)


def _tell_eviction(stage: Stage, node: ObjectRef, moved: int, left: Sequence[ObjectRef]) -> None:
    if moved:
        own = ObjectRef(LONGHORN_NODE, SPACE, node.name)
        what = f"makes {moved} replicas on other nodes, then removes those of {node.name}"
        stage.tell(own, Effect.CHANGED, Deed("Longhorn", what, "spec.evictionRequested = true", EVICTING))
    if left:
        why = "each other node that takes replicas has one of the volume, or there is none"
        what = f"leaves {len(left)} replicas, which it can put nowhere else"
        stage.tell(left[0], Effect.WAITS, Deed("Longhorn", what, why, EVICTING))
        stage.note(Hazard.CARE, f"{len(left)} replicas stay on {node.name}: {why}")


def _places(stage: Stage, node: ObjectRef) -> list[str]:
    """The names of the Longhorn Nodes that take replicas."""
    found = [(ref, stage.world.get(ref)) for ref in stage.world.refs(LONGHORN_NODE)]
    return [
        ref.name
        for ref, obj in found
        if ref.name != node.name
        and field_path("spec.allowScheduling").get(obj) is not False
        and find_condition(obj, "Ready").status != "False"
        and find_condition(obj, "Schedulable").status != "False"
    ]


def _is_free(stage: Stage, volume: str, place: str, taken: Collection[tuple[str, str]]) -> bool:
    """Whether a Node may take a replica of a volume: it has none, or may have several."""
    if get_text(stage.world.get(SOFT), "value") == "true":
        return True
    return (volume, place) not in taken


def _taken(stage: Stage, volumes: Collection[str]) -> set[tuple[str, str]]:
    """Each of these volumes with the Nodes that have a replica of it."""
    found = stage.world.snapshot().find(REPLICA, of_volumes(volumes)).objects if volumes else ()
    return {(get_text(obj, "spec.volumeName"), get_text(obj, "spec.nodeID")) for obj in found}


def uninstall(stage: Stage, node: ObjectRef) -> None:
    """Uninstall RKE2 on the host and switch it off: its kubelet falls silent, and what it had is lost."""
    stage.world.uninstalled.add(node.name)
    stage.stopped.append(node)
    stage.asked.append(node)
    stage.tell(node, Effect.CHANGED, Deed("you", "run rke2-uninstall.sh on the host, and switch it off"))
    silent = [_unknown(stage, each.type) for each in conditions_of(stage.world.get(node)) if each.type in SILENT]
    obj = stage.world.edit(node)
    for made in silent or [_unknown(stage, "Ready")]:
        stage.set(node, STATUS_LIST[0], with_conditions(obj, made))
    why = "its kubelet is silent, and does not make the Node again once that is deleted"
    stage.tell(node, Effect.CHANGED, Deed("Kubernetes", "sets Ready Unknown", why, LIFECYCLE))
    _lose(stage, node)
    stage.note(Hazard.CARE, f"{node.name} cannot come back until it is reinstalled")
    stage.emit(Change.CHANGED, node)


def _unknown(stage: Stage, kind: str) -> Obj:
    return {
        "type": kind,
        "status": "Unknown",
        "reason": "NodeStatusUnknown",
        "message": "Kubelet stopped posting node status.",
        "lastTransitionTime": stage.timestamp(),
    }


def _lose(stage: Stage, node: ObjectRef) -> None:
    """Mark what was on the host: its Longhorn Node, its replicas, and the volumes that had them."""
    own = ObjectRef(LONGHORN_NODE, SPACE, node.name)
    obj = stage.world.get(own)
    if obj is not None and find_condition(obj, "Ready").status:
        down = {"type": "Ready", "status": "False", "reason": "KubernetesNodeNotReady"}
        down["lastTransitionTime"] = stage.timestamp()
        stage.set(own, STATUS_LIST[0], with_conditions(stage.world.edit(own), down))
    lost = list(_objects_on(stage, REPLICA, node, Wanted(fields=(f"spec.nodeID={node.name}",))))
    for ref, replica in lost:
        stage.world.add(ref, replica)
        stage.set(ref, "spec.failedAt", stage.timestamp())
        stage.set(ref, "status.currentState", "error")
    names = {get_text(replica, "spec.volumeName") for _, replica in lost}
    for name in sorted(names):
        volume = ObjectRef(VOLUME, SPACE, name)
        if get_text(stage.world.get(volume), "status.robustness") == "healthy":
            stage.set(volume, "status.robustness", "degraded")
    if lost:
        what = f"counts {len(lost)} replicas as failed, of {len(names)} volumes"
        stage.tell(lost[0][0], Effect.CHANGED, Deed("Longhorn", what, f"spec.nodeID = {node.name}", EVICTING))
