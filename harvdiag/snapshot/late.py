"""Kinds that came with a later release: whether a source without their list may still come from a cluster with some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from harvdiag.core.fields import Obj, get_text, name_of
from harvdiag.core.release import read_release
from harvdiag.kinds.kind import Kind

__all__ = ["FILES", "may_hide"]

FILES = "files"
"""The type of source that holds what a person asked for: a server or a bundle without a list has no such kind."""
OLDER = {"UpgradePlan": "Upgrade"}
"""The kind that a late one replaces, and for the same question."""
SYSTEM = "Harvester "
"""What comes before the release in the name of a node's system."""


class _Held(Protocol):
    def objects(self, kind: str) -> tuple[Obj, ...]:
        """Return the objects of a kind."""

    def seen(self, kind: str) -> bool:
        """Whether the list of a kind was seen whole."""


def may_hide(kind: Kind, source: _Held) -> bool:
    """Return whether objects of a late kind at which no one looked may exist.

    That matters where the older kind alone would answer, with an empty list. The release is what the Setting and the
    Nodes tell; a release that nothing tells may be any.
    """
    older = OLDER.get(kind.name)
    if older is None or source.objects(older) or not source.seen(older):
        return False
    told = [release[:2] for text in _versions(source) if (release := read_release(text))]
    return not told or max(told) >= kind.since


def _versions(source: _Held) -> Iterator[str]:
    yield from (get_text(node, "status.nodeInfo.osImage").removeprefix(SYSTEM) for node in source.objects("Node"))
    settings = (each for each in source.objects("Setting") if name_of(each) == "server-version")
    yield from (get_text(each, "value") for each in settings)
