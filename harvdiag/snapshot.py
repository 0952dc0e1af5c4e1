"""A snapshot: the raw objects of a cluster by kind, which of them could be read, and their source.

Objects are plain dictionaries as the API returned them. A kind is read when it is first requested, and only once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol, runtime_checkable

from harvdiag.core.errors import SourceError, UsageError
from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import OTHERS, Coverage, CoverageEntry, ObjectRef, State
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.kinds import CATALOGUE, find_kind, kind_for_resource, qualified_name, sort_key
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.sensitive import WITHHELD, is_sensitive, redact_objects

__all__ = ["Listing", "Logbook", "Manifest", "Reader", "Resource", "Snapshot"]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The source of a snapshot: `kind` is ``bundle``, ``files``, ``live`` or ``snapshot``.

    `captured_at` is RFC 3339 or empty if unknown; `origin` is, for a snapshot file, what it was saved from.
    """

    kind: str
    """``bundle``, ``files``, ``live`` or ``snapshot``."""
    name: str
    captured_at: str = ""
    """RFC 3339, or empty if unknown."""
    kubernetes_version: str = ""
    notes: tuple[str, ...] = ()
    origin: Manifest | None = None
    """For a snapshot file, what it was saved from."""


class Resource(NamedTuple):
    """What a source contains: a kind in one namespace. `kind` is empty if only the plural is known."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list as a source read it: the unchecked items, and `state` with `reason` if they are incomplete."""

    kind: Kind
    version: str = ""
    """The version of the API in which it was read; empty where none was."""
    namespace: str = ""
    items: Sequence[Any] = ()
    """As they stand in the source; `state` and `reason` tell where they are not all."""
    state: State = State.COLLECTED
    reason: str = ""


class Reader(Protocol):
    """The interface of a source. `read` never raises for one kind: failures are the listing's state and reason."""

    manifest: Manifest

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """Read the lists of these kinds, one per namespace."""

    def resources(self) -> Sequence[Resource]:
        """Return everything that can be read."""

    def host(self, node: str) -> Obj | None:
        """Return the data in the files of one host (kind Host), or None."""


@runtime_checkable
class Logbook(Protocol):
    """A source that contains logs besides objects: ``logs/<namespace>/<pod>/<container>.log`` and
    ``nodes/<node>.zip/logs/<unit>.log``.
    """

    def logs(self, folder: str) -> Sequence[str]:
        """Return the names of the logs that begin with `folder`. HarvdiagError if the archive of a node is damaged."""

    def tail(self, name: str, most: int) -> bytes:
        """Read the last bytes of one log, at most `most`. HarvdiagError if it is missing or cannot be read."""


@runtime_checkable
class Stoppable(Protocol):
    """A source that keeps what it has read so far, and can be stopped."""

    def stop(self, reason: str) -> None:
        """Read no more: lists not read yet get the state not looked at, for this reason."""


Watch = Callable[[str, str | None], None]


