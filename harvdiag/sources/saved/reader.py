"""A snapshot file as a source: a zip with one manifest, and the objects of each kind as JSON lines.

Schema 1, which stays readable in all later versions::

    manifest.json               what it was saved from, every list with its state, and the checksums
    kinds/<resource>.jsonl      the objects of one kind, one per line, list after list in the manifest's order
    selections.jsonl            what a check asked of large kinds: the question, the state of the list, the objects

A member is read when its kind is first requested. If it is damaged, its lists were not read completely; if the manifest
is damaged, the file is unusable, as it is unknown what was read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any
from weakref import finalize

from harvdiag.core.errors import HarvdiagError, SourceError
from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import OTHERS, State
from harvdiag.io.archive import Container, MemberError, open_container
from harvdiag.io.documents import parse_documents
from harvdiag.io.yaml import paused_collector
from harvdiag.kinds import CATALOGUE, PREFLIGHT, PREFLIGHT_WHOLE
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.wanted import Wanted
from harvdiag.snapshot import Listing, Resource
from harvdiag.sources.saved.manifest import (
    AGAIN,
    FOLDER,
    FORMAT,
    MANIFEST,
    SELECTIONS,
    NewerError,
    Part,
    Row,
    get_typed,
    member_name,
    parse_contents,
    sha256_hex,
)

__all__ = ["SavedReader", "contains_snapshot", "is_snapshot_file", "looks_like_snapshot"]

_HEAD = b"PK\3\4"
UNSAVED = "not in the snapshot: it was saved without this kind"
UNASKED = (
    "not in the snapshot: no check had asked for it when it was saved; save a new one (for a preflight: `harvdiag "
    "snapshot --preflight`)"
)
LIVE_ONLY = "not in the snapshot, as it was not taken of a live cluster, which alone has it"
PREFLIGHT_ONLY = "not in the snapshot; take it with `harvdiag snapshot --preflight`"


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


class SavedReader:
    """Reads one snapshot file, or the folder it was extracted to; SourceError at once if it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._box = _open_box(path)
        finalize(self, self._box.close)  # a Cluster is never closed: the file is closed when it is collected
        try:
            self._root, *others = _find_roots(self._box) or [""]
            if others:
                raise SourceError("it occurs more than once")
            self._contents = parse_contents(path.name, self._box.read(f"{self._root}{MANIFEST}"))
        except NewerError as error:
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

    def beyond(self, kind: Kind) -> str:
        """Return why a kind may have objects in namespaces that the original source lacked; empty if it has none."""
        if self._contents.beyond is not None:
            return self._contents.beyond.get(kind.name, "")
        live = self.manifest.origin is not None and self.manifest.origin.kind == "live"
        return "" if live or not kind.home else "the snapshot does not tell whether it has every namespace"

    def select(self, kind: Kind, wanted: Wanted) -> Listing:
        """Read what is wanted of a namespace, if the whole kind or the answer to the same question was saved."""
        namespace = OTHERS if wanted.everywhere else wanted.namespace or kind.home
        if member_name(kind.resource) in self._contents.rows:
            lists = self._read_lists(kind)
            empty = Listing(kind=kind, namespace=namespace)
            return next((listing for listing in lists if listing.namespace == namespace), empty)
        try:
            row = self._selections.get((kind.name, _question(wanted.as_dict())))
        except HarvdiagError as error:
            return Listing(kind=kind, namespace=namespace, state=State.FAILED, reason=str(error))
        if row is None:
            reason = PREFLIGHT_ONLY if kind.name in PREFLIGHT else UNASKED
            return Listing(kind=kind, namespace=namespace, state=State.NOT_LOOKED_AT, reason=reason)
        return _selected(kind, namespace, row)

    def ask(self, kind: Kind, wanted: Wanted) -> list[Listing]:
        """Read the lists of a kind; of one that was not saved as a whole, the objects that checks had asked for."""
        if wanted.everywhere and member_name(kind.resource) not in self._contents.rows:
            return [self.select(kind, wanted)]
        with paused_collector():
            lists = self._read_lists(kind)
            try:
                parts = [row for (name, _), row in self._selections.items() if name == kind.name]
            except HarvdiagError:
                return lists
        if member_name(kind.resource) in self._contents.rows or not parts:
            return lists
        found = {(namespace_of(obj), name_of(obj)): obj for row in parts for obj in get_typed(row, "objects", list)}
        reason = f"not in the snapshot, but for {len(found)} that checks had asked for"
        spaces = sorted({namespace for namespace, _ in found}) or [kind.home]
        return [
            Listing(
                kind=kind,
                namespace=space,
                items=[obj for (namespace, _), obj in found.items() if namespace == space],
                state=State.NOT_LOOKED_AT,
                reason=reason,
            )
            for space in spaces
        ]

    @cached_property
    def _selections(self) -> dict[tuple[str, str], Obj]:
        """The answers by kind and question. MemberError, with its name, if the member is damaged."""
        part = self._contents.selections
        if part is None:
            return {}
        lines = self._read_member(SELECTIONS, part).split(b"\n")[:-1]
        rows = [_parse_object(f"{SELECTIONS}, line {number}", line) for number, line in enumerate(lines, 1)]
        return {(get_typed(row, "kind", str), _question(get_typed(row, "wanted", dict))): row for row in rows}

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
            reason = self._why_unsaved(kind)
            missing = Listing(kind=kind, namespace=kind.home, state=State.NOT_LOOKED_AT, reason=reason)
            return [missing] if kind.name in CATALOGUE else []
        try:
            return _divide_objects(kind, rows, self._read_objects(kind.resource))
        except HarvdiagError as error:
            return [
                Listing(kind=kind, version=row.version, namespace=row.namespace, state=State.FAILED, reason=str(error))
                for row in rows
            ]

    def _why_unsaved(self, kind: Kind) -> str:
        """Why a kind is not in the file, and how to get it, where its source can have it."""
        if not kind.served and self._contents.manifest.origin and self._contents.manifest.origin.kind != "live":
            return LIVE_ONLY
        return PREFLIGHT_ONLY if kind.name in PREFLIGHT_WHOLE else UNSAVED

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
        if name not in self._box.names(member):
            raise MemberError(f"{member}: missing from the snapshot; {AGAIN}")
        try:
            data = self._box.read(name)
        except MemberError as error:
            raise MemberError(f"{_without_advice(error)}; {AGAIN}") from None
        if len(data) != part.size or sha256_hex(data) != part.sha256:
            raise MemberError(f"{member}: changed after it was saved: its checksum does not match; {AGAIN}")
        return data


def _question(wanted: Obj) -> str:
    import json

    return json.dumps(wanted, sort_keys=True)


def _selected(kind: Kind, namespace: str, row: Obj) -> Listing:
    """The answer to a question as it was saved."""
    saved = get_typed(row, "list", dict)
    states = {str(state): state for state in State}
    return Listing(
        kind=kind,
        version=get_typed(saved, "version", str),
        namespace=namespace,
        items=get_typed(row, "objects", list),
        state=states.get(get_typed(saved, "state", str), State.FAILED),
        reason=get_typed(saved, "reason", str),
    )


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
