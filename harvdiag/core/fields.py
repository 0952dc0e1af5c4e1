"""Field paths: how a value is found in a raw object, and how that place is written for people."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

__all__ = ["FieldPath", "Obj", "field_path", "get_items", "get_labels", "get_text", "name_of", "namespace_of", "uid_of"]

Obj = dict[str, Any]

_STEP = re.compile(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)')


class FieldPath:
    """A place in an object, such as ``metadata.annotations["cluster.x-k8s.io/machine"]``.

    Written as ``kubectl explain`` writes it; keys that hold dots or slashes stand in brackets.
    """

    __slots__ = ("steps", "text")

    def __init__(self, path: str) -> None:
        self.text = path
        self.steps: tuple[str | int, ...] = tuple(
            int(index) if index else quoted or plain for quoted, index, plain in _STEP.findall(path)
        )

    def get(self, obj: Any) -> Any:
        """The value at this place, or None where any step of the way is missing."""
        for step in self.steps:
            if isinstance(step, str):
                obj = obj.get(step) if isinstance(obj, dict) else None
            else:
                obj = obj[step] if isinstance(obj, list) and step < len(obj) else None
            if obj is None:
                return None
        return obj

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"FieldPath({self.text!r})"


@lru_cache(maxsize=1024)
def field_path(path: str) -> FieldPath:
    """The parsed form of a path; parsed once."""
    return FieldPath(path)


def get_text(obj: Any, path: str) -> str:
    """The string at a path; empty for what is absent, null or no string (the API leaves empty strings out)."""
    value = field_path(path).get(obj)
    return value if isinstance(value, str) else ""


def get_items(obj: Any, path: str) -> list[Any]:
    """The list at a path; empty for what is absent, null or no list."""
    value = field_path(path).get(obj)
    return value if isinstance(value, list) else []


def name_of(obj: Obj) -> str:
    """``metadata.name``"""
    return get_text(obj, "metadata.name")


def namespace_of(obj: Obj) -> str:
    """``metadata.namespace``; empty for objects of cluster scope."""
    return get_text(obj, "metadata.namespace")


def uid_of(obj: Obj) -> str:
    """``metadata.uid``"""
    return get_text(obj, "metadata.uid")


def get_labels(obj: Obj) -> dict[str, Any]:
    """``metadata.labels``, empty where there are none."""
    found = field_path("metadata.labels").get(obj)
    return found if isinstance(found, dict) else {}
