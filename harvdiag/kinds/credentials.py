"""Objects without credentials, by their structure: what holds for every kind, in the catalogue or not.

The value of an environment, of a field or an argument that holds a credential, copies of objects in annotations, user
data, values of charts, and what shows by its form in any text (`harvdiag.core.secrets`). The object that comes in stays
as it is; where nothing had to go, it is returned itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any

from harvdiag.core.fields import Obj, field_path
from harvdiag.core.secrets import MASK, is_secret_key, mask_secrets, may_hold_secrets

__all__ = ["clean_object", "clean_workload", "drop_fields", "hide_bodies", "scrub_object"]

COPIES = frozenset(
    {
        "harvesterhci.io/volumeClaimTemplates",
        "kubectl.kubernetes.io/last-applied-configuration",
        "objectset.rio.cattle.io/applied",
    }
)
"""Annotations that contain a copy of an object, or of the disks of a VM."""
_PACKED = "H4sI"
"""How gzip begins in base64: Wrangler and Fleet pack objects into texts."""
_COPY = r'\s*[{\[][\s\S]{0,4096}?"(?:apiVersion|metadata|spec|stringData)"\s*:|\s*apiVersion:'
_COPY_MARKS = (_PACKED, '"apiVersion"', '"metadata"', '"spec"', '"stringData"', "apiVersion:")
_OPENING = frozenset("Ha{[ \n")
_TEXTS = ("message", "note", "error", "output", "log")
"""How the names of fields end that are written for people, by components that may quote what they were given."""
_SILENT = frozenset({"images", "volumesAttached", "volumesInUse", "nodeInfo", "capacity", "allocatable"})
"""Parts of a status without such texts: of Nodes they are most of it."""
_VALUES = frozenset({"chartContent", "userDataBase64", "networkDataBase64", "values", "valuesContent", "valuesYaml"})
"""Fields with values for a chart, or with files of a VM, whatever they hold."""
_ENVIRONMENT = ("env", "envs", "envvars", "environment")
_ARGUMENTS = frozenset({"args", "command", "arguments", "entrypoint", "exec"})
_CONTAINERS = ("containers", "initContainers")
_BODIES = frozenset({"data", "stringData", "binaryData"})
"""The body of a Secret, a ConfigMap or a ControllerRevision, and of what is made like them."""
_PLACES = ("key", "kind", "mode", "optional", "path", "items")
"""Fields below a credential that tell where it lies, not what it is."""
_SHORTEST = 6
"""Characters of the shortest text that can show a credential by its form: ``pw=abc``."""


def clean_object(obj: Obj) -> Obj:
    """Return an object of a kind without fields for credentials: no copies in annotations, and its messages masked."""
    clean = _clean_annotations(obj)
    status = clean.get("status")
    if isinstance(status, dict) and (masked := _mask_messages(status)) is not status:
        clean = clean | {"status": masked}
    return clean


def scrub_object(obj: Obj) -> Obj:
    """Return an object without what can be a credential anywhere in it."""
    clean = _clean_annotations(obj)
    parts = {key: _scrub_body(obj, key, value) for key, value in clean.items() if key != "metadata"}
    changed = {key: part for key, part in parts.items() if part is not clean[key]}
    return clean | changed if changed else clean


def clean_workload(obj: Obj) -> Obj:
    """Return an object with a template of Pods, of which only the containers have fields for credentials."""
    clean = clean_object(obj)
    template = field_path("spec.template").get(clean)
    if not isinstance(template, dict):
        return clean
    made = _clean_annotations(template)
    spec = template.get("spec")
    if isinstance(spec, dict):
        changed = {key: part for key in _CONTAINERS if (part := _scrub(spec.get(key))) is not spec.get(key)}
        made = made | {"spec": spec | changed} if changed else made
    return clean if made is template else clean | {"spec": clean["spec"] | {"template": made}}


def hide_bodies(obj: Obj) -> Obj:
    """Return an object of which the body, as a ConfigMap has it, is only its keys: any text may be in it."""
    bodies = {key: dict.fromkeys(obj[key], MASK) for key in _BODIES if isinstance(obj.get(key), dict)}
    return obj | bodies if bodies else obj


def drop_fields(obj: Obj, paths: Collection[tuple[str, ...]]) -> Obj:
    """Return an object without the fields at these paths; lists on the way are transparent."""
    for path in paths:
        obj = _drop(obj, path)
    return obj


def _drop(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return _rebuild_list(value, lambda item: _drop(item, path))
    if not isinstance(value, dict) or value.get(path[0]) is None:
        return value
    if len(path) == 1:
        return {key: inner for key, inner in value.items() if key != path[0]}
    below = _drop(value[path[0]], path[1:])
    return value if below is value[path[0]] else value | {path[0]: below}


# --- annotations ---------------------------------------------------------------------------------------------------


def _clean_annotations(obj: Obj) -> Obj:
    metadata = obj.get("metadata")
    notes = metadata.get("annotations") if isinstance(metadata, dict) else None
    if not notes or not isinstance(metadata, dict) or not isinstance(notes, dict):
        return obj
    if _have_plain_names(tuple(notes)) and _are_plain(notes.values()):
        return obj
    changed = {key: part for key, value in notes.items() if (part := _clean_note(key, value)) is not value}
    if not changed:
        return obj
    kept = {key: value for key, value in (notes | changed).items() if value is not None}
    return obj | {"metadata": metadata | {"annotations": kept}}


@lru_cache(maxsize=1024)
def _have_plain_names(keys: tuple[str, ...]) -> bool:
    """Whether no annotation of these is a copy or a credential by its name; objects of a kind have the same ones."""
    return COPIES.isdisjoint(keys) and not any(map(_is_secret_note, keys))


def _are_plain(values: Iterable[Any]) -> bool:
    """Whether none of the values has to be looked at by itself: tested all at once, which takes a tenth of the time."""
    try:
        text = "\n".join(values)
    except TypeError:  # one is not a text
        return False
    copied = "apiVersion" in text or '"metadata"' in text or '"spec"' in text or '"stringData"' in text
    return not copied and _PACKED not in text and not may_hold_secrets(text)


def _clean_note(key: str, value: Any) -> Any:
    """The value of an annotation, masked; None if it contains an object, in text or packed."""
    if key in COPIES:
        return None
    if not isinstance(value, str):
        return _scrub(value)
    if len(value) < _SHORTEST:
        return value
    if value[0] in _OPENING and (value.startswith(_PACKED) or re.match(_COPY, value)):
        return None
    if _is_secret_note(key):
        return MASK
    return value if (masked := _masked(value)) is None else masked


@lru_cache(maxsize=1024)
def _is_secret_note(key: str) -> bool:
    """Whether an annotation holds a credential by its name, without the domain before it."""
    return is_secret_key(key.rpartition("/")[2])


# --- texts ---------------------------------------------------------------------------------------------------------


def _mask_messages(value: Obj) -> Obj:
    """A status with the messages of its conditions masked, in lists and maps at any depth."""
    changed = {}
    for key, inner in value.items():
        part = inner
        if inner.__class__ is str:
            if len(inner) >= _SHORTEST and _is_text(key):
                part = _mask_text(inner)
        elif not inner or key in _SILENT:
            continue
        elif inner.__class__ is list:
            part = _mask_conditions(inner)
        elif inner.__class__ is dict:
            part = _mask_messages(inner)
        if part is not inner:
            changed[key] = part
    return value | changed if changed else value


def _mask_conditions(rows: list[Any]) -> list[Any]:
    parts = rows
    for number, row in enumerate(rows):
        message = row.get("message") if row.__class__ is dict else None
        if message and message.__class__ is str and (masked := _masked(message)) is not None:
            parts = [*parts[:number], row | {"message": masked}, *parts[number + 1 :]]
    return parts


@lru_cache(maxsize=1024)
def _is_text(key: str) -> bool:
    return key.lower().endswith(_TEXTS)


def _mask_text(text: str) -> str:
    """A text, masked; the same object where nothing is."""
    return text if (masked := _masked(text)) is None else masked


@lru_cache(maxsize=8192)
def _masked(text: str) -> str | None:
    """A text, masked; None where nothing is. Many conditions and annotations say the same."""
    if text.startswith(_PACKED):
        return MASK
    masked = mask_secrets(text) if may_hold_secrets(text) else text
    return None if masked == text else masked


# --- whole objects -------------------------------------------------------------------------------------------------


def _scrub_body(obj: Obj, key: str, value: Any) -> Any:
    """A part of an object at its top; of a body only its keys are kept, of a ConfigMap also texts, masked."""
    if key not in _BODIES or not isinstance(value, dict):
        return _scrub_dict({key: value})[key]
    if key == "data" and obj.get("kind") == "ConfigMap":
        return _scrub_dict(value)
    return dict.fromkeys(value, MASK)


@lru_cache(maxsize=4096)
def _change(key: str) -> Callable[[Any], Any] | None:
    """What is done with a field of this name, whatever it holds; None: its value is looked at."""
    if key in _VALUES:
        return _mask_value
    if key.startswith("cloudInit") or is_secret_key(key):
        return _hold
    if key.lower().endswith(_ENVIRONMENT):
        return _strip_variables
    return _mask_words if key in _ARGUMENTS else None


def _scrub(value: Any) -> Any:
    """A value of any form without credentials."""
    if isinstance(value, str):
        return _mask_text(value) if len(value) >= _SHORTEST else value
    if isinstance(value, dict):
        return _scrub_dict(value)
    return _rebuild_list(value, _scrub) if isinstance(value, list) else value


def _scrub_dict(value: Obj) -> Obj:
    changed = {}
    for key, inner in value.items():
        if inner is None or inner.__class__ is bool or inner.__class__ is int:
            continue
        change = _change(key)
        if change is not None:
            part = change(inner)
        elif inner.__class__ is str:
            part = _mask_text(inner) if len(inner) >= _SHORTEST else inner
        else:
            part = _scrub(inner)
        if part is not inner:
            changed[key] = part
    if "value" in value and isinstance(name := value.get("name"), str) and is_secret_key(name):
        changed["value"] = MASK  # a pair of name and value, such as a header
    return value | changed if changed else value


def _mask_value(value: Any) -> Any:
    """The values of a chart; those of a selector are a list."""
    return _scrub(value) if isinstance(value, list) else MASK if value else value


def _strip_variables(value: Any) -> Any:
    return _rebuild_list(value, _strip_variable) if isinstance(value, list) else _scrub(value)


def _mask_words(value: Any) -> Any:
    if not isinstance(value, list):
        return _scrub(value)
    words = list(_mask_arguments(value))
    return value if words == value else words


def _hold(value: Any) -> Any:
    """What stands below the name of a credential: only where it lies is kept."""
    if isinstance(value, dict):
        return _rebuild_dict(value, _hold_field)
    if isinstance(value, list):
        return _rebuild_list(value, _hold)
    return MASK if isinstance(value, str) and value else value


def _hold_field(key: str, value: Any) -> Any:
    tells = key in _PLACES or key.lower().endswith(("name", "namespace", "ref"))
    return _scrub(value) if tells and not isinstance(value, list) else _hold(value)


def _strip_variable(item: Any) -> Any:
    """A variable of an environment: its name, and where its value comes from."""
    if isinstance(item, str):
        return item.partition("=")[0] if "=" in item else _mask_text(item)
    if not isinstance(item, dict) or "value" not in item:
        return _scrub(item)
    return {key: inner for key, inner in item.items() if key != "value"}


def _mask_arguments(words: list[Any]) -> Iterator[Any]:
    """The words of a command; a credential may be a word of its own after its option."""
    before = ""
    for word in words:
        held = before.startswith("-") and "=" not in before and is_secret_key(before.lstrip("-"))
        text = isinstance(word, str)
        yield MASK if held and text and not word.startswith("-") else _scrub(word)
        before = word if text else ""


def _rebuild_list(value: list[Any], change: Callable[[Any], Any]) -> list[Any]:
    parts = [change(item) for item in value]
    return value if all(part is item for part, item in zip(parts, value, strict=True)) else parts


def _rebuild_dict(value: Obj, change: Callable[[str, Any], Any]) -> Obj:
    changed = {key: part for key, inner in value.items() if (part := change(key, inner)) is not inner}
    return value | changed if changed else value
