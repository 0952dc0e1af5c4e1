"""Files that are written completely or not at all: made beside the old one, then moved into its place."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

__all__ = ["write_whole"]

IN_PLACE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY}
"""What a folder says in which no file can be made or replaced; the file itself may still be written."""


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
        _replace_file(path, data)
    except OSError as error:
        if error.errno not in IN_PLACE or not path.exists():
            raise
        path.write_bytes(data)


def _replace_file(path: Path, data: bytes) -> None:
    handle, name = mkstemp(prefix=".harvdiag-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(_permissions(path))
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _permissions(path: Path) -> int:
    """Those of the file that is replaced, else those that a new file gets."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
