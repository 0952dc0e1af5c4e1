"""A folder of files, read like an archive: names with slashes, checked, within limits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from harvdiag.core.errors import SourceError
from harvdiag.io.archive.archive import Archive, open_archive
from harvdiag.io.archive.member import MIB, Budget, Limits, MemberError, printable

__all__ = ["Folder", "open_folder"]

MOST = 100_000
HIDDEN = frozenset({"__MACOSX", "__pycache__", "node_modules"})
"""Folders that tools make for themselves, beside those whose name begins with a dot."""


class Folder:
    """The files below one folder. A context manager like an Archive; there is nothing to close."""

    def __init__(self, path: Path, budget: Budget) -> None:
        self.name = str(path)
        self._path = path
        self._real = path.resolve()
        self._budget = budget
        self._names: tuple[str, ...] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Do nothing: no file is held open."""

    def names(self, part: str = "") -> tuple[str, ...]:
        """Return the files whose path contains `part`, sorted. Raises SourceError if a folder cannot be listed."""
        if self._names is None:
            self._names = tuple(sorted(self._walk_files()))
        return tuple(name for name in self._names if part in name)

    def survey(self) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """Return the files, sorted, without those of hidden folders, and what was left out: its name, and why.

        As `names`, but no part of the folder refuses the rest. Raises SourceError for more than 100,000 files.
        """
        left: list[tuple[str, str]] = []
        names: list[str] = []
        for name in self._walk_files(left):
            names.append(name)
            if len(names) > MOST:
                raise SourceError(
                    f"{self.name}: holds more than {MOST} files; give the folder with kubectl output alone"
                )
        return tuple(sorted(names)), tuple(sorted(left))

    def head(self, name: str, most: int) -> bytes:
        """Read the first bytes of one file, at most `most`, whatever its size. Raises MemberError like `read`."""
        path = self._resolve_inside(name)
        try:
            if not path.is_file():
                raise MemberError(f"{printable(name)}: not in the folder, or not a regular file")
            with path.open("rb") as stream:
                return stream.read(most)
        except OSError as error:
            raise MemberError(f"{printable(name)}: cannot be read: {error.strerror}") from None

    def read(self, name: str) -> bytes:
        """Read one file. Raises MemberError if it is missing, unreadable, too large or a link to the outside."""
        path = self._resolve_inside(name)
        try:
            if not path.is_file():
                raise MemberError(f"{printable(name)}: not in the folder, or not a regular file")
            self._budget.check_size(name, path.stat().st_size)
            with path.open("rb") as stream:
                data = stream.read(self._budget.limits.member + 1)
        except OSError as error:
            raise MemberError(f"{printable(name)}: cannot be read: {error.strerror}") from None
        self._budget.check_size(name, len(data))
        self._budget.spend(len(data))
        return data

    def tail(self, name: str, most: int) -> bytes:
        """Read the last bytes of one file, at most `most`, whatever its size. Raises MemberError like `read`."""
        path = self._resolve_inside(name)
        try:
            if not path.is_file():
                raise MemberError(f"{printable(name)}: not in the folder, or not a regular file")
            with path.open("rb") as stream:
                stream.seek(max(0, stream.seek(0, os.SEEK_END) - most))
                return stream.read(most)
        except OSError as error:
            raise MemberError(f"{printable(name)}: cannot be read: {error.strerror}") from None

    def pieces(self, name: str) -> Iterator[bytes]:
        """Read one file in pieces of at most 1 MiB, whatever its size. Raises MemberError like `read`."""
        path = self._resolve_inside(name)
        try:
            if not path.is_file():
                raise MemberError(f"{printable(name)}: not in the folder, or not a regular file")
            with path.open("rb") as stream:
                while piece := stream.read(MIB):
                    yield piece
        except OSError as error:
            raise MemberError(f"{printable(name)}: cannot be read: {error.strerror}") from None

    def open_streamed(self, name: str) -> Archive:
        """As `open_nested`: a file of a folder is never held."""
        return self.open_nested(name)

    def open_nested(self, name: str) -> Archive:
        """Open the zip archive that is a file of this folder, such as nodes/<node>.zip."""
        path = self._resolve_inside(name)
        try:
            return open_archive(path, self._budget.limits)
        except SourceError as error:
            raise MemberError(str(error)) from None

    def _resolve_inside(self, name: str) -> Path:
        path = self._path / name
        try:
            real = path.resolve()
        except (OSError, RuntimeError, ValueError):
            raise MemberError(f"{printable(name)}: a broken link") from None
        if not real.is_relative_to(self._real):
            raise MemberError(f"{printable(name)}: a link that points outside the folder, which is not followed")
        return path

    def _walk_files(self, left: list[tuple[str, str]] | None = None) -> Iterator[str]:
        """The files, in no order. What is not entered is added to `left`, with the reason; without it, refused."""
        refused = self._refuse_unlisted if left is None else lambda error: left.append(self._why_unlisted(error))
        for folder, folders, files in os.walk(self._path, onerror=refused):
            here = Path(folder).relative_to(self._path).as_posix()
            before = "" if here == "." else f"{here}/"
            for name in tuple(folders):
                why = self._why_not_entered(f"{before}{name}", hidden=left is not None)
                if why and left is None:
                    raise SourceError(f"{self.name}: {printable(before + name)} is {why}; give the real folder")
                if why and left is not None:
                    left.append((f"{before}{name}/", why))
                    folders.remove(name)
            yield from (f"{before}{name}" for name in files)

    def _why_not_entered(self, name: str, *, hidden: bool) -> str:
        """Linked folders are not entered; one that points outside is told, or its files would be missed silently."""
        path = self._path / name
        if path.is_symlink() and not path.resolve().is_relative_to(self._real):
            return "a link to a folder outside, which is not followed"
        return "a hidden folder" if hidden and (path.name.startswith(".") or path.name in HIDDEN) else ""

    def _why_unlisted(self, error: OSError) -> tuple[str, str]:
        name = str(error.filename)
        with suppress(ValueError):
            name = Path(name).relative_to(self._path).as_posix()
        return f"{name}/", f"cannot be listed: {error.strerror}"

    def _refuse_unlisted(self, error: OSError) -> NoReturn:
        raise SourceError(f"{printable(str(error.filename))}: cannot be listed: {error.strerror}") from None


def open_folder(path: Path, limits: Limits | None = None) -> Folder:
    """Open the folder at `path`. Raises SourceError if it is not a folder."""
    if not path.is_dir():
        raise SourceError(f"{path}: not a folder")
    return Folder(path, Budget(limits or Limits()))
