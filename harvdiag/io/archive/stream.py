"""Members of an archive as streams: unpacked piece by piece, so that the end of a huge log needs little memory."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from io import SEEK_END

from harvdiag.io.archive.directory import Entry
from harvdiag.io.archive.member import MIB, MemberError, printable
from harvdiag.io.archive.slices import Slices

__all__ = ["DEFLATED", "STORED", "Unpacked", "damaged_error", "first_bytes", "last_bytes", "unpack_pieces"]

STORED, DEFLATED = 0, 8
PIECE = 1 << 18


def damaged_error(name: str) -> MemberError:
    """Return the error for a member whose bytes do not match its checksum or size."""
    return MemberError(f"{printable(name)}: damaged in the archive; download or copy the bundle again")


def unpack_pieces(source: Slices, start: int, entry: Entry, name: str) -> Iterator[bytes]:
    """Unpack the member at `start` in pieces of at most 256 KiB, and at most one byte more than its stated size.

    Size and checksum are known only at the end: raises MemberError then if they are wrong, or if a piece is damaged.
    """
    unpack = _inflated_pieces if entry.method == DEFLATED else _stored_pieces
    crc = size = 0
    try:
        for piece in unpack(source, start, entry):
            crc, size = zlib.crc32(piece, crc), size + len(piece)
            yield piece
    except zlib.error:
        raise damaged_error(name) from None
    if size != entry.size or crc != entry.crc:
        raise damaged_error(name)


def _stored_pieces(source: Slices, start: int, entry: Entry) -> Iterator[bytes]:
    left = min(entry.packed, entry.size)
    while left and (piece := source.read(start, min(PIECE, left))):
        start, left = start + len(piece), left - len(piece)
        yield piece


def _inflated_pieces(source: Slices, start: int, entry: Entry) -> Iterator[bytes]:
    inflater, at, stop, left = zlib.decompressobj(-zlib.MAX_WBITS), start, start + entry.packed, entry.size + 1
    while not inflater.eof and left:
        packed = inflater.unconsumed_tail
        if not packed:
            packed = source.read(at, min(PIECE, stop - at))
            at += len(packed)
        piece = inflater.decompress(packed, min(PIECE, left))
        if piece:
            left -= len(piece)
            yield piece
        elif not packed:
            break
    if not inflater.eof:
        raise zlib.error("the stream does not end where it should")


def first_bytes(pieces: Iterable[bytes], most: int) -> bytes:
    """Return the first `most` bytes of the pieces, unpacking no more than that needs."""
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        if size >= most:
            break
    return b"".join(kept)[:most]


def last_bytes(pieces: Iterable[bytes], most: int) -> bytes:
    """Return the last `most` bytes (at least one) of the pieces, holding at most one piece more."""
    kept: deque[bytes] = deque()
    size = 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        while size - len(kept[0]) >= most:
            size -= len(kept.popleft())
    return b"".join(kept)[-most:]


class Unpacked:
    """A member as a file that is unpacked while it is read, and never held.

    Seeking back unpacks it from its start again, except within its last MiB, which is kept: an archive has its
    directory there.
    """

    def __init__(self, unpack: Callable[[], Iterator[bytes]], size: int) -> None:
        self._unpack = unpack
        self._size = size
        self._at = 0
        self._left: Iterator[bytes] = iter(())
        self._piece = b""
        self._piece_at = size + 1

    @cached_property
    def _last_mebibyte(self) -> bytes:
        return last_bytes(self._unpack(), MIB)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Set the position, from the start, or with SEEK_END from the end."""
        self._at = offset + (self._size if whence == SEEK_END else 0)
        return self._at

    def read(self, length: int = -1, /) -> bytes:
        """Read from the position on. Raises MemberError if the member is damaged."""
        length = self._size - self._at if length < 0 else length
        into = self._at - (self._size - len(self._last_mebibyte))
        data = (
            self._last_mebibyte[into : into + length] if into >= 0 else b"".join(self._read_forward(self._at, length))
        )
        self._at += len(data)
        return data

    def _read_forward(self, at: int, length: int) -> Iterator[bytes]:
        if at < self._piece_at:
            self._left, self._piece, self._piece_at = self._unpack(), b"", 0
        while length > 0:
            part = self._piece[at - self._piece_at :][:length]
            if part:
                at, length = at + len(part), length - len(part)
                yield part
                continue
            self._piece_at += len(self._piece)
            self._piece = next(self._left, b"")
            if not self._piece:
                return

    def close(self) -> None:
        """Release what is held."""
        self._left, self._piece, self._piece_at = iter(()), b"", self._size + 1
