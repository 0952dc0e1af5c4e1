"""Objects that a person creates from a draft, and what controllers make of them (docs/objects.md#join-plan-delivery).

RKEBootstrap, CustomMachine and Machine can be made by hand; an agent that works for them cannot: the host registers.
"""

from __future__ import annotations

from copy import deepcopy

from harvdiag.core.conditions import STATUS_LIST, with_conditions
from harvdiag.core.fields import Obj, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.cascade.joins import CATTLE_ID
from harvdiag.cure.cascade.linking import api_version
from harvdiag.cure.cascade.machine_set import begin_plan, own_parts
from harvdiag.cure.cascade.read import claims, has_node_role, has_role, machines
from harvdiag.cure.cascade.stage import Deed, Stage
from harvdiag.cure.cascade.words import lost_agent
from harvdiag.cure.model import Action, Effect, Hazard
from harvdiag.graph.pairing import PROVIDER_ID
from harvdiag.kinds import CATALOGUE, qualified_name

__all__ = ["create"]

CLUSTER_LABELS = ("rke.cattle.io/cluster-name", "cluster.x-k8s.io/cluster-name")
PARTS = ("CustomMachine", "RKEBootstrap")
PLANNER = "rancher pkg/controllers/capr/planner"


def create(stage: Stage, action: Action) -> None:
    """Create objects, in their order; then let controllers act on the Machines among them."""
    made: list[ObjectRef] = []
    for obj in action.objects:
        ref = _ref_of(obj)
        if stage.world.get(ref) is not None:
            stage.tell(ref, Effect.REFUSED, Deed("Kubernetes", "does not create it", "one of this name exists"))
            stage.note(Hazard.USELESS, f"{ref.kind} {ref.name} exists already")
            continue
        if gap := stage.gap(ref.kind, ref.namespace):
            stage.open(f"{gap}, so that it may exist already")
        stage.create(ref, deepcopy(obj))
        stage.tell(ref, Effect.CREATED, Deed("you", "create it from the draft"))
        made.append(ref)
    for ref in made:
        if ref.kind == "Machine":
            _begin(stage, ref)
        elif ref.kind in PARTS and ref._replace(kind="Machine") not in made:
            _join_part(stage, ref)


def _ref_of(obj: Obj) -> ObjectRef:
    kind, group = str(obj.get("kind")), str(obj.get("apiVersion") or "").rpartition("/")[0]
    name = qualified_name(group, kind)
    known = next((each for each in (name, kind) if each in CATALOGUE and CATALOGUE[each].group == group), kind)
    return ObjectRef(known, namespace_of(obj), name_of(obj))


def _begin(stage: Stage, machine: ObjectRef) -> None:
    """What follows a Machine that was made by hand: owners, plan Secret, and then a wait for an agent."""
    missing = [kind for kind in PARTS if stage.world.get(machine._replace(kind=kind)) is None]
    if missing:
        what = f"makes no {' and no '.join(missing)} for it"
        stage.tell(machine, Effect.NOTHING, Deed("Rancher", what, "it makes all three, for a host that registers"))
        stage.note(Hazard.SILENT, f"Machine {machine.name} never gets a {missing[0]}: nothing makes one for it")
        return
    _weigh_host(stage, machine)
    _weigh_form(stage, machine)
    own_parts(stage, machine)
    stage.set(machine, "status.phase", "Pending")
    if not begin_plan(stage, machine):
        return
    stage.set(machine, "status.phase", "Provisioning")
    what = "waits for its agent, and does not go on to other nodes"
    why = f"no host works for {machine.name}: none has registered as it"
    stage.tell(machine, Effect.WAITS, Deed("Rancher's planner", what, why, PLANNER, True))
    stage.note(Hazard.SILENT, f"until its host registers, {machine.name} holds every other node up")
    if stage.facts.running:
        stage.note(Hazard.CARE, f"{stage.facts.running} is under way: RKE2 of the host may restart in it")


def _weigh_form(stage: Stage, machine: ObjectRef) -> None:
    obj = stage.world.get(machine) or {}
    lacking = [key for key in CLUSTER_LABELS if get_labels(obj).get(key) != "local"]
    if lacking:
        stage.note(Hazard.SILENT, f"the planner does not see {machine.name}: {join_names(lacking)} is not local")
    others = [each for each in stage.world.objects("Machine") if name_of(each) != machine.name]
    if others and get_text(obj, "apiVersion") != get_text(others[0], "apiVersion"):
        stage.note(Hazard.CARE, f"{get_text(obj, 'apiVersion')} is not the version of the other Machines")


def _weigh_host(stage: Stage, machine: ObjectRef) -> None:
    """Compare the Machine with its host: its roles, its identity, and whether another has it."""
    obj = stage.world.get(machine) or {}
    node = ObjectRef("Node", "", str(get_labels(obj).get("rke.cattle.io/node-name") or ""))
    host = stage.world.get(node)
    if host is None:
        stage.note(Hazard.SILENT, f"no Node {node.name or '(no name)'} exists for {machine.name}")
        return
    for role in ("etcd", "control-plane"):
        if has_role(obj, role) and not has_node_role(host, role):
            stage.note(Hazard.DANGEROUS, f"{node.name} is not {role}: its plan would make a server of it")
        elif has_node_role(host, role) and not has_role(obj, role):
            stage.note(Hazard.DANGEROUS, f"{node.name} has the role {role}, and {machine.name} has not")
    if others := [ref.name for ref, _ in claims(stage, node) if ref != machine]:
        stage.note(Hazard.DANGEROUS, f"{node.name} has Machine {others[0]} already")
    identity = get_text(stage.facts.snapshot.host(node.name), f'files["{CATTLE_ID}"].machine')
    if identity and identity != machine.name:
        stage.note(Hazard.DANGEROUS, f"{node.name} registers as {identity}, and would get a second Machine")
    elif not identity:
        stage.untold[f"whether {machine.name} is the name that follows from the cattle-id of {node.name}"] = None


def _join_part(stage: Stage, ref: ObjectRef) -> None:
    """A part that was made by hand for a Machine that exists, or for none."""
    machine = next((each for each, _ in machines(stage) if each.name == ref.name), None)
    if machine is None:
        why = "a Machine is made only for a host that registers"
        stage.tell(ref, Effect.NOTHING, Deed("Rancher", "makes no Machine of it", why, "rancher pkg/capr/configserver"))
        stage.note(Hazard.USELESS, f"no controller makes a Machine of {ref.kind} {ref.name}")
        return
    own_parts(stage, machine)
    stage.note(Hazard.CARE, f"{ref.kind} {ref.name} becomes part of Machine {machine.name}")
    if ref.kind == "RKEBootstrap":
        begin_plan(stage, machine)
        stage.note(Hazard.SILENT, lost_agent(machine.name, "works again only once its host registers"))
    elif get_text(stage.world.get(ref), PROVIDER_ID):
        ready = {"type": "InfrastructureReady", "status": "True", "lastTransitionTime": stage.timestamp()}
        stage.set(ref, "status.ready", True)
        stage.set(machine, STATUS_LIST[0], with_conditions(stage.world.edit(machine), ready))
        why = f"{ref.kind} {ref.name} has a providerID; {api_version(stage)}"
        source = "cluster-api internal/controllers/machine"
        stage.tell(machine, Effect.CHANGED, Deed("Cluster API", "sets InfrastructureReady True", why, source, True))
