"""The objects of the documents of one file: which kinds they hold, and what is in each list."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from harvdiag.core.errors import SourceError
from harvdiag.core.escape import escape_text
from harvdiag.core.fields import Obj, name_of, namespace_of, uid_of
from harvdiag.kinds import CATALOGUE, kind_for_resource, qualified_name
from harvdiag.kinds.plural import guess_plural
from harvdiag.snapshot import Resource
from harvdiag.sources.files.names import namespace_of_path
from harvdiag.sources.files.recognise import Foreign, recognise_value

__all__ = ["Batch", "Found", "Identity", "Key", "collect_objects"]

Key = tuple[str, str]  # the kind's name, the namespace
_Sort = tuple[str, str]  # the group of its API, the kind
Identity = tuple[str, str]  # the name of an object, its uid
PAGE = ("continue", "_continue", "remainingItemCount")  # metadata of a list that is not the whole of it
_LONG = 200
_CHANGES = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"}


class Found(NamedTuple):
    """One object in a file: its key and resource, and whether it stands by itself, not in a list."""

    key: Key
    resource: Resource
    obj: Obj
    single: bool
    gone: bool = False


@dataclass
class Batch:
    """What the documents of one file hold. `told` is what some of them are instead of objects."""

    found: list[Found] = field(default_factory=list)
    empty: list[tuple[Key, Resource]] = field(default_factory=list)
    listed: set[Key] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    told: list[Foreign] = field(default_factory=list)
    spanning: set[str] = field(default_factory=set)
    """The kinds of which a list was made with every namespace: it holds objects of two or more."""
    lists: list[tuple[Key, frozenset[Identity]]] = field(default_factory=list)
    """What each list holds of each kind and namespace. A list in a list stands before the one that holds it."""

    @property
    def has_objects(self) -> bool:
        """Whether any object, or the word that there is none of a kind, is in it."""
        return bool(self.found or self.empty)

    def add_cut(self, sorts: Iterable[tuple[str, str]]) -> None:
        """Note that there were more objects of these API versions and kinds."""
        self.cut |= {_locate(kind, version, "")[0][0] for version, kind in sorts if kind}

    def drop_empty(self, sorts: Collection[_Sort] | None = None) -> None:
        """Forget the empty lists of these kinds (of all) that have namespaces: it is not known of which they are."""
        unsure = (key for key, resource in self.empty if sorts is None or (resource.group, resource.kind) in sorts)
        gone = {key for key in unsure if key[1]}
        self.empty = [(key, resource) for key, resource in self.empty if key not in gone]
        self.listed -= gone - {found.key for found in self.found}


class _UnfitError(Exception):
    """What an object or an item of a list is that cannot be used."""


def collect_objects(file: str, values: Sequence[Any], lines: Sequence[int] = ()) -> Batch:
    """Collect the objects of one file, of which each value begins in one of `lines`, if these are known.

    Raises SourceError, with its name and the place, for an object that is damaged.
    """
    batch, lists = Batch(), Counter[_Sort]()
    for number, value in enumerate(values):
        problem = ""
        try:
            _add_value(batch, lists, file, value)
        except _UnfitError as error:
            problem = str(error)
        if problem:
            place = f"document {number + 1}, line {lines[number]}" if lines else f"document {number + 1}"
            raise SourceError(f"{file}: {problem} ({place}): take it out, or write or copy the file again")
    # Of several lists of a kind each is of one namespace.
    batch.drop_empty({sort for sort, count in lists.items() if count > 1})
    return batch


def _add_value(batch: Batch, lists: Counter[_Sort], file: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, list) and value and all(map(_is_object, value)):
        for item in value:
            _add_value(batch, lists, file, item)
        return
    if isinstance(value, dict) and str(value.get("type")) in _CHANGES and isinstance(value.get("object"), dict):
        _add_change(batch, lists, file, value["type"], value["object"])
        return
    foreign = recognise_value(value)
    if foreign:
        batch.told.append(foreign)
        if _is_object(value) and value["kind"].endswith("List"):
            batch.add_cut([(str(value.get("apiVersion") or "v1"), value["kind"].removesuffix("List"))])
    elif not _is_list(value):
        batch.found.append(_find_object(value))
    else:
        _add_list(batch, lists, file, value)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("kind"), str)


def _is_list(value: Any) -> bool:
    if not _is_object(value) or not value["kind"].endswith("List") or "items" not in value:
        return False
    return isinstance(value["items"], list | None)


def _add_change(batch: Batch, lists: Counter[_Sort], file: str, change: str, obj: Obj) -> None:
    """One event of a watch. A bookmark holds no object; an error holds a Status."""
    if change == "BOOKMARK":
        return
    if change != "DELETED":
        _add_value(batch, lists, file, obj)
    elif _is_object(obj):
        batch.found.append(_find_object(obj)._replace(gone=True))


def _add_list(batch: Batch, lists: Counter[_Sort], file: str, document: Obj) -> None:
    bare, version = document["kind"].removesuffix("List"), str(document.get("apiVersion") or "v1")
    items = document.get("items") or []
    lists[version.rpartition("/")[0], bare] += bool(bare)
    keys: set[Key] = set()
    before = len(batch.found)
    if not items and not bare:
        batch.told.append(_EMPTY)
    elif not items:
        key, resource = _locate(bare, version, namespace_of_path(file))
        batch.empty.append((key, resource))
        keys.add(key)
    for number, item in enumerate(items, 1):
        where = f"item {number} of the {escape_text(document['kind'][:_LONG])}"
        if not isinstance(item, dict):
            raise _UnfitError(f"{where} is not an object")
        if _is_list(item) or (not name_of(item) and "kind" in item and recognise_value(item)):
            _add_value(batch, lists, file, item)
            continue
        found = _find_object(item, bare, version, where)
        batch.found.append(found)
        keys.add(found.key)
    batch.listed |= keys
    if len({namespace for _, namespace in keys} - {""}) > 1:
        batch.spanning |= {name for name, _ in keys}
    batch.lists += _identities(batch.found[before:])
    metadata = document.get("metadata")
    if isinstance(metadata, dict) and any(metadata.get(page) for page in PAGE):
        batch.cut |= {name for name, _ in keys}


def _identities(found: Iterable[Found]) -> Iterable[tuple[Key, frozenset[Identity]]]:
    """The objects of one list by kind and namespace."""
    held: dict[Key, set[Identity]] = defaultdict(set)
    for one in found:
        held[one.key].add((name_of(one.obj), uid_of(one.obj)))
    return [(key, frozenset(identities)) for key, identities in held.items()]


_EMPTY = Foreign(
    "an empty `kind: List`, which does not tell of which kind there is none",
    "`kubectl get --raw /apis/GROUP/VERSION/PLURAL` does",
    ours=True,
)


def _find_object(obj: Obj, bare: str = "", version: str = "", where: str = "") -> Found:
    single, bare = not bare and not version, str(obj.get("kind") or bare)
    if not bare or not name_of(obj):
        what = f"a {escape_text(bare[:_LONG])} without metadata.name" if bare else "an object without kind"
        raise _UnfitError(f"{where} is {what}" if where else what)
    version = str(obj.get("apiVersion") or version)
    key, resource = _locate(bare, version, namespace_of(obj))
    if not obj.get("kind") or not obj.get("apiVersion"):
        obj = {**obj, "apiVersion": version, "kind": bare}
    if "managedFields" in obj["metadata"]:
        obj = {**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k != "managedFields"}}
    return Found(key, resource, obj, single)


def _locate(bare: str, api_version: str, namespace: str | None) -> tuple[Key, Resource]:
    """The key and resource of an object; an empty list (namespace None) counts for the kind's home."""
    group, _, version = api_version.rpartition("/")
    entry = CATALOGUE.get(qualified_name(group, bare))
    kind = entry or kind_for_resource(group, guess_plural(bare))
    where = kind.home if namespace is None else namespace
    return (kind.name, where), Resource(group, version, kind.plural, where, bare)
