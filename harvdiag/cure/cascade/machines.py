"""Cluster API: how a Machine goes, and its Node with it (docs/objects.md#removal-machine)."""

from __future__ import annotations

from typing import NamedTuple

from harvdiag.core.conditions import STATUS_LIST, with_conditions
from harvdiag.core.fields import Obj, field_path, get_items, get_labels, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade.read import annotations_of, claims, is_paused, is_ready, machines, provider_ids
from harvdiag.cure.cascade.stage import DELETED, Change, Deed, Event, Stage, on
from harvdiag.cure.cascade.words import in_deletion, unknown
from harvdiag.cure.model import Effect, Hazard
from harvdiag.graph.pairing import NODE_REF, PROVIDER_ID
from harvdiag.kinds.local import CONTROL_PLANE, LOCAL

__all__ = ["ETCD_HOOK", "HOOKS", "NO_DRAIN", "find_node", "is_paused_machine"]

CAPI = "Cluster API"
SOURCE = "cluster-api internal/controllers/machine"
FINALIZER = "machine.cluster.x-k8s.io"
HOOKS = ("pre-drain.delete.hook.machine.cluster.x-k8s.io", "pre-terminate.delete.hook.machine.cluster.x-k8s.io")
ETCD_HOOK = "pre-terminate.delete.hook.machine.cluster.x-k8s.io/rke-bootstrap-cleanup"
NO_DRAIN = "machine.cluster.x-k8s.io/exclude-node-draining"
CONTROL_PLANE_LABEL = "cluster.x-k8s.io/control-plane"


class Held(NamedTuple):
    """The Node of a Machine that is being deleted, and the field by which it is known."""

    node: ObjectRef | None
    by: str = ""
    kept: str = ""
    """Why Cluster API leaves it; empty where it deletes it."""


def find_node(stage: Stage, machine: ObjectRef, obj: Obj) -> Held:
    """The Node that goes with a Machine: by nodeRef, else by the providerID of it or of its CustomMachine."""
    name = get_text(obj, NODE_REF)
    if name:
        ref = ObjectRef("Node", "", name)
        there = stage.world.get(ref) is not None
        return Held(ref if there or not stage.world.seen("Node") else None, f"{NODE_REF} = {name}")
    if gap := stage.gap("CustomMachine"):
        stage.open(f"{gap}, so that a Node may have the providerID of {machine.name}")
    for source, value in provider_ids(stage, machine, obj).items():
        for ref in stage.world.refs("Node"):
            if get_text(stage.world.get(ref), PROVIDER_ID) == value:
                return Held(ref, f"nodeRef is empty, and {source.kind} {PROVIDER_ID} = {value}")
    return Held(None)


def _why_kept(stage: Stage) -> str:
    """Why Cluster API does not delete the Node of a Machine; empty where it does."""
    for ref in (LOCAL, CONTROL_PLANE):
        if stage.deleting(ref):
            return f"{ref.kind} {ref.name} goes itself"
    planes = [obj for _, obj in machines(stage) if CONTROL_PLANE_LABEL in get_labels(obj)]
    if all(get_text(obj, DELETED) for obj in planes):
        return f"no other Machine has the label {CONTROL_PLANE_LABEL}"
    return ""


def is_paused_machine(stage: Stage, obj: Obj) -> str:
    """Why Cluster API leaves a Machine alone; empty where it acts on it."""
    if is_paused(stage.world.get(LOCAL)):
        return f"Cluster {LOCAL.name} spec.paused = true"
    return "annotation cluster.x-k8s.io/paused" if "cluster.x-k8s.io/paused" in annotations_of(obj) else ""


@on("Machine", Change.DELETING)
def begin_deletion(stage: Stage, event: Event) -> None:
    """Decide whether the Node goes, too, and drain it; pre-terminate hooks come next."""
    ref, obj = event.ref, event.last
    if paused := is_paused_machine(stage, obj):
        stage.tell(ref, Effect.WAITS, Deed(CAPI, "does not act on it while it is paused", paused, SOURCE))
        stage.note(Hazard.SILENT, in_deletion(ref.name, paused))
        return
    stage.memory[f"node of {ref}"] = held = _hold(stage, ref, obj)
    if held.node is not None:
        _weigh_node(stage, ref, held)
        if not held.kept:
            _drain(stage, ref, held)
    if not _hooks(obj):
        stage.emit(Change.CHANGED, ref)


