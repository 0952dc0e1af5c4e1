"""A zip archive read in place: its names, and single members, checked; nothing is ever extracted."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self

from harvdiag.core.errors import SourceError
from harvdiag.io.archive.directory import Directory, End, Entry, find_end, is_complete
from harvdiag.io.archive.member import Budget, Limits, MemberError, printable
from harvdiag.io.archive.slices import Slices, closing_on_error, open_slices
from harvdiag.io.archive.stream import DEFLATED, STORED, Unpacked, damaged_error, first_bytes, last_bytes, unpack_pieces

__all__ = ["Archive", "Limits", "MemberError", "open_archive", "open_archive_bytes"]

_LOCAL = 30
_LINK = 0o120000
_METHODS = {9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz", 98: "ppmd", 99: "AES encryption"}


class Archive:
    """The members of one zip archive. A context manager; `name` is what to call it in messages."""

    def __init__(self, name: str, source: Slices, directory: Directory, budget: Budget) -> None:
        self.name = name
        self._source = source
        self._entries = directory
        self._budget = budget
        self._found: dict[str, list[int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, or all its parts."""
        self._source.close()

    def names(self, part: str = "") -> tuple[str, ...]:
        """Return the names of the files (no folders) that contain `part`, in the archive's order, each once."""
        records = self._entries.find_names(part)
        self._found.update(records)
        return tuple(records)

    def read(self, name: str) -> bytes:
        """Read one member. Raises MemberError if it is missing, duplicate, damaged, encrypted or too large."""
        return self._read_member(name, self._budget)

    def _read_member(self, name: str, budget: Budget) -> bytes:
        entry = self._find_entry(name)
        self._entries.release_bytes()
        budget.check_size(name, entry.size)
        data = self._unpack_member(name, entry)
        budget.spend(len(data))
        return data

    def head(self, name: str, most: int) -> bytes:
        """Read the first bytes of one member, at most `most`, whatever its size. Raises MemberError like `read`."""
        entry = self._find_entry(name)
        self._entries.release_bytes()
        return first_bytes(self._unpack_pieces(name, entry), most)

    def tail(self, name: str, most: int) -> bytes:
        """Read the last bytes of one member, at most `most`, whatever its size: it is unpacked, but not held."""
        return last_bytes(self._stream_member(name)[1], most)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Read one member in pieces of at most 256 KiB, whatever its size. Raises MemberError like `read`.

        Damage to its end is known only there.
        """
        return self._stream_member(name)[1]

    def _stream_member(self, name: str) -> tuple[Entry, Iterator[bytes]]:
        entry = self._find_entry(name)
        self._entries.release_bytes()
        self._budget.check_stream(name, entry.size)
        return entry, self._unpack_pieces(name, entry)

    def open_nested(self, name: str) -> Archive:
        """Open the zip archive that is a member of this one, such as nodes/<node>.zip.

        Each has limits of its own: the archives of sixty nodes must not use up what is left for the lists.
        """
        budget = Budget(self._budget.limits)
        return self._open_within(name, Slices([BytesIO(self._read_member(name, budget))]), budget)

    def open_streamed(self, name: str) -> Archive:
        """Open the same archive without holding it: it is unpacked again as it is read, for the end of a log in it."""
        entry, _ = self._stream_member(name)
        source = Slices([Unpacked(lambda: self._unpack_pieces(name, entry), entry.size)])
        return self._open_within(name, source, Budget(self._budget.limits))

    def _open_within(self, name: str, source: Slices, budget: Budget) -> Archive:
        end = find_end(source)
        if end is None or not is_complete(source, end):
            raise MemberError(f"{printable(name)}: not a complete zip archive")
        try:
            directory = _read_directory(printable(name), source, end)
        except SourceError as error:
            raise MemberError(str(error)) from None
        return Archive(f"{self.name}/{printable(name)}", source, directory, budget)

    def _find_entry(self, name: str) -> Entry:
        starts = self._found.get(name) or self._entries.find_names(name).get(name, [])
        if not starts:
            raise MemberError(f"{printable(name)}: not in the archive")
        if len(starts) > 1:
            raise MemberError(
                f"{printable(name)}: duplicate entry ({len(starts)} times in the archive), so it is not read"
            )
        return self._entries.read_entry(name, starts[0])

    def _unpack_member(self, name: str, entry: Entry) -> bytes:
        """At most one byte more than the directory states, in a buffer allocated once: no second copy in memory."""
        buffer = _allocate_buffer(entry.size)
        for piece in self._unpack_pieces(name, entry):
            buffer.write(piece)
        return buffer.getvalue()

    def _unpack_pieces(self, name: str, entry: Entry) -> Iterator[bytes]:
        if entry.flags & 0x2041:
            raise MemberError(f"{printable(name)}: encrypted; ask for the bundle without a password")
        if entry.mode & 0o170000 == _LINK:
            raise MemberError(f"{printable(name)}: a symbolic link, which is not followed")
        start = self._data_start(name, entry)
        if entry.method not in {STORED, DEFLATED}:
            method = _METHODS.get(entry.method, f"method {entry.method}")
            raise MemberError(
                f"{printable(name)}: compressed with {method}, which is not supported (only stored and deflated)"
            )
        return unpack_pieces(self._source, start, entry, name)

    def _data_start(self, name: str, entry: Entry) -> int:
        """Where the compressed bytes begin: after the local header, which must have the same name."""
        head = self._source.read(entry.offset, _LOCAL + len(entry.raw_name))
        if head[:4] != b"PK\3\4" or head[_LOCAL:] != entry.raw_name:
            raise damaged_error(name)
        lengths = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
        if lengths[0] != len(entry.raw_name):
            raise damaged_error(name)
        return entry.offset + _LOCAL + sum(lengths)


def _allocate_buffer(size: int) -> BytesIO:
    buffer = BytesIO()
    if size:
        buffer.seek(size - 1)
        buffer.write(b"\0")
    buffer.seek(0)
    return buffer


def open_archive(path: Path, limits: Limits | None = None) -> Archive:
    """Open the zip archive at `path`, with all its parts if it is one of several. Raises SourceError if it cannot."""
    source = open_slices([path])
    end = find_end(source)
    if end and is_complete(source, end) and not (end.shift and _is_part(path, source)):
        with closing_on_error(source):
            directory = _read_directory(str(path), source, end)
    else:
        source.close()
        source, directory = _open_parts(path, end)
    return Archive(str(path), source, directory, Budget(limits or Limits()))


def open_archive_bytes(name: str, data: bytes, limits: Limits | None = None) -> Archive:
    """Open a zip archive that is held in memory; `name` is what to call it. Raises SourceError if it is not whole."""
    source = Slices([BytesIO(data)])
    end = find_end(source)
    if end is None or not is_complete(source, end):
        raise SourceError(f"{printable(name)}: a zip archive that is truncated or damaged; copy it again")
    return Archive(name, source, _read_directory(printable(name), source, end), Budget(limits or Limits()))


def _is_part(path: Path, source: Slices) -> bool:
    """Whether an end record far from its own start belongs to a zip within a part: by its first bytes, or its name."""
    from harvdiag.io.archive.parts import has_siblings

    return source.read(0, 4) == b"PK\7\x08" or has_siblings(path)


def _open_parts(path: Path, end: End | None) -> tuple[Slices, Directory]:
    from harvdiag.io.archive.parts import find_parts

    parts = find_parts(path, end)
    source = open_slices(parts.paths)
    with closing_on_error(source):
        directory = _read_directory(str(path), source, parts.find_joined_end(source))
        parts.check_order(source, directory)
    return source, directory


def _read_directory(name: str, source: Slices, end: End) -> Directory:
    if not end.entries:
        raise SourceError(f"{name}: an empty zip archive; generate the support bundle again")
    return Directory(name, source, end, source.starts if end.disk else (0,))
