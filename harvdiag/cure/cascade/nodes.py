"""What follows when a Node goes: etcd, Harvester's own controllers, and the kubelet that makes it again
(docs/objects.md#removal-node).
"""

from __future__ import annotations

import json
from itertools import pairwise

from harvdiag.core.conditions import STATUS_LIST, with_conditions
from harvdiag.core.fields import Obj, get_items, get_labels, get_text, name_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.cascade.linking import annotate
from harvdiag.cure.cascade.rancher import ETCD_REMOVED, ready_voters
from harvdiag.cure.cascade.read import (
    ANNOTATION,
    ETCD,
    annotations_of,
    claims,
    has_node_role,
    is_ready,
    machine_named_by,
    machines,
    provider_ids,
)
from harvdiag.cure.cascade.stage import Change, Deed, Event, Stage, on
from harvdiag.cure.cascade.words import LEAVES_ETCD, fewer_members, in_deletion, unknown
from harvdiag.cure.model import Effect, Hazard
from harvdiag.graph.pairing import NODE_REF, PROVIDER_ID

__all__ = ["may_join", "promote"]

HARVESTER = "Harvester"
REMOVE = "harvester pkg/controller/master/node"
KNOWN = ("wrangler.cattle.io/", "controller.cattle.io/", "harvesterhci.io/")
"""How the finalizers begin that the controllers here remove."""
KEPT = ("kubernetes.io/", "beta.kubernetes.io/", "node.kubernetes.io/", "node-role.kubernetes.io/", "kubevirt.io/")
"""Labels that kubelet, RKE2 and KubeVirt write on a Node that is made again."""
ARGUMENTS = "rke2.io/node-args"
ALLOW = "harvesterhci.io/allow-node-join"


@on("Node", Change.DELETING)
def leave_etcd(stage: Stage, event: Event) -> None:
    """Take the member out of etcd, where Rancher has not done it before; else the finalizer stays."""
    ref, obj = event.ref, event.last
    marks = annotations_of(obj)
    if not has_node_role(obj, "etcd") or ETCD_REMOVED in marks:
        return
    if not all(key in marks or not stage.keeps("Node", key) for key in ETCD):
        what = f"cannot take {LEAVES_ETCD}, and keeps the finalizer"
        why = f"annotations {' and '.join(ETCD)} are not both there"
        stage.tell(ref, Effect.WAITS, Deed("RKE2", what, why, "k3s pkg/etcd", True))
        stage.note(Hazard.SILENT, in_deletion(f"Node {ref.name}", why))
        stage.memory[f"held {ref}"] = True
        return
    ready, count = ready_voters(stage, ref.name)
    stage.memory[f"left etcd {ref}"] = True
    what = f"takes {LEAVES_ETCD}: {count - 1} of {count} remain"
    stage.tell(
        ref, Effect.CHANGED, Deed("RKE2", what, "label node-role.kubernetes.io/etcd = true", "k3s pkg/etcd", True)
    )
    if count <= 2 or ready <= (count - 1) // 2:
        stage.note(Hazard.DANGEROUS, fewer_members(count, ready))
    if not claims(stage, ref) and is_ready(obj):
        stage.note(Hazard.DANGEROUS, f"{ref.name} is a member of etcd, and is taken out of it while its host runs")


@on("Node", Change.DELETING)
def node_remove_controller(stage: Stage, event: Event) -> None:
    """Delete the Machine that the annotation names, whichever it is."""
    machine = machine_named_by(event.last)
    holders = [ref for ref, _ in claims(stage, event.ref) if not stage.deleting(ref)]
    if len(holders) > 1:
        both = join_names([ref.name for ref in holders])
        stage.note(Hazard.DANGEROUS, f"Node {event.ref.name} belongs to several Machines: {both}")
    if machine is None:
        if not claims(stage, event.ref):
            stage.tell(
                event.ref,
                Effect.NOTHING,
                Deed(HARVESTER, "deletes no Machine", f"annotation {ANNOTATION} is absent", REMOVE),
            )
        return
    why = f"annotation {ANNOTATION} = {machine.name}, without a cross-check"
    if not stage.since(1, 3):
        stage.tell(
            machine,
            Effect.NOTHING,
            Deed(HARVESTER, "does not delete the Machine", "releases before 1.3 do not", "harvester/harvester#5158"),
        )
        stage.note(
            Hazard.SILENT, f"Machine {machine.name} stays without a Node: Harvester before 1.3 does not delete it"
        )
        return
    obj = stage.world.get(machine)
    if obj is None:
        if gap := stage.gap("Machine"):
            stage.open(f"{gap}, so that Harvester may delete {machine.name}")
        return
    if stage.deleting(machine):
        return
    stage.tell(
        machine,
        Effect.CHANGED,
        Deed(HARVESTER, "deletes the Machine that the Node names", why, "harvester/harvester#5258"),
    )
    _weigh_machine(stage, event.ref, machine, obj)
    stage.delete(machine)


