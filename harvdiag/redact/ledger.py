"""What the pseudonyms of a key stand for: a private file beside the key, by which its owner translates back.

A pseudonym cannot be worked out backwards, not even with the key; so each is noted when it is handed out. The file only
grows, one entry a line, each written in one go, so that two commands at once do not disturb one another.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress

from harvdiag.core.errors import UsageError
from harvdiag.redact.key import Key
from harvdiag.redact.names import PART
from harvdiag.redact.reveal import find_strangers, reveal_text

__all__ = ["Ledger"]

ENDING = ".names.jsonl"
SHOWN = 3


class Ledger:
    """The names behind the pseudonyms of one key."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.path = key.path.with_name(f"{key.path.name.removesuffix('.key')}{ENDING}")

    def add(self, issued: Mapping[str, str]) -> None:
        """Note what pseudonyms stand for. Raises OSError if that cannot be written."""
        known = set(self._lines())
        lines = [json.dumps([made, name], ensure_ascii=True) for made, name in sorted(issued.items())]
        new = [line for line in lines if line not in known]
        if not new:
            return
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # After a line break: a line that a crash truncated then stays alone.
            os.write(handle, ("\n" + "\n".join(new) + "\n").encode())
        finally:
            os.close(handle)

    def read(self) -> dict[str, str]:
        """Return what each pseudonym stands for; a truncated line is left out."""
        found: dict[str, str] = {}
        for line in self._lines():
            with suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, list) and len(entry) == 2 and all(isinstance(part, str) for part in entry):
                    found.setdefault(*entry)
        return found

    def reveal(self, text: str) -> tuple[str, list[str]]:
        """Return a text with the originals, and the pseudonyms in it that are not known.

        Raises UsageError where there are pseudonyms in it, and none is of this key.
        """
        issued = self.read()
        parts: dict[str, int] = {}
        for made in issued:
            first, *more = PART.findall(made) or [""]
            parts[first] = max(parts.get(first, 0), 1 + len(more))
        plain, strangers = reveal_text(text, issued, parts), find_strangers(text, issued)
        if strangers and plain == text:
            shown = ", ".join(strangers[:SHOWN])
            raise UsageError(
                f"none of the pseudonyms ({shown}{', …' if len(strangers) > SHOWN else ''}) was made here with the key "
                f"{self.key.path}: give the one that made them with --key"
            )
        return plain, strangers

    def _lines(self) -> list[str]:
        try:
            return self.path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []
