"""The objects of many documents: which kinds they hold, which lists are whole, and objects that come twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from harvdiag.core.errors import SourceError
from harvdiag.core.fields import Obj, get_text, name_of, namespace_of, uid_of
from harvdiag.kinds import CATALOGUE, kind_for_resource, qualified_name
from harvdiag.kinds.plansecret import strip_plan
from harvdiag.kinds.plural import guess_plural
from harvdiag.snapshot import Resource
from harvdiag.sources.files.names import is_by_object, namespace_of_path
from harvdiag.sources.files.recognise import Foreign, recognise_value

__all__ = ["Batch", "Conflict", "Key", "Stock", "collect_objects"]

Key = tuple[str, str]  # the kind's name, the namespace
_Sort = tuple[str, str]  # the group of its API, the kind
_Identity = tuple[str, str]  # the name of an object, its uid
PAGE = ("continue", "_continue", "remainingItemCount")  # metadata of a list that is not the whole of it
_STATELESS = {"Setting", "Setting.longhorn.io", "Secret", "Event"}
_CHANGES = {"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"}


_Lists = list[tuple[str, frozenset[_Identity]]]  # of each list of one kind and namespace, the file and what it holds


class _Found(NamedTuple):
    """One object in a file: its key and resource, and whether it stands by itself, not in a list."""

    key: Key
    resource: Resource
    obj: Obj
    single: bool
    gone: bool = False


@dataclass
class Batch:
    """What the documents of one file hold. `told` is what some of them are instead of objects."""

    found: list[_Found] = field(default_factory=list)
    empty: list[tuple[Key, Resource]] = field(default_factory=list)
    listed: set[Key] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    told: list[Foreign] = field(default_factory=list)
    lists: list[tuple[Key, frozenset[_Identity]]] = field(default_factory=list)
    """What each list holds of each kind and namespace. A list in a list stands before the one that holds it."""

    @property
    def has_objects(self) -> bool:
        """Whether any object, or the word that there is none of a kind, is in it."""
        return bool(self.found or self.empty)

    def add_cut(self, sorts: Iterable[tuple[str, str]]) -> None:
        """Note that there were more objects of these API versions and kinds."""
        self.cut |= {_locate(kind, version, "")[0][0] for version, kind in sorts}

    def drop_empty(self, sorts: Collection[_Sort] | None = None) -> None:
        """Forget the empty lists of these kinds (of all) that have namespaces: it is not known of which they are."""
        unsure = (key for key, resource in self.empty if sorts is None or (resource.group, resource.kind) in sorts)
        gone = {key for key in unsure if key[1]}
        self.empty = [(key, resource) for key, resource in self.empty if key not in gone]
        self.listed -= gone - {found.key for found in self.found}


def collect_objects(file: str, values: Iterable[Any]) -> Batch:
    """Collect the objects of one file. Raises SourceError, with its name, for an object or list that is damaged."""
    batch, lists = Batch(), Counter[_Sort]()
    for value in values:
        _add_value(batch, lists, file, value)
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
    if isinstance(value, dict) and value.get("type") in _CHANGES and isinstance(value.get("object"), dict):
        _add_change(batch, lists, file, value["type"], value["object"])
        return
    foreign = recognise_value(value)
    if foreign:
        batch.told.append(foreign)
        return
    if not _is_list(value):
        batch.found.append(_find_object(file, value))
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
        batch.found.append(_find_object(file, obj)._replace(gone=True))


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
    for item in items:
        if not isinstance(item, dict):
            raise SourceError(f"{file}: an item of the {document['kind']} is not an object")
        if _is_list(item) or (not name_of(item) and "kind" in item and recognise_value(item)):
            _add_value(batch, lists, file, item)
            continue
        found = _find_object(file, item, bare, version)
        batch.found.append(found)
        keys.add(found.key)
    batch.listed |= keys
    batch.lists += _identities(batch.found[before:])
    metadata = document.get("metadata")
    if isinstance(metadata, dict) and any(metadata.get(page) for page in PAGE):
        batch.cut |= {name for name, _ in keys}


def _identities(found: Iterable[_Found]) -> Iterable[tuple[Key, frozenset[_Identity]]]:
    """The objects of one list by kind and namespace."""
    held: dict[Key, set[_Identity]] = defaultdict(set)
    for one in found:
        held[one.key].add((name_of(one.obj), uid_of(one.obj)))
    return [(key, frozenset(identities)) for key, identities in held.items()]


_EMPTY = Foreign(
    "an empty `kind: List`, which does not tell of which kind there is none",
    "`kubectl get --raw /apis/GROUP/VERSION/PLURAL` does",
    ours=True,
)


def _find_object(file: str, obj: Obj, bare: str = "", version: str = "") -> _Found:
    single, bare = not bare and not version, str(obj.get("kind") or bare)
    if not bare or not name_of(obj):
        raise SourceError(f"{file}: an object without {'kind' if not bare else 'metadata.name'}")
    version = str(obj.get("apiVersion") or version)
    key, resource = _locate(bare, version, namespace_of(obj))
    if not obj.get("kind") or not obj.get("apiVersion"):
        obj = {**obj, "apiVersion": version, "kind": bare}
    if "managedFields" in obj["metadata"]:
        obj = {**obj, "metadata": {k: v for k, v in obj["metadata"].items() if k != "managedFields"}}
    return _Found(key, resource, obj, single)


def _locate(bare: str, api_version: str, namespace: str | None) -> tuple[Key, Resource]:
    """The key and resource of an object; an empty list (namespace None) counts for the kind's home."""
    group, _, version = api_version.rpartition("/")
    entry = CATALOGUE.get(qualified_name(group, bare))
    kind = entry or kind_for_resource(group, guess_plural(bare))
    where = kind.home if namespace is None else namespace
    return (kind.name, where), Resource(group, version, kind.plural, where, bare)


