"""A snapshot file as a source: a zip with one manifest, and the objects of each kind as JSON lines.

Schema 1, which stays readable for good::

    manifest.json               what it was saved from, every list with what became of it, and the checksums
    kinds/<resource>.jsonl      the objects of one kind, one a line, list after list in the manifest's order

A member is read when its kind is first asked for. Damage to it makes its lists ones that were not seen whole; damage to
the manifest makes the file unusable, for then nothing tells what was seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from weakref import finalize

from harvdiag.core.errors import HarvdiagError, SourceError
from harvdiag.core.fields import Obj, name_of
from harvdiag.core.model import State
from harvdiag.io.archive import Container, MemberError, open_container
from harvdiag.io.documents import parse
from harvdiag.io.yaml import paused_collector
from harvdiag.kinds import CATALOGUE, known
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Listing, Manifest, Resource
from harvdiag.sources import source_type

__all__ = [
    "FORMAT",
    "MANIFEST",
    "SCHEMA",
    "SavedReader",
    "digest",
    "holds_saved",
    "is_ours",
    "is_saved",
    "member_of",
    "seal",
]

FORMAT, SCHEMA, MANIFEST = "harvdiag snapshot", 1, "manifest.json"
FOLDER = "kinds/"
AGAIN = "copy it again, or save a new one"
_HEAD = b"PK\3\4"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,200}").fullmatch
_NOUNS: dict[type, str] = {str: "text", int: "whole number", list: "list", dict: "mapping"}
_T = TypeVar("_T", str, int, list[Any], dict[str, Any])


# --- the form ------------------------------------------------------------------------------------------------------


def member_of(resource: str) -> str:
    """The member that holds a kind's objects; a name that no API server would give goes by its checksum."""
    return f"{FOLDER}{resource if _PLAIN(resource) else digest(resource.encode('utf-8', 'surrogatepass'))}.jsonl"


def digest(data: bytes) -> str:
    """The SHA-256 of some bytes, as the manifest writes it."""
    from hashlib import sha256  # binds OpenSSL, which a check of a bundle does not need

    return sha256(data).hexdigest()


def seal(body: Obj) -> str:
    """The checksum that a manifest holds of itself: of all its other fields, however they are laid out."""
    import json

    rest = {key: value for key, value in body.items() if key != "sha256"}
    return digest(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode())


def is_saved(path: Path) -> bool:
    """Whether this is a snapshot by its first bytes, for the manifest stands first; or, extracted, by its files."""
    try:
        if path.is_dir():
            return (path / MANIFEST).is_file() and (path / FOLDER).is_dir()
        with path.open("rb") as stream:
            head = stream.read(30 + len(MANIFEST))
    except OSError:
        return False
    return head[:4] == _HEAD and head[26:28] == bytes((len(MANIFEST), 0)) and head[30:] == MANIFEST.encode()


def is_ours(path: Path) -> bool:
    """Whether this file is a snapshot for certain, damaged or not: many formats begin with a manifest.json."""
    if not is_saved(path):
        return False
    try:
        with open_container(path) as box:
            return f'"format": "{FORMAT}"'.encode() in box.read(MANIFEST)
    except HarvdiagError:
        return False


def holds_saved(path: Path) -> bool:
    """Whether a zip holds a snapshot though it does not begin with one: packed anew by hand, or one part of several."""
    try:
        with open_container(path) as box:
            return len(_roots(box)) == 1
    except HarvdiagError:
        return False


def _roots(box: Container) -> list[str]:
    """Where manifests with a folder of kinds beside them stand: at the top, or in the one folder there."""
    members = box.names(FOLDER)
    names = [name.removesuffix(MANIFEST) for name in box.names(MANIFEST) if name.count("/") <= 1]
    roots = [root for root in names if root in {"", root.rpartition("/")[0] + "/"}]
    return [root for root in roots if any(member.startswith(f"{root}{FOLDER}") for member in members)]


# --- the manifest --------------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """What the manifest says of one member."""

    sha256: str
    size: int
    objects: int


class Row(NamedTuple):
    """What the manifest says of one list."""

    version: str
    namespace: str
    state: State
    reason: str
    objects: int


