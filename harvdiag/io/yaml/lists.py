"""YAML loaders: lists as the support-bundle-kit writes them, and documents that kubectl or a person wrote."""

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
from harvdiag.io.yaml.cuts import Cut, forget_rows, put_back
from harvdiag.io.yaml.mending import Mend, keep, mend_texts
from harvdiag.io.yaml.text import TextError, check_text, line_at

__all__ = ["TextError", "engine_version", "load_documents", "load_kit_document", "load_kit_list", "paused_collector"]

# yaml.v2 sorts keys, so `kind` follows the items; it does not indent them, so only they begin with "- " in column 0.
_kit_head = re.compile(rb"apiVersion: [^\n ]+\nitems:\n(?=- )").match
_ITEM, _TAIL = b"\n- ", b"\nkind: "
_METADATA, _MANAGED = b"\n  metadata:\n", b"\n    managedFields:\n"
_outside = re.compile(rb"\n {0,3}[^ \n]").search
_managed = re.compile(rb"\n    managedFields:(?:\n+    [- ] [^\n]*)+").match

Parse = Callable[[bytes, Mend], Any]


def engine_version() -> str:
    """Return the parser of lists, with its version. HARVDIAG_YAML=pyyaml|yaml-rs selects it; else UsageError."""
    return _select_engine(os.environ.get("HARVDIAG_YAML", ""))[0]


@cache
def _select_engine(wanted: str) -> tuple[str, Parse]:
    if wanted not in ("", "pyyaml", "yaml-rs"):
        raise UsageError(f"HARVDIAG_YAML={wanted}: unknown engine; set it to pyyaml or yaml-rs, or unset it")
    if wanted != "pyyaml":
        try:
            from harvdiag.io.yaml import fasttext

            return fasttext.engine_version(), fasttext.parse_document
        except ImportError:
            if wanted:
                raise UsageError(
                    "HARVDIAG_YAML=yaml-rs: yaml-rs is not installed; pip install 'harvdiag[fast]'"
                ) from None
    from harvdiag.io.yaml import yamltext

    return yamltext.engine_version(), lambda data, mend: mend_texts(yamltext.parse_document(data), mend)


def _selected_parser() -> Parse:
    return _select_engine(os.environ.get("HARVDIAG_YAML", ""))[1]


@contextmanager
def paused_collector() -> Iterator[None]:
    """Load with the garbage collector off, and exclude what was loaded from later collections. May be nested."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.enable()


@contextmanager
def _forgetting_words() -> Iterator[None]:
    """Clear the parser's cache of words after a load: some may be passwords."""
    try:
        yield
    finally:
        forget_rows()
        if yamltext := sys.modules.get("harvdiag.io.yaml.yamltext"):
            yamltext.forget_words()


@_forgetting_words()
def load_documents(data: bytes) -> list[Any]:
    """Load all documents of a text that kubectl or a person wrote. Raises TextError if it cannot be read exactly."""
    from harvdiag.io.yaml import yamltext

    check_text(data)
    return yamltext.parse_documents(data)


@_forgetting_words()
def load_kit_document(data: bytes) -> Any:
    """Load the one document of a text that the kit wrote, such as metadata.yaml. Raises TextError as for lists."""
    check_text(data)
    return _selected_parser()(data, keep)


@_forgetting_words()
def load_kit_list(
    data: bytes, chosen: Callable[[bytes], bool] | None = None, cut: Cut | None = None, mend: Mend = keep
) -> list[Any]:
    """Load the items of a list file of a bundle, without their managedFields; the caller checks the items.

    With `chosen`, only the items for whose text it is true are parsed; all of them where the text cannot be divided.
    `cut` takes out of an item what needs no parser (`harvdiag.io.yaml.cuts`); `mend` gives what stands for a text that
    may be damaged.
    Raises TextError if the file is truncated, not a list, or not text that the kit could have written.
    """
    check_text(data)
    head = _kit_head(data)
    if not head:
        items = [mend_texts(item, mend) for item in _load_whole_list(data)]
    else:
        tail = data.rfind(_TAIL) + 1
        if tail <= data.rfind(_ITEM):
            raise _truncated_error()
        _check_tail(data, tail)
        picked = _item_spans(data, head.end(), tail)
        if chosen is not None:  # it is quicker to look once through the whole text, where nothing may be chosen at all
            picked = (span for span in picked if chosen(data[slice(*span)])) if chosen(data) else iter(())
        items = [_load_item(data, span, cut, mend) for span in picked]
    for item in items:
        _drop_managed(item)
    return items


