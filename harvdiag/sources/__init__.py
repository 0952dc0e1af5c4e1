"""Everything that reads the outside world, and the one door to it."""

from __future__ import annotations

import os
from pathlib import Path

from harvdiag.errors import SourceError
from harvdiag.snapshot import Reader, Snapshot

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
    from harvdiag.sources.bundle import BundleReader
    from harvdiag.sources.files import ENDINGS, FilesReader

    if path.is_file():
        return FilesReader.at(path) if path.name.lower().endswith(ENDINGS) else BundleReader(path)
    if _is_bundle(path) or not _has_files(path, ENDINGS):
        return BundleReader(path)
    return FilesReader.at(path)


def _is_bundle(folder: Path) -> bool:
    """The bundle's own folder, or one that holds just that folder."""
    return any((place / "yamls").is_dir() for place in (folder, *folder.iterdir()) if place.is_dir())


def _has_files(folder: Path, endings: tuple[str, ...]) -> bool:
    return any(file.name.lower().endswith(endings) for file in folder.rglob("*") if file.is_file())
