"""A host that registers with Rancher: from its request to its plan (docs/objects.md#join-connection-request)."""

from __future__ import annotations

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, get_labels, get_text, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade.linking import api_version, run_plan
from harvdiag.cure.cascade.read import (
    annotations_of,
    claims,
    has_node_role,
    is_paused,
    machine_named_by,
    machines,
)
from harvdiag.cure.cascade.stage import Deed, Stage
from harvdiag.cure.model import Effect, Hazard
from harvdiag.graph.pairing import NODE_REF
from harvdiag.kinds.local import FLEET, LOCAL, MANAGEMENT, PROVISIONING

__all__ = ["ADMINISTRATED", "register"]

RANCHER = "Rancher"
SOURCE = "rancher pkg/capr/configserver, pkg/controllers/capr/unmanaged"
ADMINISTRATED = "provisioning.cattle.io/administrated"
CATTLE_ID = "etc/rancher/agent/cattle-id"
UNKNOWN = "custom-unknown"
"""The name of a Machine that is made for a host whose cattle-id was not seen."""


def register(stage: Stage, node: ObjectRef) -> None:
    """Let a host register: by the plan system-agent-upgrader, which registers it as a worker."""
    why = "label plan.upgrade.cattle.io/system-agent-upgrader is removed, so that the plan runs on it again"
    what = "runs install.sh on the host, which registers it as a worker"
    stage.tell(node, Effect.CHANGED, Deed("system-upgrade-controller", what, why, "harvester/harvester#11336", True))
    if reason := _not_served(stage):
        stage.tell(node, Effect.NOTHING, Deed(RANCHER, "makes no Machine", reason, SOURCE, True))
        stage.note(Hazard.USELESS, f"no Machine arises: {reason}")
        return
    name, cattle_id = _identity(stage, node)
    found = _known_machine(stage, name, cattle_id)
    if found is not None:
        _take_up(stage, node, found, f"cattle-id of {node.name}")
        return
    if not name and (likely := _other_claim(stage, node)):
        _take_up(stage, node, likely, "the links of the Node, as its cattle-id is open")
        return
    _create(stage, node, name or UNKNOWN, cattle_id)


def _not_served(stage: Stage) -> str:
    """Why Rancher makes no Machine for a host that asks; empty where it does."""
    for ref in (MANAGEMENT, PROVISIONING, LOCAL):
        if stage.world.get(ref) is None:
            if gap := stage.gap(ref.kind):
                stage.open(f"{gap}, so that it is not known whether Rancher answers the host")
            else:
                return f"{ref.kind} {ref.name} does not exist"
    management = stage.world.get(MANAGEMENT)
    connected = find_condition(management, "Connected")
    if connected and connected.status != "True":
        return f"{MANAGEMENT.kind} {MANAGEMENT.name} Connected = {connected.status}"
    upgrader = find_condition(management, "SystemUpgradeControllerReady")
    if upgrader and upgrader.status != "True":
        return f"{MANAGEMENT.kind} {MANAGEMENT.name} SystemUpgradeControllerReady = {upgrader.status}"
    if stage.knows(1, 9) and management and annotations_of(management).get(ADMINISTRATED) != "true":
        return f"annotation {ADMINISTRATED} is absent, so that the host is taken for an imported one"
    return ""


def _identity(stage: Stage, node: ObjectRef) -> tuple[str, str]:
    """The name of the Machine that the host asks for, and its cattle-id, by its own files; empty where not seen."""
    host = stage.world.origin.host(node.name) or {}
    name = get_text(host, f'files["{CATTLE_ID}"].machine')
    cattle_id = get_text(host, f'files["{CATTLE_ID}"].id')
    if not name:
        stage.open(f"the file {CATTLE_ID} of {node.name} cannot be seen: it decides which Machine the host asks for")
    return name, cattle_id