def _hold(stage: Stage, machine: ObjectRef, obj: Obj) -> Held:
    """The Node that goes with the Machine, and why it may stay."""
    held = find_node(stage, machine, obj)
    return held._replace(kept=_why_kept(stage)) if held.node else held


def _weigh_node(stage: Stage, machine: ObjectRef, held: Held) -> None:
    """Tell what it means that the Node goes with the Machine."""
    node = held.node
    if node is None:
        return
    if held.kept:
        why = f"{held.by}, but {held.kept}"
        stage.tell(
            node, Effect.NOTHING, Deed(CAPI, "does not delete the Node, which is left without a Machine", why, SOURCE)
        )
        stage.note(Hazard.DANGEROUS, f"Node {node.name} would be left without a Machine: {held.kept}")
    for other, how in claims(stage, node):
        if other != machine and not stage.deleting(other):
            stage.note(
                Hazard.DANGEROUS,
                f"Node {node.name}, that of Machine {machine.name}, belongs to Machine {other.name}, too: {how}",
            )
    stage.asked.append(machine)


def _drain(stage: Stage, machine: ObjectRef, held: Held) -> None:
    node = held.node
    obj = stage.world.get(node) if node else None
    if node is None or obj is None or get_text(obj, DELETED):
        return
    if NO_DRAIN in annotations_of(stage.world.get(machine)):
        stage.tell(node, Effect.NOTHING, Deed(CAPI, "does not drain it", f"annotation {NO_DRAIN}", SOURCE))
        return
    stage.set(node, "spec.unschedulable", True)
    what = "cordons it, drains it and waits for its volumes to be detached"
    if not is_ready(obj):
        what = "cordons it and drains it without waiting for its Pods, as it is unreachable"
    known = get_text(stage.world.get(machine), NODE_REF) or stage.since(1, 5)
    stage.tell(node, Effect.CHANGED, Deed(CAPI, what, held.by, _source(held), derived=not known))


def _source(held: Held) -> str:
    return "harvester/harvester#6022" if held.by.startswith(NODE_REF) else "kubernetes-sigs/cluster-api#11032"


def _hooks(obj: Obj | None) -> list[str]:
    return [key for key in annotations_of(obj) if key.startswith(HOOKS)]


@on("Machine", Change.DELETING, Change.CHANGED)
def foreign_hooks(stage: Stage, event: Event) -> None:
    """Wait for hooks that neither Rancher nor Harvester ends."""
    if not stage.deleting(event.ref) or event.change is Change.CHANGED:
        return
    for hook in _hooks(event.last):
        if hook != ETCD_HOOK:
            stage.tell(event.ref, Effect.WAITS, Deed(CAPI, "waits for a hook", f"annotation {hook}", SOURCE))
            stage.open(unknown(f"who ends the hook {hook} of {event.ref.name}"))


@on("Machine", Change.CHANGED)
def finish_deletion(stage: Stage, event: Event) -> None:
    """With no hook left, delete the infrastructure, the bootstrap and the Node, and let the Machine go."""
    ref, obj = event.ref, stage.world.get(event.ref)
    if obj is None or not stage.deleting(ref) or _hooks(obj) or is_paused_machine(stage, obj):
        return
    _delete_parts(stage, ref, obj)
    held = stage.memory.get(f"node of {ref}")
    if not isinstance(held, Held):  # its deletion began before
        held = _hold(stage, ref, obj)
    going = held.node if held.node is not None and stage.deleting(held.node) else None
    if held.node is not None and not held.kept:
        node = stage.world.get(held.node)
        if node is not None and not get_text(node, DELETED):
            stage.tell(held.node, Effect.REMOVED, Deed(CAPI, "deletes the Node of the Machine", held.by, _source(held)))
            stage.delete(held.node)
        elif node is None and not stage.world.seen("Node"):
            stage.tell(held.node, Effect.REMOVED, Deed(CAPI, "deletes the Node of the Machine", held.by, _source(held)))
    others = [name for name in get_items(obj, "metadata.finalizers") if name != FINALIZER]
    if others:
        why = f"finalizers {', '.join(map(str, others))}"
        stage.set(ref, "metadata.finalizers", others)
        stage.tell(ref, Effect.WAITS, Deed(CAPI, "lets it go, but another finalizer holds it", why, SOURCE))
        stage.open(unknown(f"who takes the {why} off {ref.name}"))
        return
    stage.tell(ref, Effect.REMOVED, Deed(CAPI, "lets the Machine go", f"finalizer {FINALIZER}", SOURCE))
    stage.finish(ref)
    if going is not None:
        stage.emit(Change.DELETING, going)


