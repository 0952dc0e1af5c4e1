"""What ``kubectl get … -o yaml`` or ``-o json`` writes as a source: one file, or a folder of such files."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from harvdiag.errors import HarvdiagError, SourceError
from harvdiag.fields import Obj, name_of, namespace_of
from harvdiag.kind import Kind
from harvdiag.kinds import CATALOGUE, known, qualified
from harvdiag.model import State
from harvdiag.reading import Container, load_documents, open_container, paused_collector
from harvdiag.snapshot import Listing, Manifest, Resource
from harvdiag.sources.endings import ENDINGS

__all__ = ["FilesReader"]

Key = tuple[str, str]  # the kind's name, the namespace


def __dir__() -> list[str]:
    return __all__


class FilesReader:
    """Takes all documents at once, for only their content tells which kinds they hold.

    A kind of which no file holds an object or an empty typed list (``kind: MachineList``) was not looked at: a folder
    cannot say that nothing else existed. Raises SourceError for a file that cannot be used.
    """

    def __init__(self, name: str, documents: Iterable[tuple[str, Any]], captured_at: str = "") -> None:
        self.manifest = Manifest("files", name, captured_at)
        self._objects: dict[Key, dict[str, tuple[str, Obj]]] = defaultdict(dict)
        self._resources: dict[Key, Resource] = {}
        with paused_collector():
            for file, document in documents:
                self._take(file, document)
        if not self._resources:
            raise SourceError(f"{name}: no Kubernetes object in it; give what `kubectl get … -o yaml` writes")

    @classmethod
    def at(cls, path: Path) -> Self:
        """The files at a path: one file, or every ``.yaml``, ``.yml`` and ``.json`` of a folder."""
        return cls(path.name, _documents(path))

    def resources(self) -> Sequence[Resource]:
        """One entry a kind and namespace."""
        return tuple(self._resources.values())

    def read(self, kinds: Sequence[Kind]) -> list[Listing]:
        """The objects of these kinds, each namespace apart."""
        return [listing for kind in kinds for listing in self._read(kind)]

    def host(self, node: str) -> Obj | None:  # noqa: ARG002 - files of kubectl hold no files of hosts
        """Never anything: kubectl lists objects, not files."""
        return None

    def _read(self, kind: Kind) -> Iterator[Listing]:
        keys = [key for key in self._resources if key[0] == kind.name]
        for key in keys:
            items = [obj for _, obj in self._objects[key].values()]
            yield Listing(kind, self._resources[key].version, key[1], items)
        if (kind.name, kind.home) not in keys and kind.name in CATALOGUE:
            where = f" of namespace {kind.home}" if kind.home else ""
            yield Listing(kind, "", kind.home, (), State.NOT_LOOKED_AT, f"no file holds a {kind.name}{where}")

    def _take(self, file: str, document: Any) -> None:
        if document is None:
            return
        if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
            raise SourceError(f"{file}: a document without `kind`; give what `kubectl get … -o yaml` writes")
        kind, items = document["kind"], document.get("items")
        if not kind.endswith("List") or not isinstance(items, list | None) or "items" not in document:
            self._add(file, document, "", "")
            return
        bare, version = kind.removesuffix("List"), str(document.get("apiVersion", "v1"))
        if bare and not items:
            self._note_empty(bare, version)
        for item in items or ():
            if not isinstance(item, dict):
                raise SourceError(f"{file}: an item of the {kind} is no object")
            self._add(file, item, bare, version)

    def _note_empty(self, bare: str, version: str) -> None:
        key, resource = _place(bare, version, None)
        self._resources.setdefault(key, resource)

    def _add(self, file: str, obj: Obj, bare: str, version: str) -> None:
        bare = str(obj.get("kind") or bare)
        name = name_of(obj)
        if not bare or not name:
            raise SourceError(f"{file}: an object without {'kind' if not bare else 'metadata.name'}")
        key, resource = _place(bare, str(obj.get("apiVersion") or version), namespace_of(obj))
        before = self._objects[key].get(name)
        if before and before[1] != obj:
            raise SourceError(f"two different objects are called {key[0]} {name}: in {before[0]} and {file}; keep one")
        self._objects[key][name] = (file, obj)
        self._resources.setdefault(key, resource)


def _place(bare: str, api_version: str, namespace: str | None) -> tuple[Key, Resource]:
    """The key and resource of an object; an empty list (namespace None) stands for the kind's home."""
    group, _, version = api_version.rpartition("/")
    entry = CATALOGUE.get(qualified(group, bare))
    kind = entry or known(group, f"{bare.lower()}s")
    where = namespace if namespace is not None else kind.home
    return (kind.name, where), Resource(group, version, kind.plural, where, bare)


def _documents(path: Path) -> Iterator[tuple[str, Any]]:
    box = open_container(path if path.is_dir() else path.parent)
    names = [path.name] if path.is_file() else [name for name in box.names("") if name.lower().endswith(ENDINGS)]
    for name in sorted(names):
        yield from ((name, document) for document in _parse(box, name))


def _parse(box: Container, name: str) -> list[Any]:
    try:
        data = box.read(name)
        return [json.loads(data)] if name.lower().endswith(".json") else load_documents(data)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{name}: is no valid JSON: {str(error).splitlines()[0]}") from error
    except HarvdiagError as error:
        raise SourceError(f"{name}: {error}") from error
