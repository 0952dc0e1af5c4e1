"""Which kinds the server serves, in which versions: those of the catalogue, a few more, and any that an object has."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from harvdiag.kinds import CATALOGUE
from tests.world.kit import plural

Object = dict[str, Any]
CLUSTER_API = "cluster.x-k8s.io"
_ALSO = (("Namespace", "namespaces", False), ("Pod", "pods", True), ("Event", "events", True))
_SHORT = {"pods": ["po"], "nodes": ["no"], "namespaces": ["ns"], "configmaps": ["cm"], "events": ["ev"]}
_BUILT_IN = {"", "apps", "batch", "autoscaling", "policy"}
_OFFICIAL = (  # groups of k8s.io that the server has built in; any other is a custom one's
    "admissionregistration apiextensions apiregistration certificates coordination discovery events "
    "flowcontrol.apiserver metrics networking node rbac.authorization resource scheduling storage"
)
_BUILT_IN |= {f"{name}.k8s.io" for name in _OFFICIAL.split()}


class Served(NamedTuple):
    """A kind that is served."""

    group: str
    plural: str
    kind: str
    namespaced: bool
    versions: tuple[str, ...]

    @property
    def resource(self) -> str:
        """As kubectl names it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def built_in(self) -> bool:
        """Whether the server knows it of itself, and so leaves kind and apiVersion out of a list's items."""
        return built_in(self.group)

    @property
    def short(self) -> list[str]:
        """What kubectl takes instead of the plural."""
        return _SHORT.get(self.plural, []) if not self.group else []


def built_in(group: str) -> bool:
    """Whether a group is no custom resources' one."""
    return group in _BUILT_IN


def group_of(obj: Object) -> str:
    """Of ``batch/v1``: ``batch``; of ``v1``: the empty one."""
    return str(obj["apiVersion"]).rpartition("/")[0]


def served(
    objects: Iterable[Object], versions: Mapping[str, Collection[str]], missing: Collection[str]
) -> dict[tuple[str, str], Served]:
    """By group and plural. `versions` is told by resource or by group."""
    found: dict[tuple[str, str], tuple[str, bool, str]] = {}
    for kind in CATALOGUE.values():
        if kind.served:
            found[kind.group, kind.plural] = (kind.bare, bool(kind.home), kind.versions[0])
    for name, many, namespaced in (*_ALSO, ("ConfigMap", "configmaps", True)):
        found["", many] = (name, namespaced, "v1")
    occurring: dict[tuple[str, str], set[str]] = {}
    for obj in objects:
        group, _, version = str(obj["apiVersion"]).rpartition("/")
        key = (group, plural(obj["kind"]))
        namespaced = bool(obj["metadata"].get("namespace"))
        known = found.setdefault(key, (obj["kind"], namespaced, version))
        found[key] = (known[0], known[1] or namespaced, known[2])
        occurring.setdefault(key, set()).add(version)
        occurring.setdefault((group, ""), set()).add(version)
    kinds = {}
    for (group, many), (name, namespaced, usual) in found.items():
        resource = f"{many}.{group}" if group else many
        of_group = occurring.get((group, "")) if group == CLUSTER_API else None
        told = versions.get(resource) or versions.get(group) if group else versions.get(resource)
        chosen = told or occurring.get((group, many)) or of_group or {usual}
        if resource not in missing:
            kinds[group, many] = Served(group, many, name, namespaced, tuple(sorted(chosen, key=rank)))
    return kinds


def rank(version: str) -> tuple[int, int, int, str]:
    """How Kubernetes orders versions: v2, v1, v1beta2, v1beta1, v1alpha3; anything else after them."""
    parts = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", version)
    if parts is None:
        return (3, 0, 0, version)
    stage = {None: 0, "beta": 1, "alpha": 2}[parts[2]]
    return (stage, -int(parts[1]), -int(parts[3] or 0), version)
