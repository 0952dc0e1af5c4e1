"""What an archive and a folder have in common, and the door to both."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from harvdiag.core.errors import SourceError
from harvdiag.io.archive.archive import Archive, open_archive
from harvdiag.io.archive.folder import open_folder
from harvdiag.io.archive.member import Limits, MemberError

__all__ = ["Container", "Limits", "MemberError", "open_container"]


class Container(Protocol):
    """Files by name, read one at a time; `name` is what to call the whole in messages."""

    name: str

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def names(self, part: str = "") -> tuple[str, ...]:
        """The names of all files that hold part, with slashes between folders."""
        ...

    def read(self, name: str) -> bytes:
        """The bytes of one file. MemberError where it cannot be read."""
        ...

    def nested(self, name: str) -> Archive:
        """The zip archive that is one of the files. MemberError where it cannot be read."""
        ...

    def tail(self, name: str, most: int) -> bytes:
        """The last bytes of one file, `most` at most; the file is never held. MemberError where it cannot be read."""
        ...

    def peek(self, name: str) -> Archive:
        """As `nested`, but never held: slower where much is read of it, and right for the end of a log in it."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


def open_container(path: Path, limits: Limits | None = None) -> Container:
    """The folder or the zip archive at path. SourceError where there is neither."""
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
