"""The text of a support bundle's YAML: what rancher/support-bundle-kit does to objects, and how yaml.v2 writes them.

The kit rewrites the API server's JSON text before it decodes it, so that an empty string becomes ``null``, and every
number a float64 (pkg/manager/collectors/common.go).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harvdiag.training.kit.scalars import BREAKS, scalar

__all__ = ["encode", "encode_list", "kit_quirks"]

_NULL = re.compile(r'("[a-zA-Z]+":)(null,)')
_NULL_ESCAPED = re.compile(r'(\\"[a-zA-Z]+\\":)(null,)')
_LONG_KEY = 128


def kit_quirks(value: Any) -> Any:
    """The value with what toObjCommon does to the API server's JSON text."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    text = _NULL.sub(r'\1"null",', text)
    text = _NULL_ESCAPED.sub(r'\1\\"null\\",', text)
    return json.loads(text.replace('""', '"null"'), parse_int=float)


def encode(value: Any) -> str:
    """The YAML text of one non-empty dictionary or list."""
    out: list[str] = []
    _emit(value, 0, out)
    return "".join(out)


def encode_list(items: Iterable[Mapping[str, Any]], meta: Mapping[str, Any]) -> Iterator[str]:
    """The YAML text of a List, item by item, to keep memory small."""
    yield "apiVersion: v1\nitems:\n"
    for item in items:
        out = ["- "]
        _emit(kit_quirks(item), 2, out)
        yield "".join(out)
    yield encode({"kind": "List", "metadata": kit_quirks(meta)})


def _emit(value: Any, indent: int, out: list[str]) -> None:
    """Append the lines of a block collection; the caller has put the cursor at column `indent` of the first line."""
    pad = ""
    for key in _sorted_keys(tuple(value)) if isinstance(value, dict) else ():
        out.append(pad)
        pad = " " * indent
        _pair(key, value[key], indent, out)
    for item in value if isinstance(value, list) else ():
        out.append(f"{pad}- ")
        pad = " " * indent
        _below(item, indent + 2, out)


def _pair(key: str, value: Any, indent: int, out: list[str]) -> None:
    """Append a key and what it holds."""
    if len(key.encode()) > _LONG_KEY or any(sign in BREAKS for sign in key):
        out.append("? ")
        _value(key, indent + 2, indent + 2, out)
        out.append(" " * indent + ": ")
        _below(value, indent + 2, out)
        return
    told = scalar(key, indent, indent, True)
    if isinstance(value, dict | list) and value:
        inner = indent + 2 if isinstance(value, dict) else indent
        out.append(f"{told}:\n" + " " * inner)
        _emit(value, inner, out)
    else:
        out.append(f"{told}: ")
        _value(value, indent + len(told) + 2, indent + 2, out)


def _below(value: Any, indent: int, out: list[str]) -> None:
    """Append what stands behind ``- `` or ``: ``."""
    if isinstance(value, dict | list) and value:
        _emit(value, indent, out)
    else:
        _value(value, indent, indent, out)


def _value(value: Any, column: int, indent: int, out: list[str]) -> None:
    if isinstance(value, dict | list):
        out.append("{}\n" if isinstance(value, dict) else "[]\n")
        return
    text = scalar(value, column, indent)
    # A literal that ends in a line break has written it already.
    out.append(text if text[-1] == "\n" else text + "\n")


@functools.lru_cache(maxsize=1 << 16)
def _sorted_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(keys, key=functools.cmp_to_key(_compare)))


def _compare(left: str, right: str) -> int:
    """keyList.Less as a comparison: letters after other signs, runs of digits as numbers."""
    if left == right:
        return 0
    return -1 if _less(left, right) else 1 if _less(right, left) else 0


def _less(left: str, right: str) -> bool:
    at = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), None)
    if at is None:
        return len(left) < len(right)
    letters = left[at].isalpha(), right[at].isalpha()
    if any(letters):
        return left[at] < right[at] if all(letters) else letters[1]
    start = 1 if "0" in (left[at], right[at]) and _after_digits(left[:at]) else 0
    (number, end), (other, last) = (_number(text, at, start) for text in (left, right))
    if number != other:
        return number < other
    return end < last if end != last else left[at] < right[at]


def _after_digits(text: str) -> bool:
    """Whether the digits at the end of a text have one that is not zero."""
    return bool(re.search(r"[1-9]0*\Z", text))


def _number(text: str, at: int, start: int) -> tuple[int, int]:
    """The number whose digits begin there, and where they end."""
    while at < len(text) and text[at].isdigit():
        start = start * 10 + int(text[at])
        at += 1
    return start, at
