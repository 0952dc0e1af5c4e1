"""The one door for YAML: lists as the support-bundle-kit writes them, and documents that kubectl or a person wrote."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from harvdiag.core.errors import UsageError
from harvdiag.io.yaml.text import TextError, check_text, line_at

__all__ = ["TextError", "engine", "load_documents", "load_kit_document", "load_kit_list", "paused_collector"]

# yaml.v2 sorts keys, so `kind` follows the items; it does not indent them, so only they begin with "- " in column 0.
_kit_head = re.compile(rb"apiVersion: [^\n ]+\nitems:\n(?=- )").match
_ITEM, _TAIL = b"\n- ", b"\nkind: "
_METADATA, _MANAGED = b"\n  metadata:\n", b"\n    managedFields:\n"
_outside = re.compile(rb"\n {0,3}[^ \n]").search
_managed = re.compile(rb"\n    managedFields:(?:\n+    [- ] [^\n]*)+").match

Parse = Callable[[bytes], Any]


def engine() -> str:
    """What parses lists, with its version. HARVDIAG_YAML=pyyaml|yaml-rs chooses; UsageError where it cannot be had."""
    return _engine(os.environ.get("HARVDIAG_YAML", ""))[0]


@cache
def _engine(wanted: str) -> tuple[str, Parse]:
    if wanted not in ("", "pyyaml", "yaml-rs"):
        raise UsageError(f"HARVDIAG_YAML={wanted}: there is no such engine; set it to pyyaml or yaml-rs, or unset it")
    if wanted != "pyyaml":
        try:
            from harvdiag.io.yaml import fasttext

            return fasttext.title(), fasttext.parse
        except ImportError:
            if wanted:
                raise UsageError(
                    "HARVDIAG_YAML=yaml-rs: yaml-rs is not installed; pip install 'harvdiag[fast]'"
                ) from None
    from harvdiag.io.yaml import yamltext

    return yamltext.title(), yamltext.parse


def _parser() -> Parse:
    return _engine(os.environ.get("HARVDIAG_YAML", ""))[1]


@contextmanager
def paused_collector() -> Iterator[None]:
    """Load with the garbage collector off, and keep what was loaded out of its later rounds. May be nested."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.enable()


@contextmanager
def _forgetting() -> Iterator[None]:
    """No word of a text outlives its load in the parser's memory."""
    try:
        yield
    finally:
        if yamltext := sys.modules.get("harvdiag.io.yaml.yamltext"):
            yamltext.forget()


@_forgetting()
def load_documents(data: bytes) -> list[Any]:
    """All documents of a text that kubectl or a person wrote. TextError where it cannot be read exactly."""
    from harvdiag.io.yaml import yamltext

    check_text(data)
    return yamltext.parse_all(data)


@_forgetting()
def load_kit_document(data: bytes) -> Any:
    """The one document of a text that the kit wrote, such as metadata.yaml. TextError as for lists."""
    check_text(data)
    return _parser()(data)


@_forgetting()
def load_kit_list(data: bytes) -> list[Any]:
    """The items of a list file of a bundle, without their managedFields; what an item is, the caller checks.

    TextError where the file is cut short, is no list, or is no text that the kit could have written.
    """
    check_text(data)
    head = _kit_head(data)
    if not head:
        items = _whole_list(data)
    else:
        tail = data.rfind(_TAIL) + 1
        if tail <= data.rfind(_ITEM):
            raise _cut_short()
        _check_tail(data, tail)
        items = [_item(data, start, end) for start, end in _spans(data, head.end(), tail)]
    for item in items:
        _drop_managed(item)
    return items


def _spans(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Where each item begins and ends: parsed one by one, the parser needs the memory of one."""
    while start < stop:
        end = data.find(_ITEM, start, stop) + 1 or stop
        yield start, end
        start = end


def _item(data: bytes, start: int, end: int) -> Any:
    text = data[start:end]
    try:
        value = _parser()(_without_managed(text))
    except TextError:
        value = _exactly(text, data.count(b"\n", 0, start))
    if not isinstance(value, list) or len(value) != 1:
        raise TextError("an item of the list cannot be told from the next", line_at(data, start))
    return value[0]


def _exactly(text: bytes, lines: int) -> Any:
    """The whole text of an item that could not be parsed without its managedFields; the error has the file's line."""
    from harvdiag.io.yaml import yamltext

    try:
        return yamltext.parse(text)
    except TextError as error:
        raise error.below(lines) from None


def _without_managed(item: bytes) -> bytes:
    """The text of an item without metadata.managedFields, half of all bytes; anything of that name elsewhere stays."""
    metadata = item.find(_METADATA)
    start = item.find(_MANAGED, metadata) if metadata >= 0 else -1
    if start < 0 or _outside(item, metadata + 1, start):
        return item
    found = _managed(item, start)
    if not found or (start + 1 == metadata + len(_METADATA) and not item.startswith(b"\n    ", found.end())):
        return item  # nothing else is in metadata: without it, the mapping would become null
    return item[:start] + item[found.end() :]


def _drop_managed(item: Any) -> None:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)


def _check_tail(data: bytes, start: int) -> None:
    """What follows the items must say that they were all written."""
    try:
        tail = _parser()(data[start:])
    except TextError as error:
        raise error.below(data.count(b"\n", 0, start)) from None
    if not isinstance(tail, dict) or not _is_list(tail):
        raise _cut_short()
    double = {"apiVersion", "items"} & tail.keys()
    if double:
        raise TextError(f"the key {min(double)!r} stands twice")


def _whole_list(data: bytes) -> list[Any]:
    document = _only(load_documents(data))
    if not isinstance(document, dict):
        raise TextError("is no list of objects")
    if "items" not in document:
        raise TextError("is no list of objects: it has no `items`")
    if not _is_list(document):
        raise _cut_short()
    items = document["items"]
    if items is None:
        return []
    if not isinstance(items, list):
        raise TextError("is no list of objects: its `items` are none")
    return items


def _only(documents: list[Any]) -> Any:
    if len(documents) != 1:
        raise TextError(f"holds {len(documents)} YAML documents instead of one" if documents else "is empty")
    return documents[0]


def _is_list(document: dict[str, Any]) -> bool:
    kind = document.get("kind")
    return isinstance(kind, str) and kind.endswith("List")


def _cut_short() -> TextError:
    return TextError("is cut short: no `kind: List` stands after the items")