def _weigh_machine(stage: Stage, node: ObjectRef, machine: ObjectRef, obj: Obj) -> None:
    """Tell what it means that this Machine goes with the Node."""
    host = get_text(obj, NODE_REF)
    if host and host != node.name:
        stage.note(
            Hazard.DANGEROUS, f"Machine {machine.name}, which goes with Node {node.name}, is that of Node {host}"
        )
    others = [name_of(each) for each in stage.world.objects("Node") if machine_named_by(each) == machine]
    others = [name for name in others if name not in (node.name, host)]
    if others:
        stage.note(Hazard.DANGEROUS, f"Machine {machine.name} is also named by {join_names(others)}")


@on("Node", Change.DELETING)
def release(stage: Stage, event: Event) -> None:
    """Let the Node go, unless a finalizer holds it that no controller here removes."""
    if stage.memory.get(f"held {event.ref}"):
        return
    strange = [str(each) for each in get_items(event.last, "metadata.finalizers") if not str(each).startswith(KNOWN)]
    if strange:
        why = f"finalizers {join_names(strange)}"
        stage.tell(event.ref, Effect.WAITS, Deed("Kubernetes", "keeps it until the finalizers are removed", why))
        stage.open(unknown(f"who ends the {why} of Node {event.ref.name}"))
        return
    deed = Deed("Kubernetes", "removes the Node, and with it its Pods", "nothing holds it")
    stage.tell(event.ref, Effect.REMOVED, deed)
    stage.world.hide("Pod", "spec.nodeName", event.ref.name)
    stage.finish(event.ref)


@on("Node", Change.REMOVED)
def forget(stage: Stage, event: Event) -> None:
    """Remember the Node, and whose removal is in question."""
    stage.nodes_gone[event.ref] = event.last
    if not any(step.ref == event.ref and step.actor == "Cluster API" for step in stage.steps):
        stage.asked.append(event.ref)


@on("Node", Change.REMOVED)
def promote(stage: Stage, event: Event) -> None:
    """Promote the oldest worker that is Ready where fewer than three management nodes are left."""
    nodes = {ref: obj for ref in stage.world.refs("Node") if (obj := stage.world.get(ref))}
    managing = [ref for ref, obj in nodes.items() if has_node_role(obj, "control-plane")]
    if len(managing) >= 3 or len(nodes) < 3:
        return
    workers = [ref for ref, obj in nodes.items() if ref not in managing and is_ready(obj) and _may_be_promoted(obj)]
    if not workers:
        stage.tell(event.ref, Effect.NOTHING, Deed(HARVESTER, "promotes no worker", "none is Ready", REMOVE))
        return
    oldest = min(workers, key=lambda ref: (get_text(nodes[ref], "metadata.creationTimestamp"), ref.name))
    if f"promoted {oldest}" in stage.memory:
        return
    stage.memory[f"promoted {oldest}"] = True
    why = f"{len(managing)} management nodes are left, and it is the oldest worker that is Ready"
    machine = machine_named_by(nodes[oldest])
    if machine is None or stage.world.get(machine) is None:
        mark = 'metadata.annotations["harvesterhci.io/promote-status"]'
        stage.set(oldest, mark, "running")
        what = "begins to promote it, and waits without end for its Machine"
        stage.tell(
            oldest, Effect.WAITS, Deed(HARVESTER, what, f"{why}; annotation {ANNOTATION} names no Machine", REMOVE)
        )
        stage.note(
            Hazard.SILENT, f"{oldest.name}, which Harvester would promote, has no Machine: the promotion never ends"
        )
        return
    stage.tell(oldest, Effect.CHANGED, Deed(HARVESTER, "promotes it to a management node", why, REMOVE))
    for role in ("control-plane", "etcd", "master"):
        stage.set(oldest, f'metadata.labels["node-role.kubernetes.io/{role}"]', "true")
    for part in _parts(stage, machine):
        for role in ("control-plane", "etcd"):
            stage.set(part, f'metadata.labels["rke.cattle.io/{role}-role"]', "true")
    _make_voter(stage, oldest)


def _may_be_promoted(obj: Obj) -> bool:
    witness = "node-role.harvesterhci.io/witness"
    return (
        not get_text(obj, "metadata.deletionTimestamp")
        and get_labels(obj).get("harvesterhci.io/managed") == "true"
        and (witness not in get_labels(obj) and "harvesterhci.io/promote-status" not in annotations_of(obj))
    )


def _parts(stage: Stage, machine: ObjectRef) -> list[ObjectRef]:
    """A Machine and what has its roles, too."""
    named = [
        machine,
        machine._replace(kind="RKEBootstrap"),
        ObjectRef("Secret", machine.namespace, f"{machine.name}-machine-plan"),
    ]
    return [ref for ref in named if stage.world.get(ref) is not None]


