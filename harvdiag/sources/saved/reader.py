"""A snapshot file as a source: a zip with one manifest, and the objects of each kind as JSON lines.

Schema 1, which stays readable in all later versions::

    manifest.json               what it was saved from, every list with its state, and the checksums
    kinds/<resource>.jsonl      the objects of one kind, one per line, list after list in the manifest's order

A member is read when its kind is first requested. If it is damaged, its lists were not read completely; if the manifest
is damaged, the file is unusable, as it is unknown what was read.
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
from harvdiag.io.documents import parse_documents
from harvdiag.io.yaml import paused_collector
from harvdiag.kinds import CATALOGUE, kind_for_resource
from harvdiag.kinds.kind import Kind
from harvdiag.snapshot import Listing, Manifest, Resource
from harvdiag.sources import source_type

__all__ = [
    "FORMAT",
    "MANIFEST",
    "SCHEMA",
    "SavedReader",
    "contains_snapshot",
    "is_snapshot_file",
    "looks_like_snapshot",
    "manifest_checksum",
    "member_name",
    "sha256_hex",
]

FORMAT, SCHEMA, MANIFEST = "harvdiag snapshot", 1, "manifest.json"
FOLDER = "kinds/"
AGAIN = "copy it again, or save a new one"
_HEAD = b"PK\3\4"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,200}").fullmatch
_NOUNS: dict[type, str] = {str: "string", int: "whole number", list: "list", dict: "mapping"}
_T = TypeVar("_T", str, int, list[Any], dict[str, Any])


# --- the form ------------------------------------------------------------------------------------------------------


def member_name(resource: str) -> str:
    """Return the member that contains a kind's objects; an unusual resource name is replaced by its checksum."""
    return f"{FOLDER}{resource if _PLAIN(resource) else sha256_hex(resource.encode('utf-8', 'surrogatepass'))}.jsonl"


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal as in the manifest."""
    from hashlib import sha256  # binds OpenSSL, which a check of a bundle does not need

    return sha256(data).hexdigest()


def manifest_checksum(body: Obj) -> str:
    """Return the checksum of a manifest: of all its other fields, independent of their layout."""
    import json

    rest = {key: value for key, value in body.items() if key != "sha256"}
    return sha256_hex(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode())


def looks_like_snapshot(path: Path) -> bool:
    """Whether this is a snapshot by its first bytes, as the manifest is first; or, extracted, by its files."""
    try:
        if path.is_dir():
            return (path / MANIFEST).is_file() and (path / FOLDER).is_dir()
        with path.open("rb") as stream:
            head = stream.read(30 + len(MANIFEST))
    except OSError:
        return False
    return head[:4] == _HEAD and head[26:28] == bytes((len(MANIFEST), 0)) and head[30:] == MANIFEST.encode()


def is_snapshot_file(path: Path) -> bool:
    """Whether this file certainly is a snapshot, damaged or not: many formats begin with a manifest.json."""
    if not looks_like_snapshot(path):
        return False
    try:
        with open_container(path) as box:
            return f'"format": "{FORMAT}"'.encode() in box.read(MANIFEST)
    except HarvdiagError:
        return False


def contains_snapshot(path: Path) -> bool:
    """Whether a zip contains a snapshot but does not begin with one: recompressed by hand, or one part of several."""
    try:
        with open_container(path) as box:
            return len(_find_roots(box)) == 1
    except HarvdiagError:
        return False


def _find_roots(box: Container) -> list[str]:
    """The folders that contain a manifest and a folder of kinds: the top, or the one folder there."""
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
    """A manifest that was checked."""

    manifest: Manifest
    parts: dict[str, Part]
    rows: dict[str, list[Row]]
    resources: tuple[Resource, ...]


def _parse_contents(name: str, text: bytes) -> Contents:
    """Parse the manifest of the file of this name. Raises SourceError, with only the problem, if it cannot be used."""
    body = parse_documents(MANIFEST, text, is_json=True)[0]
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise SourceError("it was not written by harvdiag")
    schema = _get_typed(body, "schema", int)
    if schema > SCHEMA:
        newer = f"written by a newer harvdiag (schema {schema}); this one reads schema {SCHEMA}: update harvdiag"
        raise _NewerError(newer)
    if schema != SCHEMA:
        raise SourceError(f"unknown schema {schema}")
    if body.get("sha256") != manifest_checksum(body):
        raise SourceError("it was changed after it was written: its checksum does not match")
    parts = {
        member: Part(_get_typed(part, "sha256", str), _get_typed(part, "bytes", int), _get_typed(part, "objects", int))
        for member, part in _get_typed(body, "files", dict).items()
    }
    resources = [
        Resource(*(_get_typed(row, key, str) for key in Resource._fields))
        for row in _get_typed(body, "resources", list)
    ]
    held = tuple(r for r in resources if member_name(kind_for_resource(r.group, r.plural).resource) in parts)
    return Contents(_parse_manifest(name, body), parts, _parse_rows(body, parts), held)


class _NewerError(SourceError):
    """A complete file, but of a later version of harvdiag."""


def _parse_manifest(name: str, body: Obj) -> Manifest:
    source, tool = _get_typed(body, "source", dict), _get_typed(body, "tool", dict)
    notes = _get_typed(source, "notes", list)
    if not all(isinstance(note, str) for note in notes):
        raise SourceError("one of its `notes` is not a string")
    origin = Manifest(
        kind=_get_typed(source, "kind", str),
        name=_get_typed(source, "name", str),
        captured_at=_get_typed(source, "captured_at", str),
        kubernetes_version=_get_typed(source, "kubernetes_version", str),
        notes=tuple(notes),
    )
    by = f"{_get_typed(tool, 'name', str)} {_get_typed(tool, 'version', str)}"
    note = f"saved from {source_type(origin.kind).title} {origin.name} by {by}"
    return replace(origin, kind="snapshot", name=name, notes=(*notes, note), origin=origin)


def _parse_rows(body: Obj, parts: dict[str, Part]) -> dict[str, list[Row]]:
    """The lists by member: together they must have as many objects as the member."""
    rows: dict[str, list[Row]] = {member: [] for member in parts}
    states = {str(state): state for state in State}
    for number, entry in enumerate(_get_typed(body, "lists", list), 1):
        member = member_name(
            kind_for_resource(_get_typed(entry, "group", str), _get_typed(entry, "plural", str)).resource
        )
        state = states.get(_get_typed(entry, "state", str))
        count = _get_typed(entry, "count", int)
        if member not in rows or state is None or count < 0:
            raise SourceError(f"its list {number} is invalid")
        version, namespace, reason = (_get_typed(entry, key, str) for key in ("version", "namespace", "reason"))
        rows[member].append(Row(version, namespace, state, reason, count))
    for member, part in parts.items():
        if sum(row.objects for row in rows[member]) != part.objects:
            raise SourceError("its lists and its members differ in the number of objects")
    return rows


def _get_typed(holder: Any, key: str, kind: type[_T]) -> _T:
    """A field that must be present and of exactly that type (True is not a number)."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if type(value) is not kind:
        raise SourceError(f"its `{key}` is missing or not a {_NOUNS[kind]}")
    return value


