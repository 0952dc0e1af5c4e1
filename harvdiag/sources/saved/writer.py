"""Saving a snapshot to one small file that answers every later question as its source did; see `sources.saved`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from harvdiag.core.errors import SourceError, UsageError
from harvdiag.core.escape import plain
from harvdiag.core.fields import Obj, name_of
from harvdiag.core.model import CoverageEntry
from harvdiag.io.archive import Limits
from harvdiag.kinds import CATALOGUE, known
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.plansecret import OUTPUTS
from harvdiag.snapshot import Manifest, Snapshot
from harvdiag.sources import source_type, source_types
from harvdiag.sources.saved.reader import FORMAT, MANIFEST, SCHEMA, digest, is_ours, member_of, seal
from harvdiag.version import __version__

__all__ = ["ENDING", "Saved", "default_name", "save"]

ENDING = ".harvdiag.zip"
LONGEST = 80  # letters of a default name before its ending

LEVEL = 9
_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_ascii = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Saved(NamedTuple):
    """What was written: where, how many bytes, the kinds of which a list was seen, how many objects, and which lists
    are not whole. What such a source never has, as a cluster has no files of hosts, is no gap.
    """

    path: Path
    size: int
    kinds: tuple[str, ...]
    objects: int
    gaps: tuple[CoverageEntry, ...]

    @property
    def what(self) -> str:
        """How much it is: ``1,204 objects, 5 of 13 kinds seen, 91.3 kB``."""
        kinds = len({*self.kinds, *(gap.kind for gap in self.gaps)})
        return (
            f"{self.objects:,} object{'' if self.objects == 1 else 's'}, {len(self.kinds)} of {kinds} kinds seen, "
            f"{self.size / 1000:,.1f} kB"
        )

    def __repr__(self) -> str:
        return plain(f"<Saved {self.path}: {self.what}>")


def default_name(manifest: Manifest) -> str:
    """A file name that says what and when: ``lab-2026-11-23T18-10-00Z.harvdiag.zip``."""
    # What a context is called may hold a slash; what a file is called never does.
    stem = re.sub(r"\.zip(\.\d{3})?$|\.(ya?ml|json)$", "", manifest.name, count=1, flags=re.IGNORECASE)
    stem = re.sub(r"[^\w.-]+", "-", stem.removesuffix(".harvdiag")).strip("-.")
    time = re.sub(r"[^\w.-]+", "-", manifest.captured_at)[:LONGEST]
    if re.search(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ", stem) or not time:
        return f"{stem[:LONGEST].rstrip('-.') or 'snapshot'}{ENDING}"
    stem = stem[: LONGEST - len(time) - 1].rstrip("-.")
    return f"{f'{stem}-{time}' if stem else time.lstrip('-.')}{ENDING}"


def save(snapshot: Snapshot, file: str | os.PathLike[str] | None = None, kinds: Iterable[str] | None = None) -> Saved:
    """Write a snapshot to a file: every kind of the catalogue, every kind read so far, and those named in `kinds`.

    Without a `file` it is `default_name` in the current folder. The file appears whole or not at all, and is readable
    by its owner alone. Raises UsageError for an unknown kind and for a place that cannot be written; an older snapshot
    there is replaced, any other file is not. Raises SourceError where nothing at all was seen.
    """
    file = default_name(snapshot.manifest) if file is None else file
    path = _target(file)
    chosen = _chosen(snapshot, (kinds,) if isinstance(kinds, str) else kinds or ())
    snapshot.load(kind.name for kind in chosen)
    entries = [entry for kind in chosen for entry in snapshot.lists(kind.name)]
    gaps = tuple(entry for entry in entries if not entry.state.seen and not _never_had(snapshot.manifest, entry.kind))
    if not any(entry.state.seen or entry.count for entry in entries):
        raise _nothing(snapshot.manifest, gaps)
    counts = {kind.name: len(snapshot.objects(kind.name)) for kind in chosen}
    parts = {kind.name: _lines(kind, snapshot.objects(kind.name)) for kind in chosen}
    manifest = json.dumps(_manifest(snapshot, chosen, parts), indent=1).encode() + b"\n"
    members = {MANIFEST: manifest} | {member_of(kind.resource): parts[kind.name] for kind in chosen}
    try:
        size = _replace(path, members)
    except OSError as error:
        raise _unwritable(file, (error.strerror or "it failed").lower()) from None
    seen = dict.fromkeys(entry.kind for entry in entries if entry.state.seen)
    return Saved(path, size, tuple(seen), sum(counts.values()), gaps)


def _never_had(manifest: Manifest, kind: str) -> bool:
    """What no source of this type has: files of the hosts are in bundles alone, kubelets answer in a cluster alone."""
    own = source_type((manifest.origin or manifest).kind).own_kinds
    return kind not in own and any(kind in source.own_kinds for source in source_types())


def _nothing(manifest: Manifest, gaps: Sequence[CoverageEntry]) -> SourceError:
    why = f": {gaps[0].kind}: {gaps[0].state}: {gaps[0].reason}" if gaps else ""
    how = source_type(manifest.kind).hint
    hint = f"; {how}" if how else ""
    return SourceError(f"{manifest.name}: nothing was seen, so there is nothing to save{why}{hint}")


# --- what is saved -------------------------------------------------------------------------------------------------


def _chosen(snapshot: Snapshot, words: Iterable[str]) -> list[Kind]:
    """The catalogue's kinds in its order, then all others by name; of a snapshot file everything that it holds."""
    read = [entry for entry in snapshot.coverage if entry.kind not in CATALOGUE]
    others = [known(entry.group, entry.kind.removesuffix(f".{entry.group}")) for entry in read]
    others += [known(r.group, r.plural) for r in snapshot.resources if snapshot.manifest.origin]
    others += [snapshot.kind(word) for word in words]
    more = {kind.name: kind for kind in others if kind.name not in CATALOGUE}
    return [*CATALOGUE.values(), *(more[name] for name in sorted(more))]