def _known_machine(stage: Stage, name: str, cattle_id: str) -> ObjectRef | None:
    """The Machine that the host takes up: by its name, else by its label machine-id, which one alone must have."""
    if gap := stage.gap("Machine"):
        stage.open(f"{gap}, so that it is not known which Machine the host takes up")
    named = ObjectRef("Machine", FLEET, name)
    if name and stage.world.get(named) is not None:
        return named
    alike = [
        ref
        for ref, obj in machines(stage)
        if cattle_id and get_labels(obj).get("rke.cattle.io/machine-id") == cattle_id
    ]
    return alike[0] if len(alike) == 1 else None


def _take_up(stage: Stage, node: ObjectRef, machine: ObjectRef, by: str) -> None:
    """The host takes up a Machine that exists."""
    obj = stage.world.get(machine) or {}
    host = get_text(obj, NODE_REF)
    if host and host != node.name:
        deed = Deed(RANCHER, f"gives {node.name} the Machine of {host}", f"by {by}: {machine.name}", SOURCE, True)
        stage.tell(machine, Effect.CHANGED, deed)
        what = f"{node.name} takes up Machine {machine.name}, which is that of Node {host}"
        stage.note(Hazard.DANGEROUS, f"{what} (by {by})")
        return
    why = f"by {by}; nodeRef = {host or 'absent'}"
    stage.tell(machine, Effect.NOTHING, Deed(RANCHER, "makes no new Machine, and gives the host its plan", why, SOURCE))
    if host:
        stage.note(Hazard.USELESS, f"{node.name} has Machine {machine.name}, and keeps it")
        return
    run_plan(stage, node, machine)


def _create(stage: Stage, node: ObjectRef, name: str, cattle_id: str) -> None:
    if other := _other_claim(stage, node):
        stage.note(Hazard.DANGEROUS, f"{node.name} gets a second Machine: {other.name} has it already")
    _weigh_roles(stage, node)
    machine = ObjectRef("Machine", FLEET, name)
    labels = _labels(stage, node, cattle_id)
    why = f"no Machine has the name {name}" + (" or this machine-id" if cattle_id else "")
    for kind, group in (("RKEBootstrap", "rke.cattle.io/v1"), ("CustomMachine", "rke.cattle.io/v1")):
        ref = machine._replace(kind=kind)
        stage.create(
            ref,
            {"apiVersion": group, "kind": kind, "metadata": {"labels": dict(labels)}, "spec": {"clusterName": "local"}},
        )
        stage.tell(ref, Effect.CREATED, Deed(RANCHER, "makes it for the host", why, SOURCE))
    stage.create(machine, _machine(stage, name, labels))
    stage.tell(machine, Effect.CREATED, Deed(RANCHER, "makes it for the host", why, SOURCE))
    _own(stage, machine)
    stage.tell(
        machine,
        Effect.CHANGED,
        Deed(
            "Cluster API",
            "makes it the owner of the other two",
            "spec.infrastructureRef and spec.bootstrap.configRef",
            "cluster-api internal/controllers/machine",
        ),
    )
    _bootstrap(stage, node, machine)


def _other_claim(stage: Stage, node: ObjectRef) -> ObjectRef | None:
    named = machine_named_by(stage.world.get(node) or {})
    held = [ref for ref, _ in claims(stage, node)]
    return held[0] if held else named if named and stage.world.get(named) is not None else None


def _weigh_roles(stage: Stage, node: ObjectRef) -> None:
    obj = stage.world.get(node)
    roles = [role for role in ("etcd", "control-plane") if has_node_role(obj, role)]
    if roles:
        stage.note(
            Hazard.DANGEROUS,
            f"{node.name} has the roles {' and '.join(roles)}, and would register as a worker: it must be rebuilt",
        )


def _labels(stage: Stage, node: ObjectRef, cattle_id: str) -> dict[str, str]:
    found = {
        "cluster.x-k8s.io/cluster-name": "local",
        "rke.cattle.io/cluster-name": "local",
        "rke.cattle.io/node-name": node.name,
        "rke.cattle.io/worker-role": "true",
    }
    if cattle_id:
        found["rke.cattle.io/machine-id"] = cattle_id
    managed = get_labels(stage.world.get(node) or {}).get("harvesterhci.io/managed")
    return {**found, "harvesterhci.io/managed": "true"} if managed == "true" else found


