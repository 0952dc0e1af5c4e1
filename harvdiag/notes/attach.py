"""The notes on a source, as its cluster has them: those of its file, with the names that its redaction gives."""

from __future__ import annotations

import os
from pathlib import Path

from harvdiag.core.errors import UsageError
from harvdiag.core.notes import Note, NoteKeeper, Notes
from harvdiag.notes.file import NotesFile
from harvdiag.notes.place import absolute_path, find_place
from harvdiag.snapshot import Snapshot

__all__ = ["open_notes"]


def open_notes(snapshot: Snapshot, file: str | os.PathLike[str] | None = None) -> Notes:
    """Return the notes on a source: those of `file`, else of the file beside it, which is read on `refresh`.

    Raises UsageError where `file` exists and cannot be read: it was asked for.
    """
    if file is not None and not os.fspath(file):
        raise UsageError("the name of the file for notes is empty")
    try:
        path = find_place(snapshot.unredacted or snapshot) if file is None else absolute_path(file)
    except RuntimeError:
        raise UsageError(f"{file}: no user of this name has a folder here") from None
    if path is None:
        return Notes()
    notes = Notes(keeper=_Redacted(NotesFile(path), snapshot))
    if file is not None and notes.refresh().fault:
        raise UsageError(notes.fault)
    return notes


class _Redacted:
    """A keeper whose notes have the names that the snapshot has, where its reader replaces them."""

    def __init__(self, keeper: NoteKeeper, snapshot: Snapshot) -> None:
        self._keeper, self._snapshot = keeper, snapshot

    @property
    def path(self) -> Path:
        return self._keeper.path

    def read(self) -> tuple[Note, ...]:
        redactor, notes = self._snapshot.redactor, self._keeper.read()
        return notes if redactor is None else tuple(note.with_texts(redactor.text) for note in notes)

    def add(self, note: Note) -> Note:
        if self._snapshot.redactor is not None:
            raise UsageError("names are redacted here: write the note on the source itself, where they are not")
        return self._keeper.add(note)
