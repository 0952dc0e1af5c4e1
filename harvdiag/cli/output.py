"""Where text goes: how wide the terminal is, and whether it shows colours."""

from __future__ import annotations

import os
import sys

import click

from harvdiag.core.errors import UsageError

__all__ = ["coloured", "say", "width"]


def coloured(wish: bool | None) -> bool:
    """Whether to use colours: as wished, else on a terminal that can, unless NO_COLOR is set."""
    if wish is not None:
        return wish
    return (
        sys.stdout is not None
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


def say(text: str | bytes, end: str = "", color: bool | None = None) -> None:
    """Write to stdout. Raises UsageError where it is closed: what nobody can read was not told."""
    if sys.stdout is None:
        raise UsageError("stdout cannot be written: it is closed")
    click.echo(text, nl=bool(end), color=color)


def width(most: int) -> int:
    """The terminal's width, or 100 in a pipe, but no more than one can read. COLUMNS overrides it."""
    from shutil import get_terminal_size

    return min(get_terminal_size((100, 24)).columns, most)
