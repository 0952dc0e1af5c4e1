"""The folder of a notebook for what it writes: one of one's own, or a temporary one that goes with the kernel."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from harvdiag.core.errors import UsageError

__all__ = ["work_folder"]


def work_folder(place: str | os.PathLike[str] = "") -> Path:
    """Return a folder for what a notebook writes, made where it is not there yet: ``hd.work_folder("lab")``.

    Without a place it is a new temporary folder, which goes with the kernel: a notebook can be run on a sample, and
    leaves nothing behind. Raises UsageError for a folder that cannot be made.
    """
    if not os.fspath(place):
        folder = TemporaryDirectory(prefix="harvdiag-")
        atexit.register(folder.cleanup)
        return Path(folder.name)
    try:
        path = Path(place).expanduser()
        path.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"the folder {place} could not be made: {getattr(error, 'strerror', None) or error}") from None
    return path
