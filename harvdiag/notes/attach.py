"""The notes on a source, as its cluster has them: those of its file, with the names that its redaction gives."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from harvdiag.core.errors import UsageError
from harvdiag.core.fields import Obj
from harvdiag.core.notes import Note, NoteKeeper, Notes
from harvdiag.core.outgoing import vet_outgoing
from harvdiag.kinds import CATALOGUE, kind_for_resource
from harvdiag.kinds.kind import Kind
from harvdiag.notes.place import absolute_path, find_place, name_notes, place_beside, short_name
from harvdiag.snapshot import Snapshot

__all__ = ["carry_notes", "open_notes"]

USER = kind_for_resource("management.cattle.io", "users")
"""What the author of a note is."""
_ADDRESS = re.compile(r"<[^>]*>")
_NAME = re.compile(r"(?<![\w'\u2019-])(?=\w)[^\W\d_a-z][\w'\u2019-]{2,}(?<![-'\u2019])")
"""A word of a name: with a capital letter, three letters or more, such as ``Ann``, ``O'Hara`` and ``Anne-Marie``."""


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
    keeper = _Keeper(path, snapshot)
    keeper.introduce()
    notes = Notes(keeper=keeper)
    if file is not None and notes.refresh().fault:
        raise UsageError(notes.fault)
    return notes


def carry_notes(snapshot: Snapshot, saved: Path) -> tuple[Path, int] | None:
    """Put the notes on a source beside a file that it was saved to, with the names that its redaction gives; return
    where, and how many. None where there are none, or the file of both is the same.

    Raises UsageError where they cannot be read or written, or something is left in them that must not be.
    """
    from harvdiag.notes.file import NotesFile
    from harvdiag.notes.text import dump_entries, new_entry

    notes, place = open_notes(snapshot).refresh(), place_beside(absolute_path(saved))
    if notes.fault:
        raise UsageError(notes.fault)
    own = find_place(snapshot.unredacted or snapshot)
    if not len(notes) or place is None or place == own:
        return None
    vet_outgoing(place.name, dump_entries(map(new_entry, notes)))
    NotesFile(place).merge(notes)
    return place, len(notes)


class _Keeper:
    """The file, opened when it is there or written, with the names that the snapshot has where its reader replaces
    them. It does not hold the snapshot: findings have it, and outlast the objects of a source.
    """

    def __init__(self, path: Path, snapshot: Snapshot) -> None:
        self._path, self._name, self._redactor = path, snapshot.manifest.name, snapshot.redactor

    @property
    def path(self) -> Path:
        """Of a redacted source, whose own name is replaced, a file of that name: the own one may tell anything."""
        return Path(name_notes(self._name)) if self._redactor else self._path

    @cached_property
    def _file(self) -> NoteKeeper:
        from harvdiag.notes.file import NotesFile

        return NotesFile(self._path)

    def read(self) -> tuple[Note, ...]:
        if not self._may_exist():
            return ()
        redactor = self._redactor
        if redactor is None:
            return self._file.read()
        try:
            notes = self._file.read()
        except UsageError as error:  # which names the file
            raise UsageError(redactor.text(self._rename(str(error)))) from None
        redactor.learn((*_subjects(notes), *_people(notes)))
        people = {note.author: redactor.person(note.author) for note in notes}  # known before any text
        return tuple(note.with_texts(redactor.text, people.__getitem__) for note in notes)

    def introduce(self) -> None:
        """Take in who and what is named in the notes, before anything is told of a source in which names are replaced.

        What cannot be read is told by `read`.
        """
        if self._redactor is not None:
            with suppress(UsageError):
                self.read()

    def _rename(self, text: str) -> str:
        """The text with the name that the file has in reports."""
        for name in (str(self._path), short_name(self._path), self._path.name):
            text = text.replace(name, self.path.name)
        return text

    def _may_exist(self) -> bool:
        try:
            self._path.stat()
        except FileNotFoundError:
            return False
        except (OSError, ValueError):
            return True  # to be told by who reads it
        return True

    def add(self, note: Note) -> Note:
        if self._redactor is not None:
            raise UsageError("names are redacted here: write the note on the source itself, where they are not")
        return self._file.add(note)


def _subjects(notes: Iterable[Note]) -> Iterator[tuple[Kind, Obj]]:
    """What the notes are about: the source may not have it any more, so that its reader does not tell the name."""
    from harvdiag.core.choose import split_fingerprint

    for fingerprint in dict.fromkeys(note.fingerprint for note in notes):
        _, kind, namespace, name = split_fingerprint(fingerprint)
        if kind in CATALOGUE and name:
            metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
            yield CATALOGUE[kind], {"kind": CATALOGUE[kind].name, "metadata": metadata}


def _people(notes: Iterable[Note]) -> Iterator[tuple[Kind, Obj]]:
    """Who wrote them, as the objects of users; of ``Ann Lee <ann@…>`` also the name alone and the words in it, by which
    others call her.
    """
    for author in dict.fromkeys(note.author for note in notes if note.author):
        name = _ADDRESS.sub("", author).strip()
        words = _NAME.findall(name) if " " in name else []
        yield from ((USER, _user(each)) for each in dict.fromkeys((author, name, *words)) if each)


def _user(name: str) -> Obj:
    return {"kind": USER.name, "metadata": {"name": name}}
