"""Rancher: how a management node leaves etcd, and what becomes of plan Secrets (docs/objects.md#removal-etcd-hook)."""

from __future__ import annotations

from harvdiag.core.fields import Obj, get_labels, get_text, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.cascade.machines import ETCD_HOOK, find_node, is_paused_machine
from harvdiag.cure.cascade.read import (
    annotations_of,
    has_node_role,
    has_role,
    is_paused,
    is_ready,
    machines,
    plan_of,
)
from harvdiag.cure.cascade.stage import Change, Deed, Event, Stage, on
from harvdiag.cure.cascade.words import LEAVES_ETCD, fewer_members, in_deletion, lost_agent, unknown
from harvdiag.cure.model import Effect, Hazard
from harvdiag.graph.pairing import NODE_REF
from harvdiag.kinds.local import CONTROL_PLANE, LOCAL

__all__ = ["ETCD_REMOVED", "FORCE", "INIT", "make_missing_plans", "ready_voters"]

RANCHER = "Rancher"
SOURCE = "rancher pkg/controllers/capr/bootstrap"
FORCE = "rke.cattle.io/etcd-force-remove"
JOIN_URL, JOINED_TO = "rke.cattle.io/join-url", "rke.cattle.io/joined-to"
ETCD_REMOVED = "etcd.rke2.cattle.io/removed-node-name"
INIT = "rke.cattle.io/init-node"
PLAN = "-machine-plan"


@on("Machine", Change.DELETING)
def leave_etcd(stage: Stage, event: Event) -> None:
    """Take the member of a management node out of etcd, then end the hook that holds the Machine."""
    ref, obj = event.ref, stage.world.get(event.ref) or event.last
    if ETCD_HOOK not in annotations_of(obj):
        if has_role(obj, "etcd") and not is_paused_machine(stage, obj):
            why = f"annotation {ETCD_HOOK} is absent"
            stage.tell(ref, Effect.NOTHING, Deed(RANCHER, f"does not take {LEAVES_ETCD}", why, SOURCE, True))
        return
    if is_paused_machine(stage, obj):
        return
    bootstrap = ObjectRef("RKEBootstrap", ref.namespace, get_text(obj, "spec.bootstrap.configRef.name") or ref.name)
    if stage.world.get(bootstrap) is None:
        _no_bootstrap(stage, ref, bootstrap)
    elif why := _at_once(stage, ref, bootstrap):
        _end_hook(stage, ref, why)
    elif _others_leave(stage, ref) and _remove_member(stage, obj):
        _end_hook(stage, ref, f"annotation {ETCD_REMOVED} is set on the Node")


def _no_bootstrap(stage: Stage, machine: ObjectRef, bootstrap: ObjectRef) -> None:
    if gap := stage.gap("RKEBootstrap"):
        stage.open(f"{gap}, so that it is not known who ends the hook of {machine.name}")
    what = "does not end the hook that holds it"
    why = f"RKEBootstrap {bootstrap.name}, on which its controller acts, does not exist"
    stage.tell(machine, Effect.WAITS, Deed(RANCHER, what, why, SOURCE, True))
    stage.note(Hazard.SILENT, in_deletion(machine.name, why))


def _at_once(stage: Stage, machine: ObjectRef, bootstrap: ObjectRef) -> str:
    """Why Rancher ends the hook without looking at etcd; empty where it looks."""
    obj = stage.world.get(machine) or {}
    if annotations_of(stage.world.get(bootstrap)).get(FORCE) == "true":
        return f"RKEBootstrap annotation {FORCE} = true"
    if not has_role(obj, "etcd"):
        return "its label rke.cattle.io/etcd-role is not true"
    if not get_text(obj, NODE_REF):
        lost = find_node(stage, machine, obj).node is not None
        told = "nodeRef is empty, so that its member stays in etcd"
        stage.note(Hazard.DANGEROUS if lost else Hazard.CARE, told if lost else f"{told}, if it ever had one")
        return f"{NODE_REF} is empty: its member is not taken out of etcd"
    for ref in (LOCAL, CONTROL_PLANE):
        if stage.deleting(ref) or (stage.world.get(ref) is None and stage.world.seen(ref.kind)):
            return f"{ref.kind} {ref.name} is missing or being deleted"
    return ""


def _end_hook(stage: Stage, machine: ObjectRef, why: str) -> None:
    stage.set(machine, f'metadata.annotations["{ETCD_HOOK}"]', None)
    stage.tell(machine, Effect.CHANGED, Deed(RANCHER, "ends the hook that holds the Machine", why, SOURCE))
    stage.emit(Change.CHANGED, machine)


