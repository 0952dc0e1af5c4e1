"""A host that registers with Rancher: from its request to its plan (docs/objects.md#join-connection-request)."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import get_labels, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.cure.cascade.linking import run_plan
from harvdiag.cure.cascade.machine_set import SOURCE, begin_plan, make_set, set_labels
from harvdiag.cure.cascade.read import (
    annotations_of,
    claims,
    has_node_role,
    machine_named_by,
    machines,
)
from harvdiag.cure.cascade.stage import Deed, Stage
from harvdiag.cure.model import Effect, Hazard
from harvdiag.graph.pairing import NODE_REF
from harvdiag.kinds.local import FLEET, LOCAL, MANAGEMENT, PROVISIONING

__all__ = ["ADMINISTRATED", "CATTLE_ID", "is_served", "register"]

RANCHER = "Rancher"
ADMINISTRATED = "provisioning.cattle.io/administrated"
CATTLE_ID = "etc/rancher/agent/cattle-id"
UNKNOWN = "custom-unknown"
"""The name of a Machine that is made for a host whose cattle-id was not seen."""


def register(stage: Stage, node: ObjectRef, roles: Sequence[str] = ()) -> None:
    """Let a host register: by the plan system-agent-upgrader, which registers it as a worker.

    With `roles`, a person runs install.sh on the host, with them.
    """
    if roles:
        what = f"run install.sh on the host, with the roles {join_names(roles)}"
        stage.tell(node, Effect.CHANGED, Deed("you", what, "the registration command of cluster local"))
    else:
        stage.set(node, 'metadata.labels["plan.upgrade.cattle.io/system-agent-upgrader"]', None)
        why = "label plan.upgrade.cattle.io/system-agent-upgrader is removed, so that the plan runs on it again"
        what = "runs install.sh on the host, which registers it as a worker"
        deed = Deed("system-upgrade-controller", what, why, "harvester/harvester#11336", True)
        stage.tell(node, Effect.CHANGED, deed)
    if not is_served(stage, node):
        return
    name, cattle_id = _identity(stage, node)
    found = _known_machine(stage, node, name, cattle_id)
    if found is not None:
        _take_up(stage, node, found, f"cattle-id of {node.name}")
        return
    if not name and (likely := _other_claim(stage, node)):
        _take_up(stage, node, likely, "the links of the Node, as its cattle-id is open")
        return
    _weigh_roles(stage, node, roles)
    _create(stage, node, name or UNKNOWN, set_labels(node, cattle_id, roles or ("worker",)))


def is_served(stage: Stage, node: ObjectRef) -> bool:
    """Return whether Rancher makes a Machine for a host that asks, and tell why not."""
    if reason := _why_not_served(stage):
        stage.tell(node, Effect.NOTHING, Deed(RANCHER, "makes no Machine", reason, SOURCE, True))
        stage.note(Hazard.USELESS, f"no Machine arises: {reason}")
    return not reason


def _why_not_served(stage: Stage) -> str:
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
    host = stage.facts.snapshot.host(node.name) or {}
    name = get_text(host, f'files["{CATTLE_ID}"].machine')
    cattle_id = get_text(host, f'files["{CATTLE_ID}"].id')
    if not name:
        stage.open(f"the file {CATTLE_ID} of {node.name} cannot be seen: it decides which Machine the host asks for")
    return name, cattle_id


def _known_machine(stage: Stage, node: ObjectRef, name: str, cattle_id: str) -> ObjectRef | None:
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
    if not name and not cattle_id:  # one that was made for this host has its identity, as far as anything tells it
        free = [(ref, get_labels(obj)) for ref, obj in machines(stage) if not get_text(obj, NODE_REF)]
        alike = [ref for ref, labels in free if labels.get("rke.cattle.io/node-name") == node.name]
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


def _create(stage: Stage, node: ObjectRef, name: str, labels: dict[str, str]) -> None:
    if other := _other_claim(stage, node):
        stage.note(Hazard.DANGEROUS, f"{node.name} gets a second Machine: {other.name} has it already")
    why = f"no Machine has the name {name}" + (" or this machine-id" if "rke.cattle.io/machine-id" in labels else "")
    managed = get_labels(stage.world.get(node) or {}).get("harvesterhci.io/managed")
    labels |= {"harvesterhci.io/managed": "true"} if managed == "true" else {}
    machine = make_set(stage, name, labels, why)
    if begin_plan(stage, machine):
        run_plan(stage, node, machine)


def _other_claim(stage: Stage, node: ObjectRef) -> ObjectRef | None:
    named = machine_named_by(stage.world.get(node) or {})
    held = [ref for ref, _ in claims(stage, node)]
    return held[0] if held else named if named and stage.world.get(named) is not None else None


def _weigh_roles(stage: Stage, node: ObjectRef, given: Sequence[str]) -> None:
    obj = stage.world.get(node)
    roles = [role for role in ("etcd", "control-plane") if has_node_role(obj, role)]
    if lacking := [role for role in roles if role not in given]:
        stage.note(
            Hazard.DANGEROUS,
            f"{node.name} has the roles {' and '.join(lacking)}, and would register as a worker: it must be rebuilt",
        )
    if more := [role for role in given if role not in (*roles, "worker")]:
        stage.note(Hazard.DANGEROUS, f"{node.name} has no role {' and '.join(more)}: it would become a server")
