"""The differences between the objects of two readings: objects that came and went, their links, and their fields.

What was not seen on one side is not comparable: it is neither new nor gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, cached_property
from typing import Any

from harvdiag.core.conditions import condition_path
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_text, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.graph.references import ABSENT, UNSEEN, Edge
from harvdiag.kinds import CATALOGUE, LINKED
from harvdiag.kinds.columns import Column
from harvdiag.kinds.keep import store_object
from harvdiag.status.changes.change import CHANGED, GONE, NEW, RECREATED, STATE, Change
from harvdiag.status.changes.fields import compare_fields
from harvdiag.status.changes.side import MAIN, Side

__all__ = ["ObjectChanges"]

BESIDE = {"name", "namespace", "uid", "created", "owner"}  # columns that identify an object, or are links
CONDITION = condition_path("")
OWNERS = "metadata.ownerReferences"
LONGEST = 10_000
"""Characters of a value that are kept: whoever shows it cuts it as there is room."""


class ObjectChanges:
    """The differences between the objects of two sides."""

    def __init__(self, before: Side, now: Side) -> None:
        self.before, self.now = before, now

    @cached_property
    def changes(self) -> list[Change]:
        """Every difference, by object; the hosts, their parts and the upgrade first."""
        found = [change for ref in self._all_refs for change in self._compare_object(ref)]
        return [c if c.path else replace(c, links=self._link_counts[c.ref]) for c in found]

    @cached_property
    def unseen(self) -> list[tuple[ObjectRef, str]]:
        """The objects of one side of which the other does not tell whether they exist, and which side that is, where
        their kind was seen there, but not their namespace.
        """
        sides = (("before", self.before, self.now), ("now", self.now, self.before))
        return [
            (ref, when)
            for when, dark, lit in sides
            for ref in self._all_refs
            if ref in lit.objects and ref not in dark.objects and not dark.gap(ref.kind) and not dark.seen(ref)
        ]

    @property
    def same(self) -> tuple[int, int]:
        """How many objects and links are on both sides and unchanged."""
        touched = {change.ref for change in self.changes}
        links = {(change.ref, change.path) for change in self.changes}
        both = [ref for ref in self.now.objects if ref in self.before.objects]
        kept = sum((ref, path) not in links for ref in both for path in self.now.links.get(ref, ()))
        return sum(ref not in touched for ref in both), kept

    @property
    def any_seen(self) -> bool:
        """Whether there is anything to compare: an object on both sides, or one of which the other side tells."""
        sides = ((self.before, self.now), (self.now, self.before))
        return any(ref in dark.objects or dark.seen(ref) for lit, dark in sides for ref in lit.objects)

    @cached_property
    def _all_refs(self) -> list[ObjectRef]:
        return sorted({**self.before.objects, **self.now.objects}, key=lambda ref: (ref.kind not in MAIN, ref))

    @cached_property
    def _one_sided(self) -> set[ObjectRef]:
        """The objects that came or went."""
        return {ref for ref in self._all_refs if (ref in self.before.objects) != (ref in self.now.objects)}

    @cached_property
    def _link_counts(self) -> Counter[ObjectRef]:
        """How many unchanged links lead to each object that came or went."""
        both = [ref for ref in self._all_refs if ref not in self._one_sided]
        ways = [(self.before.links.get(ref, {}), self.now.links.get(ref, {}), ref) for ref in both]
        return Counter(
            target
            for before, now, ref in ways
            for path in dict.fromkeys((*before, *now))
            if _describe_targets(before.get(path, [])) != _describe_targets(now.get(path, []))
            for target in self._targets_behind(ref, before.get(path, []), now.get(path, []))
        )

    def _targets_behind(self, ref: ObjectRef, before: list[Edge], now: list[Edge]) -> list[ObjectRef]:
        """The objects that came or went and so are the only reason that an unchanged field leads elsewhere."""
        edges = before or now
        held = [edge.value for edge in before or now], [edge.value for edge in now or before]
        path, value = edges[0].path, edges[0].value
        if held[0] != held[1] or not all(
            _has_value(side.objects.get(ref), path, value) for side in (self.before, self.now)
        ):
            return []
        targets = dict.fromkeys(edge.target for edge in (*before, *now))
        return [target for target in targets if target in self._one_sided]

    # --- one object ------------------------------------------------------------------------------------------------

    def _compare_object(self, ref: ObjectRef) -> Iterator[Change]:
        before, now = self.before.objects.get(ref), self.now.objects.get(ref)
        beside = ref.kind not in MAIN
        if before is None:
            if self.before.seen(ref):
                yield Change(sort=NEW, ref=ref, detail=beside)
        elif now is None:
            if self.now.seen(ref):
                yield Change(sort=GONE, ref=ref, detail=beside)
        elif before is not now:
            yield from self._compare_uids(ref, before, now, beside)
            yield from self._compare_links(ref)
            yield from self._compare_columns(ref, before, now, beside)
            yield from self._compare_state(ref)
            yield from self._compare_details(ref, before, now)

    def _compare_uids(self, ref: ObjectRef, before: Obj, now: Obj, beside: bool) -> Iterator[Change]:
        was, is_ = uid_of(before), uid_of(now)
        if was and is_ and was != is_:
            yield Change(sort=RECREATED, ref=ref, path="metadata.uid", before=was, now=is_, label="uid", detail=beside)

    def _compare_links(self, ref: ObjectRef) -> Iterator[Change]:
        before, now = self.before.links.get(ref, {}), self.now.links.get(ref, {})
        for path in dict.fromkeys((*before, *now)):
            was, is_ = before.get(path, []), now.get(path, [])
            ends = _describe_targets(was), _describe_targets(is_)
            if ends[0] == ends[1] or self._targets_behind(ref, was, is_):
                continue
            sort = CHANGED if was and is_ else NEW if is_ else GONE
            if sort != CHANGED or _are_comparable(was, is_):
                yield replace(_field_change(ref, _name_field(path), ends, sort=sort), link=True)

    def _compare_columns(self, ref: ObjectRef, before: Obj, now: Obj, beside: bool) -> Iterator[Change]:
        for column in _compared_columns(ref.kind):
            was, is_ = column.value(before), column.value(now)
            if was != is_:
                sides = _format_field(was), _format_field(is_)
                yield _field_change(ref, (column.source, _column_label(column)), sides, detail=beside)

    def _compare_state(self, ref: ObjectRef) -> Iterator[Change]:
        before, now = self.before.states, self.now.states
        if ref.kind == "Node" and before and now and before.get(ref.name) != now.get(ref.name):
            sides = _format_field(before.get(ref.name)), _format_field(now.get(ref.name))
            yield _field_change(ref, (STATE, STATE), sides)

    def _compare_details(self, ref: ObjectRef, before: Obj, now: Obj) -> Iterator[Change]:
        """Compare the fields that are neither columns nor links, as far as a snapshot file has them: no more is handed
        on. Of two versions of an API none is compared.
        """
        if get_text(before, "apiVersion") != get_text(now, "apiVersion"):
            return
        kind = CATALOGUE[ref.kind]
        if kind.only:  # what a source has of it beside its metadata depends on the sort of source
            before, now = ({"metadata": obj.get("metadata")} for obj in (before, now))
        known = _known_paths(ref.kind) | self._state_paths(ref)
        before, now = (store_object(kind, obj) for obj in (before, now))
        for path, was, is_ in compare_fields(ref.kind, before, now, known):
            yield _field_change(ref, _name_field(path), (_format_field(was), _format_field(is_)), detail=True)

    def _state_paths(self, ref: ObjectRef) -> frozenset[str]:
        """The states of nodes in an upgrade, which are told of the nodes."""
        upgrades = (side.upgrade for side in (self.before, self.now))
        paths = {upgrade.statuses_path for upgrade in upgrades if upgrade and upgrade.ref == ref}
        names = {*self.before.states, *self.now.states}
        return frozenset(f"{path}.{name}.state" for path in paths for name in names)


def _field_change(
    ref: ObjectRef, field: tuple[str, str], sides: tuple[str, str], *, sort: str = CHANGED, detail: bool = False
) -> Change:
    """The change of one field or link, given by its path and its label, from the first of two texts to the second."""
    (path, label), (before, now) = field, sides
    return Change(sort=sort, ref=ref, path=path, before=before, now=now, label=label, detail=detail)


def _name_field(path: str) -> tuple[str, str]:
    return path, _shorten_path(path)


@cache
def _compared_columns(kind: str) -> tuple[Column, ...]:
    """The columns that say something else than times, links and identity."""
    linked = {link.path.removesuffix(".name") for link in CATALOGUE[kind].links}
    return tuple(
        column
        for column in CATALOGUE[kind].columns
        if column.name not in BESIDE
        and not _is_time(column)
        and not {path.removesuffix(".name") for path in column.paths} & linked
    )


@cache
def _known_paths(kind: str) -> frozenset[str]:
    """The paths that are compared as columns and links."""
    links = (part for link in CATALOGUE[kind].links for part in (link.path, link.path.removesuffix(".name")))
    owners = (OWNERS,) if kind in LINKED else ()
    columns = (path for column in _compared_columns(kind) for path in (*column.paths, *_list_fields(column.source)))
    return frozenset({*links, *owners, *columns})


def _list_fields(source: str) -> Sequence[str]:
    """The fields that a column names in words: ``not spec.unschedulable``, ``metadata.labels: a, b``."""
    place, mark, keys = source.partition(": ")
    return [f'{place}["{key}"]' for key in keys.split(", ")] if mark else [source.removeprefix("not ")]


def _has_value(obj: Obj | None, path: str, value: str) -> bool:
    """Whether the field has this value; of an ownerReference, whether there is one."""
    found = field_path(path).get(obj)
    return found == value or isinstance(found, dict)


def _shorten_path(path: str) -> str:
    """The field without the prefix that all have in common: ``cluster.x-k8s.io/machine``, ``nodeRef.name``."""
    if path.startswith(CONDITION):
        return f"condition {path.removeprefix(CONDITION)}"
    bare = str(field_path(path).steps[-1]) if path.endswith('"]') else path
    return bare.removeprefix("metadata.").removeprefix("status.").removeprefix("spec.")


def _column_label(column: Column) -> str:
    """The label of a column: ``created``, ``condition Ready``."""
    kind = column.source.removeprefix(CONDITION)
    return column.name.replace("_", " ") if kind == column.source else f"condition {kind}"


def _is_time(column: Column) -> bool:
    """Whether a column is a time, which changes by itself; that of a deletion does not, so it is compared."""
    return column.dtype.startswith("datetime") and column.name != "deleting"


def _are_comparable(before: list[Edge], now: list[Edge]) -> bool:
    """Whether two lists of links can be compared: not where only the seen state of an end differs."""
    if [edge.value for edge in before] != [edge.value for edge in now]:
        return True
    return UNSEEN not in {edge.state for edge in (*before, *now)}


def _describe_targets(edges: list[Edge]) -> str:
    """The objects that links lead to: ``Machine custom-1 (does not exist)``."""
    gone = {ABSENT: " (does not exist)"}
    return ", ".join(f"{e.target.kind} {e.target.name}{gone.get(e.state, '')}" for e in edges)


def _format_field(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_value(value, LONGEST)
