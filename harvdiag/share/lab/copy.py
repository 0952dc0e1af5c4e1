"""The working copy: which of its files are written, and which are the user's and stay."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.target import CONTEXT
from harvdiag.io.missing import exists
from harvdiag.io.whole import write_whole
from harvdiag.share.lab.content import digest_file, digest_notebook, render_notebook, trust
from harvdiag.share.lab.index import PAGES, render_index
from harvdiag.share.lab.needed import list_needed
from harvdiag.share.lab.place import place_source, refuse
from harvdiag.share.lab.record import Entry, Record
from harvdiag.share.run.kit import list_notebooks

__all__ = ["Done", "Order", "Outcome", "find_lost", "make_copy"]

NOTEBOOKS, EARLIER = "notebooks", "earlier"


class Outcome(Enum):
    """What was done with a file, in the words of the table."""

    NEW = "new"
    SAME = "as before"
    UPDATED = "updated"
    ASIDE = "updated; the one that you ran is in earlier/"
    BESIDE = "new, beside yours, which stays"
    RUN = "kept, with the outputs of your run"
    EDITED = "kept: edited by you"
    BEHIND = "kept: edited by you; --update writes the new version beside it"

    def __str__(self) -> str:
        return self.value


WRITTEN = {Outcome.NEW, Outcome.UPDATED, Outcome.ASIDE, Outcome.BESIDE}


class Done(NamedTuple):
    """A file of the working copy, by its path there, and what was done with it."""

    path: str
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a working copy is made for."""

    folder: Path
    source: str | None = None
    """What `open` takes; None: that of the last time, else the sample of each notebook."""
    training: bool = False
    """Whether the index begins with what there is to learn."""
    update: bool = False
    """Whether a notebook that the user has edited gets a new version beside it."""


def make_copy(order: Order, notebooks: list[Path] | None = None) -> list[Done]:
    """Make or update the working copy; return what was done with each file, the index first.

    `notebooks` are those of another kit. Raises UsageError where no notebooks are installed or a write fails.
    """
    notebooks = list_notebooks() if notebooks is None else notebooks
    if not notebooks:
        raise UsageError("this installation has no notebooks to copy: install harvdiag again from a wheel")
    try:
        order.folder.mkdir(parents=True, exist_ok=True)
        return _Copy(order).write(notebooks)
    except OSError as error:
        raise refuse(error.filename or order.folder, str(error.strerror)) from error


def find_lost(folder: Path) -> str | None:
    """Return the SOURCE of a working copy if it is a file that does not exist any more."""
    source = Record(folder).source
    if source is None or source.startswith(CONTEXT):
        return None
    return None if exists(folder / NOTEBOOKS / source) else source


