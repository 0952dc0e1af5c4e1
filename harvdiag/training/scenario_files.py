"""Scenarios: small broken (or almost broken) clusters in YAML, each with its expected findings.

A scenario is `<root>/<rule>/<name>.yaml`. Its first document describes it (`scenario`, `follows`, `base`, `expect`,
`captured_at`, `target`); the others are applied to the objects of `<root>/base/<base>.yaml`: one with apiVersion, kind,
name and namespace of an object there is a merge patch (RFC 7386) for it, `$patch: delete` removes it, any other is
added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from harvdiag.core.errors import UsageError

__all__ = ["Scenario", "build_objects", "find_scenarios", "load_scenario", "parse_documents"]

_Object = dict[str, Any]
_TIME = "tag:yaml.org,2002:timestamp"
_HEAD = {"scenario": str, "follows": str, "base": str, "expect": dict, "captured_at": str, "target": str}


@dataclass(frozen=True)
class Scenario:
    """One scenario, with its objects complete.

    `rule` is the rule it is about (the name of its directory), `expect` maps a rule to its findings' subjects
    (`Kind/name`) and holds every finding of every rule. `captured_at` is an RFC 3339 time or None. `objects` are plain
    dictionaries as the API would list them.
    """

    path: Path
    rule: str
    title: str
    follows: str | None
    expect: Mapping[str, tuple[str, ...]]
    captured_at: str | None
    target: str
    """The version to upgrade to, of one for a preflight; else empty."""
    objects: tuple[_Object, ...]


def find_scenarios(root: Path) -> list[Path]:
    """Find all scenario files below `root`, sorted, without the bases."""
    return sorted(path for path in root.glob("*/*.yaml") if path.parent.name != "base")


def load_scenario(path: Path) -> Scenario:
    """Read one scenario and its base.

    Raises UsageError, in one line, if a file is missing, is not YAML or does not have the form above.
    """
    head, *layers = _read_documents(path) or [{}]
    _check_head(path, head)
    objects = build_objects(path, _find_base(path, head["base"]), layers)
    return Scenario(
        path=path,
        rule=path.parent.name,
        title=head["scenario"],
        follows=head.get("follows"),
        expect={rule: tuple(subjects) for rule, subjects in head["expect"].items()},
        captured_at=head.get("captured_at"),
        target=head.get("target", ""),
        objects=tuple(objects),
    )


def _find_base(path: Path, name: str) -> Path:
    """The base of a scenario: in its own root, else in that of the other scenarios beside it."""
    own = path.parents[1] / "base"
    return (own if own.is_dir() else path.parents[2] / "scenarios" / "base") / f"{name}.yaml"


def build_objects(place: Path, base: Path | None, layers: Iterable[_Object]) -> list[_Object]:
    """The objects of a base file (none without one) with each layer merged, removed or added; layers are consumed.

    Raises UsageError, which names `place`, for a layer that is not an object or removes one that is not there.
    """
    objects = _load_base(base) if base else []
    for layer in layers:
        _apply_layer(place, objects, layer)
    return objects


def _load_base(path: Path) -> list[_Object]:
    """The objects of a base: each document is one, or a ``kind: List`` of them."""
    objects: list[_Object] = []
    for document in _read_documents(path):
        items = document.get("items") if document.get("kind") == "List" else [document]
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise UsageError(f"{path} contains a List whose items are not objects")
        objects += items
    return objects


def _read_documents(path: Path) -> list[_Object]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    return parse_documents(path, text)


def parse_documents(path: Path, text: str) -> list[_Object]:
    """The mappings of a YAML text; times stay text. Raises UsageError, which names `path`, where it is not that."""
    import yaml

    class Loader(yaml.CSafeLoader):
        pass

    resolvers = yaml.CSafeLoader.yaml_implicit_resolvers
    plain = {first: [pair for pair in pairs if pair[0] != _TIME] for first, pairs in resolvers.items()}
    Loader.yaml_implicit_resolvers = plain
    try:
        documents = list(yaml.load_all(text, Loader))
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not valid YAML: {error}") from error
    if not all(isinstance(document, dict) for document in documents):
        raise UsageError(f"{path} must hold mappings only; one of its documents is something else")
    return cast(list[_Object], documents)


def _check_head(path: Path, head: _Object) -> None:
    for key in ("scenario", "base", "expect"):
        if key not in head:
            raise UsageError(f"{path} has no `{key}` in its first document, which must describe the scenario")
    for key, value in head.items():
        if key not in _HEAD:
            raise UsageError(f"{path} has the unknown key `{key}` in its first document; known are {', '.join(_HEAD)}")
        if not isinstance(value, _HEAD[key]):
            raise UsageError(f"{path} has a `{key}` that is not of type {_HEAD[key].__name__}")
    for rule, subjects in head["expect"].items():
        if not isinstance(subjects, list) or not all(isinstance(text, str) and "/" in text for text in subjects):
            raise UsageError(f"{path} must give the subjects of `{rule}` as a list of Kind/name")


def _apply_layer(path: Path, objects: list[_Object], layer: _Object) -> None:
    """Patch, remove or add one object in place."""
    order = layer.pop("$patch", "merge")
    key = _object_key(path, layer)
    known = next((obj for obj in objects if _object_key(path, obj) == key), None)
    if order == "delete" and known is not None:
        objects.remove(known)
    elif order == "merge" and known is not None:
        _merge_patch(known, layer)
    elif order == "merge":
        objects.append(layer)
    else:
        problem = "deletes an object that is not there" if order == "delete" else f"has the unknown $patch {order!r}"
        raise UsageError(f"{path} {problem}: {' '.join(key)}")


def _object_key(path: Path, obj: _Object) -> tuple[str, str, str, str]:
    meta = obj.get("metadata")
    if not isinstance(meta, dict) or not (obj.get("apiVersion") and obj.get("kind") and meta.get("name")):
        raise UsageError(f"{path}: every object needs apiVersion, kind and metadata.name")
    return obj["apiVersion"], obj["kind"], meta.get("namespace", ""), meta["name"]


def _merge_patch(target: _Object, patch: _Object) -> None:
    """Apply a JSON merge patch (RFC 7386) in place: null deletes a key, a mapping is merged, anything else replaces."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            if not isinstance(target.get(key), dict):
                target[key] = {}
            _merge_patch(target[key], value)
        else:
            target[key] = value
