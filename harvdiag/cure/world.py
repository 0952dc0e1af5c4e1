"""A copy of a cluster that can change: what was read of it stays as it is, and what was not seen stays unseen."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace

from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import OTHERS, CoverageEntry, ObjectRef, State
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.wanted import Wanted
from harvdiag.snapshot import Listing, Resource, Snapshot
from harvdiag.snapshot.locate import object_named

__all__ = ["World", "put"]

Key = tuple[str, str]
Edits = Mapping[str, Mapping[Key, Obj | None]]
Hidden = Mapping[str, Sequence[tuple[str, str]]]
SPACE = uuid.UUID("7c2f6a53-0d0a-4f7e-9d1c-5b5f1f0e6a11")
"""The namespace of the uids that made objects get: the same for the same object."""


class World:
    """The objects of a snapshot, some of which were deleted, changed or added; the snapshot itself never changes.

    `moved` tells whether anything was.
    """

    def __init__(self, origin: Snapshot) -> None:
        self.origin = origin
        self._edits: dict[str, dict[Key, Obj | None]] = defaultdict(dict)
        self._hidden: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._own: set[ObjectRef] = set()
        self.uninstalled: set[str] = set()
        """The hosts that were uninstalled, which no object tells; their files are gone."""

    @property
    def moved(self) -> bool:
        """Whether anything is not as it was."""
        return any(self._edits.values()) or any(self._hidden.values())

    def get(self, ref: ObjectRef) -> Obj | None:
        """Return an object as it is now, or None; it must not be changed (see `edit`)."""
        edits = self._edits.get(ref.kind, {})
        key = (ref.namespace, ref.name)
        return edits[key] if key in edits else object_named(self.origin, ref)

    def objects(self, kind: str) -> list[Obj]:
        """Return all objects of a kind as they are now."""
        kept = _overlaid(self.origin.objects(kind), self._edits.get(kind, {}), self._hidden.get(kind, ()))
        return [*kept, *_added(self._edits.get(kind, {}), self.origin.objects(kind))]

    def refs(self, kind: str) -> list[ObjectRef]:
        """Return the objects of a kind by reference."""
        return [ObjectRef(kind, namespace_of(obj), name_of(obj)) for obj in self.objects(kind)]

    def seen(self, kind: str) -> bool:
        """Whether an object of this kind that is not here does not exist."""
        return self.origin.seen(kind)

    def edit(self, ref: ObjectRef) -> Obj:
        """Return the object, to be changed in place; KeyError where there is none."""
        obj = self.get(ref)
        if obj is None:
            raise KeyError(ref)
        if ref not in self._own:
            obj = deepcopy(obj)
            self._edits[ref.kind][(ref.namespace, ref.name)] = obj
            self._own.add(ref)
        return obj

    def remove(self, ref: ObjectRef) -> None:
        """Delete an object, if there is one."""
        self._edits[ref.kind][(ref.namespace, ref.name)] = None
        self._own.discard(ref)

    def add(self, ref: ObjectRef, obj: Obj) -> None:
        """Put an object in; one without a uid gets the same each time."""
        made = deepcopy(obj)
        put(made, "metadata.name", ref.name)
        if ref.namespace:
            put(made, "metadata.namespace", ref.namespace)
        if not get_text(made, "metadata.uid"):
            put(made, "metadata.uid", str(uuid.uuid5(SPACE, str(ref))))
        self._edits[ref.kind][(ref.namespace, ref.name)] = made
        self._own.add(ref)

    def hide(self, kind: str, path: str, value: str) -> None:
        """Delete every object of a large kind that has this value in a field, without reading the kind."""
        self._hidden[kind].append((path, value))

    def snapshot(self) -> Snapshot:
        """Return the cluster as it is now; what is changed later is not in it."""
        edits = {kind: dict(rows) for kind, rows in self._edits.items()}
        self._own.clear()
        hidden = {kind: tuple(rows) for kind, rows in self._hidden.items()}
        made = Snapshot(_WorldReader(self.origin, edits, hidden, frozenset(self.uninstalled)), self.origin.arguments)
        made.redactor = self.origin.redactor
        return made


class _WorldReader:
    """Reads the lists of a snapshot as they are in a world, each with the coverage that it had."""

    def __init__(self, origin: Snapshot, edits: Edits, hidden: Hidden, wiped: frozenset[str]) -> None:
        self._origin, self._edits, self._hidden, self._wiped = origin, edits, hidden, wiped
        # A Node that is removed may have had the heartbeat by which "now" is known.
        told = origin.manifest.captured_at or origin.collected_at.text
        self.manifest = replace(origin.manifest, captured_at=told)

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """Read the lists of these kinds."""
        self._origin.load(kind.name for kind in kinds)
        return [
            listing
            for kind in kinds
            for listing in self._listings(kind, self._origin.objects(kind.name), self._origin.lists(kind.name))
        ]

    def select(self, kind: Kind, wanted: Wanted) -> Listing:
        """Read what is wanted of one namespace."""
        objects, entry = self._origin.find(kind.name, wanted)
        space = wanted.namespace or kind.home
        added = [obj for obj in self._added(kind, objects) if namespace_of(obj) == space]
        return _listing(kind, entry, [*self._kept(kind, objects), *added])

    def ask(self, kind: Kind, wanted: Wanted, /) -> list[Listing]:
        """Read what is wanted of a kind, of one namespace or of every one where none is given."""
        if wanted.everywhere:
            objects, entry = self._origin.find(kind.name, wanted)
            return [_listing(kind, entry, [*self._kept(kind, objects), *self._added(kind, objects)])]
        answer = self._origin.ask(kind, wanted)
        return self._listings(kind, answer.objects, answer.entries)

    def _listings(self, kind: Kind, objects: Sequence[Obj], entries: Sequence[CoverageEntry]) -> list[Listing]:
        kept = [*self._kept(kind, objects), *self._added(kind, objects)]
        named = {entry.namespace for entry in entries}
        rows: dict[str, list[Obj]] = defaultdict(list)
        for obj in kept:
            space = namespace_of(obj)
            rows[space if space in named else OTHERS if OTHERS in named else _first(entries, space)].append(obj)
        lists = [_listing(kind, entry, rows.pop(entry.namespace, [])) for entry in entries]
        absent = CoverageEntry(kind.name, kind.group, "", "", State.NOT_LOOKED_AT)
        return lists + [_listing(kind, replace(absent, namespace=space), found) for space, found in rows.items()]

    def _kept(self, kind: Kind, objects: Iterable[Obj]) -> list[Obj]:
        return list(_overlaid(objects, self._edits.get(kind.name, {}), self._hidden.get(kind.name, ())))

    def _added(self, kind: Kind, objects: Iterable[Obj]) -> list[Obj]:
        return list(_added(self._edits.get(kind.name, {}), objects))

    def resources(self) -> Sequence[Resource]:
        """Return everything that can be read."""
        return self._origin.resources

    def beyond(self, kind: Kind, /) -> str:
        """Return why objects of a kind may exist in namespaces at which the source did not look."""
        return self._origin.beyond(kind.name)

    def host(self, node: str) -> Obj | None:
        """Return the data in the files of one host, unless it was uninstalled."""
        return None if node in self._wiped else self._origin.host(node)

    def logs(self, folder: str) -> Sequence[str]:
        """Return the names of the logs: what was written is not undone."""
        return self._origin.logs(folder)

    def tail(self, name: str, most: int) -> bytes:
        """Read the last bytes of one log."""
        return self._origin.tail(name, most)

    def stream(self, name: str) -> Iterator[bytes]:
        """Read one log from its beginning."""
        return self._origin.stream(name)


def put(obj: Obj, path: str, value: object) -> None:
    """Set a field of an object, or remove it (None); whatever on the way is not a mapping becomes one."""
    *steps, last = field_path(path).steps
    for step in steps:
        inner = obj.get(str(step))
        if not isinstance(inner, dict):
            if value is None:
                return
            inner = obj[str(step)] = {}
        obj = inner
    if value is None:
        obj.pop(str(last), None)
    else:
        obj[str(last)] = value


def _key(obj: Obj) -> Key:
    return namespace_of(obj), name_of(obj)


def _overlaid(objects: Iterable[Obj], edits: Mapping[Key, Obj | None], hidden: Sequence[tuple[str, str]]) -> list[Obj]:
    """The objects that are left, as they are now."""
    now = list(objects) if not edits else [edits.get(_key(obj), obj) for obj in objects]
    left = [obj for obj in now if obj is not None]
    if not hidden:
        return left
    return [obj for obj in left if not any(get_text(obj, path) == value for path, value in hidden)]


def _added(edits: Mapping[Key, Obj | None], objects: Iterable[Obj]) -> Iterator[Obj]:
    if not edits:
        return
    known = {_key(obj) for obj in objects}
    yield from (obj for key, obj in edits.items() if obj is not None and key not in known)


def _first(entries: Sequence[CoverageEntry], space: str) -> str:
    """The list that takes an object of a namespace without one: that of every namespace, if there is one."""
    return "" if any(entry.namespace == "" for entry in entries) else space


def _listing(kind: Kind, entry: CoverageEntry, items: Sequence[Obj]) -> Listing:
    return Listing(
        kind=kind,
        version=entry.version,
        namespace=entry.namespace,
        items=items,
        state=entry.state,
        reason=entry.reason,
        vetted=True,
    )