class _Copy:
    """One run over the files of a working copy."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._record = Record(order.folder)
        if order.source is not None:
            self._record.source = place_source(order.source, order.folder / NOTEBOOKS)
        self._done: list[Done] = []

    def write(self, notebooks: list[Path]) -> list[Done]:
        """Write what has to be written, and the record of it, even where a write fails half-way."""
        kit = notebooks[0].parents[1]
        try:
            shown = {path: self._place(path) for path in notebooks}
            for path in list_needed(notebooks, kit):
                self._write_file(path.relative_to(kit).as_posix(), path.read_bytes())
            index = render_index(shown, self._record.source, self._order.training)
            foreign = self._path(PAGES[0]).exists() and PAGES[0] not in self._record.entries
            self._write_file(PAGES[foreign], index.encode())
        finally:
            self._record.save()
        return [self._done[-1], *self._done[:-1]]

    def _place(self, notebook: Path) -> str:
        """Write a notebook where it may be written; return the path of the copy to open."""
        wanted, entry = self._render(notebook)
        paths = [*self._copies(notebook.name)]
        fitting = [path for path in paths if self._was_written_as(path, entry)]
        path = (fitting or paths)[-1]
        outcome = self._decide(path, entry)
        if outcome is Outcome.ASIDE:
            self._move_aside(path)
        if outcome is Outcome.BESIDE:
            path = _numbered(notebook.name, len(paths) + 1)
        if outcome in WRITTEN:
            self._put(path, wanted, entry)
        if outcome in WRITTEN or outcome is Outcome.SAME:
            trust(wanted)
        self._done.append(Done(path, outcome))
        return path

    def _render(self, notebook: Path) -> tuple[bytes, Entry]:
        """A notebook as it is to be, and its entry; one that takes no SOURCE is the same for each."""
        wanted = render_notebook(notebook, self._record.source)
        source = self._record.source if wanted != notebook.read_bytes() else None
        return wanted, digest_notebook(wanted, source) or digest_file(wanted)

    def _decide(self, path: str, wanted: Entry) -> Outcome:
        """What is to be done with a copy, by what the user did to it since it was written."""
        found, known = self._found(path), self._record.entries.get(path)
        if found is None and not self._path(path).exists():
            return Outcome.NEW
        if known is None and found and found.content == wanted.content:
            self._record.entries[path] = known = wanted  # the record was lost
        if known is None or found is None or found.content != known.content:
            return self._decide_edited(known, wanted)
        if found.outputs != known.outputs:
            return Outcome.RUN if known.content == wanted.content else Outcome.ASIDE
        return Outcome.SAME if known[:2] == wanted[:2] else Outcome.UPDATED

    def _decide_edited(self, known: Entry | None, wanted: Entry) -> Outcome:
        """The user's stays in any case; for another SOURCE, or if asked for, a new one comes beside it."""
        if known and known.content == wanted.content:
            return Outcome.EDITED
        other = known is None or known.source != wanted.source
        return Outcome.BESIDE if other or self._order.update else Outcome.BEHIND

    def _was_written_as(self, path: str, entry: Entry) -> bool:
        known = self._record.entries.get(path)
        return known is not None and known.content == entry.content

    def _copies(self, name: str) -> list[str]:
        """The copies of a notebook: the first, whether it exists or not, and those that were written beside it."""
        paths = [_numbered(name, 1)]
        while self._path(path := _numbered(name, len(paths) + 1)).exists():
            paths.append(path)
        return paths

    def _write_file(self, path: str, data: bytes) -> None:
        """Write any other file, unless the user changed it."""
        wanted, known = digest_file(data), self._record.entries.get(path)
        place = self._path(path)
        found = digest_file(place.read_bytes()) if place.is_file() else None
        if found not in {None, wanted, known}:
            self._done.append(Done(path, Outcome.EDITED))
            return
        if found != wanted:
            self._put(path, data, wanted)
        self._record.entries[path] = wanted
        self._done.append(Done(path, Outcome.NEW if found is None else _either(found == wanted)))

    def _put(self, path: str, data: bytes, entry: Entry) -> None:
        place = self._path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, data)
        self._record.entries[path] = entry

    def _move_aside(self, path: str) -> None:
        """Keep a notebook that was run where nothing is ever written to."""
        folder, name = self._path(EARLIER), path.rpartition("/")[2]
        folder.mkdir(exist_ok=True)
        number = 1
        while (place := folder / _name(name, number)).exists():
            number += 1
        self._path(path).rename(place)

    def _found(self, path: str) -> Entry | None:
        with suppress(OSError):
            return digest_notebook(self._path(path).read_bytes())
        return None

    def _path(self, path: str) -> Path:
        return self._order.folder / path


def _either(same: bool) -> Outcome:
    return Outcome.SAME if same else Outcome.UPDATED


def _numbered(name: str, number: int) -> str:
    return f"{NOTEBOOKS}/{_name(name, number)}"


def _name(name: str, number: int) -> str:
    """The name of the first, the second … copy of a notebook."""
    stem, dot, ending = name.rpartition(".")
    return name if number == 1 else f"{stem}-{number}{dot}{ending}"
