"""The objects of all files: which lists are whole, objects that come twice, and what contradicts each other."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from harvdiag.core.fields import Obj, get_text, name_of, uid_of
from harvdiag.core.suggest import join_names
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.sensitive import redact_objects
from harvdiag.snapshot import Resource
from harvdiag.sources.files.names import is_by_object
from harvdiag.sources.files.objects import Batch, Found, Identity, Key

__all__ = ["Conflict", "Stock"]

_Lists = list[tuple[str, frozenset[Identity]]]  # of each list of one kind and namespace, the file and what it holds
_STATELESS = {"Setting", "Setting.longhorn.io", "Secret", "Event"}


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
        self._spanning: set[str] = set()
        self._objects: dict[Key, dict[str, tuple[str, Found]]] = defaultdict(dict)
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
        self._spanning |= batch.spanning

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

    def is_everywhere(self, kind: Kind) -> bool:
        """Whether a list of the kind was made with every namespace: it, or what is beside it, is of two or more."""
        if kind.name in self._cut:
            return False
        return kind.name in self._spanning or (self._whole and any(name == kind.name for name, _ in self.resources))

    def narrow_reason(self, kind: Kind) -> str:
        """Return why a kind may have objects in other namespaces; empty if its list was made with all of them.

        One with two namespaces was, and every kind beside it in the same list; so was an empty one, as it comes from
        the API itself.
        """
        spaces = sorted(namespace for name, namespace in self.resources if name == kind.name)
        held = [space for space in spaces if self._objects.get((kind.name, space))]
        if self.is_everywhere(kind) or not held:
            return ""
        return (
            f"all of them are of namespace {join_names(held)}, as with `-n`; give "
            f"`kubectl get pods,{kind.resource} -A -o yaml`, whose Pods show that it is all"
        )

    def _keep(self, file: str, found: Found) -> None:
        key, name = found.key, name_of(found.obj)
        # Of a Secret no body is held, not even until it is asked for.
        kept = next(iter(redact_objects("secrets", [found.obj])), None) if key[0] == "Secret" else found.obj
        if kept is None:
            return
        found, before = found._replace(obj=kept), self._objects[key].get(name)
        if before is None or _replaces(before, (file, found)):
            self._objects[key][name] = (file, found)
            if found.gone:
                del self._objects[key][name]
        elif before[1].obj != kept and not _is_older(before, (file, found)):
            self._note_conflict(before, file, found)

    def _note_conflict(self, before: tuple[str, Found], file: str, found: Found) -> None:
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


def _is_served(found: Found) -> bool:
    """Whether a server had this object as it is: it gives each a uid, and its controllers most a status."""
    return bool(uid_of(found.obj) or found.obj.get("status"))


def _is_stateless(found: Found) -> bool:
    """Whether its kind has no status on any server: in a file with others of a server, it is taken for one too."""
    return found.key[0] in _STATELESS


def _replaces(before: tuple[str, Found], after: tuple[str, Found]) -> bool:
    """Whether an object is a later state of one that was read: in a saved watch, or in the list of a dump."""
    if before[1].obj == after[1].obj:
        return after[1].gone
    if not _is_same(before[1], after[1]):
        return False
    watched = before[0] == after[0] and before[1].single and after[1].single
    return watched or (_is_dump(before, after) and _version(after[1]) > _version(before[1]))


def _is_older(before: tuple[str, Found], after: tuple[str, Found]) -> bool:
    return _is_same(before[1], after[1]) and _is_dump(before, after)


def _is_same(before: Found, after: Found) -> bool:
    return bool(uid_of(before.obj)) and uid_of(before.obj) == uid_of(after.obj)


def _is_dump(before: tuple[str, Found], after: tuple[str, Found]) -> bool:
    return is_by_object(before[0]) and is_by_object(after[0])


def _version(found: Found) -> tuple[int, int]:
    """How late a state is, and, of the same state in two versions of the API, which the catalogue prefers."""
    number = get_text(found.obj, "metadata.resourceVersion")
    known = CATALOGUE[found.key[0]].versions if found.key[0] in CATALOGUE else ()
    place = known.index(found.resource.version) if found.resource.version in known else len(known)
    return (int(number) if number.isdecimal() and len(number) < 40 else 0, -place)
