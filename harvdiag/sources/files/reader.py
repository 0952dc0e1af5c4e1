"""kubectl output (``kubectl get … -o yaml`` or ``-o json``) as a source: one file, or a folder of such files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from harvdiag.core.errors import SourceError
from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import State
from harvdiag.io.archive import MemberError, open_container
from harvdiag.io.documents import parse_documents
from harvdiag.io.yaml import paused_collector
from harvdiag.kinds import CATALOGUE, kind_for_resource, qualified_name
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.plansecret import strip_plan
from harvdiag.snapshot import Listing, Manifest, Resource
from harvdiag.sources.files.endings import ENDINGS

__all__ = ["FilesReader"]

Key = tuple[str, str]  # the kind's name, the namespace
PAGE = ("continue", "remainingItemCount")  # metadata of a list that is not the whole of it


class FilesReader:
    """Reads all documents at once, as only their content shows which kinds they contain.

    A kind without an object or an empty typed list (``kind: MachineList``) in any file was not looked at: a folder
    cannot show that nothing else existed. Nor can single objects: only a list shows that there are no others, unless
    `whole` says that the documents are complete. Raises SourceError for a file that cannot be used.
    """

    def __init__(
        self, name: str, documents: Iterable[tuple[str, Any]], captured_at: str = "", *, whole: bool = False
    ) -> None:
        self.manifest = Manifest(kind="files", name=name, captured_at=captured_at)
        self._whole = whole
        self._listed: set[Key] = set()
        self._cut: set[str] = set()
        self._objects: dict[Key, dict[str, tuple[str, Obj]]] = defaultdict(dict)
        self._resources: dict[Key, Resource] = {}
        with paused_collector():
            for file, document in documents:
                self._add_document(file, document)
        if not self._resources:
            raise SourceError(f"{name}: no Kubernetes object in it; give what `kubectl get … -o yaml` writes")

    @classmethod
    def from_path(cls, path: Path) -> Self:
        """Read the files at a path: one file, or every ``.yaml``, ``.yml`` and ``.json`` of a folder."""
        return cls(path.name, _read_documents(path))

    @classmethod
    def from_text(cls, name: str, data: bytes) -> Self:
        """Read the documents of one text, YAML or JSON by its first character; `name` is its name in messages."""
        is_json = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        return cls(name, ((name, document) for document in parse_documents(name, data, is_json=is_json)))

    def resources(self) -> Sequence[Resource]:
        """Return one entry per kind and namespace."""
        return tuple(self._resources.values())

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """Return the objects of these kinds, one list per namespace."""
        return [listing for kind in kinds for listing in self._read_kind(kind)]

    def host(self, node: str) -> Obj | None:  # noqa: ARG002 - kubectl output has no files of hosts
        """Return None: kubectl lists objects, not files."""
        return None

    def _read_kind(self, kind: Kind) -> Iterator[Listing]:
        keys = [key for key in self._resources if key[0] == kind.name]
        for key in keys:
            items = [obj for _, obj in self._objects[key].values()]
            reason = self._incomplete_reason(key)
            state = State.FAILED if reason else State.COLLECTED
            yield Listing(
                kind=kind,
                version=self._resources[key].version,
                namespace=key[1],
                items=items,
                state=state,
                reason=reason,
            )
        if (kind.name, kind.home) not in keys and kind.name in CATALOGUE:
            where = f" of namespace {kind.home}" if kind.home else ""
            yield Listing(
                kind=kind, namespace=kind.home, state=State.NOT_LOOKED_AT, reason=f"no file holds a {kind.name}{where}"
            )

    def _incomplete_reason(self, key: Key) -> str:
        """Why the objects of a kind may not be complete; empty if they are."""
        resource = self._resources[key]
        name = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
        if key[0] in self._cut:
            return f"only a part of the list: give the whole one (`kubectl get {name} -A -o yaml`)"
        if self._whole or key in self._listed:
            return ""
        return f"only single objects: give the whole list (`kubectl get {name} -A -o yaml`)"

    def _add_document(self, file: str, document: Any) -> None:
        if document is None:
            return
        if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
            raise SourceError(f"{file}: a document without `kind`; give what `kubectl get … -o yaml` writes")
        kind, items = document["kind"], document.get("items")
        if not kind.endswith("List") or not isinstance(items, list | None) or "items" not in document:
            self._add_object(file, document)
            return
        self._add_list(file, document, kind, items or [])

    def _add_list(self, file: str, document: Obj, kind: str, items: list[Any]) -> None:
        bare, version = kind.removesuffix("List"), str(document.get("apiVersion", "v1"))
        keys: set[Key] = set()
        if bare and not items:
            key, resource = _locate_object(bare, version, None)
            self._resources.setdefault(key, resource)
            keys.add(key)
        for item in items:
            if not isinstance(item, dict):
                raise SourceError(f"{file}: an item of the {kind} is not an object")
            keys.add(self._add_object(file, item, bare, version))
        self._listed |= keys
        metadata = document.get("metadata")
        if isinstance(metadata, dict) and any(metadata.get(page) for page in PAGE):
            self._cut |= {name for name, _ in keys}

    def _add_object(self, file: str, obj: Obj, bare: str = "", version: str = "") -> Key:
        """Keep one object; of a Secret only the parts without credentials, so that no password is ever held."""
        bare = str(obj.get("kind") or bare)
        name = name_of(obj)
        if not bare or not name:
            raise SourceError(f"{file}: an object without {'kind' if not bare else 'metadata.name'}")
        key, resource = _locate_object(bare, str(obj.get("apiVersion") or version), namespace_of(obj))
        self._resources.setdefault(key, resource)
        kept = strip_plan(obj) if key[0] == "Secret" else obj
        if kept is None:
            return key
        before = self._objects[key].get(name)
        if before and before[1] != kept:
            raise SourceError(f"two different objects are called {key[0]} {name}: in {before[0]} and {file}; keep one")
        self._objects[key][name] = (file, kept)
        return key


def _locate_object(bare: str, api_version: str, namespace: str | None) -> tuple[Key, Resource]:
    """The key and resource of an object; an empty list (namespace None) counts for the kind's home."""
    group, _, version = api_version.rpartition("/")
    entry = CATALOGUE.get(qualified_name(group, bare))
    kind = entry or kind_for_resource(group, f"{bare.lower()}s")
    where = namespace if namespace is not None else kind.home
    return (kind.name, where), Resource(group, version, kind.plural, where, bare)


def _read_documents(path: Path) -> Iterator[tuple[str, Any]]:
    """Every document with the name of its file; the one file given may be a link."""
    if path.is_dir():
        box = open_container(path)
        names = {name: name for name in sorted(box.names("")) if name.lower().endswith(ENDINGS)}
    else:
        real = path.resolve()
        box, names = open_container(real.parent), {path.name: real.name}
    for name, member in names.items():
        try:
            data = box.read(member)
        except MemberError as error:
            raise SourceError(str(error)) from None
        yield from (
            (name, document) for document in parse_documents(name, data, is_json=name.lower().endswith(".json"))
        )
