"""A host that runs its plan: from the label of the Node to the two links between Node and Machine
(docs/objects.md#join-plan-delivery).
"""

from __future__ import annotations

from harvdiag.core.conditions import STATUS_LIST
from harvdiag.core.fields import get_items, get_labels, get_text, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import format_time
from harvdiag.cure.cascade.read import (
    ANNOTATION,
    CLUSTER_NAMESPACE,
    is_paused,
    is_ready,
    machine_named_by,
    machines,
    plan_of,
    provider_ids,
)
from harvdiag.cure.cascade.stage import Change, Deed, Event, Stage, on
from harvdiag.cure.cascade.words import unknown
from harvdiag.cure.model import Effect, Hazard
from harvdiag.graph.pairing import NODE_REF, PROVIDER_ID
from harvdiag.kinds.local import LOCAL

__all__ = ["annotate", "api_version", "look_again", "plan_marks", "run_plan"]

RANCHER = "Rancher"
LOOKUP = "rancher pkg/controllers/capr/machinenodelookup"
CAPI_SOURCE = "cluster-api internal/controllers/machine"


def api_version(stage: Stage) -> str:
    """The version of Cluster API in which this source has Machines."""
    known = next(
        (get_text(obj, "apiVersion") for obj in stage.world.objects("Machine") if get_text(obj, "apiVersion")), ""
    )
    return known or f"cluster.x-k8s.io/{'v1beta2' if stage.since(1, 8) else 'v1beta1'}"


def plan_marks(stage: Stage, machine: ObjectRef) -> dict[str, str]:
    """The labels by which Rancher 2.15 (Harvester 1.9) and newer know a Machine, on its plan Secret and its Node."""
    if not stage.knows(1, 9):
        return {}
    names = {"Cluster": "local", "Machine": machine.name}
    found = {f"plan.cattle.io/{kind.lower()}-group": "cluster.x-k8s.io" for kind in names}
    found |= {f"plan.cattle.io/{kind.lower()}-kind": kind for kind in names}
    return found | {f"plan.cattle.io/{kind.lower()}-name": name for kind, name in names.items()}


def run_plan(stage: Stage, node: ObjectRef, machine: ObjectRef) -> None:
    """The agent applies the plan: RKE2 restarts, and writes the uid of the Machine on the Node."""
    uid = uid_of(stage.world.get(machine) or {})
    why = f"the plan has node-label rke.cattle.io/machine={uid}"
    stage.set(node, 'metadata.labels["rke.cattle.io/machine"]', uid)
    for key, value in plan_marks(stage, machine).items():
        stage.set(node, f'metadata.labels["{key}"]', value)
    _restart(stage, node, plan_of(stage, machine))
    for key, value in get_labels(stage.world.get(machine) or {}).items():
        if key == "harvesterhci.io/managed":
            stage.set(node, f'metadata.labels["{key}"]', value)
    stage.tell(
        node,
        Effect.CHANGED,
        Deed(
            "rancher-system-agent",
            "applies the plan: RKE2 restarts on the host, and the Node gets the label",
            why,
            "rancher pkg/controllers/capr/planner",
            True,
        ),
    )
    stage.note(Hazard.CARE, f"RKE2 of {node.name} restarts: its volumes and VMs must be safe first")
    stage.asked.append(node)
    stage.emit(Change.CHANGED, node)


def _restart(stage: Stage, node: ObjectRef, plan: ObjectRef | None) -> None:
    """A plan was written just now, and the Node was not Ready for a moment; checks give it time to settle."""
    at = stage.world.origin.collected_at.at
    if at is None:
        return
    if plan is not None:
        stage.set(plan, 'metadata.annotations["rke.cattle.io/plan-last-updated"]', format_time(at))
    for row in get_items(stage.world.edit(node), STATUS_LIST[0]):
        if isinstance(row, dict) and row.get("type") == "Ready":
            row["lastTransitionTime"] = format_time(at)


def look_again(stage: Stage) -> None:
    """Link every Machine without a Node, as far as the objects allow: why it was not linked before they do not tell."""
    for ref, obj in [*machines(stage)]:
        if stage.deleting(ref) or is_paused(stage.world.get(LOCAL)):
            continue
        if name := get_text(obj, "status.nodeRef.name"):
            _annotate_again(stage, ref, ObjectRef("Node", "", name))
            continue
        known = set(provider_ids(stage, ref, obj).values())
        hosts = [node for node in stage.world.refs("Node") if _may_be_of(stage, node, uid_of(obj), known)]
        if len(hosts) != 1 or not is_ready(stage.world.get(hosts[0])):
            continue
        stage.open(unknown(f"why {ref.name} was not linked to Node {hosts[0].name} before"))
        if known:
            _set_reference(stage, hosts[0], ref)
        else:
            stage.emit(Change.CHANGED, hosts[0])


def _annotate_again(stage: Stage, machine: ObjectRef, node: ObjectRef) -> None:
    """Write the annotations of a Node that has its Machine by nodeRef and providerID, and names none."""
    obj = stage.world.get(node)
    own = get_text(obj, PROVIDER_ID) in provider_ids(stage, machine, stage.world.get(machine) or {}).values()
    if obj is None or not own or machine_named_by(obj) is not None:
        return
    stage.open(unknown(f"why {machine.name} was not written on Node {node.name}"))
    annotate(stage, node, machine, f"{NODE_REF} of Machine {machine.name}")


