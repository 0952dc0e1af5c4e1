"""Telling a support bundle from what only looks like one, and saying what to give instead."""

from __future__ import annotations

from pathlib import Path

from harvdiag.core.errors import SourceError
from harvdiag.core.notes import ENDING
from harvdiag.io.archive import open_container
from harvdiag.io.archive.member import printable
from harvdiag.io.missing import exists
from harvdiag.sources.bundle.reader import BundleReader

__all__ = ["is_extracted", "list_bundles", "open_bundle"]

ZIPS = (".zip", ".zip.001")


def is_extracted(path: Path) -> bool:
    """Whether this is a folder to which a bundle was extracted, also one of which the ``yamls`` are missing."""
    return path.is_dir() and (_has_lists(path) or _has_head(path))


def list_bundles(folder: Path) -> list[Path]:
    """The zip archives of a folder that holds several and nothing else but notes on them; empty for any other path."""
    if not exists(folder) or not folder.is_dir():
        return []
    files = sorted(
        path for path in folder.iterdir() if not path.name.startswith(".") and not path.name.endswith(ENDING)
    )
    whole = len(files) > 1 and all(path.name.lower().endswith(ZIPS[0]) and path.is_file() for path in files)
    return files if whole else []


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
