"""Notes: what people wrote about findings, or about the cluster; shown with the findings in every report.

They are kept in a file beside the source. Nothing here reads or writes it: a `NoteKeeper` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypedDict

from harvdiag.core.errors import HarvdiagError, UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.core.timestamps import Timestamp

if TYPE_CHECKING:
    from pathlib import Path

    from harvdiag.core.model import Finding

__all__ = ["CLUSTER", "ENDING", "Note", "NoteKeeper", "NoteOptions", "NoteStatus", "Notes"]

ENDING = ".notes.yaml"
"""How the files in which notes are kept end."""
LONGEST = 50_000
"""The most characters of the text of a note: who pipes a log into it would not find it again."""
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

    @classmethod
    def parse(cls, word: NoteStatus | str) -> NoteStatus:
        """Return the status of this name, in any case, also ``false-positive``. Raises UsageError for another word."""
        known = {status.value: status for status in cls}
        name = " ".join(str(word).lower().replace("-", " ").replace("_", " ").split())
        if name not in known:
            near = did_you_mean(suggest_names(name, known))
            raise UsageError(f"{str(word)!r} is not a status of a finding: {', '.join(known)}{near}")
        return known[name]


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

    def __str__(self) -> str:
        about = self.fingerprint or "the cluster"
        said = [f"[{self.status}]"] if self.status else []
        said += [f"ticks {len(self.done)}"] if self.done else []
        said += [" ".join(self.text.split())] if self.text else []
        return escape_text(f"{about}: {' '.join(said)} ({self.author}, {self.time})")

    def with_texts(self, change: Callable[[str], str], person: Callable[[str], str]) -> Note:
        """Return the same note with `change` applied to every text in it, and `person` to who wrote it."""
        return replace(
            self,
            fingerprint=change(self.fingerprint) if self.fingerprint else CLUSTER,
            text=change(self.text),
            author=person(self.author),
            done=tuple(map(change, self.done)),
            undone=tuple(map(change, self.undone)),
        )


class NoteOptions(TypedDict, total=False):
    """What a note may say besides its text; the steps by their numbers."""

    status: NoteStatus | str | None
    done: Iterable[int] | int
    undone: Iterable[int] | int
    author: str


class NoteKeeper(Protocol):
    """Where notes are kept: a file. Both methods raise UsageError, in one line, where that is not possible."""

    @property
    def path(self) -> Path:
        """The file, which need not exist yet."""

    def read(self) -> tuple[Note, ...]:
        """Return all notes; none where there is no file."""

    def add(self, note: Note) -> Note:
        """Add a note beside those that others wrote meanwhile; return it, with an author and a time."""


class Notes:
    """All notes on one cluster, oldest first; `path` is the file in which they are kept, None where there is none.

    `fault` says, in one line, why the file could not be read; empty where it was, or where there is none.
    """

    def __init__(
        self, entries: Iterable[Note] = (), path: Path | None = None, keeper: NoteKeeper | None = None
    ) -> None:
        """With a `keeper`, the entries are those that it has; `refresh` reads them."""
        self.entries = _by_time(entries)
        self.fault = ""
        self._keeper = keeper
        self._path = path

    @property
    def path(self) -> Path | None:
        """The file in which they are kept; None where there is none."""
        return self._keeper.path if self._keeper else self._path

    def __iter__(self) -> Iterator[Note]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        count = f"{len(self)} note{'' if len(self) == 1 else 's'}"
        where = f" in {self.path.name}" if self.path else ""
        told = [escape_text(self.fault)] if self.fault else [str(note) for note in self.entries]
        return "\n".join([f"{count}{where}", *(f"  {line}" for line in told)])

    def refresh(self) -> Notes:
        """Read them again, where the file was changed; return itself. Why that failed is `fault`, not an error."""
        if self._keeper:
            try:
                self.entries, self.fault = _by_time(self._keeper.read()), ""
            except HarvdiagError as error:
                self.entries, self.fault = (), str(error)
        return self

    def add(self, note: Note) -> Note:
        """Keep a note, beside those that others wrote meanwhile; return it with its author and time.

        Raises UsageError where there is no file for it, or the file cannot be read or written.
        """
        if not (note.text or note.status or note.done or note.undone):
            raise UsageError("the note is empty: give a text, a status, or steps to tick")
        if len(note.text) > LONGEST:
            raise UsageError(f"the text has {len(note.text)} characters, and {LONGEST} are the most: name a file in it")
        if self._keeper is None:
            raise UsageError("there is no file for notes: open the source with notes=FILE")
        kept = self._keeper.add(note)
        self.entries, self.fault = _by_time(self._keeper.read()), ""
        return kept

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

    def steps_done(self, fingerprint: str) -> tuple[str, ...]:
        """Return the texts of the steps that are ticked, also of those that the finding has no longer."""
        done: dict[str, None] = {}
        for note in self.of(fingerprint):
            done |= dict.fromkeys(note.done)
            for step in note.undone:
                done.pop(step, None)
        return tuple(done)

    def ticked(self, finding: Finding) -> frozenset[int]:
        """Return the numbers (from 1) of the steps of a finding that people ticked as done."""
        done = self.steps_done(finding.fingerprint)
        return frozenset(number for number, step in enumerate(finding.next, 1) if step in done)

    def lost(self, finding: Finding) -> tuple[str, ...]:
        """Return the ticked steps that the finding does not have, as in another collection with other steps."""
        return tuple(step for step in self.steps_done(finding.fingerprint) if step not in finding.next)

    def stale(self, fingerprints: Iterable[str]) -> tuple[Note, ...]:
        """Return the notes about findings that are not among these: fixed since, or no longer found."""
        known = {CLUSTER, *fingerprints}
        return tuple(note for note in self.entries if note.fingerprint not in known)

    def with_steps(self, change: Callable[[str], str]) -> Notes:
        """Return the same notes with `change` applied to the texts of their steps, as it was to those of findings."""
        told = (
            replace(note, done=tuple(map(change, note.done)), undone=tuple(map(change, note.undone)))
            for note in self.entries
        )
        changed = Notes(told, self.path)
        changed.fault = self.fault
        return changed


def _by_time(entries: Iterable[Note]) -> tuple[Note, ...]:
    return tuple(sorted(entries, key=lambda note: Timestamp(note.time)))
