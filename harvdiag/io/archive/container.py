"""The interface of an archive and a folder, and how to open either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from harvdiag.core.errors import SourceError
from harvdiag.io.archive.archive import Archive, open_archive
from harvdiag.io.archive.folder import open_folder
from harvdiag.io.archive.member import Limits, MemberError

__all__ = ["Container", "Limits", "MemberError", "open_container"]


class Container(Protocol):
    """Files by name, read one at a time; `name` is its name in messages."""

    name: str

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def names(self, part: str = "") -> tuple[str, ...]:
        """Return the names of all files that contain `part`, with slashes between folders."""
        ...

    def read(self, name: str) -> bytes:
        """Read one file. Raises MemberError if it cannot be read."""
        ...

    def open_nested(self, name: str) -> Archive:
        """Open the zip archive that is one of the files. Raises MemberError if it cannot be read."""
        ...

    def tail(self, name: str, most: int) -> bytes:
        """Read the last bytes of one file, at most `most`, without holding it. Raises MemberError if that fails."""
        ...

    def pieces(self, name: str) -> Iterator[bytes]:
        """Read one file piece by piece, whatever its size, without holding it. Raises MemberError if that fails."""
        ...

    def open_streamed(self, name: str) -> Archive:
        """As `open_nested`, but never held: slower for much of it, and right for the end of a log in it."""
        ...

    def close(self) -> None:
        """Close all open files."""
        ...


def open_container(path: Path, limits: Limits | None = None) -> Container:
    """Open the folder or the zip archive at `path`. Raises SourceError if it is neither."""
    try:
        if path.is_dir():
            return open_folder(path, limits)
        if not path.exists():
            raise SourceError(f"{path}: no such file or folder")
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror}") from None
    if not path.is_file():
        raise SourceError(f"{path}: neither a file nor a folder")
    return open_archive(path, limits)
