"""Parts of an item that do not go through a parser: they are cut out of its text, and what is kept of them put back.

Only what stands line by line as the support-bundle-kit writes it is cut; any other text is parsed whole, so that what
is read, and what is refused, stays the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from functools import partial
from sys import intern
from typing import Any

from harvdiag.io.yaml.mending import DAMAGED, Mend, mend_texts

__all__ = ["Cut", "cut_rows", "dropping", "forget_rows", "put_back"]

Held = list[tuple[str, str, Any, bool]]
Cut = Callable[[bytes], tuple[bytes, Held]]
"""Takes the text of an item; returns the text to parse, and what was read without a parser: parent, field, value, and
whether texts in it may be damaged."""

_outside = re.compile(rb"\n {0,3}[^ \n]").search
# The value of a label is a string: in quotes without an escape, or bare, and then neither a number nor a word of YAML.
_labels = re.compile(
    rb"(?:      [A-Za-z][A-Za-z0-9._/-]{0,199}+: (?:\"[A-Za-z0-9._-]*+\"\n"
    rb"|(?![0-9.eE-]++\n|true\n|True\n|TRUE\n|false\n|False\n|FALSE\n|null\n|Null\n|NULL\n)"
    rb"[A-Za-z0-9][A-Za-z0-9._-]*+\n))+"
).match
# The name of an image has a slash and begins with a letter, so it is a string; a size is a number as Go prints it.
_images = re.compile(
    rb"(?:    - names:\n(?:      - [a-z][a-z0-9.-]*+(?::[0-9]++)?+/[A-Za-z0-9._/@:-]++(?<!:)\n)++"
    rb"      sizeBytes: [1-9](?:[0-9]{0,14}|(?:\.[0-9]{1,15})?e\+(?:0[0-9]|1[0-4]))\n)+"
).match

_BODY = b"\n  data:\n"
_LONG = 100
_key = re.compile(rb"    ([a-z][a-z0-9-]{0,99}): ").match
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="


def cut_rows(item: bytes) -> tuple[bytes, Held]:
    """Cut out the labels and the images of a Node, most of its text: both are rows of one form."""
    held: Held = []
    for parent, field, match, read, empty in _ROWS:
        first, end = _find_rows(item, parent, field, match)
        if end:
            rows = item[first:end].decode("ascii")
            held.append((parent, field, read(rows), DAMAGED in rows))
            item = item[: first - 1] + empty + item[end:]
    return item, held


def _find_rows(item: bytes, parent: str, field: str, match: Any) -> tuple[int, int]:
    """Where the rows of a field begin and end; two zeros where one of them has another form."""
    above, here = b"\n  %b:\n" % parent.encode(), b"\n    %b:\n" % field.encode()
    top = item.find(above)
    start = item.find(here, top) if top >= 0 else -1
    if start < 0 or _outside(item, top + len(above) - 1, start + 1):
        return 0, 0
    first = start + len(here)
    found = match(item, first)
    return (first, found.end()) if found and _ends_rows(item, found.end()) else (0, 0)


def _ends_rows(item: bytes, end: int) -> bool:
    """Whether nothing that follows can belong to the rows: a further key, beside the field or above it, or the end."""
    return end == len(item) or (item.startswith(b"  ", end) and not item.startswith((b"     ", b"    -"), end))


def _read_labels(block: str) -> dict[str, str] | None:
    rows = block[6:-1].split("\n      ")
    labels = dict(map(_pairs.__getitem__, rows))
    return labels if len(labels) == len(rows) else None


class _Pairs(dict[str, tuple[str, str]]):
    """Key and value of each row of labels: the Nodes of a cluster have most of them in common."""

    def __missing__(self, row: str) -> tuple[str, str]:
        key, _, value = row.partition(": ")
        pair = self[row] = (intern(key), value.strip('"'))
        return pair


_pairs = _Pairs()


def forget_rows() -> None:
    """Clear what was kept of the rows of labels; to be called when a text has been read."""
    _pairs.clear()


def _read_images(block: str) -> list[dict[str, Any]]:
    images = []
    for row in block.split("    - names:\n      - ")[1:]:
        names, _, size = row.rpartition("\n      sizeBytes: ")
        images.append({"names": names.split("\n      - "), "sizeBytes": _read_size(size)})
    return images


def _read_size(text: str) -> int | float:
    value = float(text)  # exact: there are at most 16 digits
    return int(value) if value.is_integer() else value


_ROWS: tuple[tuple[str, str, Any, Callable[[str], Any], bytes], ...] = (
    ("metadata", "labels", _labels, _read_labels, b" {}\n"),
    ("status", "images", _images, _read_images, b" []\n"),
)


def put_back(item: Any, held: Held, mend: Mend) -> bool:
    """Put what was cut out in its place, mended; False if a place is not there: the text has to be parsed whole."""
    for parent, field, value, damaged in held:
        place = item.get(parent) if isinstance(item, dict) else None
        if value is None or not isinstance(place, dict) or place.get(field) != type(value)():
            return False
        place[field] = mend_texts(value, mend) if damaged else value
    return True


def dropping(kept: Collection[str]) -> Cut:
    """Return a cut that drops long base64 from the `data` of an object, but for the keys that are kept."""
    return partial(_drop_lines, frozenset(key.encode() for key in kept))


def _drop_lines(kept: frozenset[bytes], item: bytes) -> tuple[bytes, Held]:
    body = item.find(_BODY)
    at = body + len(_BODY)
    pieces, begin, seen = [], 0, set[bytes]()
    while body >= 0 and item.startswith(b"    ", at):
        found, end = _key(item, at), item.find(b"\n", at) + 1
        if not found or not end or found[1] in seen:
            return item, []  # a value of several lines, or a key twice
        seen.add(found[1])
        if end - at > _LONG and found[1] not in kept and not item[found.end() : end - 1].translate(None, _BASE64):
            pieces.append(item[begin:at])
            begin = end
        at = end
    return (b"".join((*pieces, item[begin:])), []) if pieces else (item, [])
