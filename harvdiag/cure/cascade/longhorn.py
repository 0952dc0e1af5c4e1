"""Longhorn: what becomes of its Node when the host is gone, or when someone deletes it."""

from __future__ import annotations

from harvdiag.core.conditions import STATUS_LIST, find_condition, with_conditions
from harvdiag.core.fields import field_path, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade.stage import Deed, Stage, settles
from harvdiag.cure.cascade.words import unread
from harvdiag.cure.model import Effect
from harvdiag.kinds.wanted import Wanted

__all__ = ["KIND", "SPACE", "delete_longhorn_node"]

LONGHORN = "Longhorn"
KIND, SPACE = "Node.longhorn.io", "longhorn-system"
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
        found = stage.world.snapshot().find(kind, Wanted(namespace=SPACE))
        on_it = [each for each in found.objects if get_text(each, "spec.nodeID") == ref.name]
        if on_it:
            return f"{len(on_it)} objects of kind {kind} have spec.nodeID = {ref.name}"
        if found.gap is not None:
            stage.untold[f"{unread(kind, found.gap)}, so that the Longhorn Node {ref.name} may be refused"] = None
    return ""
