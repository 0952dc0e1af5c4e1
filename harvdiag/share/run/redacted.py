"""A redacted copy of a source for a notebook: a snapshot and the notes on it, beside which the kernel sees nothing."""

from __future__ import annotations

from pathlib import Path

from harvdiag.cluster import Cluster
from harvdiag.notes import open_notes
from harvdiag.notes.file import NotesFile
from harvdiag.notes.place import find_place
from harvdiag.redact import save_redacted
from harvdiag.snapshot import Snapshot
from harvdiag.sources import open_source
from harvdiag.sources.saved.writer import default_name

__all__ = ["copy_redacted"]


def copy_redacted(snapshot: Snapshot, folder: Path, preflight: bool = False) -> Path:
    """Save a redacted source to a folder, with the notes on it beside it; return the snapshot's path.

    With `preflight` it has what a preflight reads, too. Raises HarvdiagError where anything original would be left.
    """
    more = Cluster(snapshot).ask_all(preflight)
    saved, _ = save_redacted(snapshot, folder / default_name(snapshot.manifest), more)
    place, notes = find_place(open_source(str(saved.path))), open_notes(snapshot).refresh()
    if place is not None and len(notes):
        NotesFile(place).merge(notes)
    return saved.path
