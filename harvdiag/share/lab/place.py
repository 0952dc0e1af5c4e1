"""Where a working copy may be, and how its notebooks name the SOURCE from there."""

from __future__ import annotations

import os
from pathlib import Path

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.target import CONTEXT
from harvdiag.share.run.kit import list_notebooks

__all__ = ["check_folder", "place_source", "refuse"]


def check_folder(folder: Path) -> None:
    """Raise UsageError for a folder that is a file, may not be written or can have no such name, for the root of the
    file system, and for that of the notebooks themselves.
    """
    try:
        _check_place(folder, folder.absolute())
    except (OSError, ValueError, RuntimeError) as error:  # a name too long or with a zero byte, a link to itself
        why = str(getattr(error, "strerror", None) or "no folder can have that name").lower()
        raise refuse(escape_text(folder), why) from error


def _check_place(folder: Path, place: Path) -> None:
    if place.resolve() == Path(place.anchor):
        raise refuse(folder, "it is the root of the file system")
    if place.is_symlink() and not place.exists():
        raise refuse(folder, "it is a link to a folder that does not exist")
    existing = next(parent for parent in (place, *place.parents) if parent.exists())
    if not existing.is_dir():
        raise refuse(folder, f"{existing} is not a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise refuse(folder, f"no permission in {existing}")
    if any(place.resolve() in {own.parent, own.parents[1]} for own in list_notebooks()):
        raise refuse(folder, "it has the notebooks from which copies are made")


def refuse(place: Path | str, why: str) -> UsageError:
    """Return the error about a folder, or a file in one, that is not written."""
    return UsageError(f"{place} cannot be written: {why}; name another folder with --folder")


def place_source(source: str, folder: Path) -> str:
    """Return a source as notebooks in `folder` name it: relative where both can be moved together, else absolute."""
    if source.startswith(CONTEXT):
        return source
    path, place = Path(source).absolute(), folder.absolute()
    if path.is_relative_to(place.parents[1]):
        return Path(os.path.relpath(path, place)).as_posix()
    return str(path)
