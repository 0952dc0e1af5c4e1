"""A redacted support bundle: what a source holds, in the kit's own layout, for harvdiag and for other tools."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO, cast

from harvdiag.core.errors import HarvdiagError, SourceError, UsageError
from harvdiag.core.fields import Obj, name_of, namespace_of, uid_of
from harvdiag.core.model import OTHERS, CoverageEntry
from harvdiag.io.archive import Container, open_container
from harvdiag.io.progress import Progress
from harvdiag.kinds import CATALOGUE, kind_for_resource, sort_key
from harvdiag.kinds.keep import share_object
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.sensitive import is_sensitive
from harvdiag.kinds.wanted import Wanted
from harvdiag.redact.reader import redact_snapshot
from harvdiag.redact.redactor import Redactor
from harvdiag.redact.saving import TRIES
from harvdiag.redact.scan import LeakError, Scan
from harvdiag.snapshot import Answer, Resource, Snapshot
from harvdiag.sources.bundle.reader import FAILED, REDACTED
from harvdiag.sources.bundle.writer import BundleWriter
from harvdiag.sources.saved.writer import ENDING, Saved, check_target, default_name, unwritable_error

__all__ = ["check_bundle_file", "save_bundle"]

MARK = b"redacted by harvdiag"
"""The comment of the zip: a file with it may be replaced, as no one's source ends so."""
HARVESTER = "harvesterhci.io"
UPGRADES = Resource(HARVESTER, "v1beta1", "upgrades", "harvester-system", "Upgrade")
"""A list by which a bundle shows that it is Harvester's, of a source that has none: that it was not seen is noted."""
NO_UID = "00000000-0000-4000-8000-000000000000"
COLLECTOR = "collector: "
_CHUNK = 4 << 20
"""Bytes that are looked at together after writing."""


def save_bundle(
    source: Snapshot, file: str | os.PathLike[str] | None = None, progress: Progress | None = None
) -> tuple[Saved, Redactor]:
    """Write a source that is read through a redactor as a support bundle: lists, logs and archives of nodes.

    Of a kind outside the catalogue, what a table shows, or its identity, phase and conditions. What was not seen is
    noted as not collected. Logs are read as streams. The file is looked through as it was written, and is there whole
    or not at all; without a `file` it is named by a pseudonym and the time. A name that was told after something in
    which it stands is known when all is written again. Only a bundle that harvdiag redacted is replaced. Raises
    UsageError for a path that cannot be written, SourceError if nothing was seen, LeakError if anything is left.
    """
    file = f"{default_name(source.manifest).removesuffix(ENDING)}.zip" if file is None else file
    path, redactor, progress = check_bundle_file(file), source.redactor, progress or Progress()
    if not isinstance(redactor, Redactor) or source.unredacted is None:
        raise UsageError(f"{source.manifest.name} is read without a redactor: no redacted bundle of it")
    for _ in range(TRIES - 1):
        try:
            return _write_whole(source, path, redactor, progress), redactor
        except LeakError as error:
            redactor.admit(error.leaks)
            source = redact_snapshot(source.unredacted, redactor)
    return _write_whole(source, path, redactor, progress), redactor


def check_bundle_file(file: str | os.PathLike[str]) -> Path:
    """Return the path to write; UsageError, before anything is read, if it cannot be written."""
    return check_target(file, _is_redacted, "a redacted bundle")


