"""A person deletes an object: what the API and its webhooks say first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import field_path, get_items, get_labels, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.cure.cascade.linking import look_again
from harvdiag.cure.cascade.longhorn import KIND as LONGHORN_NODE
from harvdiag.cure.cascade.longhorn import delete_longhorn_node
from harvdiag.cure.cascade.machines import find_node
from harvdiag.cure.cascade.rancher import make_missing_plans
from harvdiag.cure.cascade.read import (
    CLUSTER_NAMESPACE,
    annotations_of,
    claims,
    has_role,
    is_ready,
    machine_named_by,
    machines,
    plan_of,
)
from harvdiag.cure.cascade.stage import DELETED, Change, Deed, Stage
from harvdiag.cure.cascade.words import lost_agent, unknown, unread_object
from harvdiag.cure.model import Effect, Hazard
from harvdiag.kinds.local import CONTROL_PLANE, LOCAL, MANAGEMENT, PROVISIONING
from harvdiag.rules.thresholds import REMOVAL
from harvdiag.rules.upgrade_evidence import rollout_at_nodes

__all__ = ["delete", "delete_host", "wait"]

WHOLE = {LOCAL.kind, PROVISIONING.kind, MANAGEMENT.kind, CONTROL_PLANE.kind, "RKECluster"}
"""Kinds that stand for the cluster itself: everything goes with one."""
AGENT_KINDS = frozenset(
    {"serviceaccounts", "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io"}
)
PLAN = "-machine-plan"
SKIP = "harvesterhci.io/skipWebhook"


def delete(stage: Stage, ref: ObjectRef) -> None:
    """Delete one object, as ``kubectl delete`` does."""
    obj = stage.world.get(ref)
    if obj is None:
        gap = stage.gap(ref.kind, ref.namespace) or unread_object(ref)
        stage.open(gap)
        return
    if get_text(obj, DELETED):
        stage.tell(
            ref,
            Effect.NOTHING,
            Deed("you", "change nothing: it is in deletion already", f"{DELETED} = {get_text(obj, DELETED)}"),
        )
        stage.note(Hazard.USELESS, f"{ref.kind} {ref.name} is in deletion already: see what holds it")
        return
    if ref.kind in WHOLE and (ref.namespace, ref.name) in {(each.namespace, each.name) for each in (LOCAL, MANAGEMENT)}:
        _delete_cluster(stage, ref)
        return
    special = SPECIAL.get(ref.kind, _plain)
    special(stage, ref)


def _delete(stage: Stage, ref: ObjectRef) -> None:
    if not stage.steps:  # Harvester's UI has told it before
        stage.tell(ref, Effect.CHANGED, Deed("you", "ask for its deletion"))
    stage.delete(ref)


def _delete_node(stage: Stage, ref: ObjectRef) -> None:
    if gap := stage.gap("Machine"):
        stage.open(f"{gap}, so that it is not known whether a Machine goes with the Node")
    _delete(stage, ref)


def _delete_machine(stage: Stage, ref: ObjectRef) -> None:
    if gap := stage.gap("Node"):
        stage.open(f"{gap}, so that it is not known whether a Node goes with the Machine")
    obj = stage.world.get(ref) or {}
    held = find_node(stage, ref, obj)
    hosts = [] if held.node is not None else _likely_hosts(stage, ref)
    if hosts:
        stage.note(Hazard.SILENT, f"{join_names(hosts)} looks like its host, and would be left without a Machine")
    elif held.node is None and has_role(obj, "etcd"):
        stage.note(Hazard.CARE, f"{ref.name} has the role etcd: look whether a dead member remains")
        stage.asked.append(ref)
    elif held.node is None:
        stage.note(Hazard.SAFE, f"no Node has {ref.name}, by nodeRef or by a providerID")
    _delete(stage, ref)


def _likely_hosts(stage: Stage, machine: ObjectRef) -> list[str]:
    """The Nodes that may be the host of a Machine that no link has yet: by label, name or address."""
    with stage.facts.snapshot.watched(None):
        found = stage.facts.pairing.candidate_nodes(machine) if machine in stage.facts.links.objects else []
    return [node.name for node in found if stage.world.get(node) is not None and not claims(stage, node)]


def _delete_part(stage: Stage, ref: ObjectRef) -> None:
    machine = next((each for each, _ in machines(stage) if each.name == ref.name), None)
    if gap := stage.gap("Machine"):
        stage.open(f"{gap}, so that it may be part of a Machine")
    elif machine is None:
        stage.note(Hazard.SAFE, f"no Machine has {ref.kind} {ref.name}")
    stage.tell(
        ref, Effect.REMOVED, Deed("you", "delete it, and its finalizers are released without work", "", "", True)
    )
    stage.finish(ref)


def _delete_secret(stage: Stage, ref: ObjectRef) -> None:
    obj = stage.world.get(ref) or {}
    if get_text(obj, "type") not in ("rke.cattle.io/machine-plan", "") and not ref.name.endswith(PLAN):
        _plain(stage, ref)
        return
    name = str(get_labels(obj).get("rke.cattle.io/machine-name") or ref.name.removesuffix(PLAN))
    if stage.world.get(ref._replace(kind="RKEBootstrap", name=name)) is None and not stage.gap("RKEBootstrap"):
        stage.note(Hazard.SAFE, f"no RKEBootstrap {name} exists: it is unused, and not made again")
    elif stage.facts.running:
        stage.note(Hazard.DANGEROUS, f"{stage.facts.running} is under way: the state of its drains is in it")
    stage.tell(ref, Effect.REMOVED, Deed("you", "delete it"))
    stage.finish(ref)


def _delete_agent_part(stage: Stage, ref: ObjectRef) -> None:
    """ServiceAccount, Role or RoleBinding of a plan: without it the agent has no access."""
    stage.tell(ref, Effect.REMOVED, Deed("you", "delete it"))
    obj = stage.world.get(ref) or {}
    stage.finish(ref)
    if not ref.name.endswith(PLAN):
        stage.open(unknown(f"what uses {ref.kind} {ref.name}"))
        return
    name = ref.name.removesuffix(PLAN)
    if stage.world.get(ref._replace(kind="RKEBootstrap", name=name)) is None:
        stage.note(Hazard.SAFE, f"no RKEBootstrap {name} exists: it is unused, and not made again")
        return
    kept = {key: value for key, value in obj.items() if key != "metadata"}
    metadata = {
        key: value for key, value in (obj.get("metadata") or {}).items() if key not in {"uid", "creationTimestamp"}
    }
    stage.create(ref, {**kept, "metadata": metadata})
    source = "rancher pkg/controllers/capr/bootstrap"
    stage.tell(
        ref,
        Effect.CREATED,
        Deed("Rancher", "makes it again at its next look at the RKEBootstrap", f"RKEBootstrap {name} exists", source),
    )
    stage.note(Hazard.SILENT, lost_agent(name, "is Unauthorized until its host registers again"))


def _delete_cluster(stage: Stage, ref: ObjectRef) -> None:
    """Never: every Machine goes with it, and with each Machine what it has."""
    stage.tell(ref, Effect.CHANGED, Deed("you", "ask for its deletion"))
    found = [each for each, _ in machines(stage)]
    names = join_names([each.name for each in found])
    stage.tell(
        ref,
        Effect.REMOVED,
        Deed(
            "Rancher",
            f"deletes every Machine with its parts: {names or 'none'}",
            "they belong to it",
            "rancher pkg/controllers/capr",
            True,
        ),
    )
    stage.note(Hazard.DANGEROUS, f"{ref.kind} {ref.name} is the cluster itself: every Machine goes with it")
    for each in found:
        plan = plan_of(stage, each)
        for part in (each, each._replace(kind="CustomMachine"), each._replace(kind="RKEBootstrap"), plan):
            if part is not None and stage.world.get(part) is not None:
                stage.world.remove(part)
    stage.finish(ref)


def _delete_upgrade(stage: Stage, ref: ObjectRef) -> None:
    obj = stage.world.get(ref) or {}
    if annotations_of(obj).get(SKIP) != "true" and (why := _upgrade_refused(stage, ref)):
        stage.tell(
            ref,
            Effect.REFUSED,
            Deed("Harvester's webhook", "refuses that it is deleted", why, "harvester/harvester#10048"),
        )
        stage.note(Hazard.USELESS, f"Harvester refuses it: {why}")
        return
    stage.tell(ref, Effect.REMOVED, Deed("you", "delete it"))
    what = "removes its repository, image, plans and Jobs, and sets Longhorn and the provisioning Cluster back"
    stage.tell(
        ref,
        Effect.REMOVED,
        Deed("Harvester", what, "OnRemove of the Upgrade", "harvester pkg/controller/master/upgrade"),
    )
    _leave_charts(stage, ref)
    stage.finish(ref)


def _leave_charts(stage: Stage, ref: ObjectRef) -> None:
    """Charts that the upgrade has paused stay so."""
    paused = [
        each
        for each in stage.world.refs("ManagedChart")
        if field_path("spec.paused").get(stage.world.get(each)) is True
    ]
    if paused:
        names = join_names([each.name for each in paused])
        stage.tell(
            paused[0],
            Effect.NOTHING,
            Deed(
                "Harvester",
                "leaves the charts paused",
                f"spec.paused of {names} = true",
                "harvester pkg/controller/master/upgrade",
            ),
        )
        stage.note(Hazard.SILENT, f"the charts {names} stay paused: nothing updates them any longer")
    elif gap := stage.gap("ManagedChart"):
        stage.open(f"{gap}, so that charts may stay paused")
    else:
        running = stage.facts.upgrades.running
        if running is None or running.ref != ref:
            stage.note(Hazard.SAFE, "it is over, and nothing waits for it")
        elif rollout_at_nodes(stage.facts) is None:
            stage.note(Hazard.CARE, "it has not reached the nodes: none of them is changed")
        else:
            stage.note(Hazard.DANGEROUS, "nodes that were upgraded stay so, and the others stay behind")


def _upgrade_refused(stage: Stage, ref: ObjectRef) -> str:
    """Why Harvester's webhook refuses to delete an Upgrade; empty where it does not."""
    phase = get_text(stage.world.get(LOCAL), "status.phase")
    if phase == "Provisioning":
        return f"Cluster {LOCAL.name} status.phase = {phase}"
    state = find_condition(stage.world.get(ref), "NodesUpgraded").status
    return f"NodesUpgraded = {state} (phase 7)" if state == "Unknown" else ""


