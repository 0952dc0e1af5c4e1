"""Writing of a snapshot to one small file that can be read like its source; see `sources.saved.reader`."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO, NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from harvdiag.core.errors import SourceError, UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.fields import Obj, name_of
from harvdiag.core.model import CoverageEntry
from harvdiag.io.archive import Limits
from harvdiag.kinds import CATALOGUE, kind_for_resource
from harvdiag.kinds.keep import store_object
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Manifest, Snapshot
from harvdiag.sources import source_type, source_types
from harvdiag.sources.saved.manifest import (
    FORMAT,
    MANIFEST,
    SCHEMA,
    SELECTIONS,
    manifest_checksum,
    member_name,
    sha256_hex,
)
from harvdiag.sources.saved.reader import is_snapshot_file
from harvdiag.version import __version__

__all__ = ["ENDING", "Saved", "check_target", "default_name", "save_snapshot", "unwritable_error"]

ENDING = ".harvdiag.zip"
LONGEST = 80  # characters of a default name before its ending

LEVEL = 9
_compact = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
_ascii = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Saved(NamedTuple):
    """What was written: where, how many bytes, the kinds with a list that was read, how many objects, and which lists
    are incomplete. What such a source never has, as a cluster has no files of hosts, is not a gap.
    """

    path: Path
    size: int
    kinds: tuple[str, ...]
    objects: int
    gaps: tuple[CoverageEntry, ...]

    @property
    def what(self) -> str:
        """The size in words: ``1,204 objects, 5 of 13 kinds seen, 91.3 kB``."""
        kinds = len({*self.kinds, *(gap.kind for gap in self.gaps)})
        return (
            f"{self.objects:,} object{'' if self.objects == 1 else 's'}, {len(self.kinds)} of {kinds} kinds seen, "
            f"{self.size / 1000:,.1f} kB"
        )

    def __repr__(self) -> str:
        return escape_text(f"<Saved {self.path}: {self.what}>")


def default_name(manifest: Manifest, ending: str = ENDING) -> str:
    """Return a file name with source and time: ``lab-2026-11-23T18-10-00Z.harvdiag.zip``."""
    # The name of a context may contain a slash; that of a file never does.
    stem = re.sub(r"\.zip(\.\d{3})?$|\.(ya?ml|json)$", "", manifest.name, count=1, flags=re.IGNORECASE)
    stem = re.sub(r"[^\w.-]+", "-", stem.removesuffix(".harvdiag")).strip("-.")
    time = re.sub(r"[^\w.-]+", "-", manifest.captured_at)[:LONGEST]
    if re.search(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ", stem) or not time:
        return f"{stem[:LONGEST].rstrip('-.') or 'snapshot'}{ending}"
    stem = stem[: LONGEST - len(time) - 1].rstrip("-.")
    return f"{f'{stem}-{time}' if stem else time.lstrip('-.')}{ending}"


def save_snapshot(
    snapshot: Snapshot, file: str | os.PathLike[str] | None = None, kinds: Iterable[str] | None = None
) -> Saved:
    """Write a snapshot to a file: every kind of the catalogue, every kind read so far, and those named in `kinds`.

    Of kinds that are read only on request it is what was asked for until then, such as by a check.

    Without a `file` it is `default_name` in the current folder. The file is written completely or not at all, and is
    readable by its owner alone. Raises UsageError for an unknown kind and for a path that cannot be written; an
    existing snapshot is replaced, any other file is not. Raises SourceError if nothing at all was seen, or if something
    is left in a redacted one.
    """
    file = default_name(snapshot.manifest) if file is None else file
    path = check_target(file)
    chosen = _select_kinds(snapshot, (kinds,) if isinstance(kinds, str) else kinds or ())
    snapshot.load(kind.name for kind in chosen)
    entries = [entry for kind in chosen for entry in snapshot.lists(kind.name)]
    gaps = tuple(entry for entry in entries if not entry.state.seen and not _never_had(snapshot.manifest, entry.kind))
    if not any(entry.state.seen or entry.count for entry in entries):
        raise _nothing_seen_error(snapshot.manifest, gaps)
    counts = {kind.name: len(snapshot.objects(kind.name)) for kind in chosen}
    parts = {kind.name: _encode_objects(kind, snapshot.objects(kind.name)) for kind in chosen}
    selections = _encode_selections(snapshot)
    manifest = json.dumps(_build_manifest(snapshot, chosen, parts, selections), indent=1).encode() + b"\n"
    members = {MANIFEST: manifest} | {member_name(kind.resource): parts[kind.name] for kind in chosen}
    members |= {SELECTIONS: selections} if selections else {}
    if snapshot.redactor is not None:
        snapshot.redactor.vet(members)
    try:
        size = _replace_file(path, members)
    except OSError as error:
        raise unwritable_error(file, (error.strerror or "it failed").lower()) from None
    seen = dict.fromkeys(entry.kind for entry in entries if entry.state.seen)
    return Saved(path, size, tuple(seen), sum(counts.values()), gaps)


def _never_had(manifest: Manifest, kind: str) -> bool:
    """Whether no source of this kind has it: host files are only in bundles, kubelets only in live clusters."""
    own = source_type((manifest.origin or manifest).kind).own_kinds
    return kind not in own and any(kind in source.own_kinds for source in source_types())


def _nothing_seen_error(manifest: Manifest, gaps: Sequence[CoverageEntry]) -> SourceError:
    why = f": {gaps[0].kind}: {gaps[0].state}: {gaps[0].reason}" if gaps else ""
    how = source_type(manifest.kind).hint
    hint = f"; {how}" if how else ""
    return SourceError(f"{manifest.name}: nothing was seen, so there is nothing to save{why}{hint}")


# --- what is saved -------------------------------------------------------------------------------------------------


def _select_kinds(snapshot: Snapshot, words: Iterable[str]) -> list[Kind]:
    """The catalogue's kinds in order, then all others by name; of a snapshot file everything that it contains."""
    read = [entry for entry in snapshot.coverage if entry.kind not in CATALOGUE]
    others = [kind_for_resource(entry.group, entry.kind.removesuffix(f".{entry.group}")) for entry in read]
    others += [kind_for_resource(r.group, r.plural) for r in snapshot.resources if snapshot.manifest.origin]
    others += [snapshot.resolve_kind(word) for word in words]
    more = {kind.name: kind for kind in others if kind.name not in CATALOGUE}
    whole = {*snapshot.loaded} | {snapshot.resolve_kind(word).name for word in words}
    whole |= {kind.name for kind in others}
    known = (kind for kind in CATALOGUE.values() if not kind.lazy or kind.name in whole)
    return [*known, *(more[name] for name in sorted(more))]


