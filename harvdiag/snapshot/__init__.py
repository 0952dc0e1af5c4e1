"""A snapshot: the raw objects of a cluster by kind, which of them could be read, and their source.

Objects are plain dictionaries as the API returned them. A kind is read when it is first requested, and only once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from harvdiag.core.conditions import conditions_of
from harvdiag.core.errors import SourceError, UnlistedKindError, UsageError
from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import OTHERS, Coverage, CoverageEntry, ObjectRef, State
from harvdiag.core.suggest import did_you_mean, join_names, suggest_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds import CATALOGUE, find_kind, full_name, kind_for_resource, known_resource, sort_key
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.wanted import Wanted
from harvdiag.snapshot.answers import Answer, Found
from harvdiag.snapshot.late import FILES, may_hide
from harvdiag.snapshot.reader import (
    Asker,
    Bounded,
    Listing,
    Logbook,
    LogStream,
    Manifest,
    Reader,
    Redactor,
    Resource,
    Selector,
    Stoppable,
    vet_listing,
)
from harvdiag.snapshot.watch import Watched

__all__ = ["Answer", "Asker", "Found", "Listing", "Logbook", "Manifest", "Reader", "Resource", "Selector", "Snapshot"]

ABSENT, REACH = "not in the source", 64 << 20


class Snapshot(Watched):
    """The data of one cluster in one source. Reading is lazy; what was read once never changes."""

    def __init__(self, reader: Reader, arguments: tuple[str, ...] | None = None) -> None:
        """`arguments` are the words that name the source on a command line; None where it was opened otherwise.

        `redactor` is None, but where the reader replaces names: then it does so in texts from beside the source.
        """
        super().__init__()
        self.arguments = arguments
        self.redactor: Redactor | None = None
        self.unredacted: Snapshot | None = None
        self._reader = reader
        self._objects: dict[str, tuple[Obj, ...]] = {}
        self._entries: dict[str, tuple[CoverageEntry, ...]] = {}
        self._named: dict[str, dict[tuple[str, str], Obj]] = {}
        self._hosts: dict[str, Obj | None] = {}
        self._found: dict[tuple[str, Wanted], Found] = {}
        self._lists: dict[tuple[str, bool, str], list[CoverageEntry]] = {}

    def redacted(self, wrap: Callable[[Reader], Reader], redactor: Redactor) -> Snapshot:
        """Return the source as read through another reader, which replaces names; `unredacted` of it is this one."""
        made = Snapshot(wrap(self._reader))
        made.redactor, made.unredacted = redactor, self
        return made

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
        """Return the kind named `word`, as for kubectl: ``Pod``, ``pods``, ``po``, ``nodes.longhorn.io``.

        Raises UsageError for a word that matches no kind, or several, in this source; UnlistedKindError, which is
        one, for a known kind that it does not list.
        """
        if entry := find_kind(word):
            return entry
        spelled = full_name(word)
        fits = {
            kind_for_resource(r.group, r.plural).name: kind_for_resource(r.group, r.plural)
            for r in self.resources
            if _matches_word(spelled, r)
        }
        if core := [kind for kind in fits.values() if not kind.group]:
            return core[0]  # as in kubectl: pods are those of the core group, not of a metrics server
        if len(fits) == 1:
            return fits.popitem()[1]
        if fits:
            raise UsageError(f"{word!r} may be {', '.join(sorted(fits))}: name one of them")
        if resource := known_resource(word):
            raise UnlistedKindError(f"no kind {resource!r} in {self.manifest.name}: it has no list of it")
        known = {each.plural for each in self.resources} | {kind.plural for kind in CATALOGUE.values()}
        hint = did_you_mean(suggest_names(word, known))
        listed = f"; it has {join_names(sorted({each.plural for each in self.resources}))}" if self.resources else ""
        raise UsageError(f"no kind {word!r} in {self.manifest.name}{hint or listed}")

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

    def find(self, kind: str, wanted: Wanted) -> Found:
        """Return the objects of one namespace that are wanted, ordered by name; the others need not be parsed.

        With `everywhere`, those of every namespace of the source; the coverage is then that of the first list that was
        not seen, else one that stands for all.

        Once asked, the answer stays. Where the kind was read as a whole, they are taken from it.
        """
        self.touch(kind)
        key = (kind, wanted)
        if key not in self._found:
            self._found[key] = self._find(self.resolve_kind(kind), wanted)
        return self._found[key]

    def _find(self, kind: Kind, wanted: Wanted) -> Found:
        if wanted.everywhere:
            return self._find_everywhere(kind, wanted)
        space = wanted.namespace or kind.home
        if kind.name not in self._objects and isinstance(self._reader, Selector):
            objects, entry = vet_listing(self._reader.select(kind, wanted))
            return Found(tuple(obj for obj in objects if wanted.matches(obj)), entry)
        objects = [obj for obj in self.objects(kind.name) if namespace_of(obj) == space and wanted.matches(obj)]
        return Found(tuple(objects), self._entry_of(kind, space))

    def _find_everywhere(self, kind: Kind, wanted: Wanted) -> Found:
        lists: Iterable[tuple[Iterable[Obj], Iterable[CoverageEntry]]]
        if kind.name not in self._objects and isinstance(self._reader, Selector) and isinstance(self._reader, Asker):
            lists = [(objects, (entry,)) for objects, entry in map(vet_listing, self._reader.ask(kind, wanted))]
        else:
            lists = [(self.objects(kind.name), self._entries[kind.name])]
        whole = CoverageEntry(kind.name, kind.group, "", OTHERS, State.COLLECTED)
        entry = next((entry for _, entries in lists for entry in entries if not entry.state.seen), whole)
        found = [obj for objects, _ in lists for obj in objects if wanted.matches(obj)]
        return Found(tuple(sorted(found, key=lambda obj: (namespace_of(obj), name_of(obj)))), entry)

    def _entry_of(self, kind: Kind, namespace: str) -> CoverageEntry:
        """The coverage of one namespace of a kind; of one without a list, what is known of all others, or of home."""
        entries = {entry.namespace: entry for entry in self._entries[kind.name]}
        known = entries.get(namespace) or entries.get(OTHERS) or entries.get("")
        home = entries.get(kind.home)
        if known is None and home is not None and home.state.seen:
            # Every namespace was looked at where that was possible: one without a list has no object.
            known = CoverageEntry(kind.name, kind.group, home.version, namespace, State.EMPTY)
        return known or home or CoverageEntry(kind.name, kind.group, "", namespace, State.NOT_LOOKED_AT, 0, ABSENT)

    def ask(self, kind: Kind, wanted: Wanted) -> Answer:
        """Return the objects that a person asks for, in one namespace, or in every one where none is given.

        No more is read for it than the question needs, and nothing of it is kept: for `get`, not for checks.
        """
        if kind.name in self._objects or not isinstance(self._reader, Asker):
            listed = [(self.objects(kind.name), self.lists(kind.name))]
        else:
            vetted = map(vet_listing, self._reader.ask(kind, wanted))
            listed = [(tuple(objects), (entry,)) for objects, entry in vetted]
        spaces = {"", wanted.namespace, *([OTHERS] if wanted.namespace else ())}
        objects = sorted((obj for found, _ in listed for obj in found), key=lambda o: (namespace_of(o), name_of(o)))
        entries = (entry for _, found in listed for entry in found)
        return Answer(
            tuple(o for o in objects if wanted.matches(o) and (not wanted.namespace or namespace_of(o) in spaces)),
            tuple(e for e in entries if not wanted.namespace or e.namespace in spaces),
        )

    @property
    def collected_at(self) -> Timestamp:
        """The time of collection; where it is unknown, the last heartbeat of any Node; false if there is none."""
        known = Timestamp(self.manifest.captured_at)
        return known or max(map(Timestamp, self._heartbeats()), default=known)

    def _heartbeats(self) -> Iterator[str]:
        for node in self.objects("Node"):
            yield from (condition.heartbeat for condition in conditions_of(node))

    @property
    def loaded(self) -> tuple[str, ...]:
        """The kinds that were read as a whole, in the order in which they were."""
        return tuple(self._objects)

    @property
    def selections(self) -> tuple[tuple[str, Wanted, Found], ...]:
        """What was asked of kinds that were not read as a whole, in the order in which it was asked."""
        return tuple(
            (kind, wanted, found) for (kind, wanted), found in self._found.items() if kind not in self._objects
        )

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
        `everywhere`. Of a kind that came late (`Kind`), a list that is not there proves as much as an empty one, but
        where there is no object of an older kind either, and the release may have it (`may_hide`).
        """
        entries = self._asked(kind, everywhere, namespace)
        bad = next((e for e in entries if not e.state.seen), None)
        if bad is None and (entries or _is_late(kind)):
            return None
        return f"{bad.state}: {bad.reason}" if bad else ABSENT

    def gaps(self, kind: str, everywhere: bool = False, namespace: str = "") -> tuple[CoverageEntry, ...]:
        """The lists behind `gap`: the first that was not seen, and every other of the kind for the same reason."""
        bad = next((e for e in self._asked(kind, everywhere, namespace) if not e.state.seen), None)
        alike = (e for e in self._entries[kind] if bad and (e.state, e.reason) == (bad.state, bad.reason))
        return tuple(alike)

    def _asked(self, kind: str, everywhere: bool, namespace: str) -> list[CoverageEntry]:
        """The lists that a question is about; what is known of them never changes."""
        self.touch(kind)
        key = (kind, everywhere, namespace)
        if key not in self._lists:
            self.load([kind])
            self._lists[key] = self._find_lists(kind, everywhere, namespace)
        return self._lists[key]

    def _find_lists(self, kind: str, everywhere: bool, namespace: str) -> list[CoverageEntry]:
        every = everywhere or kind not in CATALOGUE
        places = set() if every else {CATALOGUE[kind].home, *((namespace, OTHERS) if namespace else ())}
        asked = [e for e in self._entries[kind] if every or e.namespace in places]
        if not _is_late(kind) or all(e.state is not State.NOT_LOOKED_AT for e in asked):
            return asked
        with self.watched(None):
            hidden = (self.manifest.origin or self.manifest).kind == FILES and may_hide(CATALOGUE[kind], self)
        return asked if hidden else [e for e in asked if e.state is not State.NOT_LOOKED_AT]

    def beyond(self, kind: str) -> str:
        """Return why objects of a kind may exist in namespaces at which the source did not look; empty if it did."""
        return self._reader.beyond(self.resolve_kind(kind)) if isinstance(self._reader, Bounded) else ""

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

    def stream(self, name: str) -> Iterator[bytes]:
        """Read one log from its beginning, piece by piece. HarvdiagError if that fails, also in the midst of it."""
        return self._reader.stream(name) if isinstance(self._reader, LogStream) else iter((self.tail(name, REACH),))

    @property
    def coverage(self) -> Coverage:
        """The coverage of every kind read so far; of those of which a part was asked for, the lists not seen."""
        unseen = {found.entry for _, _, found in self.selections if not found.entry.state.seen}
        entries = sorted(
            (*(entry for of_kind in self._entries.values() for entry in of_kind), *unseen),
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
    bare, _, group = word.partition(".")
    if not bare or (group and group != resource.group and not resource.group.startswith(f"{group}.")):
        return False  # kubectl takes the beginning of a group, too
    plurals = {bare, f"{bare}s", f"{bare}es", f"{bare[:-1]}ies"}
    return resource.plural in plurals or resource.kind.lower() == bare