def _delete_plan(stage: Stage, ref: ObjectRef) -> None:
    """An UpgradePlan (Upgrade V2)."""
    obj = stage.world.get(ref) or {}
    phase = get_text(obj, "status.currentPhase") or get_text(obj, "status.phase")
    if phase in {"ClusterUpgrading", "NodeUpgrading"}:
        why = f"status.currentPhase = {phase}"
        stage.tell(
            ref,
            Effect.REFUSED,
            Deed("Harvester's webhook", "refuses that it is deleted", why, "harvester/harvester#10469"),
        )
        stage.note(Hazard.USELESS, f"Harvester refuses it: {why}")
        return
    stage.tell(ref, Effect.REMOVED, Deed("you", "delete it"))
    stage.note(
        Hazard.SAFE if phase in {"Succeeded", "Failed", ""} else Hazard.SILENT, f"its phase is {phase or 'not told'}"
    )
    stage.finish(ref)


def _delete_longhorn(stage: Stage, ref: ObjectRef) -> None:
    if delete_longhorn_node(stage, ref, "you"):
        stage.note(Hazard.SAFE, f"the host of Longhorn Node {ref.name} is gone, and it has no replica")
    else:
        stage.note(Hazard.USELESS, f"Longhorn refuses it: {stage.steps[-1].why}")


