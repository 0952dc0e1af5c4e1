"""What became of every file, in words: the notes of a source, and the one line that refuses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from harvdiag.core.model import FileNote, FileState
from harvdiag.io.archive.member import printable
from harvdiag.sources.files.names import describe_upgrade_log
from harvdiag.sources.files.stock import Conflict

__all__ = ["list_notes", "name_unused", "refuse_conflict", "refuse_empty"]

FEW = 3


def list_notes(files: Sequence[FileNote]) -> tuple[str, ...]:
    """Return one line for each state: the files that were not used, those with a remark, those passed over."""
    rows = [
        ("not used", [str(note) for note in files if note.state is FileState.UNUSABLE]),
        ("read, but", [str(note) for note in files if note.state is FileState.READ and note.reason]),
        ("passed over", [str(note._replace(remedy="")) for note in files if note.state is FileState.PASSED]),
    ]
    if len(files) == 1:
        return tuple(found[0] for _, found in rows if found)
    return tuple(f"{len(found)} of {len(files)} files {lead}: {_few(found, '; ')}" for lead, found in rows if found)


def name_unused(files: Sequence[FileNote]) -> str:
    """Return the files that were meant to hold objects and do not, to be added to the reason of a list not seen.

    Of a single one with the reason; the notes have those of all.
    """
    unused = [note for note in files if note.state is FileState.UNUSABLE]
    if len(unused) == 1:
        return f"; not used: {unused[0].name} ({unused[0]._replace(name='')!s})"
    return f"; not used: {_few([note.name for note in unused], ', ')}" if unused else ""


def refuse_empty(name: str, files: Sequence[FileNote], sources: Mapping[str, str], *, folder: bool) -> str:
    """Return why a source without any object is refused, and what to give instead; from an archive, once extracted."""
    inside = () if folder else (note.name for note in files)
    log = "" if sources else describe_upgrade_log([name, *inside])
    if log:
        return f"{name}: {log}"
    if [note.name for note in files] == [printable(name)] and not sources and not folder:
        return str(files[0]) if files[0].reason else f"{name}: {_NOTHING}"
    give = "give" if folder else "extract"
    if len(sources) == 1:
        ((place, what),) = sources.items()
        return f"{name}: holds the {what} {printable(place)}: {give} that"
    if sources:
        whats = set(sources.values())
        noun = f"{whats.pop()}s" if len(whats) == 1 else "sources"
        return f"{name}: holds several {noun}; {give} one of: {_few([*map(printable, sorted(sources))], ', ')}"
    telling = sorted(files, key=lambda note: note.state is not FileState.UNUSABLE)
    told = [str(note) for note in telling]
    return f"{name}: no Kubernetes object in it: {_few(told, '; ')}" if told else f"{name}: {_NOTHING}"


_NOTHING = "no Kubernetes object in it; give what `kubectl get … -o yaml` writes"


def refuse_conflict(name: str, conflict: Conflict, files: Sequence[FileNote], sources: Mapping[str, str]) -> str:
    """Return why two different objects of one name are refused, and which parts of the source to choose from."""
    first, second = conflict.files
    if conflict.lists:
        return _refuse_lists(name, conflict, files, sources)
    if not conflict.clusters and first == second:
        return f"{first}: two different objects in it are called {conflict.what}; keep one, as of one moment"
    if not conflict.clusters:
        return f"two different objects are called {conflict.what}: in {first} and {second}; keep one"
    if first == second:
        return f"{first}: holds several clusters: {conflict.what} is in it with two uids; write one file a cluster"
    return (
        f"{name}: holds several clusters: {conflict.what} has another uid in {first} than in {second}; "
        f"give one of: {_choices(conflict, files, sources)}"
    )


def _refuse_lists(name: str, conflict: Conflict, files: Sequence[FileNote], sources: Mapping[str, str]) -> str:
    """Why two lists of one kind are refused: of two clusters, if they share no object, else of two moments."""
    first, second = sorted(conflict.files)
    if first == second and conflict.clusters:
        return (
            f"{first}: holds several clusters: two whole lists of {conflict.what} that differ: write one file a cluster"
        )
    if first == second:
        return f"{first}: two whole lists of {conflict.what} that differ; keep one, as of one moment"
    if not conflict.clusters:
        return f"two whole lists of {conflict.what} differ: in {first} and {second}; keep one, as of one moment"
    return (
        f"{name}: holds several clusters: two whole lists of {conflict.what} share no object, {first} and {second}; "
        f"give one of: {_choices(conflict, files, sources)}"
    )


def _choices(conflict: Conflict, files: Sequence[FileNote], sources: Mapping[str, str]) -> str:
    """The parts of a source to choose from, each of one cluster."""
    units = _units([note.name for note in files if note.state is FileState.READ], *conflict.files)
    return _few([*map(printable, [*sorted(sources), *units])], ", ", 5)


def _units(names: Sequence[str], first: str, second: str) -> list[str]:
    """The folders or files, each of one cluster: beside each other where the paths of the two begin to differ."""
    one, two = PurePosixPath(first).parts, PurePosixPath(second).parts
    depth = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), 0)
    alike = [parts for name in names if (parts := PurePosixPath(name).parts)[:depth] == one[:depth]]
    return sorted({"/".join(parts[: depth + 1]) for parts in (*alike, one, two)})


def _few(words: Sequence[str], mark: str, most: int = FEW) -> str:
    more = len(words) - most
    return mark.join(words[:most]) + (f"{mark}and {more} more" if more > 0 else "")
