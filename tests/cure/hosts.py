"""A small cluster, whole or with a fault: each host with its Node, Machine and CustomMachine, and what lives on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from harvdiag.core.model import ObjectRef, State
from harvdiag.cure.preconditions import Precondition, judge
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Snapshot
from harvdiag.training.world.objects import FLEET, new
from tests.port import Port

Object = dict[str, Any]
LONGHORN = "longhorn-system"
SETTING = new("harvesterhci.io/v1beta1", "Setting", "server-version", value="v1.5.1")


def of_node(name: str) -> ObjectRef:
    """The reference to a Node."""
    return ObjectRef("Node", "", name)


def of_machine(host: str) -> ObjectRef:
    """The reference to the Machine of a host."""
    return ObjectRef("Machine", FLEET, f"custom-{host}")


def node(name: str, roles: str = "control-plane,etcd", vote: str = "True", ready: str = "True", **body: Any) -> Object:
    """A Node that is paired with its Machine; `roles` and `vote` may be empty, as of a worker."""
    labels = {f"node-role.kubernetes.io/{role}": "true" for role in roles.split(",") if role}
    labels |= {"harvesterhci.io/managed": "true"} | body.pop("labels", {})
    states = [{"type": kind, "status": status} for kind, status in (("Ready", ready), ("EtcdIsVoter", vote)) if status]
    annotations = {"cluster.x-k8s.io/machine": f"custom-{name}"} | body.pop("annotations", {})
    spec = {"providerID": f"rke2://{name}"} | body.pop("spec", {})
    return new(
        "v1", "Node", name, labels=labels, annotations=annotations, spec=spec, status={"conditions": states}, **body
    )


def worker(name: str, **body: Any) -> Object:
    """A Node without a vote, and without a role."""
    return node(name, "", "", **body)


def witness(name: str) -> Object:
    """A Node that votes in etcd, and stores and runs nothing."""
    return node(name, "etcd", labels={"node-role.harvesterhci.io/witness": "true"})


def machine(host: str, ref: str | None = None, provider: str | None = None, part: str | None = None) -> list[Object]:
    """A Machine and its CustomMachine; by default all of both lead to its host, and "" leaves a field out."""
    ref, provider, part = (
        default if told is None else told
        for told, default in ((ref, host), (provider, f"rke2://{host}"), (part, f"rke2://{host}"))
    )
    name, infra = f"custom-{host}", {"kind": "CustomMachine", "name": f"custom-{host}", "apiGroup": "rke.cattle.io"}
    own = {"clusterName": "local", "infrastructureRef": infra} | ({"providerID": provider} if provider else {})
    status = {"phase": "Running"} | ({"nodeRef": {"name": ref}} if ref else {})
    roles = {"rke.cattle.io/etcd-role": "true"}
    return [
        new("cluster.x-k8s.io/v1beta2", "Machine", name, FLEET, labels=roles, spec=own, status=status),
        new("rke.cattle.io/v1", "CustomMachine", name, FLEET, spec={"providerID": part} if part else {}),
    ]


def replica(volume: str, host: str, **told: str) -> Object:
    """A Replica without any label, as its spec alone counts; `told` are failedAt, healthyAt and currentState."""
    spec = {"volumeName": volume, "nodeID": host, "failedAt": "", "healthyAt": "2025-02-01T08:00:00Z"}
    spec |= {key: text for key, text in told.items() if key in spec}
    status = {"currentState": told.get("currentState", "running")}
    return new("longhorn.io/v1beta2", "Replica", f"{volume}-r-{host}", LONGHORN, spec=spec, status=status)


def volume(name: str, robustness: str = "healthy", on: str = "", vm: str = "") -> Object:
    """A Longhorn Volume, attached to a Node where a VM uses it."""
    used = [{"workloadType": "VirtualMachineInstance", "workloadName": vm, "podStatus": "Running"}] if vm else []
    noted = {"namespace": "shop", "workloadsStatus": used}
    status = {"state": "attached", "robustness": robustness, "currentNodeID": on, "kubernetesStatus": noted}
    return new("longhorn.io/v1beta2", "Volume", name, LONGHORN, spec={"numberOfReplicas": 3}, status=status)


def vmi(name: str, host: str, able: str = "True", phase: str = "Running", **spec: Any) -> Object:
    """A VM on a Node; `able` is its condition LiveMigratable, left out where empty."""
    told = [{"type": "LiveMigratable", "status": able, "reason": "HostDeviceNotLiveMigratable"}] if able else []
    status = {"phase": phase, "nodeName": host, "conditions": told}
    return new("kubevirt.io/v1", "VirtualMachineInstance", name, "shop", spec=spec, status=status)


def upgrade(state: str, **nodes: str) -> Object:
    """An Upgrade in a state, with those of its nodes."""
    statuses = {name: {"state": told} for name, told in nodes.items()}
    return new(
        "harvesterhci.io/v1beta1",
        "Upgrade",
        "hvst-upgrade-abcde",
        "harvester-system",
        labels={"harvesterhci.io/upgradeState": state, "harvesterhci.io/latestUpgrade": "true"},
        status={"nodeStatuses": statuses},
    )


def three() -> list[Object]:
    """Three management nodes, each with its Machine."""
    return [node(name) for name in ("hv01", "hv02", "hv03")] + [
        part for name in ("hv01", "hv02", "hv03") for part in machine(name)
    ]


def judged(objects: Iterable[Object], subject: ObjectRef, **states: State) -> dict[str, Precondition]:
    """The preconditions of a removal by id, of a cluster of these objects; `states` are lists that were not seen."""
    facts = Facts(Snapshot(Port([SETTING, *objects], {key.replace("_", "."): state for key, state in states.items()})))
    return {found.id: found for found in judge(facts, subject)}
