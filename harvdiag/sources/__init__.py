"""The sources that can be read, and how to open one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from harvdiag.core.errors import SourceError
from harvdiag.core.target import CONTEXT, TIMEOUT, context_of
from harvdiag.io.progress import Progress
from harvdiag.snapshot import Reader, Snapshot
from harvdiag.sources.files.endings import ENDINGS

__all__ = ["open_source"]

ZIPS = (".zip", ".zip.001")


def __dir__() -> list[str]:
    return __all__


def open_source(
    target: str | os.PathLike[str],
    *,
    kubeconfig: str | os.PathLike[str] | None = None,
    timeout: float = TIMEOUT,
    progress: Progress | None = None,
) -> Snapshot:
    """Open what `target` names: a support bundle (zip, part of one, or extracted), a snapshot file, kubectl output,
    or ``context:lab``: the cluster of that kubeconfig context (``context:`` is the current one).

    ``-`` is standard input, with documents as kubectl writes them. The options are those of a cluster: its kubeconfig,
    the seconds that a request may take, and where to show progress. Raises SourceError, in one line, for what cannot
    be used, AccessError for a cluster that cannot be reached.
    """
    if (context := context_of(target)) is not None:
        from harvdiag.sources.live import connect

        return Snapshot(connect(context or None, kubeconfig, timeout, progress))
    if os.fspath(target) == "-":
        return Snapshot(_read_stdin())
    try:
        return Snapshot(_reader(_resolve_path(target)))
    except OSError as error:
        raise SourceError(
            f"{_printable_target(target)}: cannot be read: {error.strerror or 'not a readable file'}"
        ) from None


def _resolve_path(target: str | os.PathLike[str]) -> Path:
    try:
        path = Path(target).expanduser()
    except RuntimeError:
        raise SourceError(f"{_printable_target(target)}: no such user, so there is no such folder") from None
    if not path.exists():
        # A word alone may be the name of a context.
        word = path.name == os.fspath(target) and not path.suffix
        hint = f"; a context of your kubeconfig is given as {CONTEXT}{_printable_target(target)}" if word else ""
        raise SourceError(f"{_printable_target(target)}: no such file or folder{hint}")
    if not path.is_file() and not path.is_dir():
        raise SourceError(
            f"{_printable_target(target)}: cannot be read from a pipe; save it to a file first "
            "(or give - for standard input)"
        )
    return path if path.name not in ("", "..") else path.resolve()


def _printable_target(target: str | os.PathLike[str]) -> str:
    from harvdiag.io.archive.member import printable

    return printable(os.fspath(target))


def _read_stdin() -> Reader:
    from harvdiag.io.archive import Limits
    from harvdiag.sources.files.reader import FilesReader

    most = Limits().member
    data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        raise SourceError(f"stdin: more than {most} bytes; save them to files, one a kind, and give the folder")
    if data.startswith(b"PK"):
        raise SourceError("stdin: a support bundle cannot be read from a pipe; save it to a file first")
    return FilesReader.from_text("stdin", data)


def _reader(path: Path) -> Reader:
    from harvdiag.sources.saved.reader import SavedReader, contains_snapshot, looks_like_snapshot

    if looks_like_snapshot(path):
        return SavedReader(path)
    if _has_text(path):
        from harvdiag.sources.files.reader import FilesReader

        return FilesReader.from_path(path)
    if path.is_dir() and not _is_bundle(path) and (zips := _zips(path)):
        more = ", …" if len(zips) > 3 else ""
        raise SourceError(f"{path}: a folder of zip archives; give one of: {', '.join(zips[:3])}{more}")
    from harvdiag.sources.bundle.reader import BundleReader

    try:
        return BundleReader(path)
    except SourceError:
        if contains_snapshot(path):
            return SavedReader(path)
        _refuse_wrapper(path)
        raise


def _refuse_wrapper(path: Path) -> None:
    """Raise SourceError for a zip that only contains another zip, as mail programs and upload pages create them."""
    from harvdiag.io.archive import open_container
    from harvdiag.io.archive.member import printable

    with open_container(path) as box:
        inner = [name for name in box.names(".zip") if name.lower().endswith(".zip")]
        if len(inner) == 1 and not box.names("yamls/"):
            raise SourceError(f"{path}: holds another zip: {printable(inner[0])}; extract that one")


def _has_text(path: Path) -> bool:
    """Whether it is kubectl output: a file, or a folder of such files that is not an extracted bundle."""
    if path.is_file():
        return path.name.lower().endswith(ENDINGS)
    if _is_bundle(path):
        return False
    if any(_is_bundle_head(place / "metadata.yaml") for place in _places(path)):
        raise SourceError(f"{path}: an extracted support bundle without its yamls folder; extract it again")
    return any(f.name.lower().endswith(ENDINGS) for f in path.rglob("*") if f.is_file())


def _is_bundle(folder: Path) -> bool:
    """Whether it is the folder of an extracted bundle, or contains that folder."""
    return any((place / "yamls" / scope).is_dir() for place in _places(folder) for scope in ("cluster", "namespaced"))


def _places(folder: Path) -> list[Path]:
    return [folder, *(place for place in sorted(folder.iterdir()) if place.is_dir())]


def _is_bundle_head(file: Path) -> bool:
    """Whether it is the ``metadata.yaml`` of a bundle."""
    return file.is_file() and any(line.startswith(b"bundlename:") for line in file.read_bytes()[:65536].splitlines())


def _zips(folder: Path) -> list[str]:
    from harvdiag.io.archive.member import printable

    return sorted(printable(f.name) for f in folder.iterdir() if f.name.lower().endswith(ZIPS) and f.is_file())
