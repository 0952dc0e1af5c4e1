"""Field paths: reading a value from a raw object by its path, and writing the path for people."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

__all__ = ["FieldPath", "Obj", "field_path", "get_items", "get_labels", "get_text", "name_of", "namespace_of", "uid_of"]

Obj = dict[str, Any]

_STEP = re.compile(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)')


class FieldPath:
    """A path in an object, such as ``metadata.annotations["cluster.x-k8s.io/machine"]``.

    Written as ``kubectl explain`` does; keys that contain dots or slashes are in brackets.
    """

    __slots__ = ("steps", "text")

    def __init__(self, path: str) -> None:
        self.text = path
        self.steps: tuple[str | int, ...] = tuple(
            int(index) if index else quoted or plain for quoted, index, plain in _STEP.findall(path)
        )

    def get(self, obj: Any) -> Any:
        """Return the value at this path, or None if any step is missing."""
        for step in self.steps:
            if isinstance(obj, dict):
                obj = obj.get(step)
            elif isinstance(obj, list) and isinstance(step, int) and step < len(obj):
                obj = obj[step]
            else:
                return None
            if obj is None:
                return None
        return obj

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"FieldPath({self.text!r})"


@lru_cache(maxsize=1024)
def field_path(path: str) -> FieldPath:
    """Return the parsed form of a path; each path is parsed once."""
    return FieldPath(path)


def get_text(obj: Any, path: str) -> str:
    """Return the string at a path; empty if absent, null or not a string (the API omits empty strings)."""
    value = field_path(path).get(obj)
    return value if isinstance(value, str) else ""


def get_items(obj: Any, path: str) -> list[Any]:
    """Return the list at a path; empty if absent, null or not a list."""
    value = field_path(path).get(obj)
    return value if isinstance(value, list) else []


def name_of(obj: Obj) -> str:
    """``metadata.name``"""
    return get_text(obj, "metadata.name")


def namespace_of(obj: Obj) -> str:
    """``metadata.namespace``; empty for cluster-scoped objects."""
    return get_text(obj, "metadata.namespace")


def uid_of(obj: Obj) -> str:
    """``metadata.uid``"""
    return get_text(obj, "metadata.uid")


def get_labels(obj: Obj) -> dict[str, Any]:
    """Return ``metadata.labels``; empty if there are none."""
    labels = field_path("metadata.labels").get(obj)
    return labels if isinstance(labels, dict) else {}
