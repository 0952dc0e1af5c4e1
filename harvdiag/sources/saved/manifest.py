"""The manifest of a snapshot file: what it was saved from, every list with its state, and the checksums."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from harvdiag.core.errors import SourceError
from harvdiag.core.fields import Obj
from harvdiag.core.model import State
from harvdiag.io.documents import parse_documents
from harvdiag.kinds import kind_for_resource
from harvdiag.snapshot import Manifest, Resource
from harvdiag.sources import source_type

__all__ = [
    "AGAIN",
    "FOLDER",
    "FORMAT",
    "MANIFEST",
    "SCHEMA",
    "SELECTIONS",
    "Contents",
    "NewerError",
    "Part",
    "Row",
    "get_typed",
    "manifest_checksum",
    "member_name",
    "parse_contents",
    "sha256_hex",
]

FORMAT, SCHEMA, MANIFEST, SELECTIONS = "harvdiag snapshot", 1, "manifest.json", "selections.jsonl"
FOLDER = "kinds/"
AGAIN = "copy it again, or save a new one"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,200}").fullmatch
_NOUNS: dict[type, str] = {str: "string", int: "whole number", list: "list", dict: "mapping"}
_T = TypeVar("_T", str, int, list[Any], dict[str, Any])


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


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A manifest that was checked."""

    manifest: Manifest
    parts: dict[str, Part]
    rows: dict[str, list[Row]]
    resources: tuple[Resource, ...]
    selections: Part | None
    beyond: dict[str, str] | None
    """Why a kind may have objects in namespaces that the source lacks; None in files of earlier versions."""


def parse_contents(name: str, text: bytes) -> Contents:
    """Parse the manifest of the file of this name. Raises SourceError, with only the problem, if it cannot be used."""
    body = parse_documents(MANIFEST, text, is_json=True)[0]
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        raise SourceError("it was not written by harvdiag")
    schema = get_typed(body, "schema", int)
    if schema > SCHEMA:
        newer = f"written by a newer harvdiag (schema {schema}); this one reads schema {SCHEMA}: update harvdiag"
        raise NewerError(newer)
    if schema != SCHEMA:
        raise SourceError(f"unknown schema {schema}")
    if body.get("sha256") != manifest_checksum(body):
        raise SourceError("it was changed after it was written: its checksum does not match")
    parts = {
        member: Part(get_typed(part, "sha256", str), get_typed(part, "bytes", int), get_typed(part, "objects", int))
        for member, part in get_typed(body, "files", dict).items()
    }
    resources = [
        Resource(*(get_typed(row, key, str) for key in Resource._fields)) for row in get_typed(body, "resources", list)
    ]
    held = tuple(r for r in resources if member_name(kind_for_resource(r.group, r.plural).resource) in parts)
    return Contents(
        manifest=_parse_manifest(name, body),
        parts=parts,
        rows=_parse_rows(body, parts),
        resources=held,
        selections=_parse_selections(body),
        beyond=_parse_beyond(body),
    )


def _parse_selections(body: Obj) -> Part | None:
    """What the manifest says of the selections; None without any, as in files of earlier versions."""
    if "selections" not in body:
        return None
    part = get_typed(body, "selections", dict)
    return Part(get_typed(part, "sha256", str), get_typed(part, "bytes", int), 0)


def _parse_beyond(body: Obj) -> dict[str, str] | None:
    """Why which kinds may have objects elsewhere; None in a file that does not tell, as those of earlier versions."""
    if "beyond" not in body:
        return None
    rows = [(get_typed(row, "reason", str), get_typed(row, "kinds", list)) for row in get_typed(body, "beyond", list)]
    return {str(kind): reason for reason, kinds in rows for kind in kinds}


class NewerError(SourceError):
    """A complete file, but of a later version of harvdiag."""


def _parse_manifest(name: str, body: Obj) -> Manifest:
    source, tool = get_typed(body, "source", dict), get_typed(body, "tool", dict)
    notes = get_typed(source, "notes", list)
    if not all(isinstance(note, str) for note in notes):
        raise SourceError("one of its `notes` is not a string")
    origin = Manifest(
        kind=get_typed(source, "kind", str),
        name=get_typed(source, "name", str),
        captured_at=get_typed(source, "captured_at", str),
        kubernetes_version=get_typed(source, "kubernetes_version", str),
        notes=tuple(notes),
        redacted=get_typed(source, "redacted", str) if "redacted" in source else "",
    )
    by = f"{get_typed(tool, 'name', str)} {get_typed(tool, 'version', str)}"
    note = f"saved from {source_type(origin.kind).title} {origin.name} by {by}"
    return replace(origin, kind="snapshot", name=name, notes=(*notes, note), origin=origin)


def _parse_rows(body: Obj, parts: dict[str, Part]) -> dict[str, list[Row]]:
    """The lists by member: together they must have as many objects as the member."""
    rows: dict[str, list[Row]] = {member: [] for member in parts}
    states = {str(state): state for state in State}
    for number, entry in enumerate(get_typed(body, "lists", list), 1):
        member = member_name(
            kind_for_resource(get_typed(entry, "group", str), get_typed(entry, "plural", str)).resource
        )
        state = states.get(get_typed(entry, "state", str))
        count = get_typed(entry, "count", int)
        if member not in rows or state is None or count < 0:
            raise SourceError(f"its list {number} is invalid")
        version, namespace, reason = (get_typed(entry, key, str) for key in ("version", "namespace", "reason"))
        rows[member].append(Row(version, namespace, state, reason, count))
    for member, part in parts.items():
        if sum(row.objects for row in rows[member]) != part.objects:
            raise SourceError("its lists and its members differ in the number of objects")
    return rows


def get_typed(holder: Any, key: str, kind: type[_T]) -> _T:
    """Return a field that must be present and of exactly that type (True is not a number); else SourceError."""
    value = holder.get(key) if isinstance(holder, dict) else None
    if type(value) is not kind:
        raise SourceError(f"its `{key}` is missing or not a {_NOUNS[kind]}")
    return value
