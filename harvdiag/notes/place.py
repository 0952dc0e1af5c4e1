"""Where the notes on a source are kept: ``issue-8236.notes.yaml`` beside it, or in the working folder."""

from __future__ import annotations

import os
from pathlib import Path

from harvdiag.core.notes import ENDING
from harvdiag.core.target import CONTEXT
from harvdiag.snapshot import Snapshot

__all__ = ["absolute_path", "find_place", "name_notes", "place_beside", "short_name"]

LONGEST = 150
"""The most characters of a name; file systems take 255 bytes."""
_ENDINGS = frozenset(
    {
        *("zip", "harvdiag", "tar", "tgz", "gz", "xz", "bz2", "zst"),
        *("yaml", "yml", "json", "jsonl", "txt", "log"),
    }
)


def find_place(snapshot: Snapshot) -> Path | None:
    """Return the file for the notes on a source, as an absolute path; it need not exist. None: there is no place.

    A file or folder has it beside it, under its name without endings, so that a bundle, the parts of it, the folder to
    which it was extracted and a snapshot ``NAME.harvdiag.zip`` share one. The notes on a live cluster and on standard
    input are in the working folder, under the name of the context, or ``stdin``. A source that was opened from neither
    has none.
    """
    arguments = snapshot.arguments
    if arguments is None:
        return None
    name = snapshot.manifest.name
    if snapshot.manifest.kind == "live" or arguments in (("-",), ()) or arguments[0].startswith(CONTEXT):
        return absolute_path(f"{_safe_name(name)}{ENDING}")
    return place_beside(absolute_path(arguments[0]))


def place_beside(source: Path) -> Path | None:
    """Return the file for the notes on a file or folder; None for the root of a file system, which has no name."""
    return source.with_name(name_notes(source.name)) if source.name else None


def name_notes(source: str) -> str:
    """Return the name of the file for the notes on a source of this name."""
    return f"{_strip_endings(source) or source}{ENDING}"


def _strip_endings(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    while dot and _is_ending(ending.lower()):
        name = stem
        stem, dot, ending = name.rpartition(".")
    return name


def _is_ending(word: str) -> bool:
    """Whether a file has it after its name: a format, or the number of a part, as in ``.001``, ``.part1``, ``.z01``."""
    if word in _ENDINGS:
        return True
    if word.startswith("part"):
        return word[4:].isdecimal()
    number = word.removeprefix("z")
    return number.isdecimal() and (len(number) == 3 or (len(number) == 2 and word[0] == "z"))


def _safe_name(name: str) -> str:
    """The name of a context as that of a file, on any system; a long one is cut."""
    from harvdiag.core.keys import quote_key  # here, as files have a name already

    text = "@".join(map(quote_key, name.split("@")))
    return (f"%2E{text[1:]}" if text.startswith(".") else text)[:LONGEST]


def absolute_path(file: str | os.PathLike[str]) -> Path:
    """Return the path of a file, wherever the working folder is later; links are left as they are."""
    path = Path(file).expanduser().absolute()
    return path if path.name not in ("", "..") else path.resolve()


def short_name(path: Path) -> str:
    """Return the path as seen from the working folder where it is below that, else its name: it may be in a report,
    which is to hold no path of a machine.
    """
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else path.name
