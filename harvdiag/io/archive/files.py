"""The files of a source one after the other, whatever carries them: a folder, a zip, a tar, or one file, also packed.

Each is given with its first bytes; the rest is read only where a reader asks for it, and before it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Protocol, cast

from harvdiag.core.errors import SourceError
from harvdiag.io.archive.archive import Archive, open_archive, open_archive_bytes
from harvdiag.io.archive.folder import Folder, open_folder
from harvdiag.io.archive.member import Budget, Limits, MemberError, printable
from harvdiag.io.archive.packed import PackedStream, is_packed

if TYPE_CHECKING:
    import tarfile

__all__ = ["HEAD", "CarriedFile", "list_files", "list_text_files", "unpack_file"]

HEAD = 1 << 16
"""How many of its first bytes each file is given with."""
BLOCK = 512
ZIP = b"PK\3\4"


@dataclass(frozen=True, kw_only=True)
class CarriedFile:
    """One file of a source: its name with slashes, its first bytes, and how to read it.

    `problem` says why it cannot be read, where that is known; `hidden`, that this is a folder of the system's own.
    `alone`: it is the source itself. `inner` gives the names in it, if it is a zip archive.
    """

    name: str
    head: bytes = b""
    read: Callable[[], bytes] = bytes
    problem: str = ""
    hidden: bool = False
    alone: bool = False
    inner: Callable[[], tuple[str, ...]] | None = None


class _Reads(Protocol):
    """What can be read forward."""

    def read(self, length: int = -1, /) -> bytes: ...


def list_files(path: Path, limits: Limits | None = None) -> Iterator[CarriedFile]:
    """Go through the files of a folder, a zip or tar archive (also packed), or the one file itself.

    A link that is given itself is followed. Raises SourceError if the source as a whole cannot be read.
    """
    bounds = limits or Limits()
    if path.is_dir():
        yield from _list_folder(path, bounds)
        return
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        if head.startswith(ZIP):
            with open_archive(path, bounds) as archive:
                yield from _list_zip(archive)
            return
        stream.seek(0)
        yield from _list_stream(path.name, head, stream, bounds)


def list_text_files(name: str, data: bytes) -> Iterator[CarriedFile]:
    """The same for bytes that came through a pipe; `name` is what to call them."""
    if data.startswith(ZIP):
        with open_archive_bytes(name, data) as archive:
            yield from _list_zip(archive)
        return
    yield from _list_stream(name, data[:HEAD], BytesIO(data), Limits())


def unpack_file(file: CarriedFile) -> CarriedFile:
    """Return the file that a packed one holds. Raises MemberError if it is damaged, or holds an archive."""
    stream = PackedStream(file.name, BytesIO(file.read()), Limits())
    inner = _one_file(file.name, stream, Limits())
    if _is_tar(inner.head):
        raise MemberError(f"{printable(file.name)}: a tar archive; give it by itself")
    return inner


def _list_folder(path: Path, limits: Limits) -> Iterator[CarriedFile]:
    folder = open_folder(path, limits)
    names, problems = folder.survey()
    for name, problem in problems:
        yield CarriedFile(name=name, problem=problem, hidden="hidden" in problem)
    for name in names:
        yield _member(folder, name)


def _list_zip(archive: Archive) -> Iterator[CarriedFile]:
    for name in archive.names():
        yield _member(archive, name)


def _member(box: Folder | Archive, name: str) -> CarriedFile:
    try:
        head = box.head(name, HEAD)
    except MemberError as error:
        return CarriedFile(name=name, problem=str(error).removeprefix(f"{printable(name)}: "))
    return CarriedFile(
        name=name, head=head, read=partial(box.read, name), inner=lambda: _names_in(box.open_nested(name))
    )


def _names_in(archive: Archive) -> tuple[str, ...]:
    with archive:
        return archive.names()


def _list_stream(name: str, head: bytes, stream: BinaryIO, limits: Limits) -> Iterator[CarriedFile]:
    source: _Reads = PackedStream(name, stream, limits) if is_packed(head) else stream
    first = _one_file(name, source, limits)
    if _is_tar(first.head):
        yield from _list_tar(name, _Again(first.head, source), limits)
    else:
        yield replace(first, alone=True)


def _one_file(name: str, source: _Reads, limits: Limits) -> CarriedFile:
    """The file that a stream is; what is read of it after its first bytes is bounded like any file."""
    head = source.read(HEAD)

    def read() -> bytes:
        data = head + source.read(limits.member + 1 - len(head))
        Budget(limits).check_size(name, len(data))
        return data

    return CarriedFile(name=name, head=head, read=read)


class _Again:
    """A stream of which the first bytes were read, to be read from its start."""

    def __init__(self, head: bytes, rest: _Reads) -> None:
        self._head, self._rest = head, rest

    def read(self, length: int = -1, /) -> bytes:
        if length < 0:
            data, self._head = self._head + self._rest.read(), b""
            return data
        data, self._head = self._head[:length], self._head[length:]
        return data if len(data) == length else data + self._rest.read(length - len(data))


def _is_tar(head: bytes) -> bool:
    """Whether the first block is the head of a tar member, also of one of before POSIX: by its checksum."""
    if len(head) < BLOCK:
        return False
    import tarfile

    with suppress(tarfile.TarError, ValueError):
        return bool(tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "surrogateescape").name)
    return False


def _list_tar(name: str, stream: _Reads, limits: Limits) -> Iterator[CarriedFile]:
    import tarfile

    budget = Budget(limits)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|", errors="surrogateescape") as archive:
            for member in archive:
                if not member.isdir():
                    yield _tar_member(archive, member, budget)
    except (tarfile.TarError, EOFError, ValueError) as error:
        what = " ".join(str(error).split())[:100]
        raise SourceError(
            f"{printable(name)}: a tar archive that is damaged or truncated ({what}); copy it again"
        ) from None


def _tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo, budget: Budget) -> CarriedFile:
    name = member.name.removeprefix("./").encode("utf-8", "replace").decode()
    if not member.isreg():
        return CarriedFile(name=name, problem="a link or device, which is not followed")
    stream = archive.extractfile(member)
    if stream is None:
        return CarriedFile(name=name, problem="not a regular file")
    head = stream.read(HEAD)

    def read() -> bytes:
        budget.check_size(name, member.size)
        budget.spend(member.size)
        return head + stream.read()

    return CarriedFile(name=name, head=head, read=read)
