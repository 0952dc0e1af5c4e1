"""Small clusters in memory, made of the bases of the scenarios, and what a simulation says of them."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.cure.model import Effect, Simulation
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.reader import FilesReader
from harvdiag.training import open_objects
from harvdiag.training.scenario_files import build_objects

BASES = Path(__file__).parents[2] / "data" / "scenarios" / "base"
AT = "2025-05-08T10:00:00Z"
Object = dict[str, Any]
FLEET = "fleet-local"
HV01, HV02, HV03 = "custom-afc6cf724de7", "custom-86d1b0faf2f1", "custom-957869c2ad0d"
"""The Machines of the base with three nodes."""


def objects(base: str = "three-nodes", *layers: Object) -> list[Object]:
    """The objects of a base with changes laid over it, as in a scenario."""
    return build_objects(BASES, BASES / f"{base}.yaml", deepcopy(list(layers)))


def cluster(base: str = "three-nodes", *layers: Object, at: str = AT) -> Cluster:
    """A base with changes laid over it, as in a scenario."""
    return open_objects("test", objects(base, *layers), at)


def without(kind: str, base: str = "three-nodes", *layers: Object) -> Cluster:
    """A base of which a kind was not seen."""
    made = [(obj["kind"], obj) for obj in objects(base, *layers) if obj["kind"] != kind]
    return Cluster(Snapshot(FilesReader("test", made, AT, whole=False)))


def node(name: str, **body: Any) -> Object:
    """A change to a Node."""
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name} | body.pop("metadata", {}), **body}


def machine(name: str, version: str = "v1beta1", **body: Any) -> Object:
    """A change to a Machine."""
    metadata = {"name": name, "namespace": FLEET} | body.pop("metadata", {})
    return {"apiVersion": f"cluster.x-k8s.io/{version}", "kind": "Machine", "metadata": metadata, **body}


def release(version: str) -> Object:
    """The release of the cluster."""
    return {
        "apiVersion": "harvesterhci.io/v1beta1",
        "kind": "Setting",
        "metadata": {"name": "server-version"},
        "value": version,
    }


def off(name: str) -> Object:
    """A Node whose host is switched off."""
    status = {"conditions": [{"type": "Ready", "status": "Unknown", "lastTransitionTime": "2025-05-08T06:00:00Z"}]}
    return node(name, status=status)


def worker(name: str, machine_name: str) -> list[Object]:
    """Changes that take the roles of a management node away from a Node and its Machine."""
    roles = dict.fromkeys(("control-plane", "etcd", "master"))
    labels = {f"node-role.kubernetes.io/{role}": None for role in roles}
    marks = {"etcd.rke2.cattle.io/node-name": None, "etcd.rke2.cattle.io/node-address": None}
    of_machine = {f"rke.cattle.io/{role}-role": None for role in roles} | {"cluster.x-k8s.io/control-plane": None}
    parts = [
        {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": FLEET, "labels": of_machine}}
        for version, kind, name in (
            ("cluster.x-k8s.io/v1beta1", "Machine", machine_name),
            ("rke.cattle.io/v1", "RKEBootstrap", machine_name),
            ("v1", "Secret", f"{machine_name}-machine-plan"),
        )
    ]
    return [node(name, metadata={"labels": labels, "annotations": marks}), *parts]


def told(simulation: Simulation) -> list[str]:
    """The steps, each as its actor, effect and object."""
    return [f"{step.actor}: {step.effect} {step.ref.kind} {step.ref.name}" for step in simulation.steps]


def removed(simulation: Simulation) -> set[str]:
    """The kinds and names of what is removed."""
    return {f"{s.ref.kind} {s.ref.name}" for s in simulation.steps if s.effect is Effect.REMOVED}


def names(simulation: Simulation, kind: str) -> set[str]:
    """The names of the objects of a kind that are left."""
    return {obj["metadata"]["name"] for obj in simulation.after.objects(kind)}


def rules(findings: tuple[Any, ...]) -> set[str]:
    """The rules of findings."""
    return {finding.rule for finding in findings}