def _machine(stage: Stage, name: str, labels: dict[str, str]) -> Obj:
    version = api_version(stage)
    typed = (
        {"apiGroup": "rke.cattle.io"}
        if version.endswith("v1beta2")
        else {"apiVersion": "rke.cattle.io/v1", "namespace": FLEET}
    )
    return {
        "apiVersion": version,
        "kind": "Machine",
        "metadata": {"labels": dict(labels), "finalizers": ["machine.cluster.x-k8s.io"]},
        "spec": {
            "clusterName": "local",
            "bootstrap": {"configRef": {**typed, "kind": "RKEBootstrap", "name": name}},
            "infrastructureRef": {**typed, "kind": "CustomMachine", "name": name},
        },
        "status": {"phase": "Pending"},
    }


def _own(stage: Stage, machine: ObjectRef) -> None:
    """Write the owners that Cluster API writes."""
    obj = stage.world.get(machine) or {}
    owner = {
        "apiVersion": get_text(obj, "apiVersion"),
        "kind": "Machine",
        "name": machine.name,
        "uid": uid_of(obj),
        "controller": True,
    }
    for kind in ("CustomMachine", "RKEBootstrap"):
        stage.set(machine._replace(kind=kind), "metadata.ownerReferences", [owner])
    cluster = stage.world.get(LOCAL)
    if cluster is not None:
        above = {
            "apiVersion": get_text(cluster, "apiVersion"),
            "kind": "Cluster",
            "name": LOCAL.name,
            "uid": uid_of(cluster),
        }
        stage.set(machine, "metadata.ownerReferences", [above])


def _bootstrap(stage: Stage, node: ObjectRef, machine: ObjectRef) -> None:
    """Make what the agent needs, unless the Cluster is paused."""
    if is_paused(stage.world.get(LOCAL)):
        why = f"Cluster {LOCAL.name} spec.paused = true"
        stage.tell(
            machine,
            Effect.WAITS,
            Deed(RANCHER, "makes no plan Secret while it is paused", why, "harvester/harvester#9841"),
        )
        stage.note(Hazard.SILENT, f"Machine {machine.name} stays without a plan: {why}")
        return
    bootstrap = machine._replace(kind="RKEBootstrap")
    labels = get_labels(stage.world.get(machine) or {})
    owner = {
        "apiVersion": "rke.cattle.io/v1",
        "kind": "RKEBootstrap",
        "name": machine.name,
        "uid": uid_of(stage.world.get(bootstrap) or {}),
        "controller": True,
    }
    plan = ObjectRef("Secret", FLEET, f"{machine.name}-machine-plan")
    marks = {"rke.cattle.io/machine-name": machine.name}
    if stage.knows(1, 9):
        marks |= {
            "plan.cattle.io/cluster-name": "local",
            "plan.cattle.io/cluster-namespace": FLEET,
            "plan.cattle.io/cluster-group": "cluster.x-k8s.io",
        }
    secret = {"labels": {**labels, **marks}, "ownerReferences": [owner], "annotations": _joined(stage)}
    stage.create(plan, {"apiVersion": "v1", "kind": "Secret", "type": "rke.cattle.io/machine-plan", "metadata": secret})
    stage.tell(
        plan,
        Effect.CREATED,
        Deed(
            RANCHER,
            "makes plan Secret, ServiceAccount, Role and RoleBinding",
            f"RKEBootstrap {machine.name} has its owner",
            "rancher pkg/controllers/capr/bootstrap",
        ),
    )
    secret_name = f"{machine.name}-machine-bootstrap"
    stage.set(bootstrap, "status.dataSecretName", secret_name)
    stage.set(bootstrap, "status.ready", True)
    stage.set(machine, "spec.bootstrap.dataSecretName", secret_name)
    run_plan(stage, node, machine)


def _joined(stage: Stage) -> dict[str, str]:
    """To which server a new plan joins its host: that of another."""
    urls = [annotations_of(obj).get("rke.cattle.io/join-url") for obj in stage.world.objects("Secret")]
    url = next((str(each) for each in urls if each), "")
    return {"rke.cattle.io/joined-to": url} if url else {}
