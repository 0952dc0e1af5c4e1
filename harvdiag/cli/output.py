"""Output of text: the width of the terminal, and whether to use colours."""

from __future__ import annotations

import os
import sys

import click

from harvdiag.core.errors import UsageError

__all__ = ["terminal_width", "use_colour", "write_stdout"]


def use_colour(requested: bool | None) -> bool:
    """Whether to use colours: as requested, else on a terminal that supports them, unless NO_COLOR is set."""
    if requested is not None:
        return requested
    return (
        sys.stdout is not None
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def write_stdout(text: str | bytes, end: str = "", color: bool | None = None) -> None:
    """Write to stdout. Raises UsageError if it is closed, so that the exit code is not 0."""
    if sys.stdout is None:
        raise UsageError("stdout cannot be written: it is closed")
    click.echo(text, nl=bool(end), color=color)


def terminal_width(most: int) -> int:
    """Return the terminal's width, or 100 in a pipe, but at most `most`. COLUMNS overrides the terminal."""
    from shutil import get_terminal_size

    return min(get_terminal_size((100, 24)).columns, most)
