"""World: the objects of one cluster, to look up and to change."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from harvdiag.training.world.hosts import Host
from harvdiag.training.world.versions import Release, release

__all__ = ["World", "merge"]


class World:
    """A cluster as the API server would list it.

    `objects` are plain dictionaries with apiVersion and kind. A kind may be written with its group, `Node.longhorn.io`;
    without it the first object counts: a core Node, a Cluster of cluster.x-k8s.io, a Setting of Harvester.
    """

    def __init__(self, hosts: Iterable[Host], version: str, captured_at: str) -> None:
        self.objects: list[dict[str, Any]] = []
        self.hosts: dict[str, Host] = {host.name: host for host in hosts}
        self.version = version
        self.captured_at = captured_at

    @property
    def release(self) -> Release:
        """What this version of Harvester embeds."""
        return release(self.version)

    def find(self, kind: str, name: str | None = None, namespace: str | None = None) -> Iterator[dict[str, Any]]:
        """The objects of a kind, in order; name and namespace narrow it down."""
        plain, _, group = kind.partition(".")
        for obj in self.objects:
            meta = obj["metadata"]
            if obj["kind"] != plain or (group and obj["apiVersion"].rpartition("/")[0] != group):
                continue
            if name in (None, meta["name"]) and namespace in (None, meta.get("namespace")):
                yield obj

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
        """The one object, not a copy; KeyError when there is none."""
        for obj in self.find(kind, name, namespace):
            return obj
        raise KeyError(f"the world has no {kind} {name}")

    def add(self, obj: dict[str, Any]) -> dict[str, Any]:
        """Add an object and give it back."""
        self.objects.append(obj)
        return obj

    def remove(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
        """Take the object out and give it back."""
        gone = self.get(kind, name, namespace)
        self.objects = [obj for obj in self.objects if obj is not gone]
        return gone

    def change(self, kind: str, name: str, patch: dict[str, Any], namespace: str | None = None) -> dict[str, Any]:
        """Lay a JSON merge patch (RFC 7386: null deletes a key) over the object in place and give it back."""
        obj = self.get(kind, name, namespace)
        merge(obj, patch)
        return obj

    def machine_of(self, node: str) -> str:
        """Name of the Machine that belongs to the host `node` in the healthy cluster."""
        return self.hosts[node].machine

    def copy(self) -> World:
        """A World of its own with the same objects."""
        other = World(self.hosts.values(), self.version, self.captured_at)
        other.objects = copy.deepcopy(self.objects)
        return other


def merge(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """Apply a JSON merge patch (RFC 7386) to `target` in place; nested null values of new keys are dropped too."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            inner = target.get(key)
            target[key] = inner if isinstance(inner, dict) else {}
            merge(target[key], value)
        else:
            target[key] = copy.deepcopy(value)
