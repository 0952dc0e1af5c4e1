"""A small model of RBAC: who may see what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

Predicate = Callable[[str, str, str, str], bool]
"""(user, verb, resource, namespace) -> allowed; the namespace is empty for the whole cluster."""
Resources = Collection[str]


@dataclass(frozen=True)
class Rights:
    """Resources as kubectl names them, ``machines.cluster.x-k8s.io`` or ``nodes/proxy``; ``*`` stands for all.

    What is allowed in `cluster` is allowed in every namespace; `namespaces` says what more is allowed in one.
    """

    cluster: Resources = ()
    namespaces: Mapping[str, Resources] = field(default_factory=dict)

    def __call__(self, user: str, verb: str, resource: str, namespace: str) -> bool:  # noqa: ARG002
        """Whether it is allowed."""
        return _in(resource, self.cluster) or (bool(namespace) and _in(resource, self.namespaces.get(namespace, ())))


def predicate(rights: Predicate | Resources | None) -> Predicate:
    """Of None: all is allowed; of a set: these resources, in the whole cluster."""
    if rights is None:
        return Rights({"*"})
    return rights if callable(rights) else Rights(rights)


def _in(resource: str, allowed: Resources) -> bool:
    return "*" in allowed or resource in allowed
