"""What a snapshot answers to a question: some objects, and which lists were read for it."""

from __future__ import annotations

from typing import NamedTuple

from harvdiag.core.fields import Obj
from harvdiag.core.model import CoverageEntry

__all__ = ["Answer", "Found"]


class Found(NamedTuple):
    """What `Snapshot.find` found: the objects, and the coverage of the list in which it looked."""

    objects: tuple[Obj, ...]
    entry: CoverageEntry

    @property
    def gap(self) -> str | None:
        """Why absence of an object proves nothing; None if it does."""
        return None if self.entry.state.seen else f"{self.entry.state}: {self.entry.reason}"


class Answer(NamedTuple):
    """What `Snapshot.ask` found: the objects by namespace and name, and the coverage of the lists that it read."""

    objects: tuple[Obj, ...]
    entries: tuple[CoverageEntry, ...]

    @property
    def gaps(self) -> tuple[CoverageEntry, ...]:
        """The lists that were not, or not completely, seen."""
        return tuple(entry for entry in self.entries if not entry.state.seen)

    @property
    def seen(self) -> bool:
        """Whether any list was read, at least in part."""
        return any(entry.state.seen or entry.count for entry in self.entries)
