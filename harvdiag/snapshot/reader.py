"""What a source gives: lists as it read them, and which of their items can be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import CoverageEntry, FileNote, State
from harvdiag.kinds.keep import keep_fields
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.sensitive import WITHHELD, is_sensitive, redact_objects
from harvdiag.kinds.vetting import empty_state, find_fault
from harvdiag.kinds.wanted import Wanted

__all__ = [
    "Asker",
    "Bounded",
    "Listing",
    "LogStream",
    "Logbook",
    "Manifest",
    "Reader",
    "Redactor",
    "Resource",
    "Selector",
    "Stoppable",
    "vet_listing",
]


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
    redacted: str = ""
    """The mark of the key under which its names were replaced; empty where none were."""
    files: tuple[FileNote, ...] = ()
    """Of a folder or archive of kubectl output, every file: read, passed over, or not used, and why."""


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
    vetted: bool = False
    """Whether the items are those of another snapshot, which has vetted them."""


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
class LogStream(Protocol):
    """A source whose logs can be read from their beginning, of any size."""

    def stream(self, name: str) -> Iterator[bytes]:
        """Read one log piece by piece. HarvdiagError if it is missing or cannot be read, also in the midst of it."""


@runtime_checkable
class Selector(Protocol):
    """A source that can read some objects of a list without parsing the others."""

    def select(self, kind: Kind, wanted: Wanted) -> Listing:
        """Read what is wanted of the list of one namespace, with the state of that list; never raises for one kind.

        The items may be more than those that match.
        """


@runtime_checkable
class Asker(Protocol):
    """A source that can read one list without those that a check would read with it, or some objects of it."""

    def ask(self, kind: Kind, wanted: Wanted, /) -> Sequence[Listing]:
        """Read what is wanted of a kind, of one namespace or of every one where none is given.

        Never raises for one kind; the items may be more than those that match.
        """


@runtime_checkable
class Bounded(Protocol):
    """A source that may lack whole namespaces, without an entry in the coverage for those."""

    def beyond(self, kind: Kind, /) -> str:
        """Return why objects of a kind may exist in namespaces at which it did not look; empty if it did."""


@runtime_checkable
class Stoppable(Protocol):
    """A source that keeps what it has read so far, and can be stopped."""

    def stop(self, reason: str) -> None:
        """Read no more: lists not read yet get the state not looked at, for this reason."""


class Redactor(Protocol):
    """Replaces names, addresses and credentials in texts that come with a source, as its objects have them replaced."""

    def text(self, text: str) -> str:
        """Return the text with every one of them replaced; equal ones by equal ones."""

    def person(self, name: str) -> str:
        """Return what stands for the name of a person, whatever it looks like."""

    def vet(self, members: Mapping[str, bytes]) -> None:
        """Raise HarvdiagError, which says where, if any of them is left in files that are to be written."""

    def learn(self, objects: Iterable[tuple[Kind, Obj]]) -> None:
        """Take in the names that objects tell, to be replaced in texts."""

    def reveal(self, text: str) -> str:
        """Return the text with the originals of all that were replaced by now."""


def vet_listing(listing: Listing) -> tuple[list[Obj], CoverageEntry]:
    """Return the usable objects of a list, redacted, and its coverage: one unusable item makes the list incomplete."""
    kind, source = listing.kind, (listing.kind.name, listing.kind.group, listing.version, listing.namespace)
    if is_sensitive(kind.group, kind.plural):
        return [], CoverageEntry(*source, State.NOT_LOOKED_AT, 0, WITHHELD)
    kept, faults = (list(listing.items), []) if listing.vetted else _vet_items(listing)
    # Ordered like the API, in any source: the same objects give the same report, line by line.
    kept.sort(key=lambda obj: (namespace_of(obj), name_of(obj)))
    state, reason = listing.state, "; ".join([listing.reason, *faults[:3]] if listing.reason else faults[:3])
    if faults:
        state, reason = State.FAILED, reason + (f" (and {len(faults) - 3} more)" if len(faults) > 3 else "")
    elif state.seen and not kept:
        state, reason = empty_state(kind)
    return kept, CoverageEntry(*source, state, len(kept), reason)


def _vet_items(listing: Listing) -> tuple[list[Obj], list[str]]:
    """The usable items, redacted, and what is wrong with the others."""
    kind = listing.kind
    kept: list[Obj] = []
    faults: list[str] = []
    names: set[tuple[str, str]] = set()
    # Items without a kind are a fault only beside items that have one.
    typed = any(isinstance(item, dict) and item.get("kind") for item in listing.items)
    for number, item in enumerate(listing.items, 1):
        fault = find_fault(item, kind, names, typed)
        if fault:
            faults.append(f"item {number} {fault}")
            continue
        names.add((namespace_of(item), name_of(item)))
        kept.append(item)
    return redact_objects(kind.resource, [keep_fields(obj, kind.keep) for obj in kept] if kind.keep else kept), faults