def _is_redacted(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(max(path.stat().st_size - len(MARK), 0))
        return stream.read() == MARK


def _write_whole(snapshot: Snapshot, path: Path, redactor: Redactor, progress: Progress) -> Saved:
    """Write the file beside its place, look through it, and move it there."""
    kinds = _list_kinds(snapshot)
    progress.begin(snapshot.manifest.name, len(kinds))
    handle, name = mkstemp(prefix=".harvdiag-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            told = _Bundle(snapshot, cast(BinaryIO, stream)).write(kinds, progress)
            size = stream.tell()
            stream.flush()
            os.fsync(stream.fileno())
        _look_through(Path(name), Scan(redactor.names))
        Path(name).replace(path)
        redactor.vet({})  # which notes what the pseudonyms stand for
    except BaseException as error:
        with suppress(OSError):
            Path(name).unlink()
        if isinstance(error, OSError):
            raise unwritable_error(path, (error.strerror or "it failed").lower()) from None
        raise
    finally:
        progress.end()
    return told._replace(path=path, size=size)


def _list_kinds(snapshot: Snapshot) -> list[Kind]:
    """Every kind of the catalogue that a server has, and every other in the source."""
    there = (kind_for_resource(each.group, each.plural) for each in snapshot.resources)
    known = (kind for kind in CATALOGUE.values() if kind.served)
    kinds = {kind.name: kind for kind in (*known, *there) if kind.served and not is_sensitive(kind.group, kind.plural)}
    return sorted(kinds.values(), key=lambda kind: sort_key(kind.name))


class _Bundle:
    """One bundle while it is written, and what came into it."""

    def __init__(self, snapshot: Snapshot, stream: BinaryIO) -> None:
        self._snapshot = snapshot
        self._uid = NO_UID
        for space in snapshot.objects("namespaces") if _has_namespaces(snapshot) else ():
            self._uid = uid_of(space) or NO_UID if name_of(space) == "harvester-system" else self._uid
        time = snapshot.manifest.captured_at.replace(":", "-") or "unknown"
        self._writer = BundleWriter(stream, f"supportbundle_{self._uid}_{time}", MARK)
        self._seen: list[str] = []
        self._objects = 0
        self._is_harvesters = False
        self._gaps: list[CoverageEntry] = []

    def write(self, kinds: Iterable[Kind], progress: Progress) -> Saved:
        """Write everything. SourceError if nothing was seen."""
        for kind in kinds:
            before = self._objects
            self._write_kind(kind)
            progress.add_objects(self._objects - before)
            progress.finish_list()
        if not self._seen and not self._objects:
            why = f": {self._gaps[0].kind}: {self._gaps[0].state}: {self._gaps[0].reason}" if self._gaps else ""
            raise SourceError(f"{self._snapshot.manifest.name}: nothing was seen, so there is nothing to write{why}")
        if not self._is_harvesters:  # the kit serves others, too
            self._writer.add_list(UPGRADES, [])
        self._write_logs()
        for note in self._snapshot.manifest.notes:
            if note.startswith(COLLECTOR):
                self._writer.add_error(note.removeprefix(COLLECTOR))
        self._writer.close(self._metadata())
        return Saved(Path(), 0, tuple(self._seen), self._objects, tuple(self._gaps))

    def _metadata(self) -> Obj:
        manifest = self._snapshot.manifest
        return {
            "bundlename": "redacted",
            "bundleversion": "0.1.0",
            "kubernetesversion": manifest.kubernetes_version,
            "projectnamespaceuuid": self._uid,
            "bundlecreatedat": manifest.captured_at,
            REDACTED: manifest.redacted,
            "issueurl": "",
            "issuedescription": "",
        }

    def _write_kind(self, kind: Kind) -> None:
        for space in self._spaces(kind):
            self._write_answer(kind, self._snapshot.ask(kind, Wanted(namespace=space)))

    def _spaces(self, kind: Kind) -> list[str]:
        """The namespaces in which a kind is read, one by one: of Pods a bundle has hundreds of megabytes."""
        if self._snapshot.manifest.kind != "bundle":
            return [""]
        listed = {r.namespace for r in self._snapshot.resources if (r.group, r.plural) == (kind.group, kind.plural)}
        return sorted(listed | ({kind.home} if kind.name in CATALOGUE else set()))

    def _write_answer(self, kind: Kind, answer: Answer) -> None:
        spaces: dict[str, list[Obj]] = defaultdict(list)
        for obj in answer.objects:
            spaces[namespace_of(obj)].append(share_object(kind, _typed(kind, obj)))
        for entry in answer.entries:
            self._write_list(kind, entry, spaces.pop(entry.namespace, []))
        for space, items in spaces.items():  # of a list of every namespace
            self._write_list(kind, _entry_for(kind, answer.entries, space), items)

    def _write_list(self, kind: Kind, entry: CoverageEntry, items: list[Obj]) -> None:
        resource = Resource(kind.group, _version(kind, entry, items), kind.plural, entry.namespace, kind.bare)
        if not entry.state.seen:
            self._gaps.append(entry)
            # A kind that came late is not missed where the release has none: the bundle says that there are none.
            missed = not kind.late or self._snapshot.gap(kind.name) is not None
            if missed and entry.namespace != OTHERS:
                self._writer.add_unseen(resource, entry.reason.removeprefix(FAILED))
        else:
            self._seen += [kind.name] if kind.name not in self._seen else []
        if items or (entry.state.seen and entry.namespace != OTHERS):
            self._objects += len(items)
            self._is_harvesters |= kind.group.endswith(HARVESTER) or entry.namespace == "harvester-system"
            self._writer.add_list(resource, items)

    def _write_logs(self) -> None:
        """The logs of Pods, and the archive of each node: its identity, and its logs."""
        nodes: dict[str, list[str]] = defaultdict(list)
        hosts: Mapping[str, Obj] = {name_of(host): host for host in self._snapshot.objects("Host")}
        for name in self._snapshot.logs():
            place, mark, _ = name.partition(".zip/")
            if mark and place.startswith("nodes/"):
                nodes[place.removeprefix("nodes/")].append(name)
            else:
                self._writer.add_pieces(name, self._stream(name))
        for node in sorted({*hosts, *nodes}):
            with self._writer.host(node) as archive:
                if node in hosts:
                    archive.add_host(hosts[node])
                for name in nodes[node]:
                    archive.add_pieces(name.partition(".zip/")[2], self._stream(name))

    def _stream(self, name: str) -> Iterator[bytes]:
        """A log; where it cannot be read to its end, up to there."""
        try:
            yield from self._snapshot.stream(name)
        except HarvdiagError as error:
            self._writer.add_error(f"cannot get log for pod: {self._text(str(error))}")

    def _text(self, text: str) -> str:
        return self._snapshot.redactor.text(text) if self._snapshot.redactor else text


def _has_namespaces(snapshot: Snapshot) -> bool:
    return any((each.group, each.plural) == ("", "namespaces") for each in snapshot.resources)


def _typed(kind: Kind, obj: Obj) -> Obj:
    """The object with its API and kind, which lists of 2021 leave out."""
    version = kind.versions[0] if kind.versions else "v1"
    return {"apiVersion": f"{kind.group}/{version}" if kind.group else version, "kind": kind.bare} | obj


def _entry_for(kind: Kind, entries: tuple[CoverageEntry, ...], space: str) -> CoverageEntry:
    """What is known of the list of one namespace, from that of every one, or of the others."""
    near = next((entry for entry in entries if entry.namespace in {"", OTHERS}), None) or entries[0]
    return CoverageEntry(kind.name, kind.group, near.version, space, near.state, 0, near.reason)


def _version(kind: Kind, entry: CoverageEntry, items: list[Obj]) -> str:
    written = str(items[0].get("apiVersion") or "").rpartition("/")[2] if items else ""
    return entry.version or written or (kind.versions[0] if kind.versions else "v1")


# --- the last look -------------------------------------------------------------------------------------------------


def _look_through(path: Path, scan: Scan) -> None:
    """Look at every byte of the file as it was written, and at every name in it. LeakError if something is left."""
    batch: dict[str, bytes] = {}
    size = 0
    with open_container(path) as box:
        for place, part in _parts(box):
            if place in batch or size + len(part) > _CHUNK:
                scan.check(batch)
                batch, size = {}, 0
            batch[place] = part
            size += len(part)
    scan.check(batch)


def _parts(box: Container) -> Iterator[tuple[str, bytes]]:
    """All files, also those in archives, in parts of whole lines."""
    for name in box.names():
        if not name.endswith(".zip"):
            yield from ((name, part) for part in _lines(box.pieces(name)))
            continue
        with box.open_nested(name) as inner:
            for each in inner.names():
                yield from ((f"{name}/{each}", part) for part in _lines(inner.pieces(each)))


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        rest += piece
        if len(rest) >= _CHUNK:
            part, _, rest = rest.rpartition(b"\n")
            yield part
    yield rest
