"""Writing of objects as the kit writes them, so that its readers read it: sorted keys, one line a value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["write_item", "write_list", "write_mapping"]

# Plain where no version of YAML reads it as anything but a string.
_plain = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*").fullmatch
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def write_list(items: Iterable[bytes]) -> Iterator[bytes]:
    """Return the pieces of the file of a list, of which the items are written by `write_item`."""
    first = True
    for item in items:
        yield b"apiVersion: v1\nitems:\n" + item if first else item
        first = False
    yield b"apiVersion: v1\nitems: []\nkind: List\n" if first else b"kind: List\n"


def write_item(obj: dict[str, Any]) -> bytes:
    """Return one object as an item of a list. Raises ValueError for a value that JSON cannot represent."""
    lines = _mapping(obj, "  ")
    return ("- " + "\n".join(lines)[2:] + "\n").encode() if lines else b"- {}\n"


def write_mapping(values: dict[str, Any]) -> bytes:
    """Return a mapping as a document."""
    return ("\n".join(_mapping(values, "")) + "\n").encode()


def _mapping(value: dict[str, Any], indent: str) -> list[str]:
    lines: list[str] = []
    for key in sorted(value):
        _entry(lines, f"{indent}{_scalar(str(key))}:", value[key], indent)
    return lines


def _entry(lines: list[str], head: str, value: Any, indent: str) -> None:
    """The lines of a key with its value; a list is not indented below its key."""
    if isinstance(value, dict) and value:
        lines.append(head)
        lines += _mapping(value, f"{indent}  ")
    elif isinstance(value, list) and value:
        lines.append(head)
        lines += _sequence(value, indent)
    else:
        lines.append(f"{head} {_scalar(value)}")


def _sequence(value: list[Any], indent: str) -> list[str]:
    lines: list[str] = []
    for item in value:
        if isinstance(item, dict) and item:
            first, *rest = _mapping(item, f"{indent}  ")
            lines += [f"{indent}- {first[len(indent) + 2 :]}", *rest]
        elif isinstance(item, list) and item:
            first, *rest = _sequence(item, f"{indent}  ")
            lines += [f"{indent}- {first[len(indent) + 2 :]}", *rest]
        else:
            lines.append(f"{indent}- {_scalar(item)}")
    return lines


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        if _plain(value) and value.lower() not in _WORDS:
            return value
        return _ODD.sub(_escape, _encode(value))
    return "{}" if value == {} else "[]" if value == [] else _encode(value)


def _escape(match: re.Match[str]) -> str:
    """What YAML does not allow as it is, escaped as in JSON; half of a pair of surrogates has no form in YAML."""
    number = ord(match[0])
    return "\\ufffd" if 0xD800 <= number <= 0xDFFF else f"\\u{number:04x}"
