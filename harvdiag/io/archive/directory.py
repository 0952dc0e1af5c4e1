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
from harvdiag.io.archive.member import MemberError, printable
from harvdiag.io.archive.slices import Slices

__all__ = ["Directory", "End", "Entry", "find_end", "is_complete"]

ENTRY_SIGNATURE = 0x02014B50
_END = Struct("<4sHHHHIIH")
_LOCATOR = Struct("<4sIQI")
_END64 = Struct("<4sQHHIIQQQQ")
_LENGTHS = Struct("<I24xHHH12x2s")
_ENTRY = Struct("<4xHHHHHHIIIHHHHHII")
_DRIVE = re.compile(rb"/.|[A-Za-z]:|\.\.", re.DOTALL)
_WIDE = {2: 0xFFFF, 4: 0xFFFFFFFF}
_UTF8 = 0x800


class End(NamedTuple):
    """The record that ends an archive: where its directory is. `shift` counts extra bytes before the archive."""

    entries: int
    size: int
    start: int
    disk: int
    shift: int


class Entry(NamedTuple):
    """One member as the directory describes it; `offset` counts from the first byte of all parts.

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
    """Find the last end record that fits into the file; None if there is none."""
    tail_start = max(0, source.size - _END.size - 0xFFFF)
    tail = source.read(tail_start, source.size - tail_start)
    position = tail.rfind(b"PK\5\6")
    while position >= 0:
        if position + _END.size <= len(tail):
            fields = _END.unpack_from(tail, position)
            if position + _END.size + fields[7] <= len(tail):
                return _parse_end(source, tail_start + position, fields)
        position = tail.rfind(b"PK\5\6", 0, position)
    return None


def _parse_end(source: Slices, position: int, fields: tuple[bytes, int, int, int, int, int, int, int]) -> End:
    _, disk, first_disk, _, entries, size, offset, _ = fields
    wide = _parse_end64(source, position)
    if wide:
        position, disk, first_disk, entries, size, offset = wide
    disks = source.starts if disk else (0,)
    start = position - size
    stated = disks[min(first_disk, len(disks) - 1)] + offset
    return End(entries, size, start, disk, start - stated)


def _parse_end64(source: Slices, position: int) -> tuple[int, int, int, int, int, int] | None:
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
    """Whether the file is a complete zip: one disk, and its directory where the end record says."""
    return end.disk == 0 and end.shift >= 0 and (not end.entries or source.read(end.start, 4) == b"PK\1\2")


class Directory:
    """The members of one archive. SourceError if the directory is damaged or has a name that points outside."""

    def __init__(self, name: str, source: Slices, end: End, disks: Sequence[int] = (0,)) -> None:
        self._name = name
        self._end = end
        self._disks = disks
        self._source = source
        self._bytes = b""
        self._windows = False
        self._load_bytes()
        heads: set[bytes] = set()
        self._starts = array("Q", self._walk_records(heads))
        if len(self._starts) & 0xFFFF != end.entries & 0xFFFF:
            raise self._damaged_error()
        self._refuse_traversal(heads)

    def _load_bytes(self) -> None:
        """Read the directory, if it is not held, and two bytes more, so that every name has two bytes."""
        if not self._bytes and self._end.start >= 0:
            self._bytes = self._source.read(self._end.start, self._end.size + 2)

    def release_bytes(self) -> None:
        """Release the bytes, megabytes in a large bundle; they are re-read when needed."""
        self._bytes = b""

    def _damaged_error(self) -> SourceError:
        return SourceError(f"{self._name}: the directory of this zip is damaged; download or copy the file again")

    def _walk_records(self, heads: set[bytes]) -> Iterator[int]:
        """Where each record begins; the first two bytes of every name are added to `heads`."""
        data, lengths, at, end = self._bytes, _LENGTHS.unpack_from, 0, self._end.size
        try:
            while at < end:
                signature, name, extra, comment, head = lengths(data, at)
                if signature != ENTRY_SIGNATURE:
                    raise self._damaged_error()
                heads.add(head)
                yield at
                at += 46 + name + extra + comment
        except struct.error:
            raise self._damaged_error() from None
        if at != end:
            raise self._damaged_error()

    def _refuse_traversal(self, heads: set[bytes]) -> None:
        """Refuse names that are absolute, have a drive or go up: such an archive is malicious.

        They are checked as they are used: with slashes for the backslashes of Windows.
        """
        self._windows = any(self._find_records(b"\\"))
        if not self._windows and not any(map(_DRIVE.match, heads)) and not any(self._find_records(b"/..")):
            return
        for start in self._starts:
            text = self._decode_name(start)
            if text.startswith("/") or text[1:2] == ":" or ".." in text.split("/"):
                raise SourceError(
                    f"{self._name}: contains the file name {printable(text)!r}, which points outside the archive; "
                    "no support bundle has such a name, so none of it is read"
                )

    def _find_records(self, part: bytes) -> Iterator[int]:
        """Where the records begin whose name contains `part`; one record may occur more than once."""
        if not part:
            yield from self._starts
            return
        position = self._bytes.find(part)
        while position >= 0:
            start = self._starts[bisect_right(self._starts, position) - 1]
            name = start + 46
            if name <= position and position + len(part) <= name + self._name_length(start):
                yield start
            position = self._bytes.find(part, position + 1)

    def _name_length(self, start: int) -> int:
        return int.from_bytes(self._bytes[start + 28 : start + 30], "little")

    def _raw_name(self, start: int) -> bytes:
        return self._bytes[start + 46 : start + 46 + self._name_length(start)]

    def _decode_name(self, start: int) -> str:
        """The name of a member. Old tools of Windows write backslashes, which it has as slashes."""
        name = self._decode_bytes(start)
        return name.replace("\\", "/") if self._windows else name

    def _decode_bytes(self, start: int) -> str:
        raw, flags = self._raw_name(start), int.from_bytes(self._bytes[start + 8 : start + 10], "little")
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.decode("utf-8", "backslashreplace") if flags & _UTF8 else raw.decode("cp437")

    def find_names(self, part: str) -> dict[str, list[int]]:
        """Find the names of files (not folders) that contain `part`, each with the records of that name, in order."""
        self._load_bytes()
        records: dict[str, list[int]] = {}
        seen = -1
        for start in self._find_records(b"" if self._windows else part.encode("utf-8", "surrogateescape")):
            if start == seen:
                continue
            seen = start
            text = self._decode_name(start)
            if not text.endswith("/") and (not self._windows or part in text):
                records.setdefault(text, []).append(start)
        return records

    def first_in_each(self, starts: Sequence[int]) -> Iterator[tuple[int, Entry]]:
        """Yield the index of each part, which begin at `starts`, and the first member whose data begins in it."""
        first: dict[int, Entry] = {}
        for start in self._starts:
            entry = self.read_entry(self._decode_name(start), start)
            part = bisect_right(starts, entry.offset) - 1
            if part not in first or entry.offset < first[part].offset:
                first[part] = entry
        yield from sorted(first.items(), key=lambda item: item[0])

    def read_entry(self, name: str, start: int) -> Entry:
        """Parse the member whose record begins at `start`."""
        record = self._read_bytes(start, _ENTRY.size)
        if len(record) < _ENTRY.size:
            raise MemberError(f"{printable(name)}: its entry in the directory can no longer be read")
        fields = _ENTRY.unpack(record)
        made_by, _, flags, method, _, _, crc, packed, size = fields[:9]
        name_length, extra_length, _, disk, _, attributes, offset = fields[9:]
        tail = self._read_bytes(start + _ENTRY.size, name_length + extra_length)
        raw_name, extra = tail[:name_length], tail[name_length:]
        size, packed, offset, disk = _apply_zip64(extra, ((size, 4), (packed, 4), (offset, 4), (disk, 2)), name)
        if disk >= len(self._disks):
            raise MemberError(f"{printable(name)}: is in part {disk + 1} of the archive, which is missing")
        place = self._disks[disk] + offset + self._end.shift
        mode = attributes >> 16 if made_by >> 8 == 3 else 0
        return Entry(
            raw_name=raw_name, flags=flags, method=method, crc=crc, packed=packed, size=size, offset=place, mode=mode
        )

    def _read_bytes(self, start: int, length: int) -> bytes:
        """Bytes of the directory, held or not."""
        if self._bytes:
            return self._bytes[start : start + length]
        return self._source.read(self._end.start + start, length)


def _apply_zip64(extra: bytes, fields: Sequence[tuple[int, int]], name: str) -> list[int]:
    """The fields, those at their maximum replaced from the zip64 extra field."""
    if all(value != _WIDE[width] for value, width in fields):
        return [value for value, _ in fields]
    wide, position, out = _zip64_extra(extra), 0, []
    for value, width in fields:
        if value == _WIDE[width] and wide is not None:
            length = 8 if width == 4 else 4
            piece = wide[position : position + length]
            if len(piece) < length:
                raise MemberError(f"{printable(name)}: its entry in the directory is damaged")
            position += length
            out.append(int.from_bytes(piece, "little"))
        else:
            out.append(value)
    return out


def _zip64_extra(extra: bytes) -> bytes | None:
    position = 0
    while position + 4 <= len(extra):
        kind, length = (
            int.from_bytes(extra[position : position + 2], "little"),
            int.from_bytes(extra[position + 2 : position + 4], "little"),
        )
        if kind == 1:
            return extra[position + 4 : position + 4 + length]
        position += 4 + length
    return None
