"""The directory at the end of a zip archive, searched as bytes.

A support bundle lists tens of thousands of log files; an object for each would cost more than the diagnosis.
Layout after PKWARE's APPNOTE.TXT, sections 4.3.12 to 4.3.16 and 4.5.3; zip64 and split archives included.
"""

from __future__ import annotations

import re
import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from struct import Struct
from typing import NamedTuple

from harvdiag.core.errors import SourceError
from harvdiag.io.archive.member import MemberError, shown
from harvdiag.io.archive.slices import Slices

__all__ = ["Directory", "End", "Entry", "find_end", "is_complete"]

ENTRY_SIGN = 0x02014B50
_END = Struct("<4sHHHHIIH")
_LOCATOR = Struct("<4sIQI")
_END64 = Struct("<4sQHHIIQQQQ")
_LENGTHS = Struct("<I24xHHH12x2s")
_ENTRY = Struct("<4xHHHHHHIIIHHHHHII")
_DRIVE = re.compile(rb"/.|[A-Za-z]:|\.\.", re.DOTALL)
_WIDE = {2: 0xFFFF, 4: 0xFFFFFFFF}
_UTF8 = 0x800


class End(NamedTuple):
    """The record that ends an archive: where its directory is. Before the archive, `shift` bytes too many stand."""

    entries: int
    size: int
    start: int
    disk: int
    shift: int


class Entry(NamedTuple):
    """One member as the directory describes it.

    A named tuple, built by keyword: of an archive in parts tens of thousands are made, and a frozen dataclass takes
    three times as long.
    """

    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    """Its size in the archive, in bytes; `size` is that of the file."""
    size: int
    offset: int
    """Where its header is, from the first byte of the whole."""
    mode: int
    """The file mode of Unix; 0 where another system made the entry."""


def find_end(source: Slices) -> End | None:
    """The last end record that fits into the file; None where there is none."""
    tail_start = max(0, source.size - _END.size - 0xFFFF)
    tail = source.read(tail_start, source.size - tail_start)
    at = tail.rfind(b"PK\5\6")
    while at >= 0:
        if at + _END.size <= len(tail):
            fields = _END.unpack_from(tail, at)
            if at + _END.size + fields[7] <= len(tail):
                return _end(source, tail_start + at, fields)
        at = tail.rfind(b"PK\5\6", 0, at)
    return None


def _end(source: Slices, position: int, fields: tuple[bytes, int, int, int, int, int, int, int]) -> End:
    _, disk, first_disk, _, entries, size, offset, _ = fields
    wide = _end64(source, position)
    if wide:
        position, disk, first_disk, entries, size, offset = wide
    disks = source.starts if disk else (0,)
    start = position - size
    stated = disks[min(first_disk, len(disks) - 1)] + offset
    return End(entries, size, start, disk, start - stated)


def _end64(source: Slices, position: int) -> tuple[int, int, int, int, int, int] | None:
    """Position, disk, first disk, entries, size and offset of a zip64 end record."""
    locator = source.read(position - _LOCATOR.size, _LOCATOR.size)
    if not locator.startswith(b"PK\6\7"):
        return None
    for at in (_LOCATOR.unpack(locator)[2], position - _LOCATOR.size - _END64.size):
        record = source.read(at, _END64.size)
        if record.startswith(b"PK\6\6") and len(record) == _END64.size:
            _, _, _, _, disk, first_disk, _, entries, size, offset = _END64.unpack(record)
            return at, disk, first_disk, entries, size, offset
    return None


def is_complete(source: Slices, end: End) -> bool:
    """Whether the file is a zip of its own: one disk, and its directory where the end record says."""
    return end.disk == 0 and end.shift >= 0 and (not end.entries or source.read(end.start, 4) == b"PK\1\2")


