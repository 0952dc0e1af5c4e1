"""What an API server needs before it takes the objects of a bundle: definitions of kinds, accounts, and whole specs.

rancher/support-bundle-kit's simulator starts an API server without controllers and creates all objects of a bundle
there: definitions first, what is cluster-wide, then what is in namespaces, pods last (pkg/simulator/objects). It ends
at the first kind that is not served, and leaves out each object that admission or validation refuses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from harvdiag.training.kit.bundle import Object, group_of, plural
from harvdiag.training.world.objects import CREATED, condition, new

__all__ = ["SERVED", "surround"]

SERVED = frozenset(
    {
        *("", "apps", "batch", "policy", "coordination.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io"),
        *("networking.k8s.io", "discovery.k8s.io", "scheduling.k8s.io", "apiextensions.k8s.io", "metrics.k8s.io"),
    }
)
"""The groups that an API server has itself, and that of metrics, which the simulator passes over."""
_OF_USERS = ("default", "local")
_CRITICAL = "system-node-critical"
_BEFORE = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}
"""The condition of a Job that stands before its end, and is asked for by Kubernetes 1.32 and newer."""


def surround(objects: Iterable[Object]) -> list[Object]:
    """The objects with what they need; specs that lack what is required of them are filled in place."""
    found = list(objects)
    for obj in found:
        _FILLERS.get((group_of(obj), obj["kind"]), _leave)(obj)
    return [*_definitions(found), *found, *_accounts(found)]


def _definitions(objects: Iterable[Object]) -> Iterator[Object]:
    """A CustomResourceDefinition for each kind that is not the API server's own."""
    kinds: defaultdict[tuple[str, str], list[Object]] = defaultdict(list)
    for obj in objects:
        if group_of(obj) not in SERVED:
            kinds[group_of(obj), obj["kind"]].append(obj)
    for (group, kind), items in sorted(kinds.items()):
        yield _definition(group, kind, items)


def _definition(group: str, kind: str, items: list[Object]) -> Object:
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural(kind), "singular": kind.lower()}
    versions = sorted({str(obj["apiVersion"]).rpartition("/")[2] for obj in items})
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    rows: list[dict[str, Any]] = [
        {"name": name, "served": True, "storage": name == versions[-1], "schema": {"openAPIV3Schema": schema}}
        | ({"subresources": {"status": {}}} if any("status" in obj for obj in items) else {})
        for name in versions
    ]
    scope = "Namespaced" if any(obj["metadata"].get("namespace") for obj in items) else "Cluster"
    return new(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"{plural(kind)}.{group}",
        spec={"group": group, "names": names, "scope": scope, "versions": rows, "conversion": {"strategy": "None"}},
        status={
            "acceptedNames": names,
            "conditions": [condition("NamesAccepted", reason="NoConflicts"), condition("Established")],
            "storedVersions": versions[-1:],
        },
    )


def _accounts(objects: list[Object]) -> Iterator[Object]:
    """The account of each pod, and the default one of each namespace of the system, that are not there yet.

    One in a namespace of users would make it look as if those had been collected.
    """
    there = {_place(obj) for obj in objects if obj["kind"] == "ServiceAccount"}
    wanted = {(obj["metadata"]["name"], "default") for obj in objects if obj["kind"] == "Namespace"}
    wanted -= {(space, "default") for space in _OF_USERS}
    pods = [obj for obj in objects if obj["kind"] == "Pod"]
    wanted |= {(pod["metadata"]["namespace"], pod["spec"].get("serviceAccountName", "default")) for pod in pods}
    for space, name in sorted(wanted - there):
        yield new("v1", "ServiceAccount", name, space)


def _place(obj: Object) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _fill_pod(pod: Object) -> None:
    """A pod has containers, and the class of its priority."""
    spec = pod["spec"]
    told = pod.get("status", {}).get("containerStatuses") or [{"name": "main"}]
    spec.setdefault("containers", [_container(row["name"]) for row in told])
    if spec.get("priority"):
        spec.setdefault("priorityClassName", _CRITICAL)


def _fill_workload(obj: Object) -> None:
    """A Deployment or DaemonSet has a selector, and a template that it matches."""
    name, spec = obj["metadata"]["name"], obj["spec"]
    selector = spec.setdefault("selector", {"matchLabels": {"app": name}})
    template = {"metadata": {"labels": selector["matchLabels"]}, "spec": {"containers": [_container(name)]}}
    spec.setdefault("template", template)


def _fill_job(job: Object) -> None:
    """A Job has a template whose pods are not started again; one that ended has first met what ends it."""
    pod = {"containers": [_container("main")], "restartPolicy": "Never"}
    job["spec"].setdefault("template", {"metadata": {"creationTimestamp": CREATED}, "spec": pod})
    rows = job.get("status", {}).get("conditions") or []
    there = {row["type"] for row in rows}
    for row in [row for row in rows if row["type"] in _BEFORE and _BEFORE[row["type"]] not in there]:
        rows.insert(0, row | {"type": _BEFORE[row["type"]]})


def _leave(_: Object) -> None:
    """All others are whole."""


def _container(name: str) -> dict[str, str]:
    return {"name": name[:63].rstrip("-"), "image": f"registry.example/{name}:1"}


_FILLERS: dict[tuple[str, str], Callable[[Object], None]] = {
    ("", "Pod"): _fill_pod,
    ("apps", "Deployment"): _fill_workload,
    ("apps", "DaemonSet"): _fill_workload,
    ("batch", "Job"): _fill_job,
}