def _item_spans(data: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Where each item begins and ends: they are parsed one by one to save memory."""
    while start < stop:
        end = data.find(_ITEM, start, stop) + 1 or stop
        yield start, end
        start = end


def _load_item(data: bytes, span: tuple[int, int], cut: Cut | None, mend: Mend) -> Any:
    start, end = span
    text = data[start:end]
    whole = _without_managed(text)
    short, held = cut(whole) if cut else (whole, [])
    try:
        value = _selected_parser()(short, mend)
    except TextError:
        value, held = mend_texts(_parse_exactly(text, data.count(b"\n", 0, start)), mend), []
    if not isinstance(value, list) or len(value) != 1:
        raise TextError("an item of the list cannot be separated from the next", line_at(data, start))
    if not put_back(value[0], held, mend):
        return _load_item(data, span, None, mend)
    return value[0]


def _parse_exactly(text: bytes, lines: int) -> Any:
    """Parse the whole text of an item that failed without its managedFields; errors have the line in the file."""
    from harvdiag.io.yaml import yamltext

    try:
        return yamltext.parse_document(text)
    except TextError as error:
        raise error.shift_lines(lines) from None


def _without_managed(item: bytes) -> bytes:
    """The text of an item without metadata.managedFields, half of all bytes; fields of that name elsewhere stay."""
    metadata = item.find(_METADATA)
    start = item.find(_MANAGED, metadata) if metadata >= 0 else -1
    if start < 0 or _outside(item, metadata + 1, start):
        return item
    match = _managed(item, start)
    if not match or (start + 1 == metadata + len(_METADATA) and not item.startswith(b"\n    ", match.end())):
        return item  # nothing else is in metadata: without it, the mapping would become null
    return item[:start] + item[match.end() :]


def _drop_managed(item: Any) -> None:
    metadata = item.get("metadata") if isinstance(item, dict) else None
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)


def _check_tail(data: bytes, start: int) -> None:
    """Raise TextError unless what follows the items shows that all were written."""
    try:
        tail = _selected_parser()(data[start:], keep)
    except TextError as error:
        raise error.shift_lines(data.count(b"\n", 0, start)) from None
    if not isinstance(tail, dict) or not _is_list(tail):
        raise _truncated_error()
    duplicates = {"apiVersion", "items"} & tail.keys()
    if duplicates:
        raise TextError(f"duplicate key {min(duplicates)!r}")


def _load_whole_list(data: bytes) -> list[Any]:
    document = _single_document(load_documents(data))
    if not isinstance(document, dict):
        raise TextError("is not a list of objects")
    if "items" not in document:
        raise TextError("is not a list of objects: it has no `items`")
    if not _is_list(document):
        raise _truncated_error()
    items = document["items"]
    if items is None:
        return []
    if not isinstance(items, list):
        raise TextError("is not a list of objects: its `items` are not a list")
    return items


def _single_document(documents: list[Any]) -> Any:
    if len(documents) != 1:
        raise TextError(f"holds {len(documents)} YAML documents instead of one" if documents else "is empty")
    return documents[0]


def _is_list(document: dict[str, Any]) -> bool:
    kind = document.get("kind")
    return isinstance(kind, str) and kind.endswith("List")


def _truncated_error() -> TextError:
    return TextError("is truncated: no `kind: List` after the items")
