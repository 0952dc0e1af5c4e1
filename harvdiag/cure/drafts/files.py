"""Drafts as files: written on request, for their owner alone, and never over a file that is there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from harvdiag.core.errors import UsageError
from harvdiag.core.outgoing import vet_outgoing
from harvdiag.cure.drafts.model import Draft
from harvdiag.cure.drafts.text import file_name, render_draft
from harvdiag.io.whole import write_whole

__all__ = ["write_drafts"]


class HasDrafts(Protocol):
    """A way, or whatever else has drafts."""

    @property
    def drafts(self) -> tuple[Draft, ...]:
        """They themselves."""


def write_drafts(way: HasDrafts, folder: str | os.PathLike[str], *, force: bool = False) -> tuple[Path, ...]:
    """Write the drafts of a way into a folder, which is made if it is not there; return their paths.

    Raises UsageError where a file is there already, without `force`, or one cannot be written; then none was begun
    over another.
    """
    texts = {Path(folder) / file_name(draft.name): render_draft(draft) for draft in way.drafts}
    for path, text in texts.items():
        vet_outgoing(path.name, text)
        if os.path.lexists(path) and not force:
            raise UsageError(f"{path} is there already; --force writes over it")
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            _write(path, text.encode(), force)
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder}: drafts cannot be written: {getattr(error, 'strerror', error)}") from None
    return tuple(texts)


def _write(path: Path, data: bytes, force: bool) -> None:
    """Make the file for its owner alone, then fill it."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if not force:
            raise
        write_whole(path, data)
        return
    try:
        write_whole(path, data)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
