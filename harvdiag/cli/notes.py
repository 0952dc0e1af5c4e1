"""The option --notes, for every command that shows findings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harvdiag.core.errors import HarvdiagError, UsageError

if TYPE_CHECKING:
    from harvdiag.cli.source import SourceOptions
    from harvdiag.snapshot import Snapshot

__all__ = ["carry_notes", "check_shared_notes", "notes_option"]

Command = Callable[..., Any]
HELP = "The file with the notes; default: NAME.notes.yaml beside the source, of a cluster in the working folder."


def notes_option(exists: bool = True) -> Callable[[Command], Command]:
    """Add --notes to a command, which gets it as `notes`: a file that must exist, unless the command makes it."""
    kind = click.Path(exists=exists, dir_okay=False, path_type=Path)
    return click.option("--notes", type=kind, metavar="FILE", help=HELP)


def check_shared_notes(where: SourceOptions, notes: Path | None) -> SourceOptions:
    """Return the sources. Raises UsageError for several with one file of notes: their findings may have equal names."""
    if notes is not None and (where.others or len(where.contexts) > 1):
        raise UsageError("--notes is for one source: leave it out, and each has the file beside it")
    return where


def carry_notes(source: Snapshot, saved: Path) -> str:
    """Put the notes on a source beside the file that it was saved to; return what to say of that, if anything."""
    from harvdiag import notes
    from harvdiag.status.summary import format_count

    try:
        carried = notes.carry_notes(source, saved)
    except HarvdiagError as error:
        return f"not taken along: {error}"
    return f"{carried[0].name} beside it: {format_count(carried[1], 'note')}; hand it on, too" if carried else ""
