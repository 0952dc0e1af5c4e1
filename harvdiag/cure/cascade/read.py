"""What controllers read of objects: annotations, roles, owners, and which Node a Machine has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_labels, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade.stage import Stage
from harvdiag.graph.pairing import NODE_REF, PROVIDER_ID
from harvdiag.kinds.local import FLEET

__all__ = [
    "ANNOTATION",
    "CLUSTER_NAMESPACE",
    "ETCD",
    "annotations_of",
    "claims",
    "has_node_role",
    "has_role",
    "is_paused",
    "is_ready",
    "machine_named_by",
    "machines",
    "plan_of",
    "provider_ids",
    "same_node",
]

ANNOTATION = "cluster.x-k8s.io/machine"
CLUSTER_NAMESPACE = "cluster.x-k8s.io/cluster-namespace"
PLAN_LABEL = "rke.cattle.io/machine-name"
ETCD = "etcd.rke2.cattle.io/node-name", "etcd.rke2.cattle.io/node-address"
"""The annotations of a Node by which RKE2 takes its member out of etcd when the Node goes."""


def annotations_of(obj: Obj | None) -> dict[str, Any]:
    """The annotations of an object; empty where there are none."""
    found = field_path("metadata.annotations").get(obj)
    return found if isinstance(found, dict) else {}


def has_role(obj: Obj | None, role: str) -> bool:
    """Whether a Machine, RKEBootstrap or plan Secret has a role of Rancher's: etcd, control-plane or worker."""
    return obj is not None and get_labels(obj).get(f"rke.cattle.io/{role}-role") == "true"


def has_node_role(obj: Obj | None, role: str) -> bool:
    """Whether a Node has a role."""
    return obj is not None and get_labels(obj).get(f"node-role.kubernetes.io/{role}") == "true"


def is_ready(node: Obj | None) -> bool:
    """Whether a Node is Ready: its kubelet runs."""
    return find_condition(node, "Ready").status == "True"


def is_paused(obj: Obj | None) -> bool:
    """Whether a Cluster is paused: Cluster API and Rancher leave its Machines alone."""
    return field_path("spec.paused").get(obj) is True


def machines(stage: Stage) -> Iterator[tuple[ObjectRef, Obj]]:
    """Every Machine of cluster `local`, as it is now."""
    for ref in stage.world.refs("Machine"):
        obj = stage.world.get(ref)
        if obj is not None and ref.namespace == FLEET and get_text(obj, "spec.clusterName") in ("", "local"):
            yield ref, obj


def provider_ids(stage: Stage, machine: ObjectRef, obj: Obj) -> dict[ObjectRef, str]:
    """The providerIDs by which a Machine has a Node: its own and that of its CustomMachine."""
    infra = ObjectRef("CustomMachine", machine.namespace, get_text(obj, "spec.infrastructureRef.name") or machine.name)
    found = {machine: get_text(obj, PROVIDER_ID), infra: get_text(stage.world.get(infra), PROVIDER_ID)}
    return {ref: value for ref, value in found.items() if value}


def claims(stage: Stage, node: ObjectRef) -> list[tuple[ObjectRef, str]]:
    """Every Machine that has a Node, with the field by which it does, the strongest."""
    provider = get_text(stage.world.get(node), PROVIDER_ID)
    found: list[tuple[ObjectRef, str]] = []
    for ref, obj in machines(stage):
        if get_text(obj, NODE_REF) == node.name:
            found.append((ref, f"its nodeRef is {node.name}"))
        elif provider and provider in provider_ids(stage, ref, obj).values():
            found.append((ref, f"its providerID is {provider}"))
    return found


def same_node(node: ObjectRef, obj: Obj | None) -> bool:
    """Whether the nodeRef of a Machine is this Node."""
    return get_text(obj, NODE_REF) == node.name


def machine_named_by(node: Obj) -> ObjectRef | None:
    """The Machine that the annotation of a Node names, whether it exists or not."""
    marks = annotations_of(node)
    name = marks.get(ANNOTATION)
    space = marks.get(CLUSTER_NAMESPACE) or FLEET
    return ObjectRef("Machine", str(space), name) if isinstance(name, str) and name else None


def plan_of(stage: Stage, machine: ObjectRef) -> ObjectRef | None:
    """The plan Secret of a Machine, by its label, else by its name; None if none was seen."""
    named = ObjectRef("Secret", machine.namespace, f"{machine.name}-machine-plan")
    usual = stage.world.get(named)
    if usual is not None and get_labels(usual).get(PLAN_LABEL) == machine.name:
        return named
    for ref in stage.world.refs("Secret"):
        if get_labels(stage.world.get(ref) or {}).get(PLAN_LABEL) == machine.name:
            return ref
    return named if usual is not None else None
