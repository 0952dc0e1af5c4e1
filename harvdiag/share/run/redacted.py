"""A redacted copy of a source for a notebook: a snapshot and the notes on it, beside which the kernel sees nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from harvdiag.cluster import Cluster
from harvdiag.core.errors import SourceError
from harvdiag.notes import open_notes
from harvdiag.notes.file import NotesFile
from harvdiag.notes.place import find_place
from harvdiag.redact import save_redacted
from harvdiag.snapshot import Snapshot
from harvdiag.sources import open_source
from harvdiag.sources.saved.writer import default_name

__all__ = ["copy_redacted"]


def copy_redacted(snapshot: Snapshot, folder: Path) -> Path:
    """Save a redacted source to a folder, with the notes on it beside it; return the snapshot's path.

    Raises HarvdiagError where anything original would be left in it.
    """
    with suppress(SourceError):  # where no check can be run, what was seen is saved all the same
        Cluster(snapshot).check()  # of the largest kinds, what the checks ask for is saved
    saved, _ = save_redacted(snapshot, folder / default_name(snapshot.manifest))
    place, notes = find_place(open_source(str(saved.path))), open_notes(snapshot).refresh()
    if place is not None and len(notes):
        NotesFile(place).merge(notes)
    return saved.path
