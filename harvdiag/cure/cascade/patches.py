"""Fields that a step of a plan sets or removes, as ``kubectl patch`` does: who acts on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from harvdiag.core.fields import field_path, get_items, get_labels, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade.machine_set import begin_plan
from harvdiag.cure.cascade.marks import mark, tell_unchanged, tell_unread
from harvdiag.cure.cascade.read import claims, has_role, is_paused, machines, plan_of, provider_ids
from harvdiag.cure.cascade.stage import Change, Deed, Stage
from harvdiag.cure.cascade.words import in_deletion
from harvdiag.cure.model import Action, Effect, Hazard, Verb
from harvdiag.graph.pairing import NODE_REF, PROVIDER_ID
from harvdiag.kinds.local import FLEET, LOCAL

__all__ = ["patch"]

MARKS = {"labels": Verb.LABEL, "annotations": Verb.ANNOTATE}
CAPI = "Cluster API"
FINALIZERS = "metadata.finalizers"
SOURCE = "cluster-api internal/controllers/machine"


def patch(stage: Stage, action: Action) -> None:
    """Set or remove fields of an object, and let whoever reads them act."""
    ref = action.ref
    if ref is None:
        return
    for path, value in action.changes:
        steps = field_path(path).steps
        if len(steps) == 3 and steps[0] == "metadata" and str(steps[1]) in MARKS:
            verb = MARKS[str(steps[1])]
            mark(stage, replace(action, verb=verb, changes=((str(steps[2]), value),)))
            continue
        _set(stage, ref, path, value)


def _set(stage: Stage, ref: ObjectRef, path: str, value: object) -> None:
    old = field_path(path).get(stage.world.get(ref))
    if old == value and not (path == FINALIZERS and stage.deleting(ref)):  # one without is held by its controllers
        tell_unchanged(stage, ref, path, value)
        return
    stage.set(ref, path, value)
    what = f"remove {path}" if value is None else f"set {path} = {_short(value)}"
    stage.tell(ref, Effect.CHANGED, Deed("you", what, f"it was {'absent' if old is None else _short(old)}"))
    act = READERS.get((ref.kind, path)) or READERS.get(("", path))
    if act is None:
        tell_unread(stage, ref, path)
    else:
        act(stage, ref, value)


def _short(value: object) -> str:
    """A value as a sentence has it."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _pause(stage: Stage, ref: ObjectRef, value: object) -> None:
    """The Cluster of the hosts: while it is paused, Cluster API and Rancher leave its Machines alone."""
    if ref != LOCAL:
        stage.note(Hazard.CARE, f"{ref.kind} {ref.name} is not that of the hosts")
        return
    if value is True:
        stage.note(Hazard.SILENT, f"no Machine is made or removed while {ref.kind} {ref.name} is paused")
        return
    stage.note(Hazard.SAFE, "Cluster API and Rancher go on with what they left")
    for machine, obj in list(machines(stage)):
        bootstrap = ObjectRef("RKEBootstrap", FLEET, get_text(obj, "spec.bootstrap.configRef.name") or machine.name)
        if stage.deleting(machine):
            stage.tell(machine, Effect.CHANGED, Deed(CAPI, "takes its deletion up again", "it is not paused", SOURCE))
            stage.emit(Change.DELETING, machine)
        elif plan_of(stage, machine) is None and not stage.gap("Secret") and stage.world.get(bootstrap) is not None:
            begin_plan(stage, machine)
    for node in stage.world.refs("Node"):
        stage.emit(Change.CHANGED, node)


def _pause_chart(stage: Stage, ref: ObjectRef, value: object) -> None:
    if value is True:
        stage.note(Hazard.CARE, f"nothing updates {ref.name} while it is paused")
    else:
        deed = Deed("Rancher's fleet", "updates what the chart made", "spec.paused = false", "harvester/harvester#7791")
        stage.tell(ref, Effect.CHANGED, deed)
        stage.note(Hazard.SAFE, f"{ref.name} is kept up to date again")


def _cordon(stage: Stage, ref: ObjectRef, value: object) -> None:
    """A Machine in deletion cordons its Node again and again (docs/objects.md#removal-machine)."""
    if value is True:
        stage.note(Hazard.CARE, f"no new Pod is placed on {ref.name}")
        return
    going = [machine for machine, _ in claims(stage, ref) if stage.deleting(machine)]
    if going and not is_paused(stage.world.get(LOCAL)):
        stage.set(ref, "spec.unschedulable", True)
        why = f"Machine {going[0].name} is in deletion"
        stage.tell(ref, Effect.CHANGED, Deed(CAPI, "cordons it again", why, "harvester/harvester#8454"))
        stage.note(Hazard.USELESS, f"Cluster API cordons {ref.name} again: {why}")
    else:
        stage.note(Hazard.SAFE, f"Pods may be placed on {ref.name} again")