def _make_voter(stage: Stage, node: ObjectRef) -> None:
    obj = stage.world.edit(node)
    voter = {
        "type": "EtcdIsVoter",
        "status": "True",
        "reason": "MemberNotLearner",
        "lastTransitionTime": stage.timestamp(),
    }
    stage.set(node, STATUS_LIST[0], with_conditions(obj, voter))


@on("Node", Change.REMOVED)
def register_again(stage: Stage, event: Event) -> None:
    """A kubelet that runs makes its Node again, without what others wrote on it."""
    ref, last = event.ref, event.last
    if not is_ready(last):
        why = "the Node was not Ready, so that its kubelet does not run"
        stage.tell(ref, Effect.NOTHING, Deed("kubelet", "does not make the Node again while the host is down", why))
        for machine, how in claims(stage, ref):
            if not stage.deleting(machine):
                stage.note(Hazard.SILENT, f"Machine {machine.name} stays without a Node: {how}")
        return
    if reason := may_join(stage):
        stage.tell(
            ref,
            Effect.REFUSED,
            Deed("Harvester's webhook", "refuses that the Node is made again", reason, "harvester/harvester#7601"),
        )
        stage.note(Hazard.DANGEROUS, f"Node {ref.name} cannot come back until the upgrade ends: {reason}")
        return
    why = "the Node was Ready: RKE2 runs on the host, and was not uninstalled"
    stage.tell(
        ref,
        Effect.CREATED,
        Deed(
            "kubelet",
            "makes the Node again at once, without the annotations of a Machine",
            why,
            "harvester/harvester#1497",
        ),
    )
    stage.create(ref, _made_again(last, stage.keeps("Node", ARGUMENTS)))
    if any(step.ref.kind == "Machine" and step.effect in {Effect.REMOVED, Effect.CHANGED} for step in stage.steps):
        stage.note(Hazard.DANGEROUS, f"Node {ref.name} comes back without a Machine: RKE2 still runs on its host")
    else:
        stage.note(Hazard.USELESS, f"Node {ref.name} comes back at once, as its kubelet runs")


def may_join(stage: Stage) -> str:
    """Why Harvester's webhook refuses a Node that is new; empty where it lets it in."""
    if not stage.knows(1, 9):
        return ""
    for ref in stage.world.refs("Upgrade"):
        obj = stage.world.get(ref) or {}
        if get_labels(obj).get("harvesterhci.io/latestUpgrade") != "true" or annotations_of(obj).get(ALLOW) == "true":
            continue
        if stage.facts.upgrades.running is not None and stage.facts.upgrades.running.ref.name == ref.name:
            if not stage.keeps("Upgrade", ALLOW):
                stage.open(f"a snapshot file does not hold annotation {ALLOW} of {ref.name}, which lets the Node in")
            return f"Upgrade {ref.name} is under way, without annotation {ALLOW}"
    return ""


def _made_again(last: Obj, told: bool) -> Obj:
    """A Node as its kubelet registers it: the labels of kubelet and RKE2, no annotation of others.

    Where the arguments of RKE2 are not `told`, any label may be of them.
    """
    old = get_labels(last).items()
    labels = {key: value for key, value in old if not told or key.startswith(KEPT) or ".kubevirt.io/" in key}
    arguments = _arguments(last)
    for option, given in pairwise(arguments):
        key, equals, value = given.partition("=")
        if option == "--node-label" and equals:
            labels[key] = value
    marks = {key: value for key, value in annotations_of(last).items() if key.startswith(("rke2.io/", *ETCD))}
    spec = {"providerID": get_text(last, PROVIDER_ID)} if get_text(last, PROVIDER_ID) else {}
    made = {"creationTimestamp": get_text(last, "metadata.creationTimestamp"), "labels": labels, "annotations": marks}
    return {"apiVersion": "v1", "kind": "Node", "metadata": made, "spec": spec, "status": last.get("status") or {}}


def _arguments(node: Obj) -> list[str]:
    """The arguments with which RKE2 runs on the host, as it writes them on the Node."""
    try:
        found = json.loads(str(annotations_of(node).get(ARGUMENTS, "[]")))
    except ValueError:
        return []
    return [str(each) for each in found] if isinstance(found, list) else []


@on("Node", Change.CREATED)
def link_again(stage: Stage, event: Event) -> None:
    """Cluster API writes its annotations on the Node that has the providerID of a Machine that stays."""
    provider = get_text(event.last, PROVIDER_ID)
    named = machine_named_by(stage.world.get(event.ref) or {})
    for machine, obj in machines(stage):
        if not provider or machine == named or stage.deleting(machine):
            continue
        if provider in provider_ids(stage, machine, obj).values():
            annotate(stage, event.ref, machine, f"its providerID is that of Machine {machine.name}")
