"""Files that are written completely or not at all: made beside the old one, then moved into its place."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

__all__ = ["replace_file", "write_whole"]

IN_PLACE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY}
"""What a folder says in which no file can be made or replaced; the file itself may still be written."""
PATIENCE, PAUSE = 5.0, 0.02
"""Seconds for which a move is tried again on Windows, and between two tries."""


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, of which a reader sees the old content or the new, never a part. Raises OSError.

    A device or a pipe, such as ``/dev/stdout``, is written as it is. A link stays one, and a file keeps its
    permissions.
    """
    path = path.resolve() if path.is_symlink() else path
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    try:
        replace_file(path, data)
    except OSError as error:
        if error.errno not in IN_PLACE or not path.exists():
            raise
        path.write_bytes(data)


def replace_file(path: Path, data: bytes, aside: Path | None = None) -> None:
    """Write a file beside its place, to the disk, then move it there; `aside` names the first, else it has a new name.

    Raises OSError; then the file is as it was.
    """
    aside = _create(path, aside)
    try:
        with aside.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        aside.chmod(_permissions(path))
        _move(aside, path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise
    _sync_folder(path.parent)


def _create(path: Path, aside: Path | None) -> Path:
    """An empty file of its own: in a folder of many people nothing that another made is written to."""
    if aside is None:
        handle, name = mkstemp(prefix=".harvdiag-", suffix=".part", dir=path.parent)
        os.close(handle)
        return Path(name)
    aside.unlink(missing_ok=True)  # of a process that was killed
    os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return aside


def _move(aside: Path, path: Path) -> None:
    """On Windows a program that reads the file, such as a virus scanner, may prevent it for a moment."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            aside.replace(path)
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > end:
                raise
            time.sleep(PAUSE)
        else:
            return


def _sync_folder(folder: Path) -> None:
    """Write the move to the disk, where the system can."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _permissions(path: Path) -> int:
    """Those of the file that is replaced, else those that a new file gets."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