def _release(stage: Stage, ref: ObjectRef, value: object) -> None:
    """Finalizers that are taken off: an object in deletion goes, and what they stood for is not done."""
    if get_items(stage.world.get(ref), FINALIZERS) or value:
        stage.note(Hazard.CARE, f"other finalizers of {ref.name} stay")
        return
    if not stage.deleting(ref):
        stage.note(Hazard.USELESS, f"{ref.name} is not in deletion, and its controllers write the finalizers again")
        return
    obj = stage.world.get(ref)
    stage.tell(ref, Effect.REMOVED, Deed("Kubernetes", "lets it go, and nothing is cleaned up for it", "no finalizer"))
    if ref.kind == "Machine":
        _leave_behind(stage, ref)
    elif ref.kind == "Node" and not claims(stage, ref):
        stage.note(Hazard.CARE, f"what the controllers of Node {ref.name} had to clean up is left")
    if has_role(obj, "etcd") and stage.world.get(ObjectRef("Node", "", get_text(obj, NODE_REF))) is None:
        stage.asked.append(ref)
    stage.finish(ref)


def _leave_behind(stage: Stage, machine: ObjectRef) -> None:
    """What a Machine leaves whose finalizers were taken off."""
    obj = stage.world.get(machine) or {}
    name = get_text(obj, NODE_REF)
    stage.note(Hazard.CARE, f"Cluster API deletes neither the Node nor the parts of {machine.name}")
    others = [ref.name for ref, _ in claims(stage, ObjectRef("Node", "", name)) if ref != machine] if name else []
    there = name and stage.world.get(ObjectRef("Node", "", name)) is not None
    if there and not others:
        stage.note(Hazard.SILENT, f"Node {name} is left without a Machine")
    if has_role(obj, "etcd") and not there:
        stage.note(Hazard.CARE, f"a member of {machine.name} may be left in etcd: look with etcdctl")


def _reference(stage: Stage, ref: ObjectRef, value: object) -> None:
    """Cluster API writes a nodeRef once, and never changes one that is set."""
    name = str(value.get("name")) if isinstance(value, dict) else str(value or "")
    node = ObjectRef("Node", "", name)
    if not name:
        stage.note(Hazard.CARE, f"Cluster API sets the nodeRef of {ref.name} again, by its providerID")
        return
    if stage.world.get(node) is None:
        stage.note(Hazard.SILENT, f"no Node {name} exists, and Cluster API never changes a nodeRef that is set")
        return
    provider = get_text(stage.world.get(node), PROVIDER_ID)
    if provider not in provider_ids(stage, ref, stage.world.get(ref) or {}).values():
        what = f"the Node with the providerID of {ref.name} is another than {name}: they disagree for good"
        stage.note(Hazard.SILENT, what)
    others = [other.name for other, _ in claims(stage, node) if other != ref]
    if others:
        stage.note(Hazard.DANGEROUS, f"Node {name} is that of Machine {others[0]}, too")
    stage.note(Hazard.CARE, "Cluster API never changes a nodeRef that is set")


def _provider(stage: Stage, ref: ObjectRef, value: object) -> None:
    """A providerID by hand: it decides which Node goes with a Machine."""
    nodes = [node for node in stage.world.refs("Node") if get_text(stage.world.get(node), PROVIDER_ID) == value]
    if value and not nodes:
        stage.note(Hazard.SILENT, f"no Node has the providerID {value}")
    for node in nodes:
        other = next((machine for machine, _ in claims(stage, node) if machine.name != ref.name), None)
        if other is not None:
            stage.note(Hazard.DANGEROUS, f"Node {node.name} is that of Machine {other.name}")
    stage.note(Hazard.CARE, f"the Node with this providerID goes when Machine {ref.name} is deleted")


def _deleting_stays(stage: Stage, ref: ObjectRef, _: object) -> None:
    stage.note(Hazard.USELESS, in_deletion(ref.name, "the API does not undo a deletion"))


def _schedule(stage: Stage, ref: ObjectRef, value: object) -> None:
    if value is True:
        stage.note(Hazard.SAFE, f"Longhorn may place replicas on {ref.name}")
    else:
        stage.note(Hazard.CARE, f"Longhorn places no replica on {ref.name}")


def _stop(stage: Stage, ref: ObjectRef, _: object) -> None:
    """A VM that is stopped: KubeVirt starts it on another Node when a person does."""
    stage.note(Hazard.CARE, f"{ref.namespace}/{ref.name} is not served meanwhile")


def _label_roles(stage: Stage, ref: ObjectRef, value: object) -> None:
    labels = sorted(get_labels(stage.world.get(ref) or {}))
    stage.note(Hazard.CARE, f"all labels of {ref.name} are replaced: {', '.join(labels) or value}")


READERS: dict[tuple[str, str], Callable[[Stage, ObjectRef, object], None]] = {
    ("Cluster", "spec.paused"): _pause,
    ("ManagedChart", "spec.paused"): _pause_chart,
    ("Node", "spec.unschedulable"): _cordon,
    ("", FINALIZERS): _release,
    ("", "metadata.deletionTimestamp"): _deleting_stays,
    ("", "metadata.labels"): _label_roles,
    ("Machine", "status.nodeRef"): _reference,
    ("Machine", PROVIDER_ID): _provider,
    ("CustomMachine", PROVIDER_ID): _provider,
    ("VirtualMachineInstance", "status.phase"): _stop,
    ("Node.longhorn.io", "spec.allowScheduling"): _schedule,
}
"""Who acts on a field, by its kind (empty: any) and path."""