class Snapshot:
    """The data of one cluster in one source. Reading is lazy; what was read once never changes."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._objects: dict[str, tuple[Obj, ...]] = {}
        self._entries: dict[str, tuple[CoverageEntry, ...]] = {}
        self._named: dict[str, dict[tuple[str, str], Obj]] = {}
        self._hosts: dict[str, Obj | None] = {}
        self._watch: Watch | None = None

    @contextmanager
    def watched(self, watch: Watch | None) -> Iterator[None]:
        """Within it, `watch` is called with each kind before anything of it is told; None: nothing is.

        Its second argument is None where the kind is read, and the namespace (empty: its home) where it is required.
        """
        outer, self._watch = self._watch, watch
        try:
            yield
        finally:
            self._watch = outer

    def touch(self, kind: str) -> None:
        """Say that an answer depends on the objects of a kind; for facts that are kept and told again."""
        if self._watch is not None:
            self._watch(kind, None)

    def require(self, kind: str, namespace: str = "") -> None:
        """Say that what was seen of a kind does not settle the question: where it was not seen whole, who asks ends.

        This is about the kind's home namespace, and also about `namespace`, if it is given.
        """
        if self._watch is not None:
            self._watch(kind, namespace)

    @property
    def manifest(self) -> Manifest:
        """The source and the time of capture."""
        return self._reader.manifest

    def load(self, kinds: Iterable[str]) -> None:
        """Read these kinds together, unless they were read before."""
        names = [name for name in dict.fromkeys(kinds) if name not in self._objects]
        wanted = [CATALOGUE.get(name) or self.resolve_kind(name) for name in names]
        if not wanted:
            return
        listings = self._reader.read(wanted)
        for kind in wanted:
            self._store_listings(kind, [listing for listing in listings if listing.kind.name == kind.name])

    def stop(self, reason: str) -> bool:
        """Read no more, if the source keeps what it has read; return whether it does."""
        if isinstance(self._reader, Stoppable):
            self._reader.stop(reason)
            return True
        return False

    def resolve_kind(self, word: str) -> Kind:
        """Return the kind named `word`, as for kubectl: ``Pod``, ``pods``, ``nodes.longhorn.io``.

        Raises UsageError for a word that matches no kind, or several, in this source.
        """
        if entry := find_kind(word):
            return entry
        fits = {
            kind_for_resource(r.group, r.plural).name: kind_for_resource(r.group, r.plural)
            for r in self.resources
            if _matches_word(word, r)
        }
        if core := [kind for kind in fits.values() if not kind.group]:
            return core[0]  # as in kubectl: pods are those of the core group, not of a metrics server
        if len(fits) == 1:
            return fits.popitem()[1]
        if fits:
            raise UsageError(f"{word!r} may be {', '.join(sorted(fits))}: name one of them")
        hint = did_you_mean(suggest_names(word, {resource.plural for resource in self.resources}))
        raise UsageError(f"no kind {word!r} in {self.manifest.name}{hint}")

    def _store_listings(self, kind: Kind, listings: list[Listing]) -> None:
        vetted = [vet_listing(listing) for listing in listings]
        self._objects[kind.name] = tuple(obj for objects, _ in vetted for obj in objects)
        self._entries[kind.name] = tuple(entry for _, entry in vetted)

    def objects(self, kind: str) -> tuple[Obj, ...]:
        """Return all objects of a kind, ordered by namespace and name in each list; read if they were not yet."""
        self.touch(kind)
        self.load([kind])
        return self._objects[kind]

    def lists(self, kind: str) -> tuple[CoverageEntry, ...]:
        """Return the coverage of a kind, one entry per list, in the order of their objects in `objects`."""
        self.touch(kind)
        self.load([kind])
        return self._entries[kind]

    def get(self, ref: ObjectRef) -> Obj | None:
        """Return one object, or None; of two with the same name the first."""
        self.touch(ref.kind)
        if ref.kind not in self._named:
            last_first = reversed(self.objects(ref.kind))
            self._named[ref.kind] = {(namespace_of(obj), name_of(obj)): obj for obj in last_first}
        return self._named[ref.kind].get((ref.namespace, ref.name))

    def seen(self, kind: str) -> bool:
        """Whether absence of an object of this kind proves that it does not exist, in the kind's home namespace."""
        return self.gap(kind) is None

    def gap(self, kind: str, everywhere: bool = False, namespace: str = "") -> str | None:
        """Return why absence of an object of this kind proves nothing; None if it does.

        This is about the kind's home namespace, also about `namespace` if it is given, or about every namespace if
        `everywhere`. Of a kind that came late (`Kind`), a list that is not there proves as much as an empty one.
        """
        entries = self._asked(kind, everywhere, namespace)
        bad = next((e for e in entries if not e.state.seen), None)
        if bad is None and (entries or _is_late(kind)):
            return None
        return f"{bad.state}: {bad.reason}" if bad else "not in the source"

    def gaps(self, kind: str, everywhere: bool = False, namespace: str = "") -> tuple[CoverageEntry, ...]:
        """The lists behind `gap`: the first that was not seen, and every other of the kind for the same reason."""
        bad = next((e for e in self._asked(kind, everywhere, namespace) if not e.state.seen), None)
        alike = (e for e in self._entries[kind] if bad and (e.state, e.reason) == (bad.state, bad.reason))
        return tuple(alike)

    def _asked(self, kind: str, everywhere: bool, namespace: str) -> list[CoverageEntry]:
        self.touch(kind)
        self.load([kind])
        every = everywhere or kind not in CATALOGUE
        places = set() if every else {CATALOGUE[kind].home, *((namespace, OTHERS) if namespace else ())}
        asked = [e for e in self._entries[kind] if every or e.namespace in places]
        return [e for e in asked if e.state is not State.NOT_LOOKED_AT] if _is_late(kind) else asked

    def host(self, node: str) -> Obj | None:
        """Return the data in the files of one host, without reading other hosts; None if there are none."""
        if node not in self._hosts:
            self._hosts[node] = self._reader.host(node)
        return self._hosts[node]

    def logs(self, folder: str = "") -> tuple[str, ...]:
        """Return the names of the logs that begin with `folder`; none in a source without logs (see `Logbook`)."""
        return tuple(self._reader.logs(folder)) if isinstance(self._reader, Logbook) else ()

    def tail(self, name: str, most: int) -> bytes:
        """Read the last bytes of one log, at most `most`, without holding it. HarvdiagError if it cannot be read."""
        if isinstance(self._reader, Logbook):
            return self._reader.tail(name, most)
        raise SourceError(f"{self.manifest.name}: holds objects, but no logs")

    @property
    def coverage(self) -> Coverage:
        """The coverage of every kind read so far."""
        entries = sorted(
            (entry for of_kind in self._entries.values() for entry in of_kind),
            key=lambda e: (sort_key(e.kind), e.namespace),
        )
        return Coverage(tuple(entries), self.manifest.notes)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Everything that the source contains, read or not."""
        return tuple(self._reader.resources())


def _is_late(kind: str) -> bool:
    return kind in CATALOGUE and CATALOGUE[kind].late


def _matches_word(word: str, resource: Resource) -> bool:
    bare, _, group = word.lower().partition(".")
    if not bare:
        return False
    if group and group != resource.group:
        return False
    plurals = {bare, f"{bare}s", f"{bare}es", f"{bare[:-1]}ies"}
    return resource.plural in plurals or resource.kind.lower() == bare


def vet_listing(listing: Listing) -> tuple[list[Obj], CoverageEntry]:
    """Return the usable objects of a list, redacted, and its coverage: one unusable item makes the list incomplete."""
    kind, source = listing.kind, (listing.kind.name, listing.kind.group, listing.version, listing.namespace)
    if is_sensitive(kind.group, kind.plural):
        return [], CoverageEntry(*source, State.NOT_LOOKED_AT, 0, WITHHELD)
    kept: list[Obj] = []
    faults: list[str] = []
    names: set[tuple[str, str]] = set()
    # Items without a kind are a fault only beside items that have one.
    typed = any(isinstance(item, dict) and item.get("kind") for item in listing.items)
    for number, item in enumerate(listing.items, 1):
        fault = _find_fault(item, kind, names, typed)
        if fault:
            faults.append(f"item {number} {fault}")
            continue
        names.add((namespace_of(item), name_of(item)))
        kept.append(item)
    # Ordered like the API, in any source: the same objects give the same report, line by line.
    kept = sorted(redact_objects(kind.resource, kept), key=lambda obj: (namespace_of(obj), name_of(obj)))
    state, reason = listing.state, "; ".join([listing.reason, *faults[:3]] if listing.reason else faults[:3])
    if faults:
        state, reason = State.FAILED, reason + (f" (and {len(faults) - 3} more)" if len(faults) > 3 else "")
    elif state.seen and not kept:
        state, reason = _empty_state(kind)
    return kept, CoverageEntry(*source, state, len(kept), reason)


def _empty_state(kind: Kind) -> tuple[State, str]:
    """The state of an empty list. The collector ran on a Node, so a list without any Node was not collected."""
    if kind.name == "Node":
        return (
            State.FAILED,
            "no Node is listed, which is impossible: the list is incomplete, or this cluster is not in use",
        )
    return State.EMPTY, ""


def _find_fault(item: Any, kind: Kind, names: set[tuple[str, str]], typed: bool) -> str:
    """Why an item is unusable; empty if it is usable. Lists of 2021 omit the kind, in all items or in none."""
    if not isinstance(item, dict):
        return "is not an object"
    if not name_of(item):
        return "has no name"
    if typed and not item.get("kind"):
        return f"({name_of(item)}) has no kind"
    if typed and _is_foreign(item, kind):
        return f"({name_of(item)}) is a {item['kind']} of {item.get('apiVersion')}, not a {kind.name}"
    if (namespace_of(item), name_of(item)) in names:
        return f"({name_of(item)}) is a duplicate"
    return ""


def _is_foreign(item: Obj, kind: Kind) -> bool:
    group = str(item.get("apiVersion", "")).rpartition("/")[0]
    return group != kind.group or (kind.name in CATALOGUE and qualified_name(group, str(item["kind"])) != kind.name)
