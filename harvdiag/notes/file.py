"""The file of the notes: read when it has changed; each note is added to what others wrote meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from harvdiag.core.errors import UsageError
from harvdiag.core.notes import Note
from harvdiag.core.timestamps import Timestamp
from harvdiag.notes.stamp import choose_author, choose_time
from harvdiag.notes.text import Entry, dump_entries, merge_entries, new_entry, parse_entries

__all__ = ["NotesFile"]

MOST = 32 * 1024 * 1024
"""The largest file that is read, in bytes."""


class NotesFile:
    """A keeper of notes. Both methods raise UsageError, in one line, for a file that cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state: tuple[int, int, int] | None = None
        self._notes: tuple[Note, ...] = ()

    def read(self) -> tuple[Note, ...]:
        """Return all notes, by finding and time; none where there is no file, which costs one question to the disk."""
        try:
            stat = self.path.stat()
            state = stat.st_ino, stat.st_mtime_ns, stat.st_size
        except FileNotFoundError:
            self._state, self._notes = None, ()
            return ()
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        if state != self._state:
            self._notes = tuple(entry.note for entry in self._entries())
            self._state = state
        return self._notes

    def add(self, note: Note) -> Note:
        """Add a note to what the file has now; return it with its author and time."""
        return self.merge([note])[0]

    def merge(self, notes: Iterable[Note]) -> tuple[Note, ...]:
        """Add notes, such as those of another file; return them with their authors and times.

        The file is replaced as a whole. One that cannot be read is left as it is.
        """
        from harvdiag.io.durable import locked, replace_file

        try:
            path = Path(os.path.realpath(self.path))
            with locked(path):
                entries = self._entries()
                kept = tuple(self._stamped(note, entries) for note in notes)
                replace_file(path, dump_entries(merge_entries(entries, map(new_entry, kept))))
        except (OSError, ValueError) as error:
            raise UsageError(f"{self.path}: cannot be written: {_reason(error)}; --notes names another file") from None
        self._state = None
        return kept

    def _stamped(self, note: Note, entries: Iterable[Entry]) -> Note:
        """The note with an author and a time, which is after that of what was written a moment before."""
        same = [Timestamp(entry.note.time) for entry in entries if entry.note.fingerprint == note.fingerprint]
        time = note.time or choose_time(max(same, default=None))
        return replace(note, author=note.author or choose_author(), time=time)

    def _entries(self) -> list[Entry]:
        try:
            with self.path.open("rb") as stream:
                data = stream.read(MOST + 1)
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        if len(data) > MOST:
            raise UsageError(f"{self.path}: larger than {MOST} bytes: not a file of notes")
        try:
            return merge_entries(parse_entries(data))
        except UsageError as error:
            raise UsageError(f"{self.path}: {error}") from None

    def _unreadable(self, error: Exception) -> UsageError:
        return UsageError(f"{self.path}: cannot be read: {_reason(error)}")


def _reason(error: Exception) -> str:
    """Why the system refused it; a name with a zero byte is a ValueError."""
    return str(getattr(error, "strerror", None) or "invalid name of a file").lower()
