"""What is declared of a kind: where it lives, what a table shows of it, and which other objects it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from harvdiag.kinds.columns import COMMON, Column

__all__ = ["Kind", "Link"]


class Link(NamedTuple):
    """A field that names another object.

    `by` says what the field holds: the other's ``name``, ``uid``, ``provider_id`` or ``address``, or ``reference``
    where `path` holds kind, group and name. `namespace` is the field that names the other's namespace, else `home`.
    """

    path: str
    to: str = ""
    by: str = "name"
    namespace: str = ""
    home: str = ""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of object."""

    name: str
    group: str
    plural: str
    home: str = ""
    """The namespace in which harvdiag looks for it; empty means cluster scope."""
    versions: tuple[str, ...] = ("v1",)
    """Those of its API, best first; none where harvdiag itself puts its objects together."""
    columns: tuple[Column, ...] = COMMON
    links: tuple[Link, ...] = ()
    only: str = ""
    """A cluster is asked for objects of this type alone, in `home` alone, and for no more than their metadata."""

    @property
    def bare(self) -> str:
        """The kind as objects spell it, without the group that tells namesakes apart."""
        return self.name.split(".", 1)[0]

    @property
    def resource(self) -> str:
        """The name that kubectl takes: ``machines.cluster.x-k8s.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def served(self) -> bool:
        """Whether an API serves it, at least in some cluster."""
        return bool(self.versions)
