"""Links: which object references which, by which field. Plain Python, so that a check needs no graph library.

Every reference of every object becomes one edge, whether the other end exists or not. An end that is not in the
snapshot is ``absent`` where its kind was seen whole, and ``unseen`` where it was not: absent proves a fault, unseen
proves nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any, NamedTuple

from harvdiag.core.fields import Obj, field_path, get_items, get_text, name_of, namespace_of, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.kinds import CATALOGUE, LINKED, qualified_name
from harvdiag.kinds.kind import Link
from harvdiag.snapshot import Snapshot

__all__ = ["ABSENT", "PRESENT", "UNSEEN", "Edge", "Links", "is_nameless", "ref_of"]

PRESENT, ABSENT, UNSEEN = "present", "absent", "unseen"
BY_VALUE = ("uid ", "provider_id ")
"""The prefix of the name of an object that is referenced by a value only; no object's own name contains a space."""


def is_nameless(ref: ObjectRef) -> bool:
    """Whether an object is known by a uid or providerID only."""
    return ref.name.startswith(BY_VALUE)


class Edge(NamedTuple):
    """`source` references `target` in the field `path` by `value`; `state` says whether the target exists."""

    source: ObjectRef
    target: ObjectRef
    path: str
    value: str
    state: str

    @property
    def broken(self) -> bool:
        """The target does not exist; not merely unseen."""
        return self.state == ABSENT


def ref_of(obj: Obj, kind: str = "") -> ObjectRef:
    """The reference to an object; lists of 2021 leave the kind out, so it may be given."""
    group = str(obj.get("apiVersion", "")).rpartition("/")[0]
    return ObjectRef(kind or qualified_name(group, str(obj.get("kind"))), namespace_of(obj), name_of(obj))


class _Objects(Mapping[ObjectRef, Obj]):
    """Objects by reference; the snapshot is told of which kind each answer is (`Snapshot.touch`)."""

    def __init__(self, snapshot: Snapshot, objects: Mapping[ObjectRef, Obj], kinds: Iterable[str]) -> None:
        self._objects = objects
        self._touch = snapshot.touch
        self._kinds = tuple(kinds)

    def __getitem__(self, ref: ObjectRef) -> Obj:
        self._touch(ref.kind)
        return self._objects[ref]

    def __contains__(self, ref: object) -> bool:
        if isinstance(ref, ObjectRef):
            self._touch(ref.kind)
        return ref in self._objects

    def __iter__(self) -> Iterator[ObjectRef]:
        for kind in self._kinds:
            self._touch(kind)
        return iter(self._objects)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@cache
def _leads_to(kind: str, path: str) -> tuple[str, ...]:
    """The kinds that a field of a kind references (every field where `path` is empty), as far as the catalogue says."""
    links = CATALOGUE[kind].links if kind in CATALOGUE else ()
    return tuple({link.to: None for link in links if link.to and path in ("", link.path)})


@cache
def _led_from(kind: str, path: str) -> tuple[str, ...]:
    """The kinds whose field (any, where `path` is empty) may reference a kind."""
    return tuple(entry.name for entry in CATALOGUE.values() if kind in _leads_to(entry.name, path))