def _manifest(snapshot: Snapshot, kinds: Sequence[Kind], parts: Mapping[str, bytes]) -> Obj:
    origin = snapshot.manifest.origin or snapshot.manifest
    names = {kind.name for kind in kinds}
    body: Obj = {
        "format": FORMAT,
        "schema": SCHEMA,
        "tool": {"name": "harvdiag", "version": __version__},
        "source": {
            "kind": origin.kind,
            "name": origin.name,
            "captured_at": origin.captured_at,
            "kubernetes_version": origin.kubernetes_version,
            "notes": list(origin.notes),
        },
        "lists": [_row(kind, entry) for kind in kinds for entry in snapshot.lists(kind.name)],
        "resources": [r._asdict() for r in snapshot.resources if known(r.group, r.plural).name in names],
        "files": {
            member_of(kind.resource): {
                "sha256": digest(parts[kind.name]),
                "bytes": len(parts[kind.name]),
                "objects": len(snapshot.objects(kind.name)),
            }
            for kind in kinds
        },
    }
    return {**body, "sha256": seal(body)}


def _row(kind: Kind, entry: CoverageEntry) -> Obj:
    return {
        "kind": kind.name,
        "group": kind.group,
        "plural": kind.plural,
        "version": entry.version,
        "namespace": entry.namespace,
        "state": str(entry.state),
        "reason": entry.reason,
        "count": entry.count,
    }


def _lines(kind: Kind, objects: Iterable[Obj]) -> bytes:
    """The objects as JSON lines; UsageError where a reader would have to refuse so much."""
    data = b"".join(_line(kind, obj) for obj in objects)
    most = Limits().member
    if len(data) > most:
        raise UsageError(f"{kind.resource}: {len(data)} bytes, but a snapshot holds at most {most} of one kind")
    return data


def _slim(kind: Kind, obj: Obj) -> Obj:
    """The object without what only weighs: who set which field, and what commands of a plan that was applied wrote."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    slim = {**obj, "metadata": metadata}
    if kind.only and isinstance(obj.get("data"), dict):
        slim["data"] = {key: value for key, value in obj["data"].items() if key not in OUTPUTS}
    return slim


def _line(kind: Kind, obj: Obj) -> bytes:
    slim = _slim(kind, obj)
    try:
        try:
            return f"{_compact(slim)}\n".encode()
        except UnicodeEncodeError:  # half of a pair of surrogates: no UTF-8, but JSON can write it in letters
            return f"{_ascii(slim)}\n".encode()
    except (TypeError, ValueError):
        raise SourceError(f"{kind.name} {name_of(obj)}: holds a value that JSON cannot hold") from None


# --- the file ------------------------------------------------------------------------------------------------------


def _target(file: str | os.PathLike[str]) -> Path:
    """Where to write, with links followed; UsageError, before anything is read, where that will not do."""
    try:
        path = Path(os.path.realpath(Path(file).expanduser()))
        if path.is_dir():
            raise _unwritable(file, "it is a folder")
        if not path.parent.is_dir():
            raise _unwritable(file, "no such folder")
        if not os.access(path.parent, os.W_OK):
            raise _unwritable(file, "no permission to write into its folder")
        if path.exists() and not (path.is_file() and (path.stat().st_size == 0 or is_ours(path))):
            raise _unwritable(file, "it is there already and is no snapshot; give another name")
    except (OSError, RuntimeError, ValueError) as error:
        raise _unwritable(file, str(getattr(error, "strerror", None) or "no such place").lower()) from None
    return path


def _unwritable(file: str | os.PathLike[str], why: str) -> UsageError:
    return UsageError(f"{os.fspath(file)!r} cannot be written: {why}")


def _replace(path: Path, members: Mapping[str, bytes]) -> int:
    """Write a zip beside the path and put it there once it is whole; the size.

    It stays readable by its owner alone, as it was made: names, addresses and settings of a whole cluster are in it.
    """
    handle, name = mkstemp(prefix=".harvdiag-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            size = _pack(stream, members)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    return size


def _pack(stream: BinaryIO, members: Mapping[str, bytes]) -> int:
    """The members in this order; nothing of the clock or of the machine is in the bytes."""
    with ZipFile(stream, "w") as box:
        for name, data in members.items():
            info = ZipInfo(name)  # the time of 1980 with which zip files begin
            info.compress_type, info.create_system, info.external_attr = ZIP_DEFLATED, 3, 0o600 << 16
            box.writestr(info, data, compresslevel=LEVEL)
    return stream.tell()
