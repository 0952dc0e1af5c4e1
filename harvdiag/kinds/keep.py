"""What is kept of the objects of kinds with a list of fields: neither environments nor user data, nor bulk."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from harvdiag.core.fields import Obj, field_path
from harvdiag.kinds.credentials import hide_bodies
from harvdiag.kinds.kind import Kind
from harvdiag.kinds.other import OTHER_FIELDS, STATE

__all__ = ["is_stored", "keep_fields", "share_object", "store_object"]

KEPT = ("apiVersion", "kind")
KEPT_METADATA = (
    "creationTimestamp",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "labels",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "uid",
)
"""The metadata that is always kept. Annotations may copy the whole object, so each is named in the list of its kind."""

Tree = dict[str, Any]


def keep_fields(obj: Obj, paths: tuple[str, ...]) -> Obj:
    """Return the object with these fields only, its identity included; a path keeps everything below it."""
    kept: Obj = _prune(obj, _tree(paths))
    return kept


def store_object(kind: Kind, obj: Obj) -> Obj:
    """Return what is handed on of an object, in a snapshot file or a page: the fields of its kind, if it has a list."""
    paths = kind.stored or kind.keep
    if paths:
        return keep_fields(obj, paths)
    stored = hide_bodies(obj)
    metadata = stored.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return stored
    return stored | {"metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def share_object(kind: Kind, obj: Obj) -> Obj:
    """Return what is given to others, redacted, of an object: of a kind without a list, what tells how it is."""
    return store_object(kind, obj) if kind.stored or kind.keep else keep_fields(obj, OTHER_FIELDS.get(kind.name, STATE))


def is_stored(kind: Kind, path: str) -> bool:
    """Whether a field of a kind is handed on, so that its absence in a snapshot file proves something."""
    paths = kind.stored or kind.keep
    tree: Tree | None = _tree(paths) if paths else None
    for step in (str(step) for step in field_path(path).steps if isinstance(step, str)):
        if tree is None:
            return True
        name = _branch(tree, step)
        if name is None:
            return False
        tree = tree[name]
    return True


@lru_cache(maxsize=64)
def _tree(paths: tuple[str, ...]) -> Tree:
    tree: Tree = dict.fromkeys(KEPT)
    tree["metadata"] = dict.fromkeys(KEPT_METADATA)
    for path in paths:
        _plant(tree, [str(step) for step in field_path(path).steps])
    return tree


def _plant(tree: Tree, steps: Iterable[str]) -> None:
    *above, last = steps
    for step in above:
        tree = tree.setdefault(step, {})
    tree.setdefault(last, None)


def _prune(value: Any, tree: Tree | None) -> Any:
    """The parts of a value that the tree names; None for a tree means the whole value."""
    if tree is None:
        return value
    if isinstance(value, list):
        return [_prune(item, tree) for item in value if isinstance(item, dict)]
    if not isinstance(value, dict):
        return None
    return {key: _prune(part, tree[name]) for key, part in value.items() if (name := _branch(tree, key)) is not None}


def _branch(tree: Tree, key: str) -> str | None:
    return key if key in tree else "*" if "*" in tree else None
