"""A folder of files, read as an archive is: names with slashes, checked, within limits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from harvdiag.core.errors import SourceError
from harvdiag.io.archive.archive import Archive, open_archive
from harvdiag.io.archive.member import Budget, Limits, MemberError, shown

__all__ = ["Folder", "open_folder"]


class Folder:
    """The files below one folder. A context manager, as an Archive is; there is nothing to close."""

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
        """Nothing is held open."""

    def names(self, part: str = "") -> tuple[str, ...]:
        """The files whose path below the folder holds part, sorted. SourceError where a folder cannot be listed."""
        if self._names is None:
            self._names = tuple(sorted(self._walk()))
        return tuple(name for name in self._names if part in name)

    def read(self, name: str) -> bytes:
        """The bytes of one file. MemberError where it is missing, unreadable, too large or a link to the outside."""
        path = self._inside(name)
        try:
            if not path.is_file():
                raise MemberError(f"{shown(name)}: not in the folder, or no plain file")
            self._budget.check(name, path.stat().st_size)
            with path.open("rb") as stream:
                data = stream.read(self._budget.limits.member + 1)
        except OSError as error:
            raise MemberError(f"{shown(name)}: cannot be read: {error.strerror}") from None
        self._budget.check(name, len(data))
        self._budget.spend(len(data))
        return data

    def tail(self, name: str, most: int) -> bytes:
        """The last bytes of one file, `most` at most, whatever its size. MemberError as `read` has it."""
        path = self._inside(name)
        try:
            if not path.is_file():
                raise MemberError(f"{shown(name)}: not in the folder, or no plain file")
            with path.open("rb") as stream:
                stream.seek(max(0, stream.seek(0, os.SEEK_END) - most))
                return stream.read(most)
        except OSError as error:
            raise MemberError(f"{shown(name)}: cannot be read: {error.strerror}") from None

    def peek(self, name: str) -> Archive:
        """As `nested`: a file of a folder is never held."""
        return self.nested(name)

    def nested(self, name: str) -> Archive:
        """The zip archive that is a file of this folder, such as nodes/<node>.zip."""
        path = self._inside(name)
        try:
            return open_archive(path, self._budget.limits)
        except SourceError as error:
            raise MemberError(str(error)) from None

    def _inside(self, name: str) -> Path:
        path = self._path / name
        try:
            real = path.resolve()
        except (OSError, RuntimeError, ValueError):
            raise MemberError(f"{shown(name)}: a link that leads nowhere") from None
        if not real.is_relative_to(self._real):
            raise MemberError(f"{shown(name)}: a link that leads out of the folder, which is not followed")
        return path

    def _walk(self) -> Iterator[str]:
        for folder, folders, files in os.walk(self._path, onerror=self._unlisted):
            here = Path(folder).relative_to(self._path).as_posix()
            before = "" if here == "." else f"{here}/"
            for name in folders:
                self._refuse_leaving(f"{before}{name}")
            yield from (f"{before}{name}" for name in files)

    def _refuse_leaving(self, name: str) -> None:
        """A folder that is a link is not entered; if it leads outside, files would be missed in silence."""
        path = self._path / name
        if path.is_symlink() and not path.resolve().is_relative_to(self._real):
            raise SourceError(
                f"{self.name}: {shown(name)} is a link to a folder outside, which is not followed; give the real folder"
            )

    def _unlisted(self, error: OSError) -> NoReturn:
        raise SourceError(f"{shown(str(error.filename))}: cannot be listed: {error.strerror}") from None


def open_folder(path: Path, limits: Limits | None = None) -> Folder:
    """The files below the folder at path. SourceError where it is none."""
    if not path.is_dir():
        raise SourceError(f"{path}: no folder")
    return Folder(path, Budget(limits or Limits()))