def _build_manifest(snapshot: Snapshot, kinds: Sequence[Kind], parts: Mapping[str, bytes], selections: bytes) -> Obj:
    names = {kind.name for kind in kinds}
    body: Obj = {
        "format": FORMAT,
        "schema": SCHEMA,
        "tool": {"name": "harvdiag", "version": __version__},
        "source": _source_record(snapshot.manifest.origin or snapshot.manifest),
        "lists": [_list_row(kind, entry) for kind in kinds for entry in snapshot.lists(kind.name)],
        "resources": [r._asdict() for r in snapshot.resources if kind_for_resource(r.group, r.plural).name in names],
        "files": {
            member_name(kind.resource): {
                "sha256": sha256_hex(parts[kind.name]),
                "bytes": len(parts[kind.name]),
                "objects": len(snapshot.objects(kind.name)),
            }
            for kind in kinds
        },
        "beyond": _list_beyond(snapshot, names),
    }
    if selections:
        body["selections"] = {"sha256": sha256_hex(selections), "bytes": len(selections)}
    return {**body, "sha256": manifest_checksum(body)}


def _list_beyond(snapshot: Snapshot, kinds: Iterable[str]) -> list[Obj]:
    """Why these kinds, and those of the selections, may have objects in namespaces that the source lacks."""
    rows: dict[str, list[str]] = {}
    for kind in sorted({*kinds, *(name for name, _, _ in snapshot.selections)}):
        rows.setdefault(snapshot.beyond(kind), []).append(kind)
    return [{"reason": reason, "kinds": named} for reason, named in rows.items() if reason]


