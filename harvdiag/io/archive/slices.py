"""One file, or several files one after the other, read as one sequence of bytes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import SEEK_END
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, Protocol

from harvdiag.core.errors import SourceError

__all__ = ["Slices", "Stream", "closing_on_error", "open_slices"]


class Stream(Protocol):
    """The methods of a binary file that are needed here."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Set the position."""

    def read(self, length: int = -1, /) -> bytes:
        """Read from the position on."""

    def close(self) -> None:
        """Close it."""


class Slices:
    """The bytes of the streams, joined without a copy. Closing it closes the streams."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self.streams = tuple(streams)
        sizes = [stream.seek(0, SEEK_END) for stream in self.streams]
        self.starts = tuple(accumulate(sizes, initial=0))[:-1]
        self.size = sum(sizes)

    def read(self, offset: int, length: int) -> bytes:
        """Read from `offset` on; fewer bytes than requested only at the end of the last stream."""
        if not 0 <= offset < self.size or length <= 0:
            return b""
        index = bisect_right(self.starts, offset) - 1
        got = self._read_one(index, offset - self.starts[index], length)
        if len(got) == length:
            return got
        pieces, left = [got], length - len(got)
        for following in range(index + 1, len(self.streams)):
            if not left:
                break
            pieces.append(self._read_one(following, 0, left))
            left -= len(pieces[-1])
        return b"".join(pieces)

    def _read_one(self, index: int, offset: int, length: int) -> bytes:
        stream = self.streams[index]
        stream.seek(offset)
        return stream.read(length)

    def close(self) -> None:
        """Close all streams."""
        for stream in self.streams:
            stream.close()


@contextmanager
def closing_on_error(source: Slices) -> Iterator[None]:
    """Close the source if the block fails."""
    try:
        yield
    except BaseException:
        source.close()
        raise


def open_slices(paths: Iterable[Path]) -> Slices:
    """Open the files, joined in this order. Raises SourceError if one cannot be opened."""
    with ExitStack() as opened:
        streams = [opened.enter_context(_open_file(path)) for path in paths]
        opened.pop_all()
    return Slices(streams)


def _open_file(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise SourceError(f"{path}: cannot be opened: {error.strerror}") from None