class Contents(NamedTuple):
    """A manifest that was found to be sound."""

    manifest: Manifest
    parts: dict[str, Part]
    rows: dict[str, list[Row]]
    resources: tuple[Resource, ...]


def _contents(name: str, text: bytes) -> Contents:
    """The manifest of the file of this name. SourceError, which tells only what is wrong, where it cannot be used."""
    body = parse(MANIFEST, text, is_json=True)[0]
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise SourceError("it is not one of harvdiag")
    schema = _get(body, "schema", int)
    if schema > SCHEMA:
        newer = f"written by a newer harvdiag (schema {schema}); this one reads schema {SCHEMA}: update harvdiag"
        raise _NewerError(newer)
    if schema != SCHEMA:
        raise SourceError(f"there is no schema {schema}")
    if body.get("sha256") != seal(body):
        raise SourceError("it was changed after it was written: its checksum does not fit")
    parts = {
        member: Part(_get(part, "sha256", str), _get(part, "bytes", int), _get(part, "objects", int))
        for member, part in _get(body, "files", dict).items()
    }
    resources = [Resource(*(_get(row, key, str) for key in Resource._fields)) for row in _get(body, "resources", list)]
    held = tuple(r for r in resources if member_of(known(r.group, r.plural).resource) in parts)
    return Contents(_manifest(name, body), parts, _rows(body, parts), held)


class _NewerError(SourceError):
    """A file that is whole, but for a later harvdiag."""


def _manifest(name: str, body: Obj) -> Manifest:
    source, tool = _get(body, "source", dict), _get(body, "tool", dict)
    notes = _get(source, "notes", list)
    if not all(isinstance(note, str) for note in notes):
        raise SourceError("one of its `notes` is no text")
    origin = Manifest(
        kind=_get(source, "kind", str),
        name=_get(source, "name", str),
        captured_at=_get(source, "captured_at", str),
        kubernetes_version=_get(source, "kubernetes_version", str),
        notes=tuple(notes),
    )
    by = f"{_get(tool, 'name', str)} {_get(tool, 'version', str)}"
    note = f"saved from {source_type(origin.kind).title} {origin.name} by {by}"
    return replace(origin, kind="snapshot", name=name, notes=(*notes, note), origin=origin)


def _rows(body: Obj, parts: dict[str, Part]) -> dict[str, list[Row]]:
    """The lists by member: together they must be the objects that the member is said to hold."""
    rows: dict[str, list[Row]] = {member: [] for member in parts}
    states = {str(state): state for state in State}
    for number, found in enumerate(_get(body, "lists", list), 1):
        member = member_of(known(_get(found, "group", str), _get(found, "plural", str)).resource)
        state = states.get(_get(found, "state", str))
        count = _get(found, "count", int)
        if member not in rows or state is None or count < 0:
            raise SourceError(f"its list {number} cannot be right")
        version, namespace, reason = (_get(found, key, str) for key in ("version", "namespace", "reason"))
        rows[member].append(Row(version, namespace, state, reason, count))
    for member, part in parts.items():
        if sum(row.objects for row in rows[member]) != part.objects:
            raise SourceError("its lists and its members do not count the same objects")
    return rows


