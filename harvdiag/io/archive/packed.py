"""Files in gzip, xz or bzip2, unpacked piece by piece within limits; nothing is ever held whole."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterator
from typing import Any, BinaryIO

from harvdiag.io.archive.member import MIB, Limits, MemberError, printable, size_text

__all__ = ["PackedStream", "is_packed"]

PIECE = 1 << 18
MEMORY = 128 * MIB
"""How much an xz stream may ask for its dictionary; its largest preset needs 65 MiB."""
_GZIP, _XZ, _BZIP2 = b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh"


def is_packed(head: bytes) -> bool:
    """Whether a file with these first bytes is one that PackedStream reads."""
    return head.startswith((_GZIP, _XZ, _BZIP2))


class PackedStream:
    """What a packed file holds, to be read forward only. `name` is what messages call it.

    Reading raises MemberError where it is damaged, or unpacks to more than the limit of a stream.
    """

    def __init__(self, name: str, stream: BinaryIO, limits: Limits) -> None:
        self._name = printable(name)
        self._limits = limits
        self._pieces = self._checked_pieces(stream)
        self._buffer = b""
        self._size = 0

    def read(self, length: int = -1, /) -> bytes:
        """Read so many bytes, fewer only at the end; or all that is left."""
        parts, got = [self._buffer], len(self._buffer)
        while (length < 0 or got < length) and (piece := next(self._pieces, b"")):
            parts.append(piece)
            got += len(piece)
        data = b"".join(parts)
        cut = len(data) if length < 0 else length
        self._buffer = data[cut:]
        return data[:cut]

    def _checked_pieces(self, stream: BinaryIO) -> Iterator[bytes]:
        try:
            for piece in _unpack(stream):
                self._size += len(piece)
                if self._size > self._limits.stream:
                    most = size_text(self._limits.stream)
                    raise MemberError(
                        f"{self._name}: unpacks to more than {most}, and is not read further; unpack it first"
                    )
                yield piece
        except (zlib.error, EOFError, OSError, ValueError, _lzma_error()):
            raise MemberError(f"{self._name}: damaged or truncated; download or copy it again") from None


def _lzma_error() -> type[Exception]:
    from lzma import LZMAError

    return LZMAError


def _new_decompressor(head: bytes) -> Callable[[], Any]:
    if head.startswith(_GZIP):
        return lambda: zlib.decompressobj(31)
    if head.startswith(_XZ):
        from lzma import LZMADecompressor

        return lambda: LZMADecompressor(memlimit=MEMORY)
    from bz2 import BZ2Decompressor

    return BZ2Decompressor


def _unpack(stream: BinaryIO) -> Iterator[bytes]:
    """The pieces of all streams in the file, one after the other, as `cat a.gz b.gz` makes them."""
    data = stream.read(PIECE)
    start = _new_decompressor(data)
    while data:
        unpacker = start()
        data = yield from _unpack_one(unpacker, stream, data)
        data = (data or stream.read(PIECE)).lstrip(b"\0")  # tapes and some tools fill up with zeros


def _unpack_one(unpacker: Any, stream: BinaryIO, data: bytes) -> Generator[bytes, None, bytes]:
    """The pieces of one stream; returns the bytes after it."""
    while not unpacker.eof:
        piece = unpacker.decompress(data, PIECE)
        if piece:
            yield piece
        data = getattr(unpacker, "unconsumed_tail", b"")  # of zlib alone; the others keep it themselves
        if not unpacker.eof and not data and getattr(unpacker, "needs_input", not piece or len(piece) < PIECE):
            data = stream.read(PIECE)
            if not data:
                raise EOFError
    return bytes(unpacker.unused_data)
