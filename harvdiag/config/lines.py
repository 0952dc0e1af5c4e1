"""Lines: where the field of a mistake is in the text, as far as its headers tell; the parser keeps no places."""

from __future__ import annotations

import re

__all__ = ["Lines"]

_HEADER = re.compile(r"^\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(?:#.*)?$")


class Lines:
    """The lines of a file; `prefix` comes before the names of its sections."""

    def __init__(self, prefix: str, text: str) -> None:
        self._lines = text.splitlines()
        heads = [(at, found) for at, line in enumerate(self._lines, 1) if (found := _HEADER.match(line))]
        self._heads = [(at, re.sub(r"[\s\"']", "", found[1]).removeprefix(prefix)) for at, found in heads]

    def find(self, section: str, number: int, key: str) -> int:
        """Return the line of a key in the entry `number` (from 1; 0: the only one) of a section; else of its header.

        0 where neither is found.
        """
        own = [at for at, name in self._heads if name == section]
        if section and len(own) < max(number, 1):
            return 0
        begin = own[max(number, 1) - 1] if section else 0
        inner = f"{section}." if section else ""
        heads = [at for at, name in self._heads if at > begin and not (inner and name.startswith(inner))]
        end = min(heads, default=len(self._lines) + 1)
        word = re.compile(rf"\s*(?:[\w\"'.]*\.)?[\"']?{re.escape(key)}[\"']?\s*[=.]")
        rows = range(begin + 1, end)
        at = next((row for row in rows if key and word.match(self._lines[row - 1])), 0)
        return at or next((row for row, name in self._heads if key and name == f"{inner}{key}"), begin)
