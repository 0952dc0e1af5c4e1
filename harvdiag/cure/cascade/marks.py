"""Labels and annotations that a person sets: who acts on them, and who sets them back."""

from __future__ import annotations

import json
from collections.abc import Callable

from harvdiag.core.fields import get_labels, get_text, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade.joins import ADMINISTRATED, register
from harvdiag.cure.cascade.machines import ETCD_HOOK, NO_DRAIN
from harvdiag.cure.cascade.rancher import FORCE, INIT
from harvdiag.cure.cascade.read import (
    ANNOTATION,
    annotations_of,
    claims,
    is_ready,
    machine_named_by,
    machines,
    provider_ids,
)
from harvdiag.cure.cascade.stage import Change, Deed, Stage
from harvdiag.cure.model import Action, Effect, Hazard, Verb
from harvdiag.graph.pairing import NODE_REF, PROVIDER_ID
from harvdiag.kinds.local import FLEET, MANAGEMENT
from harvdiag.snapshot.locate import object_named
from harvdiag.upgrade.plans import node_plans

__all__ = ["mark", "tell_unchanged", "tell_unread"]

UPGRADER = "plan.upgrade.cattle.io/system-agent-upgrader"
PAIR_LABEL = "rke.cattle.io/machine"
MANAGED = "harvesterhci.io/managed"
AGENT = "k3s pkg/agent/run.go"


def mark(stage: Stage, action: Action) -> None:
    """Set or remove labels or annotations, and let whoever reads them act."""
    ref = action.ref
    if ref is None:
        return
    where = "labels" if action.verb is Verb.LABEL else "annotations"
    for key, value in action.changes:
        old = (get_labels if where == "labels" else annotations_of)(stage.world.get(ref) or {}).get(key)
        if old == value:
            tell_unchanged(stage, ref, key, value)
            continue
        stage.set(ref, f'metadata.{where}["{key}"]', value)
        what = f"remove {where[:-1]} {key}" if value is None else f"set {where[:-1]} {key} = {value}"
        stage.tell(ref, Effect.CHANGED, Deed("you", what, f"it was {'absent' if old is None else old}"))
        act = READERS.get((ref.kind, where, key))
        if act is None:
            tell_unread(stage, ref, f"{where[:-1]} {key}")
        else:
            act(stage, ref, value)


def tell_unchanged(stage: Stage, ref: ObjectRef, what: str, value: object) -> None:
    """Tell that a field has the value already."""
    stage.tell(
        ref, Effect.NOTHING, Deed("you", f"change nothing: {what} is {'absent' if value is None else value} already")
    )
    stage.note(Hazard.USELESS, f"{ref.kind} {ref.name} has {what} {'not' if value is None else 'as it would be'}")


def tell_unread(stage: Stage, ref: ObjectRef, what: str) -> None:
    """Tell that no controller here acts on a field."""
    stage.tell(ref, Effect.NOTHING, Deed("no controller", "acts on it, of those that are simulated", what))


def _annotation_of_machine(stage: Stage, node: ObjectRef, value: str | None) -> None:
    """The annotation by which Harvester counts a Node as paired; Cluster API writes it only by providerID."""
    linked = next(
        (
            ref
            for ref, obj in machines(stage)
            if get_text(stage.world.get(node), PROVIDER_ID) in provider_ids(stage, ref, obj).values()
        ),
        None,
    )
    linked = linked if get_text(stage.world.get(node), PROVIDER_ID) else None
    if linked is not None and value != linked.name:
        stage.set(node, f'metadata.annotations["{ANNOTATION}"]', linked.name)
        why = f"the Node has the providerID of Machine {linked.name}"
        stage.tell(
            node,
            Effect.CHANGED,
            Deed("Cluster API", f"writes {linked.name} again", why, "cluster-api internal/controllers/machine", True),
        )
        was = machine_named_by(object_named(stage.world.origin, node) or {})
        if was is not None and was != linked:
            stage.note(Hazard.CARE, f"Node {node.name} names {linked.name} again, by which it was known all along")
        else:
            stage.note(Hazard.USELESS, f"Cluster API writes the annotation again: {why}")
        return
    if value is None:
        stage.note(
            Hazard.CARE,
            "it stays removed, as no Machine has the providerID of the Node; Harvester then deletes no Machine with it",
        )
        return
    _weigh_name(stage, node, ObjectRef("Machine", FLEET, value))