@dataclass
class Conflict:
    """Two objects of one name that cannot be of one cluster at one time, and the files in which they are.

    With `lists`, two lists of one kind, `what`, of which each says that there are no others, and none holds the other.
    """

    what: str
    files: tuple[str, str]
    clusters: bool
    lists: bool = False

    @property
    def rank(self) -> tuple[bool, bool]:
        """How much it tells: two Nodes of one name in two clusters tell most."""
        return self.clusters, self.what.partition(" ")[0] == "Node"


class Stock:
    """All objects of all files. Of a Secret only the parts without credentials are ever held."""

    def __init__(self, *, whole: bool = False) -> None:
        self.resources: dict[Key, Resource] = {}
        self.conflict: Conflict | None = None
        self._whole = whole
        self._listed: set[Key] = set()
        self._cut: set[str] = set()
        self._made: set[Key] = set()
        self._objects: dict[Key, dict[str, tuple[str, _Found]]] = defaultdict(dict)
        self._lists: dict[Key, _Lists] = defaultdict(list)

    def add(self, file: str, batch: Batch) -> None:
        """Add what one file holds. Two different objects of one name are noted as `conflict`; the first is kept."""
        for key, resource in batch.empty:
            self.resources.setdefault(key, resource)
        served = any(map(_is_served, batch.found))
        for found in batch.found:
            self.resources.setdefault(found.key, found.resource)
            if self._whole or found.key[0] not in CATALOGUE or _is_served(found) or (served and _is_stateless(found)):
                self._keep(file, found)
            else:
                self._made.add(found.key)
        for key, held in batch.lists:
            self._lists[key].append((file, held))
        self._listed |= batch.listed
        self._cut |= batch.cut

    def compare_lists(self) -> None:
        """Note as `conflict` two lists of one kind and namespace of which neither holds the other.

        Each says that there are no other objects. Pages say no such thing; nor are kinds refused of which a check asks
        for some objects only, as they are often listed in parts: of these the list is not whole then.
        """
        if self._whole or self.conflict:
            return
        for key, lists in self._lists.items():
            found, kind = _contradict(lists), CATALOGUE.get(key[0])
            if not found or key[0] in self._cut or key in self._made:
                continue
            conflict = Conflict(key[0], *found, lists=True)
            if kind is None or kind.lazy or kind.only:
                self._cut.add(key[0])
            elif self.conflict is None or conflict.rank > self.conflict.rank:
                self.conflict = conflict

    def objects(self, key: Key) -> list[Obj]:
        """Return the objects of a kind in one namespace."""
        return [found.obj for _, found in self._objects[key].values()]

    def incomplete_reason(self, key: Key) -> str:
        """Return why the objects of a kind may not be complete, and what to do; empty if they are."""
        resource = self.resources[key]
        name = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
        give = f"give the whole list (`kubectl get {name} -A -o yaml`)"
        if key in self._made:
            return (
                "some objects have neither uid nor status: they were not taken from a cluster as they are "
                f"(kubectl neat? manifests?); {give}"
            )
        if key[0] in self._cut:
            return f"only a part of the list: {give.replace('whole list', 'whole one')}"
        return "" if self._whole or key in self._listed else f"only single objects: {give}"

    def _keep(self, file: str, found: _Found) -> None:
        key, name = found.key, name_of(found.obj)
        kept = strip_plan(found.obj) if key[0] == "Secret" else found.obj
        if kept is None:
            return
        found, before = found._replace(obj=kept), self._objects[key].get(name)
        if before is None or _replaces(before, (file, found)):
            self._objects[key][name] = (file, found)
            if found.gone:
                del self._objects[key][name]
        elif before[1].obj != kept and not _is_older(before, (file, found)):
            self._note_conflict(before, file, found)

    def _note_conflict(self, before: tuple[str, _Found], file: str, found: _Found) -> None:
        first, second = uid_of(before[1].obj), uid_of(found.obj)
        clusters = bool(first and second and first != second)
        conflict = Conflict(f"{found.key[0]} {name_of(found.obj)}", (before[0], file), clusters)
        if self.conflict is None or conflict.rank > self.conflict.rank:
            self.conflict = conflict


