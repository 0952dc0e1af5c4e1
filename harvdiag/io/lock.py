"""A lock for files that several programs change, one at a time."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from harvdiag.core.errors import UsageError

__all__ = ["locked"]

PATIENCE = 10.0
"""Seconds to wait for another program that writes the same file."""
PAUSE = 0.005
NOT_FOLLOWED = getattr(os, "O_NOFOLLOW", 0)
BINARY = getattr(os, "O_BINARY", 0)
OPEN_TO_UMASK = 0o666


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which need not exist: ``.NAME.lock`` beside it, that only one process at a time has.

    The system releases it when its process ends, however it does: a lock file that is left over locks nothing. Raises
    OSError where it cannot be made, UsageError where another program holds it for longer than `PATIENCE`.
    """
    lock = path.with_name(f".{path.name}.lock")
    stream = _acquire(lock, time.monotonic() + PATIENCE)
    try:
        yield
    finally:
        _release(lock, stream)


def _acquire(lock: Path, end: float) -> BinaryIO:
    while True:
        stream = os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT | NOT_FOLLOWED | BINARY, OPEN_TO_UMASK), "r+b")
        if _try_lock(stream) and _is_current(lock, stream):
            return stream
        stream.close()
        if time.monotonic() > end:
            raise UsageError(f"{lock.name[1:-5]}: another program has been writing to it for {PATIENCE:g} s; try again")
        time.sleep(PAUSE)


def _is_current(lock: Path, stream: BinaryIO) -> bool:
    """Whether the locked file is still that of the name: the one who held it before may have removed it."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), lock.stat())
    except FileNotFoundError:
        return False


def _release(lock: Path, stream: BinaryIO) -> None:
    if sys.platform != "win32":  # while it is locked: who waits for it sees that it is no longer the file of the name
        with suppress(OSError):
            lock.unlink()
    stream.close()
    if sys.platform == "win32":  # an open file cannot be removed there, and one that another has opened neither
        with suppress(OSError):
            lock.unlink()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(stream: BinaryIO) -> bool:
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(stream: BinaryIO) -> bool:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