def _plain(stage: Stage, ref: ObjectRef) -> None:
    """Any other kind: it goes, with what it owns; what its own controllers do is not simulated."""
    held = get_items(stage.world.get(ref), "metadata.finalizers")
    if held:
        why = f"finalizers {join_names(list(map(str, held)))}"
        stage.tell(ref, Effect.WAITS, Deed("Kubernetes", "keeps it until its finalizers are removed", why))
    else:
        stage.tell(ref, Effect.REMOVED, Deed("you", "delete it"))
        stage.finish(ref)
    stage.open(f"what the controllers of {ref.kind} do is not simulated")


SPECIAL: dict[str, Callable[[Stage, ObjectRef], None]] = {
    "Node": _delete_node,
    "Machine": _delete_machine,
    "CustomMachine": _delete_part,
    "RKEBootstrap": _delete_part,
    "Secret": _delete_secret,
    "Upgrade": _delete_upgrade,
    "UpgradePlan": _delete_plan,
    LONGHORN_NODE: _delete_longhorn,
    **dict.fromkeys(AGENT_KINDS, _delete_agent_part),
}
"""How a kind goes; any other by `_plain`."""


def delete_host(stage: Stage, node: ObjectRef) -> None:
    """Delete a host as Harvester's UI does: the Machine that the Node names, else, without a word, the Node."""
    obj = stage.world.get(node)
    if obj is None:
        stage.open(stage.gap("Node") or unread_object(node))
        return
    named = machine_named_by(obj) if CLUSTER_NAMESPACE in annotations_of(obj) else None
    source = "harvester-ui-extension pkg/harvester/models/harvester/node.js"
    if named is not None and stage.world.get(named) is not None:
        why = f"annotation cluster.x-k8s.io/machine = {named.name}"
        stage.tell(named, Effect.CHANGED, Deed("Harvester's UI", "deletes the Machine, not the Node", why, source))
        host = get_text(stage.world.get(named), "status.nodeRef.name")
        if host and host != node.name:
            stage.note(Hazard.DANGEROUS, f"the UI would delete {named.name}, which is the Machine of Node {host}")
        delete(stage, named)
        return
    if gap := stage.gap("Machine") if named is not None else "":
        stage.open(f"{gap}, so that the UI may delete Machine {named.name if named else ''}")
    why = "its annotations name no Machine that exists"
    stage.tell(node, Effect.CHANGED, Deed("Harvester's UI", "deletes the Node, without a word", why, source))
    delete(stage, node)


def wait(stage: Stage) -> None:
    """Do nothing: deletions of the last hour go on, older ones wait for something, and controllers look again."""
    make_missing_plans(stage)
    look_again(stage)
    for kind in ("Machine", "Node"):
        for ref in stage.world.refs(kind):
            at = get_text(stage.world.get(ref), DELETED)
            if not at:
                continue
            age = stage.facts.now.since(Timestamp(at)) or timedelta()
            if age < stage.facts.span(REMOVAL):
                stage.tell(ref, Effect.CHANGED, Deed("Kubernetes", "goes on with its deletion", f"{DELETED} = {at}"))
                stage.emit(Change.DELETING, ref)
            else:
                stage.tell(
                    ref,
                    Effect.WAITS,
                    Deed("Kubernetes", "keeps it in deletion, for a reason that no object tells", f"{DELETED} = {at}"),
                )
    if not stage.queue and not stage.notes:
        stage.note(Hazard.USELESS, "of what is simulated, nothing goes on by itself")
    for ref in stage.world.refs("Node"):
        if not is_ready(stage.world.get(ref)):
            stage.untold[unknown(f"whether the host of Node {ref.name} comes back")] = None