def _others_leave(stage: Stage, machine: ObjectRef) -> bool:
    """Whether no other node is joined to this one any longer: the planner joins them to another server."""
    if gap := stage.gap("Secret"):
        stage.open(f"{gap}, so that it is not known which nodes are joined to {machine.name}")
        return True
    own = plan_of(stage, machine)
    url = annotations_of(stage.world.get(own)).get(JOIN_URL, "") if own else ""
    joined = [ref for ref in stage.world.refs("Secret") if ref != own and _joined_to(stage, ref) == url]
    joined = [ref for ref in joined if has_role(stage.world.get(ref), "etcd") or url]
    if not joined:
        return True
    names = join_names([ref.name for ref in joined])
    target = _other_server(stage, own, machine)
    if not url or target is None:
        what = "waits until no other node is joined to it, which does not end"
        why = (
            f"{JOINED_TO} of {names} = {url!r}, and no other server has a {JOIN_URL}"
            if url
            else (f"its {JOIN_URL} is empty, and so is {JOINED_TO} of {names}")
        )
        stage.tell(machine, Effect.WAITS, Deed(RANCHER, what, why, "harvester/harvester#7065", not url))
        stage.note(Hazard.SILENT, in_deletion(machine.name, why))
        return False
    what = f"joins {names} to another server, and RKE2 restarts there; until then the Machine waits"
    stage.tell(joined[0], Effect.CHANGED, Deed(RANCHER, what, f"{JOINED_TO} = {url}", "harvester/harvester#7065", True))
    for ref in joined:
        stage.set(ref, f'metadata.annotations["{JOINED_TO}"]', target)
    return True


def _joined_to(stage: Stage, plan: ObjectRef) -> str:
    return str(annotations_of(stage.world.get(plan)).get(JOINED_TO, ""))


def _other_server(stage: Stage, own: ObjectRef | None, machine: ObjectRef) -> str | None:
    """The URL of a server that stays, to which others can be joined."""
    for ref, obj in machines(stage):
        plan = plan_of(stage, ref) if ref != machine and not stage.deleting(ref) else None
        if plan and plan != own and has_role(obj, "etcd"):
            url = annotations_of(stage.world.get(plan)).get(JOIN_URL)
            if isinstance(url, str) and url:
                return url
    return None


def ready_voters(stage: Stage, without: str = "") -> tuple[int, int]:
    """How many Nodes of etcd are Ready, and how many there are."""
    refs = [ref for ref in stage.world.refs("Node") if has_node_role(stage.world.get(ref), "etcd")]
    ready = [ref for ref in refs if is_ready(stage.world.get(ref)) and ref.name != without]
    return len(ready), len(refs)


def _remove_member(stage: Stage, obj: Obj) -> bool:
    """Whether etcd lets the member go."""
    node = ObjectRef("Node", "", get_text(obj, NODE_REF))
    if stage.world.get(node) is None:
        if stage.world.seen("Node") and not stage.memory.get(f"left etcd {node}"):
            what = "finds no Node, and takes no member out of etcd: a dead one may remain"
            stage.tell(node, Effect.NOTHING, Deed(RANCHER, what, "the Node does not exist", SOURCE, True))
            stage.note(Hazard.CARE, f"a dead member of etcd may remain for {node.name}: look with etcdctl")
        return True
    ready, count = ready_voters(stage)
    if ready <= count // 2:
        what = f"cannot take {LEAVES_ETCD}, which has lost its quorum"
        stage.tell(node, Effect.WAITS, Deed(RANCHER, what, f"{ready} of {count} etcd Nodes are Ready", SOURCE))
        stage.note(Hazard.DANGEROUS, f"etcd has no quorum: {ready} of {count} Nodes are Ready")
        return False
    two = count == 2
    pause = ", after a pause of 20 s" if two else ""
    stage.set(node, 'metadata.annotations["etcd.rke2.cattle.io/remove"]', "true")
    stage.set(node, f'metadata.annotations["{ETCD_REMOVED}"]', node.name)
    what = f"takes {LEAVES_ETCD}{pause}: {count - 1} of {count} remain"
    why = "its label rke.cattle.io/etcd-role = true"
    stage.tell(node, Effect.CHANGED, Deed(RANCHER, what, why, SOURCE))
    if count <= 2:
        stage.note(Hazard.DANGEROUS, fewer_members(count, ready - is_ready(stage.world.get(node))))
    return True


@on("Secret", Change.REMOVED)
def renew_plan(stage: Stage, event: Event) -> None:
    """Make a plan Secret again, empty, as long as its RKEBootstrap is there."""
    name = str(get_labels(event.last).get("rke.cattle.io/machine-name") or event.ref.name.removesuffix(PLAN))
    bootstrap = stage.world.get(ObjectRef("RKEBootstrap", event.ref.namespace, name))
    if event.ref.name != f"{name}{PLAN}" and not stage.gap("Secret"):
        what = "does not make it again: it makes only the one that is named after the RKEBootstrap"
        stage.tell(event.ref, Effect.NOTHING, Deed(RANCHER, what, f"it is not {name}{PLAN}", SOURCE, True))
        return
    if bootstrap is None:
        if gap := stage.gap("RKEBootstrap"):
            stage.open(f"{gap}, so that it is not known whether the plan Secret is made again")
        return
    labels = {key: value for key, value in get_labels(event.last).items() if key != INIT}
    kept: Obj = {key: event.last[key] for key in ("apiVersion", "kind", "type") if key in event.last}
    owners = (event.last.get("metadata") or {}).get("ownerReferences") or []
    stage.create(event.ref, {**kept, "metadata": {"labels": labels, "ownerReferences": owners}})
    why = f"RKEBootstrap {name} exists"
    stage.tell(
        event.ref, Effect.CREATED, Deed(RANCHER, "makes it again, empty, then writes the whole plan", why, SOURCE)
    )
    agent = "applies the whole plan again, and RKE2 restarts; an old agent stops for good, as the uid has changed"
    stage.tell(event.ref, Effect.CHANGED, Deed("rancher-system-agent", agent, "the Secret has another uid", SOURCE))
    lost = [key for key in (JOIN_URL, JOINED_TO) if key in annotations_of(event.last)]
    if INIT in get_labels(event.last):
        stage.note(Hazard.DANGEROUS, f"the label {INIT} is lost: the planner has no init node")
    stage.note(Hazard.SILENT, f"RKE2 of {name} restarts, and {join_names([*lost, 'the state of a drain'])} are lost")