def _source_record(origin: Manifest) -> Obj:
    return {
        "kind": origin.kind,
        "name": origin.name,
        "captured_at": origin.captured_at,
        "kubernetes_version": origin.kubernetes_version,
        "notes": list(origin.notes),
        **({"redacted": origin.redacted} if origin.redacted else {}),
    }


def _list_row(kind: Kind, entry: CoverageEntry) -> Obj:
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


def _encode_selections(snapshot: Snapshot) -> bytes:
    """What was asked of kinds that were not read as a whole, one per line: the question, the list's state, the objects.

    A snapshot can answer the same questions again, and no others.
    """
    lines = []
    for name, wanted, found in snapshot.selections:
        kind = snapshot.resolve_kind(name)
        slim = [store_object(kind, obj) for obj in found.objects]
        row = {"kind": kind.name, "wanted": wanted.as_dict(), "list": _list_row(kind, found.entry), "objects": slim}
        lines.append(_encode_row(row, kind.name))
    return b"".join(lines)


def _encode_objects(kind: Kind, objects: Iterable[Obj]) -> bytes:
    """The objects as JSON lines; UsageError if they exceed the limit of the reader."""
    data = b"".join(_encode_object(kind, obj) for obj in objects)
    most = Limits().member
    if len(data) > most:
        raise UsageError(f"{kind.resource}: {len(data)} bytes, but a snapshot holds at most {most} of one kind")
    return data


def _encode_object(kind: Kind, obj: Obj) -> bytes:
    return _encode_row(store_object(kind, obj), f"{kind.name} {name_of(obj)}")


def _encode_row(row: Obj, what: str) -> bytes:
    try:
        try:
            return f"{_compact(row)}\n".encode()
        except UnicodeEncodeError:  # half of a pair of surrogates: not UTF-8, but JSON can escape it
            return f"{_ascii(row)}\n".encode()
    except (TypeError, ValueError):
        raise SourceError(f"{what}: contains a value that JSON cannot represent") from None


# --- the file ------------------------------------------------------------------------------------------------------


def check_target(
    file: str | os.PathLike[str], is_ours: Callable[[Path], bool] = is_snapshot_file, what: str = "a snapshot"
) -> Path:
    """The path to write, with links resolved; UsageError, before anything is read, if it cannot be written.

    A file that is not ours, not `what` should be written, is not replaced.
    """
    try:
        path = Path(os.path.realpath(Path(file).expanduser()))
        if path.is_dir():
            raise unwritable_error(file, "it is a folder")
        if not path.parent.is_dir():
            raise unwritable_error(file, "no such folder")
        if not os.access(path.parent, os.W_OK):
            raise unwritable_error(file, "no permission to write into its folder")
        if path.exists() and not (path.is_file() and (path.stat().st_size == 0 or is_ours(path))):
            raise unwritable_error(file, f"it exists already and is not {what}; give another name")
    except (OSError, RuntimeError, ValueError) as error:
        raise unwritable_error(file, str(getattr(error, "strerror", None) or "invalid path").lower()) from None
    return path


def unwritable_error(file: str | os.PathLike[str], why: str) -> UsageError:
    """Return the error for a file that cannot be written."""
    return UsageError(f"{os.fspath(file)!r} cannot be written: {why}")


def _replace_file(path: Path, members: Mapping[str, bytes]) -> int:
    """Write a zip beside the path and move it there once it is complete; return the size.

    It is readable by its owner alone, as it was created: names, addresses and settings of a whole cluster are in it.
    """
    handle, name = mkstemp(prefix=".harvdiag-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            size = _write_zip(stream, members)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    return size


def _write_zip(stream: BinaryIO, members: Mapping[str, bytes]) -> int:
    """Write the members in this order; the bytes depend neither on the clock nor on the machine."""
    with ZipFile(stream, "w") as box:
        for name, data in members.items():
            info = ZipInfo(name)  # dated 1980, the earliest time of zip files
            info.compress_type, info.create_system, info.external_attr = ZIP_DEFLATED, 3, 0o600 << 16
            box.writestr(info, data, compresslevel=LEVEL)
    return stream.tell()
