"""The differences that pictures leave out, by kind: objects beside the hosts, and fields that no table has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from harvdiag.core.listing import group_by
from harvdiag.core.model import ObjectRef
from harvdiag.kinds import sort_key
from harvdiag.status.changes.change import GONE, NEW, Change

__all__ = ["Altered", "KindDetails", "group_details"]


class Altered(NamedTuple):
    """One object of both sides with its fields that differ."""

    ref: ObjectRef
    fields: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class KindDetails:
    """One kind: its objects that came, that went, and that are another."""

    kind: str
    new: tuple[ObjectRef, ...]
    gone: tuple[ObjectRef, ...]
    altered: tuple[Altered, ...]


def group_details(changes: Sequence[Change]) -> list[KindDetails]:
    """Group the differences that are details by kind, in the order of the catalogue."""
    kinds = group_by((change for change in changes if change.detail), lambda change: change.ref.kind)
    return [_build_kind(kind, alike) for kind, alike in sorted(kinds, key=lambda each: sort_key(each[0]))]


def _build_kind(kind: str, changes: Sequence[Change]) -> KindDetails:
    fields = group_by((change for change in changes if change.path), lambda change: change.ref)
    return KindDetails(
        kind=kind,
        new=tuple(change.ref for change in changes if change.sort == NEW and not change.path),
        gone=tuple(change.ref for change in changes if change.sort == GONE and not change.path),
        altered=tuple(Altered(ref, tuple(alike)) for ref, alike in fields),
    )
