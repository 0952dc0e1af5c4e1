"""Notes: what people wrote about findings, or about the cluster; shown with the findings in every report.

They are kept in a file beside the source. Nothing here reads or writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harvdiag.core.model import Finding

__all__ = ["CLUSTER", "Note", "NoteStatus", "Notes"]

CLUSTER = ""
"""Stands for the fingerprint in a note about the cluster."""


class NoteStatus(Enum):
    """What people decided about a finding."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    FALSE_POSITIVE = "false positive"
    FIXED = "fixed"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Note:
    """One entry: about which finding, what was written, by whom and when."""

    fingerprint: str = CLUSTER
    """That of the finding (`Finding.fingerprint`); empty for a note about the cluster."""
    text: str = ""
    """Markdown, as it was written."""
    status: NoteStatus | None = None
    """The status that it sets; None: it leaves that as it is."""
    author: str = ""
    time: str = ""
    """When it was written, RFC 3339."""
    done: tuple[str, ...] = ()
    """The texts of the steps that it ticks."""
    undone: tuple[str, ...] = ()
    """The texts of the steps whose tick it removes."""


class Notes:
    """All notes on one cluster, oldest first; `path` is the file in which they are kept, None where there is none."""

    def __init__(self, entries: Iterable[Note] = (), path: Path | None = None) -> None:
        self.entries = tuple(entries)
        self.path = path

    def __iter__(self) -> Iterator[Note]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def cluster(self) -> tuple[Note, ...]:
        """The notes about the cluster, oldest first."""
        return self.of(CLUSTER)

    def of(self, fingerprint: str) -> tuple[Note, ...]:
        """Return the notes about one finding, given by its fingerprint, oldest first."""
        return tuple(note for note in self.entries if note.fingerprint == fingerprint)

    def status(self, fingerprint: str) -> NoteStatus:
        """Return the last status that was set for a finding; open where none was."""
        told = [note.status for note in self.of(fingerprint) if note.status]
        return told[-1] if told else NoteStatus.OPEN

    def ticked(self, finding: Finding) -> frozenset[int]:
        """Return the numbers (from 1) of the steps of a finding that people ticked as done."""
        done: set[str] = set()
        for note in self.of(finding.fingerprint):
            done |= {*note.done}
            done -= {*note.undone}
        return frozenset(number for number, step in enumerate(finding.next, 1) if step in done)

    def stale(self, fingerprints: Iterable[str]) -> tuple[Note, ...]:
        """Return the notes about findings that are not among these: fixed since, or no longer found."""
        known = {CLUSTER, *fingerprints}
        return tuple(note for note in self.entries if note.fingerprint not in known)
