"""The declaration of a kind: its API, its columns in tables, and the fields that reference other objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from harvdiag.kinds.columns import COMMON, Column

__all__ = ["Kind", "Link"]


class Link(NamedTuple):
    """A field that references another object.

    `by` says what the field contains: the other's ``name``, ``uid``, ``provider_id`` or ``address``, or ``reference``
    if `path` has kind, group and name. `namespace` is the field with the other's namespace, else `home`.
    """

    path: str
    to: str = ""
    by: str = "name"
    namespace: str = ""
    home: str = ""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of object. `home` is the namespace in which harvdiag looks for it; empty means cluster scope.

    One without `versions` is not a kind of an API: harvdiag builds its objects itself. For one with `only`, a cluster
    is asked only for objects of that type, only in `home`, and only for their metadata.
    """

    name: str
    group: str
    plural: str
    home: str = ""
    """The namespace in which harvdiag looks for it; empty means cluster scope."""
    versions: tuple[str, ...] = ("v1",)
    """Those of its API, best first; none where harvdiag itself puts its objects together."""
    columns: tuple[Column, ...] = COMMON
    links: tuple[Link, ...] = ()
    keep: tuple[str, ...] = ()
    """The fields that are kept of its objects besides their identity (`harvdiag.kinds.keep`); empty: all of them.

    Lists on the way are transparent, and ``*`` stands for every key. For kinds whose objects may hold credentials, or
    are large.
    """
    stored: tuple[str, ...] = ()
    """The same for what is handed on, a snapshot file and the page to explore: the fields that rules, tables, links and
    pictures use; empty: those of `keep`, or all."""
    lazy: bool = False
    """Read only when a check asks for it: the kind is large or seldom needed (`harvdiag.kinds.wanted`)."""
    only: str = ""
    """A cluster is asked for objects of this type alone, in `home` alone, and for no more than their metadata."""
    since: tuple[int, ...] = ()
    """The release with which it came, if that was a later one (see `late`)."""

    @property
    def late(self) -> bool:
        """Whether it came with a later release: a source that has no list of it had none, unless reading it failed."""
        return bool(self.since)

    @property
    def bare(self) -> str:
        """The kind as in the objects, without the group that distinguishes namesakes."""
        return self.name.split(".", 1)[0]

    @property
    def resource(self) -> str:
        """The name for kubectl: ``machines.cluster.x-k8s.io``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def served(self) -> bool:
        """Whether it is a kind of an API."""
        return bool(self.versions)