class Directory:
    """The members of one archive. SourceError where the directory is damaged or holds a name that climbs out."""

    def __init__(self, name: str, source: Slices, end: End, disks: Sequence[int] = (0,)) -> None:
        self._name = name
        self._end = end
        self._disks = disks
        self._source = source
        self._bytes = b""
        self._load()
        heads: set[bytes] = set()
        self._starts = array("Q", self._walk(heads))
        if len(self._starts) & 0xFFFF != end.entries & 0xFFFF:
            raise self._damaged()
        self._refuse_climbing(heads)

    def _load(self) -> None:
        """Read the directory, if it is not held, with what follows it: then two bytes can be taken of any name."""
        if not self._bytes and self._end.start >= 0:
            self._bytes = self._source.read(self._end.start, self._end.size + 2)

    def let_go(self) -> None:
        """Forget the bytes, megabytes in a large bundle; they are read again when needed."""
        self._bytes = b""

    def _damaged(self) -> SourceError:
        return SourceError(f"{self._name}: the directory of this zip is damaged; download or copy the file again")

    def _walk(self, heads: set[bytes]) -> Iterator[int]:
        """Where each record begins; the first two bytes of every name go into heads."""
        data, lengths, at, end = self._bytes, _LENGTHS.unpack_from, 0, self._end.size
        try:
            while at < end:
                sign, name, extra, comment, head = lengths(data, at)
                if sign != ENTRY_SIGN:
                    raise self._damaged()
                heads.add(head)
                yield at
                at += 46 + name + extra + comment
        except struct.error:
            raise self._damaged() from None
        if at != end:
            raise self._damaged()

    def _refuse_climbing(self, heads: set[bytes]) -> None:
        """No name may be absolute, name a drive, step up or use backslashes: the archive was made to harm."""
        if not any(map(_DRIVE.match, heads)) and not any(self._hits(b"\\")) and not any(self._hits(b"/..")):
            return
        for start in self._starts:
            text = self._text(start)
            if text.startswith("/") or text[1:2] == ":" or "\\" in text or ".." in text.split("/"):
                raise SourceError(
                    f"{self._name}: holds the file name {shown(text)!r}, which leads out of the archive; "
                    "no support bundle has such a name, so nothing of it is read"
                )

    def _hits(self, part: bytes) -> Iterator[int]:
        """Where the records begin whose name holds part; one record may come more than once."""
        if not part:
            yield from self._starts
            return
        at = self._bytes.find(part)
        while at >= 0:
            start = self._starts[bisect_right(self._starts, at) - 1]
            name = start + 46
            if name <= at and at + len(part) <= name + self._name_length(start):
                yield start
            at = self._bytes.find(part, at + 1)

    def _name_length(self, start: int) -> int:
        return int.from_bytes(self._bytes[start + 28 : start + 30], "little")

    def _raw(self, start: int) -> bytes:
        return self._bytes[start + 46 : start + 46 + self._name_length(start)]

    def _text(self, start: int) -> str:
        raw, flags = self._raw(start), int.from_bytes(self._bytes[start + 8 : start + 10], "little")
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.decode("utf-8", "backslashreplace") if flags & _UTF8 else raw.decode("cp437")

    def find(self, part: str) -> dict[str, list[int]]:
        """The names of files (not folders) that hold part, each with the records that carry it, in their order."""
        self._load()
        found: dict[str, list[int]] = {}
        seen = -1
        for start in self._hits(part.encode("utf-8", "surrogateescape")):
            if start == seen:
                continue
            seen = start
            text = self._text(start)
            if not text.endswith("/"):
                found.setdefault(text, []).append(start)
        return found

    def first_in_each(self, starts: Sequence[int]) -> Iterator[tuple[int, Entry]]:
        """For each stretch of the whole that begins at one of starts: the first member whose data begins in it."""
        found: dict[int, Entry] = {}
        for start in self._starts:
            entry = self.entry(self._text(start), start)
            part = bisect_right(starts, entry.offset) - 1
            if part not in found or entry.offset < found[part].offset:
                found[part] = entry
        yield from sorted(found.items(), key=lambda item: item[0])

    def entry(self, name: str, start: int) -> Entry:
        """The member whose record begins at start."""
        record = self._at(start, _ENTRY.size)
        if len(record) < _ENTRY.size:
            raise MemberError(f"{shown(name)}: its entry in the directory cannot be read any more")
        fields = _ENTRY.unpack(record)
        made_by, _, flags, method, _, _, crc, packed, size = fields[:9]
        name_length, extra_length, _, disk, _, attributes, offset = fields[9:]
        tail = self._at(start + _ENTRY.size, name_length + extra_length)
        raw_name, extra = tail[:name_length], tail[name_length:]
        size, packed, offset, disk = _widened(extra, ((size, 4), (packed, 4), (offset, 4), (disk, 2)), name)
        if disk >= len(self._disks):
            raise MemberError(f"{shown(name)}: stands in part {disk + 1} of the archive, which is not there")
        place = self._disks[disk] + offset + self._end.shift
        mode = attributes >> 16 if made_by >> 8 == 3 else 0
        return Entry(
            raw_name=raw_name, flags=flags, method=method, crc=crc, packed=packed, size=size, offset=place, mode=mode
        )

    def _at(self, start: int, length: int) -> bytes:
        """Bytes of the directory, held or not."""
        if self._bytes:
            return self._bytes[start : start + length]
        return self._source.read(self._end.start + start, length)


def _widened(extra: bytes, fields: Sequence[tuple[int, int]], name: str) -> list[int]:
    """The fields, those at their greatest value replaced from the zip64 extra field."""
    if all(value != _WIDE[width] for value, width in fields):
        return [value for value, _ in fields]
    wide, at, out = _extra64(extra), 0, []
    for value, width in fields:
        if value == _WIDE[width] and wide is not None:
            length = 8 if width == 4 else 4
            piece = wide[at : at + length]
            if len(piece) < length:
                raise MemberError(f"{shown(name)}: its entry in the directory is damaged")
            at += length
            out.append(int.from_bytes(piece, "little"))
        else:
            out.append(value)
    return out


def _extra64(extra: bytes) -> bytes | None:
    at = 0
    while at + 4 <= len(extra):
        kind, length = int.from_bytes(extra[at : at + 2], "little"), int.from_bytes(extra[at + 2 : at + 4], "little")
        if kind == 1:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return None
