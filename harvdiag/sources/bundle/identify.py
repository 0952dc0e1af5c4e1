"""Telling a support bundle from what only looks like one, and saying what to give instead."""

from __future__ import annotations

import re
from pathlib import Path

from harvdiag.core.errors import SourceError
from harvdiag.core.notes import ENDING
from harvdiag.io.archive import open_container
from harvdiag.io.archive.member import printable
from harvdiag.io.missing import exists
from harvdiag.sources.bundle.reader import BundleReader

__all__ = ["is_extracted", "list_bundles", "open_bundle"]

ZIPS = (".zip", ".zip.001")
BESIDE = (ENDING, ".html", ".key", ".md", ".png", ".sha256", ".svg", ".toml", ".txt", ".xml")
"""Endings of files that are never a source."""
LATER_PART = r"\.zip\.(?!001$)\d{3}$"


def is_extracted(path: Path) -> bool:
    """Whether this is a folder to which a bundle was extracted, also one of which the ``yamls`` are missing."""
    return path.is_dir() and (_has_lists(path) or _has_head(path))


def list_bundles(folder: Path) -> list[Path]:
    """The bundles and snapshots of a folder that holds several, and nothing else that could be read; empty for any
    other path.

    Of a bundle in parts it is the first; a folder to which one was extracted counts, too.
    """
    if not exists(folder) or not folder.is_dir() or _is_own(folder):
        return []
    files = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".") and not _is_beside(path)]
    found = [path for path in files if path.name.lower().endswith(ZIPS) or is_extracted(path)]
    return found if len(found) > 1 and len(found) == len(files) else []


def _is_beside(path: Path) -> bool:
    """Whether this is what people keep beside sources: notes, reports, pictures, and further parts of a bundle."""
    name = path.name.lower()
    return path.is_file() and (name.endswith(BESIDE) or re.search(LATER_PART, name) is not None)


def _is_own(folder: Path) -> bool:
    """Whether a bundle was extracted to the folder itself, not to one in it."""
    return (folder / "yamls").is_dir() or _is_head(folder / "metadata.yaml")


def open_bundle(path: Path) -> BundleReader:
    """The reader of a bundle: the zip, a part of one, or a folder. SourceError where it cannot be used."""
    if path.is_dir() and not _has_lists(path):
        if _has_head(path):
            raise SourceError(f"{path}: an extracted support bundle without its yamls folder; extract it again")
        if zips := _zips(path):
            more = ", …" if len(zips) > 3 else ""
            raise SourceError(f"{path}: a folder of zip archives; give one of: {', '.join(zips[:3])}{more}")
    try:
        return BundleReader(path)
    except SourceError:
        _refuse_wrapper(path)
        raise


def _refuse_wrapper(path: Path) -> None:
    """SourceError for a zip that holds no bundle but another zip, as mail programs and upload pages make them."""
    with open_container(path) as box:
        inner = [name for name in box.names(".zip") if name.lower().endswith(".zip")]
        if len(inner) == 1 and not box.names("yamls/"):
            raise SourceError(f"{path}: holds another zip: {printable(inner[0])}; extract that one")


def _has_lists(folder: Path) -> bool:
    """The bundle's own folder, or one that holds just that folder."""
    return any((place / "yamls" / scope).is_dir() for place in _places(folder) for scope in ("cluster", "namespaced"))


def _has_head(folder: Path) -> bool:
    """Whether the ``metadata.yaml`` with which every bundle begins is there."""
    return any(_is_head(place / "metadata.yaml") for place in _places(folder))


def _is_head(file: Path) -> bool:
    return file.is_file() and any(line.startswith(b"bundlename:") for line in file.read_bytes()[:65536].splitlines())


def _places(folder: Path) -> list[Path]:
    return [folder, *(place for place in sorted(folder.iterdir()) if place.is_dir())]


def _zips(folder: Path) -> list[str]:
    return sorted(printable(f.name) for f in folder.iterdir() if f.name.lower().endswith(ZIPS) and f.is_file())