def make_missing_plans(stage: Stage) -> None:
    """Make the plan Secret of every Machine that has an RKEBootstrap and none: at Rancher's next look at that."""
    if stage.gap("Secret") or stage.gap("RKEBootstrap") or is_paused(stage.world.get(LOCAL)):
        return
    for ref, obj in [*machines(stage)]:
        bootstrap = ref._replace(kind="RKEBootstrap", name=get_text(obj, "spec.bootstrap.configRef.name") or ref.name)
        found = stage.world.get(bootstrap)
        if found is None or stage.deleting(ref) or plan_of(stage, ref) is not None:
            continue
        plan = ObjectRef("Secret", ref.namespace, f"{bootstrap.name}{PLAN}")
        labels = {**get_labels(found), "rke.cattle.io/machine-name": ref.name, "rke.cattle.io/cluster-name": LOCAL.name}
        owner = {"apiVersion": "rke.cattle.io/v1", "kind": bootstrap.kind, "name": bootstrap.name, "uid": uid_of(found)}
        body: Obj = {"apiVersion": "v1", "kind": "Secret", "type": "rke.cattle.io/machine-plan"}
        stage.create(plan, {**body, "metadata": {"labels": labels, "ownerReferences": [owner]}})
        why = f"RKEBootstrap {bootstrap.name} exists"
        stage.open(unknown(f"why {plan.name} was not made before"))
        stage.tell(plan, Effect.CREATED, Deed(RANCHER, "makes it at its next look at the bootstrap", why, SOURCE, True))
        _apply_again(stage, ref, obj)


def _apply_again(stage: Stage, machine: ObjectRef, obj: Obj) -> None:
    """The host of a Machine gets its plan as if it were new."""
    node = ObjectRef("Node", "", get_text(obj, NODE_REF))
    if stage.world.get(node) is None:
        return
    what = "applies the whole plan again once it reads the new Secret, and RKE2 restarts"
    stage.tell(node, Effect.CHANGED, Deed("rancher-system-agent", what, "its Secret has another uid", SOURCE, True))
    stage.note(Hazard.CARE, f"RKE2 of {node.name} may restart: {machine.name} gets a new plan Secret")
    stage.asked.append(node)


@on("Secret", Change.REMOVED)
def elect_init_node(stage: Stage, event: Event) -> None:
    """Make another server the init node, where the plan Secret of the init node is gone for good."""
    if INIT not in get_labels(event.last) or not stage.since(1, 1) or stage.world.get(event.ref) is not None:
        return
    for ref, obj in machines(stage):
        plan = plan_of(stage, ref)
        able = plan is not None and has_role(obj, "etcd") and not stage.deleting(ref)
        if plan and able and annotations_of(stage.world.get(plan)).get(JOIN_URL):
            stage.set(plan, f'metadata.labels["{INIT}"]', "true")
            why = f"the plan Secret with label {INIT} is gone"
            deed = Deed("Rancher's planner", f"makes {ref.name} the init node", why, "harvester/harvester#2665", True)
            stage.tell(plan, Effect.CHANGED, deed)
            return


@on("RKEBootstrap", Change.REMOVED)
def lost_bootstrap(stage: Stage, event: Event) -> None:
    """Without its RKEBootstrap a Machine has no plan: its agent has no credentials, and the planner drops it."""
    found = (
        (ref, obj) for ref, obj in machines(stage) if get_text(obj, "spec.bootstrap.configRef.name") == event.ref.name
    )
    machine = next((ref for ref, _ in found), None)
    if machine is None or stage.deleting(machine):
        return
    why = "a Machine of this name exists, so that the create step is not run"
    stage.tell(event.ref, Effect.NOTHING, Deed(RANCHER, "does not make it again", why, SOURCE, True))
    what = "drops it from the plan, while its phase stays as it is"
    stage.tell(machine, Effect.CHANGED, Deed("Rancher's planner", what, "it has no RKEBootstrap", SOURCE, True))
    stage.note(Hazard.SILENT, lost_agent(machine.name, "loses its credentials, and the planner drops the Machine"))
