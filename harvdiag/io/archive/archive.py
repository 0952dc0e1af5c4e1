"""A zip archive read in place: its names, and single members, checked; nothing is ever extracted."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self

from harvdiag.core.errors import SourceError
from harvdiag.io.archive.directory import Directory, End, Entry, find_end, is_complete
from harvdiag.io.archive.member import Budget, Limits, MemberError, shown
from harvdiag.io.archive.slices import Slices, closing_on_error, open_slices
from harvdiag.io.archive.stream import DEFLATED, STORED, Unpacked, damaged, last, pieces

__all__ = ["Archive", "Limits", "MemberError", "open_archive"]

_LOCAL = 30
_LINK = 0o120000
_METHODS = {9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz", 98: "ppmd", 99: "AES encryption"}


class Archive:
    """The members of one zip archive. A context manager; `name` is what to call it in messages."""

    def __init__(self, name: str, source: Slices, directory: Directory, budget: Budget) -> None:
        self.name = name
        self._source = source
        self._directory = directory
        self._budget = budget
        self._found: dict[str, list[int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file, or of all its parts."""
        self._source.close()

    def names(self, part: str = "") -> tuple[str, ...]:
        """The names of the files (no folders) that hold part, in the archive's order, each once."""
        found = self._directory.find(part)
        self._found.update(found)
        return tuple(found)

    def read(self, name: str) -> bytes:
        """The bytes of one member. MemberError where it is missing, double, damaged, encrypted or too large."""
        return self._read(name, self._budget)

    def _read(self, name: str, budget: Budget) -> bytes:
        entry = self._entry(name)
        self._directory.let_go()
        budget.check(name, entry.size)
        data = self._unpack(name, entry)
        budget.spend(len(data))
        return data

    def tail(self, name: str, most: int) -> bytes:
        """The last bytes of one member, `most` at most, whatever its size: it is unpacked, but not held."""
        return last(self._stream(name)[1], most)

    def _stream(self, name: str) -> tuple[Entry, Iterator[bytes]]:
        entry = self._entry(name)
        self._directory.let_go()
        self._budget.check_stream(name, entry.size)
        return entry, self._pieces(name, entry)

    def nested(self, name: str) -> Archive:
        """The zip archive that is a member of this one, such as nodes/<node>.zip.

        The same limits hold for each by itself: the archives of sixty nodes must not use up what is left for the lists.
        """
        budget = Budget(self._budget.limits)
        return self._within(name, Slices([BytesIO(self._read(name, budget))]), budget)

    def peek(self, name: str) -> Archive:
        """The same archive, unpacked anew for what is read of it instead of held: for the end of a log in it."""
        entry, _ = self._stream(name)
        source = Slices([Unpacked(lambda: self._pieces(name, entry), entry.size)])
        return self._within(name, source, Budget(self._budget.limits))

    def _within(self, name: str, source: Slices, budget: Budget) -> Archive:
        end = find_end(source)
        if end is None or not is_complete(source, end):
            raise MemberError(f"{shown(name)}: no complete zip archive")
        try:
            directory = _directory(shown(name), source, end)
        except SourceError as error:
            raise MemberError(str(error)) from None
        return Archive(f"{self.name}/{shown(name)}", source, directory, budget)

    def _entry(self, name: str) -> Entry:
        starts = self._found.get(name) or self._directory.find(name).get(name, [])
        if not starts:
            raise MemberError(f"{shown(name)}: not in the archive")
        if len(starts) > 1:
            raise MemberError(f"{shown(name)}: stands {len(starts)} times in the archive, so none of them is read")
        return self._directory.entry(name, starts[0])

    def _unpack(self, name: str, entry: Entry) -> bytes:
        """At most one byte more than the directory promises, into room made once: memory is not held twice."""
        found, out = self._pieces(name, entry), _room(entry.size)
        for piece in found:
            out.write(piece)
        return out.getvalue()

    def _pieces(self, name: str, entry: Entry) -> Iterator[bytes]:
        if entry.flags & 0x2041:
            raise MemberError(f"{shown(name)}: encrypted; ask for the bundle without a password")
        if entry.mode & 0o170000 == _LINK:
            raise MemberError(f"{shown(name)}: a symbolic link, which is not followed")
        start = self._start(name, entry)
        if entry.method not in {STORED, DEFLATED}:
            method = _METHODS.get(entry.method, f"method {entry.method}")
            raise MemberError(f"{shown(name)}: packed with {method}, only stored and deflated files can be read")
        return pieces(self._source, start, entry, name)

    def _start(self, name: str, entry: Entry) -> int:
        """Where the packed bytes begin: after the local header, which must carry the same name."""
        head = self._source.read(entry.offset, _LOCAL + len(entry.raw_name))
        if head[:4] != b"PK\3\4" or head[_LOCAL:] != entry.raw_name:
            raise damaged(name)
        lengths = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
        if lengths[0] != len(entry.raw_name):
            raise damaged(name)
        return entry.offset + _LOCAL + sum(lengths)


def _room(size: int) -> BytesIO:
    room = BytesIO()
    if size:
        room.seek(size - 1)
        room.write(b"\0")
    room.seek(0)
    return room


def open_archive(path: Path, limits: Limits | None = None) -> Archive:
    """The zip archive at path, with all its parts where it is one of several. SourceError where it cannot be used."""
    source = open_slices([path])
    end = find_end(source)
    if end and is_complete(source, end) and not (end.shift and _is_part(path, source)):
        with closing_on_error(source):
            directory = _directory(str(path), source, end)
    else:
        source.close()
        source, directory = _open_parts(path, end)
    return Archive(str(path), source, directory, Budget(limits or Limits()))


def _is_part(path: Path, source: Slices) -> bool:
    """Whether an end record far from its own start belongs to a zip within a part: by its first bytes, or its name."""
    from harvdiag.io.archive.parts import has_siblings

    return source.read(0, 4) == b"PK\7\x08" or has_siblings(path)


def _open_parts(path: Path, end: End | None) -> tuple[Slices, Directory]:
    from harvdiag.io.archive.parts import find_parts

    parts = find_parts(path, end)
    source = open_slices(parts.paths)
    with closing_on_error(source):
        directory = _directory(str(path), source, parts.fit(source))
        parts.check_order(source, directory)
    return source, directory


def _directory(name: str, source: Slices, end: End) -> Directory:
    if not end.entries:
        raise SourceError(f"{name}: an empty zip archive; generate the support bundle again")
    return Directory(name, source, end, source.starts if end.disk else (0,))