def _contradict(lists: _Lists) -> tuple[tuple[str, str], bool] | None:
    """The files of two lists of which neither holds the other, and whether they share no object; None if one has all.

    The longest is one of the two.
    """
    first, longest = max(lists, key=lambda one: len(one[1]))
    for second, held in lists:
        if not held <= longest:
            return (first, second), not held & longest
    return None


def _is_served(found: _Found) -> bool:
    """Whether a server had this object as it is: it gives each a uid, and its controllers most a status."""
    return bool(uid_of(found.obj) or found.obj.get("status"))


def _is_stateless(found: _Found) -> bool:
    """Whether its kind has no status on any server: in a file with others of a server, it is taken for one too."""
    return found.key[0] in _STATELESS


def _replaces(before: tuple[str, _Found], after: tuple[str, _Found]) -> bool:
    """Whether an object is a later state of one that was read: in a saved watch, or in the list of a dump."""
    if before[1].obj == after[1].obj:
        return after[1].gone
    if not _is_same(before[1], after[1]):
        return False
    watched = before[0] == after[0] and before[1].single and after[1].single
    return watched or (_is_dump(before, after) and _version(after[1]) > _version(before[1]))


def _is_older(before: tuple[str, _Found], after: tuple[str, _Found]) -> bool:
    return _is_same(before[1], after[1]) and _is_dump(before, after)


def _is_same(before: _Found, after: _Found) -> bool:
    return bool(uid_of(before.obj)) and uid_of(before.obj) == uid_of(after.obj)


def _is_dump(before: tuple[str, _Found], after: tuple[str, _Found]) -> bool:
    return is_by_object(before[0]) and is_by_object(after[0])


def _version(found: _Found) -> tuple[int, int]:
    """How late a state is, and, of the same state in two versions of the API, which the catalogue prefers."""
    number = get_text(found.obj, "metadata.resourceVersion")
    known = CATALOGUE[found.key[0]].versions if found.key[0] in CATALOGUE else ()
    place = known.index(found.resource.version) if found.resource.version in known else len(known)
    return (int(number) if number.isdecimal() and len(number) < 40 else 0, -place)
