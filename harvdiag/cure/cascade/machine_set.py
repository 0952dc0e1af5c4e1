"""The set of objects that a host has with Rancher: RKEBootstrap, CustomMachine and Machine, and then its plan
(docs/objects.md#join-plan-delivery).
"""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.fields import Obj, get_labels, get_text, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade.linking import api_version, plan_marks
from harvdiag.cure.cascade.read import annotations_of, has_role, is_paused
from harvdiag.cure.cascade.stage import Deed, Stage
from harvdiag.cure.model import Effect, Hazard
from harvdiag.kinds.local import FLEET, LOCAL

__all__ = ["SOURCE", "begin_plan", "make_set", "own_parts", "set_labels"]

RANCHER = "Rancher"
INIT = "rke.cattle.io/init-node"
SOURCE = "rancher pkg/capr/configserver, pkg/controllers/capr/unmanaged"


def set_labels(node: ObjectRef, cattle_id: str, roles: Sequence[str]) -> dict[str, str]:
    """Return the labels that all three objects of a host have: its roles, its name, its identity."""
    found = {
        "cluster.x-k8s.io/cluster-name": "local",
        "rke.cattle.io/cluster-name": "local",
        "rke.cattle.io/node-name": node.name,
        **{f"rke.cattle.io/{role}-role": "true" for role in roles},
    }
    if "control-plane" in roles:
        found["cluster.x-k8s.io/control-plane"] = "true"
    if cattle_id:
        found["rke.cattle.io/machine-id"] = cattle_id
    return found


def make_set(stage: Stage, name: str, labels: dict[str, str], why: str) -> ObjectRef:
    """Let Rancher make the three objects for a host; return the Machine."""
    machine = ObjectRef("Machine", FLEET, name)
    for kind, group in (("RKEBootstrap", "rke.cattle.io/v1"), ("CustomMachine", "rke.cattle.io/v1")):
        ref = machine._replace(kind=kind)
        stage.create(
            ref,
            {"apiVersion": group, "kind": kind, "metadata": {"labels": dict(labels)}, "spec": {"clusterName": "local"}},
        )
        stage.tell(ref, Effect.CREATED, Deed(RANCHER, "makes it for the host", why, SOURCE))
    stage.create(machine, _machine(stage, name, labels))
    stage.tell(machine, Effect.CREATED, Deed(RANCHER, "makes it for the host", why, SOURCE))
    own_parts(stage, machine)
    return machine


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


def own_parts(stage: Stage, machine: ObjectRef) -> None:
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
    what = "makes it the owner of the other two"
    why = "spec.infrastructureRef and spec.bootstrap.configRef"
    stage.tell(machine, Effect.CHANGED, Deed("Cluster API", what, why, "cluster-api internal/controllers/machine"))


def begin_plan(stage: Stage, machine: ObjectRef) -> bool:
    """Make what the agent needs, unless the Cluster is paused; return whether it is there."""
    if is_paused(stage.world.get(LOCAL)):
        why = f"Cluster {LOCAL.name} spec.paused = true"
        stage.tell(
            machine,
            Effect.WAITS,
            Deed(RANCHER, "makes no plan Secret while it is paused", why, "harvester/harvester#9841"),
        )
        stage.note(Hazard.SILENT, f"Machine {machine.name} stays without a plan: {why}")
        return False
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
    marks = {"rke.cattle.io/machine-name": machine.name} | plan_marks(stage, machine)
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
    _elect(stage, machine, plan)
    secret_name = f"{machine.name}-machine-bootstrap"
    stage.set(bootstrap, "status.dataSecretName", secret_name)
    stage.set(bootstrap, "status.ready", True)
    stage.set(machine, "spec.bootstrap.dataSecretName", secret_name)
    return True


def _elect(stage: Stage, machine: ObjectRef, plan: ObjectRef) -> None:
    """Where no plan Secret is that of the init node, the planner takes a Machine with the role etcd."""
    taken = any(get_labels(obj).get(INIT) == "true" for obj in stage.world.objects("Secret"))
    if taken or stage.gap("Secret") or not has_role(stage.world.get(machine), "etcd"):
        return
    stage.set(plan, f'metadata.labels["{INIT}"]', "true")
    stage.set(plan, 'metadata.annotations["rke.cattle.io/joined-to"]', None)
    why = f"no plan Secret has the label {INIT}"
    source = "rancher pkg/capr/planner/initnode.go"
    stage.tell(plan, Effect.CHANGED, Deed("Rancher's planner", "makes it that of the init node", why, source, True))


def _joined(stage: Stage) -> dict[str, str]:
    """To which server a new plan joins its host: that of another."""
    urls = [annotations_of(obj).get("rke.cattle.io/join-url") for obj in stage.world.objects("Secret")]
    url = next((str(each) for each in urls if each), "")
    return {"rke.cattle.io/joined-to": url} if url else {}
