"""What is kept of the objects of kinds with a list of fields: neither environments nor user data, nor bulk."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from harvdiag.core.fields import Obj, field_path

__all__ = ["keep_fields"]

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


@lru_cache
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