class Links:
    """All links of a snapshot's objects of certain kinds, found once, looked up from either end.

    Each answer tells the snapshot on which kinds it depends (`Snapshot.touch`): those at both ends of the links.
    """

    def __init__(self, snapshot: Snapshot, kinds: Iterable[str] = LINKED) -> None:
        self._snapshot = snapshot
        self.kinds = tuple(kinds)
        self._linked = frozenset(self.kinds)
        snapshot.load(self.kinds)

    @cached_property
    def objects(self) -> Mapping[ObjectRef, Obj]:
        """Every object of these kinds by its reference."""
        return _Objects(self._snapshot, self._objects, self.kinds)

    @cached_property
    def _objects(self) -> dict[ObjectRef, Obj]:
        with self._snapshot.watched(None):
            return {
                ref_of(obj, _catalogue_kind(kind, obj)): obj
                for kind in self.kinds
                for obj in self._snapshot.objects(kind)
            }

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Every link, in the order of the objects and of the catalogue."""
        for kind in self.kinds:
            self._snapshot.touch(kind)
        return self._edges

    @cached_property
    def _edges(self) -> tuple[Edge, ...]:
        with self._snapshot.watched(None):
            return tuple(edge for ref, obj in self._objects.items() for edge in self._find_edges(ref, obj))

    @cached_property
    def _outgoing(self) -> dict[ObjectRef, list[Edge]]:
        return _group_edges(self._edges, lambda edge: edge.source)

    @cached_property
    def _incoming(self) -> dict[ObjectRef, list[Edge]]:
        return _group_edges(self._edges, lambda edge: edge.target)

    def edges_from(self, ref: ObjectRef, path: str = "", kind: str = "") -> list[Edge]:
        """Return the links from an object; those of one field or to one kind, if `path` or `kind` is given."""
        self.touch(*((ref.kind, kind) if kind else (ref.kind, *_leads_to(ref.kind, path))))
        found = self._outgoing.get(ref, ())
        edges = [e for e in found if (not path or e.path == path) and (not kind or e.target.kind == kind)]
        self.touch(*(edge.target.kind for edge in edges))
        return edges

    def edges_to(self, ref: ObjectRef, path: str = "", kind: str = "") -> list[Edge]:
        """Return the links from others to an object; those of one field or one kind, if `path` or `kind` is given."""
        self.touch(*((kind,) if kind else _led_from(ref.kind, path)))
        found = self._incoming.get(ref, ())
        return [e for e in found if (not path or e.path == path) and (not kind or e.source.kind == kind)]

    def touch(self, *kinds: str) -> None:
        """Say that an answer depends on the objects of these kinds, as far as they have links."""
        for kind in kinds:
            if kind in self._linked:
                self._snapshot.touch(kind)

    def refs(self, kind: str) -> list[ObjectRef]:
        """The objects of one kind."""
        self._snapshot.touch(kind)
        return [ref for ref in self._objects if ref.kind == kind]

    def seen(self, kind: str) -> bool:
        """Whether an object of this kind that is not here does not exist."""
        return self._snapshot.seen(kind)

    def _find_edges(self, ref: ObjectRef, obj: Obj) -> Iterator[Edge]:
        entry = CATALOGUE.get(ref.kind)
        for link in entry.links if entry else ():
            yield from self._follow_link(ref, obj, link)
        yield from self._owner_edges(ref, obj)

    def _follow_link(self, ref: ObjectRef, obj: Obj, link: Link) -> Iterator[Edge]:
        if link.by == "reference":
            yield from self._typed_reference(ref, obj, link.path)
            return
        value = get_text(obj, link.path)
        if not value:
            return
        for target in self._find_targets(ref, obj, link, value):
            yield Edge(ref, target, link.path, value, self._target_state(target))

    def _find_targets(self, ref: ObjectRef, obj: Obj, link: Link, value: str) -> list[ObjectRef]:
        if link.by != "name":
            found = self._by_value(link.to, link.by).get(value)
            # An address need not belong to a node at all; a uid or providerID that no object has is a broken link.
            return found or ([] if link.by == "address" else [ObjectRef(link.to, "", f"{link.by} {value}")])
        home = CATALOGUE[link.to].home
        namespace = (link.namespace and get_text(obj, link.namespace)) or link.home or ref.namespace
        return [ObjectRef(link.to, namespace if home else "", value)]

    def _typed_reference(self, ref: ObjectRef, obj: Obj, path: str) -> Iterator[Edge]:
        """A typed reference: v1beta1 gives apiVersion and namespace, v1beta2 apiGroup and the same namespace."""
        found = field_path(path).get(obj)
        if not isinstance(found, dict) or not found.get("name"):
            return
        group = str(found.get("apiGroup") or str(found.get("apiVersion", "")).rpartition("/")[0])
        target = ObjectRef(
            qualified_name(group, str(found.get("kind"))),
            str(found.get("namespace") or ref.namespace),
            str(found["name"]),
        )
        yield Edge(ref, target, f"{path}.name", target.name, self._target_state(target))

    def _owner_edges(self, ref: ObjectRef, obj: Obj) -> Iterator[Edge]:
        for number, owner in enumerate(get_items(obj, "metadata.ownerReferences")):
            if isinstance(owner, dict) and owner.get("name"):
                target = self._owner_ref(ref, owner)
                yield Edge(
                    ref, target, f"metadata.ownerReferences[{number}]", str(owner["name"]), self._target_state(target)
                )

    def _owner_ref(self, ref: ObjectRef, owner: dict[str, Any]) -> ObjectRef:
        """The owner by name, unless the object of that name has another uid: then the owner no longer exists."""
        kind = qualified_name(str(owner.get("apiVersion", "")).rpartition("/")[0], str(owner.get("kind")))
        entry = CATALOGUE.get(kind)
        target = ObjectRef(kind, ref.namespace if entry is None or entry.home else "", str(owner["name"]))
        there = self._objects.get(target)
        uid = str(owner.get("uid") or "")
        if there is not None and uid and uid_of(there) and uid_of(there) != uid:
            return target._replace(name=f"{target.name} (uid {uid})")
        return target

    def _target_state(self, target: ObjectRef) -> str:
        if target in self._objects:
            return PRESENT
        if target.kind not in self.kinds:
            return UNSEEN
        entry = CATALOGUE.get(target.kind)
        elsewhere = entry is not None and target.namespace not in ("", entry.home)
        return ABSENT if self._snapshot.seen(target.kind) and not elsewhere else UNSEEN

    def _by_value(self, kind: str, by: str) -> dict[str, list[ObjectRef]]:
        key = f"{kind} {by}"
        if key not in self._indexes:
            pairs = ((value, ref) for ref in self.refs(kind) for value in _IDENTITIES[by](self._objects[ref]))
            self._indexes[key] = _group_values(pairs)
        return self._indexes[key]

    @cached_property
    def _indexes(self) -> dict[str, dict[str, list[ObjectRef]]]:
        return {}


def _catalogue_kind(kind: str, obj: Obj) -> str:
    if kind in CATALOGUE or not obj.get("kind"):
        return kind
    return ""


def _own_uid(obj: Obj) -> list[str]:
    return [uid] if (uid := uid_of(obj)) else []


def _provider_id(obj: Obj) -> list[str]:
    return [value] if (value := get_text(obj, "spec.providerID")) else []


def _internal_addresses(obj: Obj) -> list[str]:
    rows = (row for row in get_items(obj, "status.addresses") if isinstance(row, dict))
    return [str(row.get("address")) for row in rows if row.get("type") == "InternalIP"]


_IDENTITIES: dict[str, Callable[[Obj], list[str]]] = {
    "uid": _own_uid,
    "provider_id": _provider_id,
    "address": _internal_addresses,
}


def _group_edges(edges: Iterable[Edge], key: Callable[[Edge], ObjectRef]) -> dict[ObjectRef, list[Edge]]:
    found: dict[ObjectRef, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[key(edge)].append(edge)
    return found


def _group_values(pairs: Iterable[tuple[str, ObjectRef]]) -> dict[str, list[ObjectRef]]:
    found: dict[str, list[ObjectRef]] = defaultdict(list)
    for value, ref in pairs:
        found[value].append(ref)
    return found