def _weigh_name(stage: Stage, node: ObjectRef, named: ObjectRef) -> None:
    """Tell what it means that a Node names this Machine, by the hand of a person."""
    owner = next((ref for ref, _ in claims(stage, node) if not stage.deleting(ref)), None)
    obj = stage.world.get(named)
    if obj is None and not stage.gap("Machine"):
        stage.note(Hazard.SILENT, f"no Machine {named.name} exists: Harvester would look for it without end")
        return
    host = get_text(obj, NODE_REF)
    if host and host != node.name:
        stage.note(
            Hazard.DANGEROUS, f"{named.name} is the Machine of Node {host}: deleting {node.name} would then delete it"
        )
    elif owner is None or owner != named:
        what = "writes neither nodeRef nor providerID: the pair is one in name only"
        why = f"no Machine has the providerID of {node.name}"
        stage.tell(
            named, Effect.NOTHING, Deed("Cluster API", what, why, "cluster-api internal/controllers/machine", True)
        )
        stage.note(
            Hazard.SILENT, "the webhook counts the pair, and no agent works for it: an upgrade stops at this node"
        )


def _machine_uid(stage: Stage, node: ObjectRef, value: str | None) -> None:
    """The label by which Rancher finds the Node of a Machine; RKE2 writes that of its plan at its next start."""
    written = _own_label(stage, node, PAIR_LABEL)
    if written and written != value:
        stage.tell(
            node, Effect.CHANGED, Deed("RKE2", f"writes {written} again at its next start", "rke2.io/node-args", AGENT)
        )
        stage.note(Hazard.USELESS, f"RKE2 writes {PAIR_LABEL} again at its next start, as its arguments have it")
    if value is None:
        return
    owner = next((ref for ref, obj in machines(stage) if uid_of(obj) == value), None)
    if owner is None:
        stage.note(
            Hazard.SILENT, f"no Machine has the uid {value}: a new Machine of the host would never get a providerID"
        )
        return
    host = get_text(stage.world.get(owner), NODE_REF)
    if host and host != node.name:
        stage.note(
            Hazard.DANGEROUS,
            f"{value} is the uid of the Machine of Node {host}: Rancher takes the first Node that has it",
        )
        return
    stage.note(Hazard.CARE, f"the pair of {node.name} and {owner.name} is made without an agent: look whether one runs")
    if not written:
        stage.note(
            Hazard.SILENT,
            f"no agent of {node.name} works for {owner.name}: the planner waits for it, and blocks every other node",
        )
    stage.emit(Change.CHANGED, node)


def _own_label(stage: Stage, node: ObjectRef, key: str) -> str:
    """The value of a label that RKE2 on the host writes at each start; empty if it does not."""
    try:
        found = json.loads(str(annotations_of(stage.world.get(node)).get("rke2.io/node-args", "[]")))
    except ValueError:
        return ""
    given = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
    return next((each.partition("=")[2] for each in given if each.startswith(f"{key}=")), "")


def _managed(stage: Stage, node: ObjectRef, value: str | None) -> None:
    """The label by which Harvester counts a host as its own."""
    if value == "true":
        _run_plans(stage, node)
        if not claims(stage, node):
            stage.note(Hazard.SILENT, f"plans run on {node.name} then, but without a Machine an upgrade stops at it")
        else:
            stage.note(Hazard.SAFE, f"{node.name} has a Machine, and counts as Harvester's own again")
        return
    if _own_label(stage, node, MANAGED):
        stage.tell(
            node, Effect.CHANGED, Deed("RKE2", "writes the label again at its next start", "rke2.io/node-args", AGENT)
        )
    stage.note(Hazard.SILENT, f"upgrades leave {node.name} out, and wait for plans that do not run on it")


def _run_plans(stage: Stage, node: ObjectRef) -> None:
    """Every plan that selects the Node now runs on it."""
    obj = stage.world.get(node) or {}
    plans = [
        plan for plan in node_plans(tuple(stage.world.objects("Plan"))) if plan.selects(obj) and not plan.done(obj)
    ]
    for plan in plans:
        stage.set(node, f'metadata.labels["{plan.label}"]', plan.hash or None)
        why = f"its nodeSelector fits the label {MANAGED}"
        what = f"runs Plan {plan.ref.name} on it"
        stage.tell(
            node,
            Effect.CHANGED,
            Deed("system-upgrade-controller", what, why, "rancher/system-upgrade-controller", True),
        )