def _may_be_of(stage: Stage, node: ObjectRef, uid: str, known: set[str]) -> bool:
    """Whether Cluster API finds this Node by providerID or, where the Machine has none, Rancher by label."""
    obj = stage.world.get(node) or {}
    if known:
        return get_text(obj, PROVIDER_ID) in known
    return bool(uid) and get_labels(obj).get("rke.cattle.io/machine") == uid


@on("Node", Change.CHANGED, Change.CREATED)
def look_up(stage: Stage, event: Event) -> None:
    """Rancher finds the Node of a new Machine by label, and Cluster API links the two."""
    node = stage.world.get(event.ref)
    uid = get_labels(node or {}).get("rke.cattle.io/machine")
    found = next(((ref, obj) for ref, obj in machines(stage) if uid and uid_of(obj) == uid), None)
    provider = get_text(node, PROVIDER_ID)
    if node is None or found is None or stage.deleting(found[0]) or provider_ids(stage, *found):
        return
    machine, obj = found
    infra = ObjectRef("CustomMachine", machine.namespace, get_text(obj, "spec.infrastructureRef.name") or machine.name)
    if not is_ready(node) or not provider or stage.world.get(infra) is None:
        why = (
            "the Node is not Ready, or has no providerID"
            if stage.world.get(infra) is not None
            else f"CustomMachine {infra.name} does not exist"
        )
        stage.tell(
            machine,
            Effect.WAITS,
            Deed(RANCHER, "waits for the Node to be Ready", why, LOOKUP),
        )
        return
    if plan_of(stage, machine) is None and not stage.gap("Secret"):
        stage.note(Hazard.SILENT, f"Machine {machine.name} has no plan Secret: no agent works for it")
    _link(stage, event.ref, machine, infra)


def _link(stage: Stage, node: ObjectRef, machine: ObjectRef, infra: ObjectRef) -> None:
    obj = stage.world.get(node) or {}
    provider = get_text(obj, PROVIDER_ID)
    stage.set(infra, PROVIDER_ID, provider)
    stage.set(infra, "status.ready", True)
    why = f"label rke.cattle.io/machine = {uid_of(stage.world.get(machine) or {})}"
    stage.tell(
        infra,
        Effect.CHANGED,
        Deed(RANCHER, f"sets {PROVIDER_ID} = {provider}", why, LOOKUP),
    )
    if _is_ambiguous(stage, machine, provider):
        return
    _set_reference(stage, node, machine)


def _is_ambiguous(stage: Stage, machine: ObjectRef, provider: str) -> bool:
    """Whether several Nodes have a providerID, so that Cluster API finds none of them."""
    same = [ref.name for ref in stage.world.refs("Node") if get_text(stage.world.get(ref), PROVIDER_ID) == provider]
    if len(same) > 1:
        stage.tell(
            machine,
            Effect.WAITS,
            Deed(
                "Cluster API",
                "fails to find the Node",
                f"{len(same)} Nodes have providerID {provider}",
                CAPI_SOURCE,
            ),
        )
        stage.note(Hazard.DANGEROUS, f"{len(same)} Nodes have providerID {provider}: Cluster API finds none")
    return len(same) > 1


def _set_reference(stage: Stage, node: ObjectRef, machine: ObjectRef) -> None:
    obj = stage.world.get(node) or {}
    provider = get_text(obj, PROVIDER_ID)
    stage.set(machine, PROVIDER_ID, provider)
    reference = (
        {"name": node.name}
        if api_version(stage).endswith("v1beta2")
        else {"apiVersion": "v1", "kind": "Node", "name": node.name, "uid": uid_of(obj)}
    )
    stage.set(machine, "status.nodeRef", reference)
    stage.set(machine, "status.phase", "Running")
    _settle_status(stage, machine)
    stage.tell(
        machine,
        Effect.CHANGED,
        Deed(
            "Cluster API",
            f"sets nodeRef to {node.name}, and phase Running",
            f"Node {PROVIDER_ID} = {provider}",
            CAPI_SOURCE,
        ),
    )
    annotate(stage, node, machine, f"nodeRef of Machine {machine.name}")


def annotate(stage: Stage, node: ObjectRef, machine: ObjectRef, why: str) -> None:
    """Cluster API writes on a Node which Machine it has."""
    marks = {ANNOTATION: machine.name, CLUSTER_NAMESPACE: machine.namespace, "cluster.x-k8s.io/cluster-name": "local"}
    for key, value in marks.items():
        stage.set(node, f'metadata.annotations["{key}"]', value)
    deed = Deed("Cluster API", "writes its annotations on the Node", why, CAPI_SOURCE)
    stage.tell(node, Effect.CHANGED, deed)


def _settle_status(stage: Stage, machine: ObjectRef) -> None:
    """What a Machine says once it runs, in the form of its version."""
    ready = [
        {"type": kind, "status": "True", "lastTransitionTime": stage.timestamp()}
        for kind in ("Ready", "BootstrapReady", "InfrastructureReady", "NodeHealthy")
    ]
    stage.set(machine, STATUS_LIST[0], ready)
    if api_version(stage).endswith("v1beta2"):
        stage.set(machine, "status.initialization.bootstrapDataSecretCreated", True)
        stage.set(machine, "status.initialization.infrastructureProvisioned", True)
    else:
        stage.set(machine, "status.bootstrapReady", True)
        stage.set(machine, "status.infrastructureReady", True)
