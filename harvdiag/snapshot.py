"""A snapshot: the raw objects of a cluster by kind, what could be seen of each, and where it all came from.

Objects are plain dictionaries as the API gave them. A kind is read when it is first asked for, and only once; what
was not asked for costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol, runtime_checkable

from harvdiag.core.errors import SourceError, UsageError
from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import Coverage, CoverageEntry, ObjectRef, State
from harvdiag.core.suggest import either, near
from harvdiag.kinds import CATALOGUE, importance, known, named, qualified
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.sensitive import WITHHELD, discreet, withheld

__all__ = ["Listing", "Logbook", "Manifest", "Reader", "Resource", "Snapshot"]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Where it all comes from."""

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
    """Something that a source holds: a kind in one namespace. `kind` is empty where only the plural is known."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list as a source read it."""

    kind: Kind
    version: str = ""
    """The version of the API in which it was read; empty where none was."""
    namespace: str = ""
    items: Sequence[Any] = ()
    """As they stand in the source; `state` and `reason` tell where they are not all."""
    state: State = State.COLLECTED
    reason: str = ""


class Reader(Protocol):
    """What a source offers. `read` never raises for one kind: what went wrong is the listing's state and reason."""

    manifest: Manifest

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """The lists of these kinds, each namespace apart."""

    def resources(self) -> Sequence[Resource]:
        """Everything that could be read."""

    def host(self, node: str) -> Obj | None:
        """What the files of one host say of it (kind Host), or None."""


@runtime_checkable
class Logbook(Protocol):
    """A source that holds logs beside objects: ``logs/<namespace>/<pod>/<container>.log`` and
    ``nodes/<node>.zip/logs/<unit>.log``.
    """

    def logs(self, folder: str) -> Sequence[str]:
        """The names of the logs that begin with `folder`. HarvdiagError where the archive of a node is damaged."""

    def tail(self, name: str, most: int) -> bytes:
        """The last bytes of one log, `most` at most. HarvdiagError where it is not there or cannot be read."""


@runtime_checkable
class Stoppable(Protocol):
    """A source that keeps what it has read so far, and can be told to read no more."""

    def stop(self, reason: str) -> None:
        """Tell every list that was not read yet as not looked at, for this reason."""