def _delete_parts(stage: Stage, machine: ObjectRef, obj: Obj) -> None:
    for path, what in (("spec.infrastructureRef", "its infrastructure"), ("spec.bootstrap.configRef", "its bootstrap")):
        found = field_path(path).get(obj)
        if not isinstance(found, dict):
            continue
        part = ObjectRef(
            str(found.get("kind")), str(found.get("namespace") or machine.namespace), str(found.get("name"))
        )
        if stage.world.get(part) is not None:
            stage.tell(part, Effect.REMOVED, Deed(CAPI, f"deletes {what}", f"{path}.name = {part.name}", SOURCE))
            stage.finish(part)


@on("CustomMachine", Change.REMOVED)
def lost_infrastructure(stage: Stage, event: Event) -> None:
    """A Machine whose CustomMachine was deleted has failed, though few see it (docs/objects.md#removal-machine)."""
    machine = next(
        (ref for ref, obj in machines(stage) if _has_part(obj, "spec.infrastructureRef.name", event.ref)), None
    )
    if machine is None or stage.deleting(machine):
        return
    message = f"{event.ref.kind} {event.ref.name} has been deleted after provisioning was completed"
    provisioned = bool(get_text(event.last, PROVIDER_ID) or get_text(stage.world.get(machine), NODE_REF))
    _fail(stage, machine, message if provisioned else "")
    seen = (
        "the webhook does not see it: the fault waits for the next deletion or plan"
        if stage.since(1, 8)
        else "phase Failed refuses every upgrade from then on"
    )
    stage.note(
        Hazard.SILENT, f"CustomMachine {event.ref.name} is never made again, as Machine {machine.name} exists; {seen}"
    )


def _has_part(obj: Obj, path: str, part: ObjectRef) -> bool:
    return get_text(obj, path) == part.name


def _fail(stage: Stage, machine: ObjectRef, message: str) -> None:
    """Write what Cluster API writes on a Machine whose infrastructure is gone."""
    new = stage.since(1, 8)
    _set_condition(stage, machine, "InfrastructureReady", "False", "Deleted" if message else "NotFound")
    if message:
        where = (
            "status.deprecated.v1beta1"
            if get_text(stage.world.get(machine), "apiVersion").endswith("v1beta2")
            else "status"
        )
        stage.set(machine, f"{where}.failureReason", "InvalidConfiguration")
        stage.set(machine, f"{where}.failureMessage", message)
    if message and not new:
        stage.set(machine, "status.phase", "Failed")
    phase = "phase Failed" if message and not new else "its phase stays as it is"
    failed = f", failureReason InvalidConfiguration, {phase}" if message else ""
    why = "the infrastructure that spec.infrastructureRef names is gone"
    stage.tell(machine, Effect.CHANGED, Deed(CAPI, f"sets InfrastructureReady False{failed}", why, SOURCE))
    what = "does not make the CustomMachine again"
    why = f"it finds Machine {machine.name} by name, and does not run its create step"
    infra = ObjectRef("CustomMachine", machine.namespace, machine.name)
    stage.tell(infra, Effect.NOTHING, Deed("Rancher", what, why, "rancher pkg/controllers/capr/unmanaged", True))


def _set_condition(stage: Stage, ref: ObjectRef, kind: str, status: str, reason: str) -> None:
    """Set a condition of an object, at the time that changes have."""
    made = {"type": kind, "status": status, "reason": reason, "lastTransitionTime": stage.timestamp()}
    stage.set(ref, STATUS_LIST[0], with_conditions(stage.world.edit(ref), made))
