"""managedFields: which fields of an object there are, as the API server writes them for each who wrote some."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["field_set"]

_KEYS = ("type", "name", "ip", "containerPort", "uid", "key")
"""By what the items of a list are told apart."""


def field_set(value: Mapping[str, Any]) -> dict[str, Any]:
    """The fieldsV1 of a dictionary: every key as ``f:key``, every item of a list as ``k:{…}``."""
    out: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            out[f"f:{key}"] = {".": {}, **field_set(inner)}
        elif isinstance(inner, list) and inner and isinstance(inner[0], dict):
            out[f"f:{key}"] = _items(inner)
        else:
            out[f"f:{key}"] = {}
    return out


def _items(values: list[dict[str, Any]]) -> dict[str, Any]:
    """Of a list of objects; nothing of one whose items nothing tells apart."""
    found: dict[str, Any] = {".": {}}
    for item in values:
        key = next((key for key in _KEYS if key in item), None)
        if key is None:
            return {}
        found["k:" + json.dumps({key: item[key]}, separators=(",", ":"))] = {".": {}, **field_set(item)}
    return found