class Snapshot:
    """What one source tells of one cluster. Reading is lazy; what was read once stays as it was."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._objects: dict[str, tuple[Obj, ...]] = {}
        self._entries: dict[str, tuple[CoverageEntry, ...]] = {}
        self._named: dict[str, dict[tuple[str, str], Obj]] = {}
        self._hosts: dict[str, Obj | None] = {}

    @property
    def manifest(self) -> Manifest:
        """Where it came from and when."""
        return self._reader.manifest

    def load(self, kinds: Iterable[str]) -> None:
        """Read these kinds now, together, if they are not read yet."""
        names = [name for name in dict.fromkeys(kinds) if name not in self._objects]
        wanted = [CATALOGUE.get(name) or self.kind(name) for name in names]
        if not wanted:
            return
        listings = self._reader.read(wanted)
        for kind in wanted:
            self._keep(kind, [listing for listing in listings if listing.kind.name == kind.name])

    def stop(self, reason: str) -> bool:
        """Read no more where the source kept what it has read, and say whether it did."""
        if isinstance(self._reader, Stoppable):
            self._reader.stop(reason)
            return True
        return False

    def kind(self, word: str) -> Kind:
        """The kind that a person means by `word`, as kubectl would take it: ``Pod``, ``pods``, ``nodes.longhorn.io``.

        Raises UsageError for a word that fits nothing, or several kinds, in this source.
        """
        if entry := named(word):
            return entry
        fits = {known(r.group, r.plural).name: known(r.group, r.plural) for r in self.resources if _fits(word, r)}
        if core := [kind for kind in fits.values() if not kind.group]:
            return core[0]  # as kubectl has it: pods are those of the core, not the figures of a metrics server
        if len(fits) == 1:
            return fits.popitem()[1]
        if fits:
            raise UsageError(f"{word!r} may be {', '.join(sorted(fits))}: name one of them")
        hint = either(near(word, {resource.plural for resource in self.resources}))
        raise UsageError(f"no kind {word!r} in {self.manifest.name}{hint}")

    def _keep(self, kind: Kind, listings: list[Listing]) -> None:
        vetted = [vet(listing) for listing in listings]
        self._objects[kind.name] = tuple(obj for objects, _ in vetted for obj in objects)
        self._entries[kind.name] = tuple(entry for _, entry in vetted)

    def objects(self, kind: str) -> tuple[Obj, ...]:
        """All objects of a kind, in the order of the source; read now if they were not yet."""
        self.load([kind])
        return self._objects[kind]

    def lists(self, kind: str) -> tuple[CoverageEntry, ...]:
        """What was seen of a kind, one entry a list; they follow one another as their objects do in `objects`."""
        self.load([kind])
        return self._entries[kind]

    def get(self, ref: ObjectRef) -> Obj | None:
        """One object, or None; of two that go by one name the first."""
        if ref.kind not in self._named:
            found = reversed(self.objects(ref.kind))
            self._named[ref.kind] = {(namespace_of(obj), name_of(obj)): obj for obj in found}
        return self._named[ref.kind].get((ref.namespace, ref.name))

    def seen(self, kind: str) -> bool:
        """Whether an object of this kind that is not here does not exist; looks at the kind's home namespace."""
        return self.gap(kind) is None

    def gap(self, kind: str, everywhere: bool = False) -> str | None:
        """Why absence of an object of this kind proves nothing; None where it does.

        That is asked of the kind's home namespace, or of every namespace if `everywhere`.
        """
        entries = self._asked(kind, everywhere)
        bad = next((e for e in entries if not e.state.seen), None)
        if entries and bad is None:
            return None
        return f"{bad.state}: {bad.reason}" if bad else "not in the source"

    def gaps(self, kind: str, everywhere: bool = False) -> tuple[CoverageEntry, ...]:
        """The lists behind `gap`: the first that was not seen, and every other of the kind for the same reason."""
        bad = next((e for e in self._asked(kind, everywhere) if not e.state.seen), None)
        alike = (e for e in self._entries[kind] if bad and (e.state, e.reason) == (bad.state, bad.reason))
        return tuple(alike)

    def _asked(self, kind: str, everywhere: bool) -> list[CoverageEntry]:
        self.load([kind])
        home = CATALOGUE[kind].home if kind in CATALOGUE else ""
        every = everywhere or kind not in CATALOGUE
        return [e for e in self._entries[kind] if every or e.namespace == home]

    def host(self, node: str) -> Obj | None:
        """What the files of one host say of it, without reading those of the others; None where they are not there."""
        if node not in self._hosts:
            self._hosts[node] = self._reader.host(node)
        return self._hosts[node]

    def logs(self, folder: str = "") -> tuple[str, ...]:
        """The names of the logs whose name begins with `folder`; none in a source without logs (see `Logbook`)."""
        return tuple(self._reader.logs(folder)) if isinstance(self._reader, Logbook) else ()

    def tail(self, name: str, most: int) -> bytes:
        """The last bytes of one log, `most` at most; the log is never held. HarvdiagError where it cannot be read."""
        if isinstance(self._reader, Logbook):
            return self._reader.tail(name, most)
        raise SourceError(f"{self.manifest.name}: holds objects, but no logs")

    @property
    def coverage(self) -> Coverage:
        """What was seen of every kind read so far."""
        entries = sorted(
            (entry for found in self._entries.values() for entry in found),
            key=lambda e: (importance(e.kind), e.namespace),
        )
        return Coverage(tuple(entries), self.manifest.notes)

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Everything that the source holds, read or not."""
        return tuple(self._reader.resources())


def _fits(word: str, resource: Resource) -> bool:
    bare, _, group = word.lower().partition(".")
    if not bare:
        return False
    if group and group != resource.group:
        return False
    plurals = {bare, f"{bare}s", f"{bare}es", f"{bare[:-1]}ies"}
    return resource.plural in plurals or resource.kind.lower() == bare


def vet(listing: Listing) -> tuple[list[Obj], CoverageEntry]:
    """The usable objects of a list, and its coverage: one unusable item makes the list one that was not seen whole.

    What is kept of them never holds a credential.
    """
    kind = listing.kind
    if withheld(kind.group, kind.plural):
        return [], CoverageEntry(
            kind.name, kind.group, listing.version, listing.namespace, State.NOT_LOOKED_AT, 0, WITHHELD
        )
    kept: list[Obj] = []
    faults: list[str] = []
    names: set[tuple[str, str]] = set()
    typed = any(isinstance(item, dict) and item.get("kind") for item in listing.items)
    for number, item in enumerate(listing.items, 1):
        fault = _fault(item, kind, names, typed)
        if fault:
            faults.append(f"item {number} {fault}")
            continue
        names.add((namespace_of(item), name_of(item)))
        kept.append(item)
    # As the API orders them, whatever the source did: the same objects give the same report, line by line.
    kept = sorted(discreet(kind.resource, kept), key=lambda obj: (namespace_of(obj), name_of(obj)))
    state, reason = listing.state, "; ".join([listing.reason, *faults[:3]] if listing.reason else faults[:3])
    if faults:
        state, reason = State.FAILED, reason + (f" (and {len(faults) - 3} more)" if len(faults) > 3 else "")
    elif state.seen and not kept:
        state, reason = _nothing(kind)
    return kept, CoverageEntry(kind.name, kind.group, listing.version, listing.namespace, state, len(kept), reason)


def _nothing(kind: Kind) -> tuple[State, str]:
    """What an empty list tells. Whatever collected it ran on a Node, so a list without any was not taken."""
    if kind.name == "Node":
        return State.FAILED, "no Node is listed, which cannot be: either not all was told, or this is no cluster in use"
    return State.EMPTY, ""


def _fault(item: Any, kind: Kind, names: set[tuple[str, str]], typed: bool) -> str:
    """What makes an item unusable; empty where nothing does. Lists of 2021 leave the kind out, of all items or none."""
    if not isinstance(item, dict):
        return "is no object"
    if not name_of(item):
        return "has no name"
    if typed and not item.get("kind"):
        return f"({name_of(item)}) has no kind"
    if typed and _foreign(item, kind):
        return f"({name_of(item)}) is a {item['kind']} of {item.get('apiVersion')}, not a {kind.name}"
    if (namespace_of(item), name_of(item)) in names:
        return f"({name_of(item)}) stands twice"
    return ""


def _foreign(item: Obj, kind: Kind) -> bool:
    group = str(item.get("apiVersion", "")).rpartition("/")[0]
    return group != kind.group or (kind.name in CATALOGUE and qualified(group, str(item["kind"])) != kind.name)
