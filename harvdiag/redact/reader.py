"""A source read through a redactor: it answers what the source would, with pseudonyms instead of names.

Names that tell who is who are read before anything is handed out, so that they are known wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from harvdiag.core.errors import HarvdiagError, SourceError
from harvdiag.core.fields import Obj
from harvdiag.core.model import State
from harvdiag.kinds import CATALOGUE, kind_for_resource
from harvdiag.kinds.keep import share_object
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.wanted import Wanted
from harvdiag.redact.identity import IDENTITY, sort_of
from harvdiag.redact.lines import redact_lines
from harvdiag.redact.names import Sort
from harvdiag.redact.redactor import Redactor
from harvdiag.redact.vocabulary import is_known_domain, is_ordinary
from harvdiag.snapshot import Asker, Listing, Logbook, Manifest, Reader, Resource, Selector, Snapshot
from harvdiag.snapshot.reader import Bounded, LogStream, Stoppable, vet_listing

__all__ = ["RedactedReader", "redact_snapshot"]

CHECKED = tuple(kind.name for kind in CATALOGUE.values() if kind.served and not kind.lazy)
"""What checks read in any case, so that nothing more is read to learn the names in it."""


def redact_snapshot(snapshot: Snapshot, redactor: Redactor) -> Snapshot:
    """Return a source as it is seen through a redactor; no command line shows its name. One that is redacted stays so.

    Raises HarvdiagError where what names things cannot be read at all.
    """
    if snapshot.manifest.redacted:
        return snapshot.redacted(lambda reader: reader, redactor)
    return snapshot.redacted(lambda reader: RedactedReader(reader, redactor), redactor)


class RedactedReader:
    """The reader of a source around another. What was learnt for it is read once."""

    def __init__(self, reader: Reader, redactor: Redactor) -> None:
        self._reader = reader
        self._redactor = redactor
        self._read: dict[str, list[Listing]] = {}
        self._files: dict[str, str] = {}
        self._groups: dict[str, str] = {}
        self.unread: tuple[str, ...] = ()
        """Kinds that name things and could not be read."""
        self._learn()
        self.manifest = self._redact_manifest(reader.manifest)
        if self.unread:
            note = f"not read, so that some names in it may be unknown and left: {', '.join(self.unread)}"
            self.manifest = replace(self.manifest, notes=(*self.manifest.notes, note))

    # --- who is who ------------------------------------------------------------------------------------------------

    def _learn(self) -> None:
        """Read what names things, and take the names in."""
        read = [self._vetted(listing) for listing in self._reader.read([CATALOGUE[name] for name in CHECKED])]
        for name in CHECKED:
            self._read[name] = [listing for listing in read if listing.kind.name == name]
        read += [self._vetted(listing) for kind in self._naming_kinds() for listing in self._ask_all(kind)]
        self.unread = tuple(
            dict.fromkeys(
                listing.kind.resource
                for listing in read
                if listing.kind.resource in IDENTITY and listing.state in (State.FORBIDDEN, State.FAILED)
            )
        )
        for row in self._reader.resources():
            self._redactor.names.add(row.namespace, Sort.NAMESPACE)
        self._redactor.learn((listing.kind, obj) for listing in read for obj in listing.items)
        self._learn_logs()

    def _naming_kinds(self) -> Iterator[Kind]:
        """The kinds that name things, of what the source has, but those that checks read anyway."""
        for row in {(row.group, row.plural): row for row in self._reader.resources()}.values():
            kind = kind_for_resource(row.group, row.plural)
            if kind.resource in IDENTITY and kind.name not in CHECKED:
                yield kind

    def _ask_all(self, kind: Kind) -> Sequence[Listing]:
        """The objects of a kind in every namespace; a check looks for some kinds in one alone."""
        return self._reader.ask(kind, Wanted()) if isinstance(self._reader, Asker) else self._reader.read([kind])

    def _learn_logs(self) -> None:
        """The names in the paths of logs: namespaces and Pods of the user's."""
        if not isinstance(self._reader, Logbook):
            return
        pod = CATALOGUE["Pod"]
        try:
            names = self._reader.logs("logs/")
        except HarvdiagError:
            return
        for space, owner in {(*name.split("/")[1:3],) for name in names if name.count("/") > 2}:
            self._redactor.names.add(space, Sort.NAMESPACE)
            if sort_of(pod, space):
                self._redactor.learn([(pod, {"kind": "Pod", "metadata": {"name": owner, "namespace": space}})])

    def _vetted(self, listing: Listing) -> Listing:
        """A list with what may be kept of its objects: no more than that is redacted."""
        objects, entry = vet_listing(listing)
        return replace(listing, items=objects, state=entry.state, reason=entry.reason)

    def _redact_manifest(self, manifest: Manifest) -> Manifest:
        text = self._redactor.text
        origin = manifest.origin and self._redact_manifest(manifest.origin)
        named = self._redactor.source(manifest.name)
        return replace(
            manifest,
            name=named,
            redacted=self._redactor.key.mark,
            notes=tuple(text(note) for note in manifest.notes),
            origin=origin,
            files=tuple(
                each._replace(
                    name="/".join(map(self._file, each.name.split("/"))),
                    reason=text(each.reason),
                    remedy=text(each.remedy),
                )
                for each in manifest.files
            ),
        )

    def _file(self, name: str) -> str:
        """The name of a file or a folder that someone saved: readable if it only consists of ordinary words."""
        stem, dot, ending = name.partition(".")
        made = self._redactor.text(stem)
        if made == stem and not is_ordinary(stem) and not all(map(is_ordinary, re.findall(r"[^\W\d_]+", stem))):
            made = self._redactor.names.take(stem, Sort.PATH)
        return f"{made}{dot}{ending}"

    # --- what is handed out ----------------------------------------------------------------------------------------

    def resources(self) -> Sequence[Resource]:
        """Return everything that can be read."""
        return [
            row._replace(group=self._group(row.group, row.plural), namespace=self._space(row.namespace))
            for row in self._reader.resources()
        ]

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """Read the lists of these kinds, redacted."""
        missing = [self._inner(kind) for kind in kinds if kind.name not in self._read]
        fresh = [self._vetted(listing) for listing in self._reader.read(missing)] if missing else []
        self._redactor.learn((listing.kind, obj) for listing in fresh for obj in listing.items)
        found = [listing for kind in kinds for listing in self._read.pop(kind.name, ())]
        return [self._redact(listing) for listing in (*found, *fresh)]

    def select(self, kind: Kind, wanted: Wanted) -> Listing:
        """Read what is wanted of the list of one namespace."""
        kind = self._inner(kind)
        asked = self._reveal(wanted)
        if isinstance(self._reader, Selector):
            return self._fresh(self._reader.select(kind, asked))
        space = asked.namespace or kind.home
        lists = [listing for listing in self._reader.read([kind]) if listing.namespace == space]
        return self._fresh(lists[0] if lists else Listing(kind=kind, namespace=space))

    def beyond(self, kind: Kind, /) -> str:
        """Return why objects of a kind may exist in namespaces at which the source did not look; empty if it did."""
        reader = self._reader
        return self._redactor.text(reader.beyond(self._inner(kind))) if isinstance(reader, Bounded) else ""

    def ask(self, kind: Kind, wanted: Wanted, /) -> Sequence[Listing]:
        """Read what is wanted of a kind, of one namespace or of every one where none is given."""
        kind = self._inner(kind)
        if isinstance(self._reader, Asker):
            return [self._fresh(listing) for listing in self._reader.ask(kind, self._reveal(wanted))]
        return [self._fresh(listing) for listing in self._reader.read([kind])]

    def host(self, node: str) -> Obj | None:
        """Return the data in the files of one host, or None."""
        found = self._reader.host(self._original(node))
        return found and self._redactor.object(CATALOGUE["Host"], found)

    def stop(self, reason: str) -> None:
        """Read no more."""
        if isinstance(self._reader, Stoppable):
            self._reader.stop(reason)

    def logs(self, folder: str) -> Sequence[str]:
        """Return the names of the logs that begin with `folder`."""
        return [name for name in self._logs(folder) if name.startswith(folder)]

    def tail(self, name: str, most: int) -> bytes:
        """Read the last bytes of one log, at most `most`, redacted; of a line that is cut, nothing."""
        if not isinstance(self._reader, Logbook):
            raise SourceError(f"{name}: no such log")
        if name not in self._files:
            self._logs(name)
        data = self._reader.tail(self._files.get(name, name), most)
        if len(data) >= most:
            data = data[data.find(b"\n") + 1 :]
        text = self._redactor.text(data.decode("utf-8", "surrogateescape"))
        made = text.encode("utf-8", "surrogateescape")
        return made[-most:] if len(made) > most else made

    def stream(self, name: str) -> Iterator[bytes]:
        """Read one log from its beginning, redacted line by line."""
        if not isinstance(self._reader, LogStream):
            raise SourceError(f"{name}: no such log")
        if name not in self._files:
            self._logs(name)
        yield from redact_lines(self._reader.stream(self._files.get(name, name)), self._redactor.line)

    # --- there and back --------------------------------------------------------------------------------------------

    def _fresh(self, listing: Listing) -> Listing:
        vetted = self._vetted(listing)
        self._redactor.learn((vetted.kind, obj) for obj in vetted.items)
        return self._redact(vetted)

    def _redact(self, listing: Listing) -> Listing:
        kind = listing.kind
        # What harvdiag itself puts together of hosts has no more than is used.
        used = (share_object(kind, obj) if kind.served else obj for obj in listing.items)
        items = [self._redactor.object(kind, obj) for obj in used]
        shown = kind if kind.name in CATALOGUE else kind_for_resource(self._group(kind.group, kind.plural), kind.plural)
        return replace(
            listing,
            kind=shown,
            items=items,
            namespace=self._space(listing.namespace),
            reason=self._redactor.text(listing.reason),
        )

    def _group(self, group: str, plural: str) -> str:
        """The group of a kind, which may be a domain of the user's: as it stands in the objects."""
        if kind_for_resource(group, plural).name in CATALOGUE or is_known_domain(group):
            return group
        made = self._redactor.text(group)
        self._groups[made] = group
        return made

    def _inner(self, kind: Kind) -> Kind:
        """The kind as the source has it."""
        group = self._groups.get(kind.group)
        return kind_for_resource(group, kind.plural) if group and kind.name not in CATALOGUE else kind

    def _space(self, name: str) -> str:
        entry = self._redactor.names.find(name) or self._redactor.names.placed(Sort.NAMESPACE, name)
        return entry.pseudonym if entry else name

    def _original(self, text: str) -> str:
        return self._redactor.names.original(text) or self._redactor.reveal(text)

    def _reveal(self, wanted: Wanted) -> Wanted:
        """The same question with the names of the source; where that cannot be told, a wider one."""

        def every(texts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(self._original(text) for text in texts)

        def values(texts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(f"{key}={self._original(value)}" for key, _, value in (text.partition("=") for text in texts))

        return replace(
            wanted,
            namespace=self._original(wanted.namespace),
            names=every(wanted.names),
            prefixes=tuple(self._redactor.reveal_prefix(text) for text in wanted.prefixes),
            owners=every(wanted.owners),
            about=every(wanted.about),
            labels=values(wanted.labels),
            fields=values(wanted.fields),
        )

    def _logs(self, folder: str) -> Iterator[str]:
        """The names of the logs of the folders above, and what they are in the source."""
        if not isinstance(self._reader, Logbook):
            return
        top, *rest = folder.split("/")
        above = "/".join(
            (
                top,
                *(
                    self._original(part) if not part.endswith(".zip") else f"{self._original(part[:-4])}.zip"
                    for part in rest[:1]
                    if len(rest) > 1
                ),
            )
        )
        for name in self._reader.logs(above if rest else ""):
            made = "/".join(self._step(part) for part in name.split("/"))
            self._files[made] = name
            yield made

    def _step(self, part: str) -> str:
        stem, dot, ending = part.partition(".zip")
        entry = self._redactor.names.placed(Sort.HOST, stem) or self._redactor.names.placed(Sort.NAMESPACE, stem)
        return f"{entry.pseudonym if entry else self._redactor.text(stem)}{dot}{ending}"
