"""Everything that reads the outside world, and the one door to it."""

from __future__ import annotations

import os
from pathlib import Path

from harvdiag.errors import SourceError
from harvdiag.snapshot import Reader, Snapshot
from harvdiag.sources.endings import ENDINGS

__all__ = ["open_source"]


def __dir__() -> list[str]:
    return __all__


def open_source(target: str | os.PathLike[str]) -> Snapshot:
    """A snapshot of what `target` names: a support bundle (zip, part of one, or extracted), or files of kubectl.

    Raises SourceError, in one line, for what cannot be used.
    """
    path = Path(target).expanduser()
    if not path.exists():
        raise SourceError(f"{target}: no such file or folder")
    return Snapshot(_reader(path))


def _reader(path: Path) -> Reader:
    if _has_text(path):
        from harvdiag.sources.files import FilesReader

        return FilesReader.at(path)
    from harvdiag.sources.bundle import BundleReader

    return BundleReader(path)


def _has_text(path: Path) -> bool:
    """A file of kubectl, or a folder of such files that is no extracted bundle."""
    if path.is_file():
        return path.name.lower().endswith(ENDINGS)
    return not _is_bundle(path) and any(f.name.lower().endswith(ENDINGS) for f in path.rglob("*") if f.is_file())


def _is_bundle(folder: Path) -> bool:
    """The bundle's own folder, or one that holds just that folder."""
    return any((place / "yamls").is_dir() for place in (folder, *folder.iterdir()) if place.is_dir())
