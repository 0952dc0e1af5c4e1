"""The file of the notes: read when it has changed; each note is added to what others wrote meanwhile."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from harvdiag.core.errors import UsageError
from harvdiag.core.notes import Note
from harvdiag.core.timestamps import Timestamp
from harvdiag.notes.place import short_name
from harvdiag.notes.stamp import choose_author, choose_time
from harvdiag.notes.text import Entry, dump_entries, merge_entries, new_entry, parse_entries, split_conflict

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
            found = self.path.stat()
            state = found.st_ino, found.st_mtime_ns, found.st_size
        except FileNotFoundError:
            self._state, self._notes = None, ()
            return ()
        except (OSError, ValueError) as error:
            raise _unreadable(self.path, error) from None
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
        kept: list[Note] = []

        def add_notes(entries: list[Entry]) -> Iterable[Entry]:
            kept.extend(self._stamped(note, entries) for note in notes)
            return map(new_entry, kept)

        self._change(self._entries, add_notes)
        return tuple(kept)

    def merge_file(self, other: Path) -> int:
        """Add the notes of another file; return how many were new. Of one with a conflict of git it takes both sides.

        The other one may be this file itself, to resolve such a conflict.
        """
        if self.path.exists() and other.exists() and self.path.samefile(other):
            return self._change(lambda: _read_sides(self.path), lambda _: ())
        theirs = _read_sides(other)
        return self._change(self._entries, lambda _: theirs)

    def _change(self, read: Callable[[], list[Entry]], add: Callable[[list[Entry]], Iterable[Entry]]) -> int:
        """Add to what the file has at this moment; return how many entries are new."""
        from harvdiag.io.lock import locked
        from harvdiag.io.whole import replace_file

        try:
            path = Path(os.path.realpath(self.path))
            with locked(path):
                _refuse_writing(path)
                entries = read()
                merged = merge_entries(entries, add(entries))
                data = dump_entries(merged)
                if len(data) > MOST:
                    raise UsageError(f"{short_name(path)}: would be larger than {MOST} bytes, the most that is read")
                replace_file(path, data, aside=path.with_name(f".{path.name}.part"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{short_name(self.path)}: cannot be written: {_reason(error)}; --notes names another file"
            ) from None
        self._state = None
        return len(merged) - len(entries)

    def _stamped(self, note: Note, entries: Iterable[Entry]) -> Note:
        """The note with an author and a time, which is after that of what was written a moment before."""
        same = [Timestamp(entry.note.time) for entry in entries if entry.note.fingerprint == note.fingerprint]
        time = note.time or choose_time(max(same, default=None))
        return replace(note, author=note.author or choose_author(), time=time)

    def _entries(self) -> list[Entry]:
        return _parse(self.path, _read(self.path))


def _read(path: Path) -> bytes:
    """The bytes of a file; none where it does not exist."""
    _refuse_other(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST + 1)
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if len(data) > MOST:
        raise UsageError(f"{short_name(path)}: larger than {MOST} bytes: not a file of notes")
    return data


def _refuse_other(path: Path) -> None:
    """Raise UsageError for a device or a pipe: reading could wait for ever, and it would be replaced."""
    try:
        other = not stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return  # who opens it tells why
    if other:
        raise UsageError(f"{short_name(path)}: not a file: notes are kept in a file of their own")


def _refuse_writing(path: Path) -> None:
    """Raise PermissionError for a file that is not to be written, though its folder is: it would be replaced."""
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _read_sides(path: Path) -> list[Entry]:
    """The entries of a file, of one with a conflict those of both sides."""
    return merge_entries(*(_parse(path, side) for side in split_conflict(_read(path))))


def _parse(path: Path, data: bytes) -> list[Entry]:
    try:
        return merge_entries(parse_entries(data))
    except UsageError as error:
        raise UsageError(f"{short_name(path)}: {error}") from None


def _unreadable(path: Path, error: Exception) -> UsageError:
    return UsageError(f"{short_name(path)}: cannot be read: {_reason(error)}")


def _reason(error: Exception) -> str:
    """Why the system refused it; a name with a zero byte is a ValueError."""
    return str(getattr(error, "strerror", None) or "invalid name of a file").lower()
