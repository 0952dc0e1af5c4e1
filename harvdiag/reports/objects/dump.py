"""Objects as YAML and JSON in the form of kubectl: exact, so that reading the text gives the same object again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import yaml

from harvdiag.core.escape import escape_json, escape_text, is_plain
from harvdiag.core.fields import Obj

__all__ = ["dump_json", "dump_object", "dump_yaml", "list_of", "strip_managed"]

WIDE = 10**6
"""Characters of a line before YAML would fold it: a value stays on one line."""
_LIKE_NUMBER = re.compile(
    r"[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9_]+)?"
    r"|\d{4}-\d\d?-\d\d?.*|0[xXoObB][0-9a-fA-F_]+|[-+]?\.(?:inf|nan)|[-+]?\d+(?::[0-5]?\d)+(?:\.\d*)?",
    re.IGNORECASE,
)
"""Text that one version of YAML or another reads as a number or a date, such as the digest 405862e486: it is quoted."""
_LIKE_WORD = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "=", "<<", ""})
"""Text that one version of YAML or another reads as a boolean or as nothing."""


def list_of(objects: Sequence[Obj], alone: bool) -> Obj:
    """Return what kubectl prints for an answer: a List, or the `alone` object that was asked for by its name."""
    if alone and len(objects) == 1:
        return objects[0]
    return {"apiVersion": "v1", "items": list(objects), "kind": "List", "metadata": {"resourceVersion": ""}}


def dump_object(obj: Obj) -> str:
    """Return one object as YAML without managedFields, ending with a newline."""
    return dump_yaml(strip_managed(obj))


def strip_managed(obj: Obj) -> Obj:
    """Return the object without metadata.managedFields, as kubectl shows it."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return obj
    return obj | {"metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def dump_yaml(value: Any) -> str:
    """Return a value as YAML with sorted keys; control characters are escaped as YAML does."""
    text: str = yaml.dump(_clean(value), Dumper=_dumper(), allow_unicode=True, width=WIDE)
    # What YAML leaves as it is, such as a mark that turns the direction of text, is in a quoted string: see below.
    return "".join(f"{escape_text(line)}\n" for line in text.removesuffix("\n").split("\n"))


def dump_json(value: Any) -> str:
    """Return a value as JSON with sorted keys and four blanks a level; control characters are escaped."""
    return escape_json(json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False)) + "\n"


def _clean(value: Any) -> Any:
    """The value with halves of surrogate pairs escaped, which JSON allows and YAML does not."""
    if isinstance(value, Mapping):
        return {_clean(key): _clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    if isinstance(value, str) and not value.isascii():
        return value.encode(errors="backslashreplace").decode()
    return value


@cache
def _dumper() -> Any:
    """A dumper that quotes strings where any YAML reader needs it, and makes no anchors of values that are alike."""
    base = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    dumper: Any = type("Dumper", (base,), {"ignore_aliases": lambda *_: True})
    dumper.add_representer(str, _represent_text)
    return dumper


def _represent_text(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style_of(text))


def _style_of(text: str) -> str | None:
    """How a string is written: in double quotes where it has to be escaped or be told from a number."""
    if "\n" in text and is_plain(text.replace("\n", "")) and not text.startswith((" ", "\n", "\t")):
        return "|"
    if not is_plain(text) or _LIKE_NUMBER.fullmatch(text) or text.lower() in _LIKE_WORD:
        return '"'
    return None
