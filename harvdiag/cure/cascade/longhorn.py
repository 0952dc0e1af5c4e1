"""Longhorn: what becomes of its Node when the host is gone, or when someone deletes it."""

from __future__ import annotations

from harvdiag.core.conditions import STATUS_LIST, find_condition, with_conditions
from harvdiag.core.fields import field_path, get_text, name_of
from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade.stage import Deed, Stage, settles
from harvdiag.cure.cascade.words import unread
from harvdiag.cure.model import Effect
from harvdiag.kinds.wanted import Wanted

__all__ = ["KIND", "SPACE", "delete_longhorn_node", "take_in"]

LONGHORN = "Longhorn"
KIND, SPACE = "Node.longhorn.io", "longhorn-system"
REPLICA, VOLUME = "Replica", "Volume.longhorn.io"
GONE = frozenset({"KubernetesNodeGone", "ManagerPodMissing"})
SOURCE = "longhorn-manager webhook/resources/node"


@settles
def follow_node(stage: Stage) -> None:
    """Delete the Longhorn Node of each Node that is gone for good, if its webhook lets it."""
    for node in stage.nodes_gone:
        ref = ObjectRef(KIND, SPACE, node.name)
        if stage.world.get(node) is not None or stage.memory.get(f"longhorn {node}"):
            continue
        stage.memory[f"longhorn {node}"] = True
        if stage.world.get(ref) is None:
            if gap := stage.gap(KIND):
                stage.untold[f"{gap}, so that a Longhorn Node {node.name} may be left"] = None
            continue
        _mark_gone(stage, ref)
        delete_longhorn_node(stage, ref, LONGHORN)


def _mark_gone(stage: Stage, ref: ObjectRef) -> None:
    obj = stage.world.edit(ref)
    old = obj.get("status")
    rows = old.get("conditions") if isinstance(old, dict) else None
    gone = {"type": "Ready", "status": "False", "reason": "KubernetesNodeGone", "lastTransitionTime": stage.timestamp()}
    if isinstance(rows, dict):  # before v1beta2 they were a mapping
        stage.set(ref, f'{STATUS_LIST[0]}["Ready"]', gone)
        return
    stage.set(ref, STATUS_LIST[0], with_conditions(obj, gone))


def delete_longhorn_node(stage: Stage, ref: ObjectRef, actor: str) -> bool:
    """Delete a Longhorn Node, unless Longhorn's webhook refuses; return whether it is gone."""
    why = _refusal(stage, ref)
    if why:
        what = f"refuses that {actor} deletes it" if actor != LONGHORN else "cannot delete its own Node, which is left"
        stage.tell(ref, Effect.REFUSED, Deed("Longhorn's webhook", what, why, SOURCE))
        return False
    stage.tell(
        ref,
        Effect.REMOVED,
        Deed(
            actor,
            "deletes the Longhorn Node, and its BlockDevices go",
            "its host is gone, and it has no replica",
            SOURCE,
        ),
    )
    stage.finish(ref)
    return True


def _refusal(stage: Stage, ref: ObjectRef) -> str:
    """Why the webhook refuses; empty where it does not."""
    obj = stage.world.get(ref)
    ready = find_condition(obj, "Ready")
    if ready.status == "True" or ready.reason not in GONE:
        return f"Ready = {ready.status or 'absent'}, reason {ready.reason or 'absent'}: not {' or '.join(sorted(GONE))}"
    if field_path("spec.allowScheduling").get(obj) is not False:
        return "spec.allowScheduling is not false"
    for kind in ("Replica", "Engine"):
        wanted = Wanted(namespace=SPACE, fields=(f"spec.nodeID={ref.name}",))
        found = stage.world.snapshot().find(kind, wanted)
        if found.objects:
            return f"{len(found.objects)} objects of kind {kind} have spec.nodeID = {ref.name}"
        if found.gap is not None:
            stage.untold[f"{unread(kind, found.gap)}, so that the Longhorn Node {ref.name} may be refused"] = None
    return ""


def take_in(stage: Stage, node: ObjectRef) -> None:
    """Take in a host that joins: it gets a Longhorn Node, and the replicas lost with its old disks are rebuilt."""
    ref = ObjectRef(KIND, SPACE, node.name)
    others = [stage.world.get(other) for other in stage.world.refs(KIND) if other != ref]
    like = stage.world.get(ref) or next((obj for obj in others if obj is not None), None)
    if like is None:
        return
    if stage.world.get(ref) is None:
        stage.world.add(ref, {**like, "metadata": {"finalizers": ["longhorn.io"]}})
        stage.tell(ref, Effect.CREATED, Deed(LONGHORN, "makes the Longhorn Node of the new host", "", SOURCE, True))
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": stage.timestamp()}
    if not isinstance(field_path(STATUS_LIST[0]).get(stage.world.get(ref)), dict):
        stage.set(ref, STATUS_LIST[0], with_conditions(stage.world.edit(ref), ready))
    for path, value in (("spec.name", node.name), ("spec.allowScheduling", True), ("spec.evictionRequested", False)):
        stage.set(ref, path, value)
    _rebuild(stage, node)


def _rebuild(stage: Stage, node: ObjectRef) -> None:
    """Make the replicas again that failed with the host, each of a volume that has a healthy one elsewhere."""
    replicas = {
        ObjectRef(REPLICA, SPACE, name_of(obj)): obj
        for obj in stage.world.snapshot().find(REPLICA, Wanted(namespace=SPACE)).objects
    }
    of = {ref: get_text(obj, "spec.volumeName") for ref, obj in replicas.items()}
    failed = {ref for ref, obj in replicas.items() if get_text(obj, "spec.failedAt")}
    sources = {of[ref] for ref in replicas if ref not in failed and get_text(replicas[ref], "spec.healthyAt")}
    here = [ref for ref in failed if get_text(replicas[ref], "spec.nodeID") == node.name and of[ref] in sources]
    for ref in here:
        stage.world.add(ref, replicas[ref])
        for path, value in (("spec.failedAt", ""), ("status.currentState", "running")):
            stage.set(ref, path, value)
    for name in {of[ref] for ref in here} - {of[ref] for ref in failed.difference(here)}:
        volume = ObjectRef(VOLUME, SPACE, name)
        if get_text(stage.world.get(volume), "status.robustness") == "degraded":
            stage.set(volume, "status.robustness", "healthy")
    if here:
        what = f"rebuilds {len(here)} replicas on the new host, from those that are left"
        why = "their volumes have fewer healthy ones than they want"
        stage.tell(min(here), Effect.CHANGED, Deed(LONGHORN, what, why, "longhorn-manager controller/volume", True))
