"""The files of a source in words: how many were read, which were passed over or not used, and why."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.model import FileNote, FileState

__all__ = ["describe_files"]

FEW = 3


def describe_files(files: Sequence[FileNote]) -> str:
    """Return ``2 of 4 files read; not used: c.yaml: is empty: …; passed over: a.txt``; empty without remarks."""
    if not any(note.reason for note in files):
        return ""
    read = [note for note in files if note.state is FileState.READ]
    parts = [f"{len(read)} of {len(files)} files read"] if len(files) > 1 else []
    remarks = [str(note) for note in read if note.reason]
    passed = [note.name for note in files if note.state is FileState.PASSED]
    unused = [str(note) for note in files if note.state is FileState.UNUSABLE]
    parts += [f"not used: {_few(unused, '; ')}"] if unused else []
    parts += [f"passed over: {_few(passed, ', ')}"] if passed else []
    return "; ".join([*parts, *([_few(remarks, "; ")] if remarks else [])])


def _few(words: Sequence[str], mark: str) -> str:
    more = len(words) - FEW
    return mark.join(words[:FEW]) + (f"{mark}and {more} more" if more > 0 else "")
