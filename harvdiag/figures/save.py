"""Writing pictures to files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.outgoing import vet_outgoing

__all__ = ["write_file"]


def write_file(file: str | os.PathLike[str], make: Callable[[str], bytes]) -> Path:
    """Write what `make` returns for the file name extension, and return the path.

    Raises UsageError where the file cannot be written.
    """
    try:
        path = Path(file)
    except TypeError as error:
        raise UsageError(f"the file to save to must be a name or a path, not {type(file).__name__}") from error
    data = make(path.suffix.lower())
    vet_outgoing(path.name, data)
    try:
        path.write_bytes(data)
    except (OSError, ValueError) as error:  # ValueError: a null byte or a lone surrogate in the name
        raise UsageError(
            f"{escape_text(path)}: cannot be written: {getattr(error, 'strerror', None) or error}"
        ) from error
    return path
