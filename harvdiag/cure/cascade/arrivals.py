"""A host that is reinstalled, and joins under a name (docs/objects.md#host-join)."""

from __future__ import annotations

import hashlib
from copy import deepcopy

from harvdiag.core.fields import Obj, field_path, get_labels, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade.joins import is_served
from harvdiag.cure.cascade.linking import plan_marks
from harvdiag.cure.cascade.longhorn import take_in
from harvdiag.cure.cascade.machine_set import begin_plan, make_set, set_labels
from harvdiag.cure.cascade.nodes import may_join, promote
from harvdiag.cure.cascade.read import annotations_of, is_ready, machines
from harvdiag.cure.cascade.stage import DELETED, Change, Deed, Event, Stage
from harvdiag.cure.model import Effect, Hazard
from harvdiag.graph.pairing import NODE_REF

__all__ = ["join"]

INSTALLER = "Harvester's installer"
SOURCE = "harvester/harvester#7065"
NEW_LABELS = {
    "beta.kubernetes.io/arch": "",
    "beta.kubernetes.io/os": "",
    "kubernetes.io/arch": "",
    "kubernetes.io/os": "",
    "node.kubernetes.io/instance-type": "",
}
"""Labels that each kubelet writes; a new Node has the values that the others have."""


def join(stage: Stage, node: ObjectRef) -> None:
    """Reinstall a host under this name: it joins as a worker, with a cattle-id that is new."""
    what = "installs the host on a wiped disk, and it asks to join as a worker, with a new cattle-id"
    stage.tell(node, Effect.CHANGED, Deed(INSTALLER, what))
    if reason := _why_not_free(stage, node):
        stage.tell(node, Effect.REFUSED, Deed("RKE2", "does not let it join", reason, SOURCE))
        stage.note(Hazard.USELESS, f"{node.name} cannot join: {reason}")
        return
    if not is_served(stage, node):
        return
    stage.world.uninstalled.add(node.name)  # the files that were read are those of the old installation
    name = f"custom-{hashlib.sha256(f'the new host {node.name}'.encode()).hexdigest()[:12]}"
    stage.untold[f"the name of the new Machine follows from the new cattle-id of {node.name}"] = None
    labels = {**set_labels(node, "", ("worker",)), "harvesterhci.io/managed": "true"}
    machine = make_set(stage, name, labels, f"no Machine has the new cattle-id of {node.name}")
    if not begin_plan(stage, machine):
        return
    if reason := may_join(stage):
        what = "refuses the new Node, and its Machine waits for one"
        stage.tell(node, Effect.REFUSED, Deed("Harvester's webhook", what, reason, "harvester/harvester#7601"))
        stage.note(Hazard.USELESS, f"Node {node.name} cannot join until the upgrade ends: {reason}")
        return
    _arrive(stage, node, machine)


def _why_not_free(stage: Stage, node: ObjectRef) -> str:
    """What is left of an old host of this name, so that the new one cannot join; empty where nothing is."""
    if stage.world.get(node) is not None:
        return f"Node {node.name} is there still, with the password of the old installation"
    if gap := stage.gap("Machine"):
        stage.open(f"{gap}, so that the Machine of an old {node.name} may be there")
    for ref, obj in machines(stage):
        named = get_labels(obj).get("rke.cattle.io/node-name") == node.name
        if named or get_text(obj, NODE_REF) == node.name:
            state = "in deletion" if get_text(obj, DELETED) else "not deleted"
            return f"Machine {ref.name} of the old {node.name} is there still ({state})"
    return ""


def _arrive(stage: Stage, node: ObjectRef, machine: ObjectRef) -> None:
    """The host runs its plan: its kubelet makes the Node, which Rancher and Cluster API then link to the Machine."""
    uid = get_text(stage.world.get(machine), "metadata.uid")
    stage.create(node, _new_node(stage, node.name, {"rke.cattle.io/machine": uid} | plan_marks(stage, machine)))
    why = f"the plan of Machine {machine.name}"
    what = "makes the Node, with the labels of Harvester and of its Machine"
    stage.tell(node, Effect.CREATED, Deed("kubelet", what, why, "rancher pkg/controllers/capr/planner"))
    stage.note(Hazard.SAFE, f"{node.name} is new: nothing lives on it")
    if stage.facts.running:
        stage.note(Hazard.CARE, f"{stage.facts.running} is under way: let a host join once it has ended")
    promote(stage, Event(Change.CREATED, node, {}))
    take_in(stage, node)


def _new_node(stage: Stage, name: str, marks_of_plan: dict[str, str]) -> Obj:
    """The Node of the new host: as the others, with what was known of the old one under this name."""
    old = stage.world.origin.get(ObjectRef("Node", "", name)) or {}
    like = _pattern(stage)
    labels = {key: value for key, value in get_labels(like).items() if key in NEW_LABELS}
    labels |= {"kubernetes.io/hostname": name, "harvesterhci.io/managed": "true"} | marks_of_plan
    status = {key: deepcopy(value) for key, value in (like.get("status") or {}).items() if key == "nodeInfo"}
    beat = stage.world.origin.collected_at.text
    # Ready just now, as after a restart of RKE2: checks of what stands still give it time to settle.
    at = beat or stage.timestamp()
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": at}
    status["conditions"] = [ready | ({"lastHeartbeatTime": beat} if beat else {})]
    addresses = field_path("status.addresses").get(old)
    status["addresses"] = addresses if isinstance(addresses, list) else [{"type": "Hostname", "address": name}]
    marks = {key: value for key, value in annotations_of(old).items() if key == "rke2.io/internal-ip"}
    metadata = {"labels": labels, "annotations": {**marks, "rke2.io/hostname": name}}
    spec = {"providerID": f"rke2://{name}"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status}


def _pattern(stage: Stage) -> Obj:
    """A Node that is as a new one will be: Ready, of the newest release that runs."""
    found = [obj for obj in stage.world.objects("Node") if is_ready(obj)] or stage.world.objects("Node")
    return max(found, key=lambda obj: get_text(obj, "status.nodeInfo.kubeletVersion"), default={})