def _upgrader(stage: Stage, node: ObjectRef, value: str | None) -> None:
    if value is None:
        register(stage, node)
    else:
        stage.note(Hazard.USELESS, "the plan writes this label itself, once it has run")


def _force(stage: Stage, ref: ObjectRef, value: str | None) -> None:
    machine = next(
        (each for each, obj in machines(stage) if get_text(obj, "spec.bootstrap.configRef.name") == ref.name), None
    )
    if value == "true" and machine is not None and stage.deleting(machine):
        stage.note(Hazard.CARE, f"Rancher ends the hook of {machine.name} without a look at etcd")
        stage.emit(Change.DELETING, machine)
    elif value == "true":
        stage.note(Hazard.SILENT, f"when {ref.name} is deleted, its member stays in etcd")


def _hook(stage: Stage, ref: ObjectRef, value: str | None) -> None:
    if value is None and stage.deleting(ref):
        host = get_text(stage.world.get(ref), NODE_REF)
        runs = is_ready(stage.world.get(ObjectRef("Node", "", host)))
        what = f"the deletion of {ref.name} goes on without its member leaving etcd"
        stage.note(Hazard.DANGEROUS if runs else Hazard.CARE, what)
        stage.emit(Change.CHANGED, ref)
    elif value is None:
        stage.tell(
            ref,
            Effect.CHANGED,
            Deed(
                "Rancher",
                "writes the annotation again",
                "the Machine has the role etcd",
                "rancher pkg/controllers/capr/bootstrap",
                True,
            ),
        )
        stage.set(ref, f'metadata.annotations["{ETCD_HOOK}"]', "rke-bootstrap-controller")
        stage.note(Hazard.USELESS, "Rancher writes the hook again while the Machine is not being deleted")


def _no_drain(stage: Stage, ref: ObjectRef, value: str | None) -> None:
    if value is not None:
        stage.note(Hazard.CARE, f"when {ref.name} is deleted, nothing is moved away from its Node first")


def _administrated(stage: Stage, ref: ObjectRef, value: str | None) -> None:
    if value != "true":
        stage.note(Hazard.SILENT, "hosts that register from then on get no Machine")
    elif ref == MANAGEMENT:
        stage.note(
            Hazard.SAFE, "hosts that register from then on get a Machine; those that did before must register again"
        )


def _pause(stage: Stage, ref: ObjectRef, value: str | None) -> None:
    """The annotation for which Cluster API leaves an object alone, whatever its value."""
    if value is not None:
        stage.note(Hazard.CARE, f"Cluster API leaves {ref.name} alone until the annotation is taken off")
    elif stage.deleting(ref):
        stage.emit(Change.DELETING, ref)


def _init_node(stage: Stage, ref: ObjectRef, value: str | None) -> None:
    """The label by which Rancher's planner knows the server that the others join."""
    if value == "true" and (joined := annotations_of(stage.world.get(ref)).get("rke.cattle.io/joined-to")):
        stage.note(Hazard.DANGEROUS, f"the server of {ref.name} has joined {joined}: it is not the init node")
    elif value == "true":
        stage.note(Hazard.CARE, f"the planner configures the host of {ref.name} first, and the others join it")
    else:
        left = [
            each for each in stage.world.refs("Secret") if get_labels(stage.world.get(each) or {}).get(INIT) == "true"
        ]
        told = f"{left[0].name} keeps the label" if left else "no plan Secret has the label any longer"
        stage.note(Hazard.CARE if left else Hazard.DANGEROUS, told)


READERS: dict[tuple[str, str, str], Callable[[Stage, ObjectRef, str | None], None]] = {
    ("Node", "annotations", ANNOTATION): _annotation_of_machine,
    ("Node", "labels", PAIR_LABEL): _machine_uid,
    ("Node", "labels", MANAGED): _managed,
    ("Node", "labels", UPGRADER): _upgrader,
    ("RKEBootstrap", "annotations", FORCE): _force,
    ("Machine", "annotations", ETCD_HOOK): _hook,
    ("Machine", "annotations", NO_DRAIN): _no_drain,
    ("Machine", "annotations", "cluster.x-k8s.io/paused"): _pause,
    ("Secret", "labels", INIT): _init_node,
    ("Cluster.management.cattle.io", "annotations", ADMINISTRATED): _administrated,
}
"""Who acts on a label or an annotation, by the kind, where it is, and its key."""