def _get(holder: Any, key: str, kind: type[_T]) -> _T:
    """A field that must be there and of that very type (True is no number)."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if type(value) is not kind:
        raise SourceError(f"its `{key}` is missing or no {_NOUNS[kind]}")
    return value


# --- the reader ----------------------------------------------------------------------------------------------------


class SavedReader:
    """Reads one snapshot file, or the folder it was extracted to; SourceError at once where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._box = _open(path)
        finalize(self, self._box.close)  # nobody closes a Cluster: the file goes when it does
        try:
            self._root, *others = _roots(self._box) or [""]
            if others:
                raise SourceError("it stands there more than once")
            self._contents = _contents(path.name, self._box.read(f"{self._root}{MANIFEST}"))
        except _NewerError as error:
            raise SourceError(f"{path}: {error}") from None
        except HarvdiagError as error:
            why = _bare(error).removeprefix(f"{self._root}{MANIFEST}: ").removeprefix(f"{MANIFEST}: ")
            raise SourceError(f"{path}: no usable snapshot: {MANIFEST}: {why}; {AGAIN}") from None
        self.manifest = self._contents.manifest
        self._hosts = self._read_hosts()

    def resources(self) -> Sequence[Resource]:
        """What the original source held of the kinds that were saved."""
        return self._contents.resources

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """The lists of these kinds as they were when they were saved."""
        with paused_collector():
            return [listing for kind in kinds for listing in self._lists(kind)]

    def host(self, node: str) -> Obj | None:
        """What the original source told of one host; None where it told nothing."""
        return self._hosts.get(node)

    def _read_hosts(self) -> dict[str, Obj]:
        """The hosts by name. Rules look at them beside the lists, so damage to them is a note of the whole snapshot."""
        try:
            return {name_of(host): host for host in self._objects(CATALOGUE["Host"].resource)}
        except HarvdiagError as error:
            self.manifest = replace(
                self.manifest, notes=(*self.manifest.notes, f"what the hosts told is lost: {error}")
            )
            return {}

    def _lists(self, kind: Kind) -> list[Listing]:
        rows = self._contents.rows.get(member_of(kind.resource))
        if rows is None:
            reason = "not in the snapshot: it was saved without this kind"
            missing = Listing(kind=kind, namespace=kind.home, state=State.NOT_LOOKED_AT, reason=reason)
            return [missing] if kind.name in CATALOGUE else []
        try:
            objects = self._objects(kind.resource)
        except HarvdiagError as error:
            return [
                Listing(kind=kind, version=row.version, namespace=row.namespace, state=State.FAILED, reason=str(error))
                for row in rows
            ]
        spans = pairwise(accumulate((row.objects for row in rows), initial=0))
        return [
            Listing(
                kind=kind,
                version=row.version,
                namespace=row.namespace,
                items=objects[start:end],
                state=row.state,
                reason=row.reason,
            )
            for row, (start, end) in zip(rows, spans, strict=True)
        ]

    def _objects(self, resource: str) -> list[Any]:
        """All objects of a member; MemberError, with its name, where it is not as the manifest says."""
        member = member_of(resource)
        part = self._contents.parts.get(member)
        if part is None:
            return []
        lines = self._read(member, part).split(b"\n")
        if lines.pop() or len(lines) != part.objects:
            raise MemberError(f"{member}: holds {len(lines)} objects, not {part.objects}; {AGAIN}")
        found = [_object(f"{member}, line {number}", line) for number, line in enumerate(lines, 1)]
        if resource == CATALOGUE["Host"].resource and not all(map(_is_host, found)):
            raise MemberError(f"{member}: holds something that is no Host; {AGAIN}")
        return found

    def _read(self, member: str, part: Part) -> bytes:
        name = f"{self._root}{member}"
        if name not in self._box.names(FOLDER):
            raise MemberError(f"{member}: missing from the snapshot; {AGAIN}")
        try:
            data = self._box.read(name)
        except MemberError as error:
            raise MemberError(f"{_bare(error)}; {AGAIN}") from None
        if len(data) != part.size or digest(data) != part.sha256:
            raise MemberError(f"{member}: changed after it was saved: its checksum does not fit; {AGAIN}")
        return data


def _open(path: Path) -> Container:
    try:
        return open_container(path)
    except SourceError:
        if is_saved(path):
            raise SourceError(f"{path}: this snapshot is cut short or damaged; {AGAIN}") from None
        raise


def _bare(error: HarvdiagError) -> str:
    """What went wrong without what to do, for an archive's reader thinks of support bundles there."""
    return str(error).partition(";")[0]


def _object(place: str, line: bytes) -> Any:
    try:
        return parse(place, line, is_json=True)[0]
    except SourceError as error:
        raise MemberError(f"{error}; {AGAIN}") from None


def _is_host(obj: Any) -> bool:
    """Whether it has the form that `harvdiag.sources.bundle.nodes` gives: rules look into it without asking again."""
    files = obj.get("files") if isinstance(obj, dict) else None
    return isinstance(files, dict) and all(
        isinstance(told, dict) and all(isinstance(text, str) for text in told.values()) for told in files.values()
    )