# --- the reader ----------------------------------------------------------------------------------------------------


class SavedReader:
    """Reads one snapshot file, or the folder it was extracted to; SourceError at once if it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._box = _open_box(path)
        finalize(self, self._box.close)  # a Cluster is never closed: the file is closed when it is collected
        try:
            self._root, *others = _find_roots(self._box) or [""]
            if others:
                raise SourceError("it occurs more than once")
            self._contents = _parse_contents(path.name, self._box.read(f"{self._root}{MANIFEST}"))
        except _NewerError as error:
            raise SourceError(f"{path}: {error}") from None
        except HarvdiagError as error:
            why = _without_advice(error).removeprefix(f"{self._root}{MANIFEST}: ").removeprefix(f"{MANIFEST}: ")
            raise SourceError(f"{path}: not a usable snapshot: {MANIFEST}: {why}; {AGAIN}") from None
        self.manifest = self._contents.manifest
        self._hosts = self._read_hosts()

    def resources(self) -> Sequence[Resource]:
        """Return what the original source contained of the kinds that were saved."""
        return self._contents.resources

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """Read the lists of these kinds as they were saved."""
        with paused_collector():
            return [listing for kind in kinds for listing in self._read_lists(kind)]

    def host(self, node: str) -> Obj | None:
        """Return the data of one host in the original source; None if it had none."""
        return self._hosts.get(node)

    def _read_hosts(self) -> dict[str, Obj]:
        """The hosts by name. Rules read them besides the lists, so damage to them is a note of the whole snapshot."""
        try:
            return {name_of(host): host for host in self._read_objects(CATALOGUE["Host"].resource)}
        except HarvdiagError as error:
            self.manifest = replace(
                self.manifest, notes=(*self.manifest.notes, f"the data of the hosts is lost: {error}")
            )
            return {}

    def _read_lists(self, kind: Kind) -> list[Listing]:
        rows = self._contents.rows.get(member_name(kind.resource))
        if rows is None:
            reason = "not in the snapshot: it was saved without this kind"
            missing = Listing(kind=kind, namespace=kind.home, state=State.NOT_LOOKED_AT, reason=reason)
            return [missing] if kind.name in CATALOGUE else []
        try:
            return _divide_objects(kind, rows, self._read_objects(kind.resource))
        except HarvdiagError as error:
            return [
                Listing(kind=kind, version=row.version, namespace=row.namespace, state=State.FAILED, reason=str(error))
                for row in rows
            ]

    def _read_objects(self, resource: str) -> list[Any]:
        """All objects of a member; MemberError, with its name, if it does not match the manifest."""
        member = member_name(resource)
        part = self._contents.parts.get(member)
        if part is None:
            return []
        lines = self._read_member(member, part).split(b"\n")
        # Every line ends with a line break, so the last part is empty unless the member is truncated.
        if lines.pop() or len(lines) != part.objects:
            raise MemberError(f"{member}: holds {len(lines)} objects, not {part.objects}; {AGAIN}")
        objects = [_parse_object(f"{member}, line {number}", line) for number, line in enumerate(lines, 1)]
        if resource == CATALOGUE["Host"].resource and not all(map(_is_host, objects)):
            raise MemberError(f"{member}: contains an item that is not a Host; {AGAIN}")
        return objects

    def _read_member(self, member: str, part: Part) -> bytes:
        name = f"{self._root}{member}"
        if name not in self._box.names(FOLDER):
            raise MemberError(f"{member}: missing from the snapshot; {AGAIN}")
        try:
            data = self._box.read(name)
        except MemberError as error:
            raise MemberError(f"{_without_advice(error)}; {AGAIN}") from None
        if len(data) != part.size or sha256_hex(data) != part.sha256:
            raise MemberError(f"{member}: changed after it was saved: its checksum does not match; {AGAIN}")
        return data


def _divide_objects(kind: Kind, rows: Sequence[Row], objects: list[Any]) -> list[Listing]:
    """The lists of a kind: its member holds the objects of all of them, one list after the other."""
    spans = pairwise(accumulate((row.objects for row in rows), initial=0))
    slices = [objects[start:end] for start, end in spans]
    return [
        Listing(
            kind=kind, version=row.version, namespace=row.namespace, items=items, state=row.state, reason=row.reason
        )
        for row, items in zip(rows, slices, strict=True)
    ]


def _open_box(path: Path) -> Container:
    try:
        return open_container(path)
    except SourceError:
        if looks_like_snapshot(path):
            raise SourceError(f"{path}: this snapshot is truncated or damaged; {AGAIN}") from None
        raise


def _without_advice(error: HarvdiagError) -> str:
    """The problem without the advice, as the archive reader's advice is about support bundles."""
    return str(error).partition(";")[0]


def _parse_object(place: str, line: bytes) -> Any:
    try:
        return parse_documents(place, line, is_json=True)[0]
    except SourceError as error:
        raise MemberError(f"{error}; {AGAIN}") from None


def _is_host(obj: Any) -> bool:
    """Whether it has the form that `harvdiag.sources.bundle.nodes` produces: rules read it unchecked."""
    files = obj.get("files") if isinstance(obj, dict) else None
    return isinstance(files, dict) and all(
        isinstance(content, dict) and all(isinstance(text, str) for text in content.values())
        for content in files.values()
    )
