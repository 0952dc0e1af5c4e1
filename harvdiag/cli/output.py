"""Output of text: what every command was told about it, the terminal's width, colours, notes and files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.outgoing import vet_outgoing

if TYPE_CHECKING:
    from harvdiag.core.policy import Policy
    from harvdiag.redact import Redactor

__all__ = [
    "Settings",
    "check_view",
    "print_error",
    "settings",
    "terminal_width",
    "timed",
    "use_colour",
    "write_note",
    "write_stdout",
]

OFF = {"", "0"}
PIPE = 100
"""Columns where there is no terminal."""


class Settings:
    """What the options of every command say, and how long each part took."""

    def __init__(self) -> None:
        self.colour: bool | None = None
        self.quiet = False
        self.debug = os.environ.get("HARVDIAG_DEBUG", "") not in OFF
        self.timings: list[tuple[str, float]] = []
        self.config: Path | None = None
        self.no_config = False
        self.policy: Policy | None = None
        """What the file of settings says, once it was read."""
        self.redactor: Callable[[], Redactor] | None = None
        """Gives what replaces names in all that is read; None: nothing does."""


def settings() -> Settings:
    """Return the settings of the command that runs; the defaults outside of one."""
    context = click.get_current_context(silent=True)
    return context.ensure_object(Settings) if context else Settings()


def use_colour(requested: bool | None = None) -> bool:
    """Whether stdout gets colours: as --color says, else as the environment says, else on a terminal.

    NO_COLOR turns them off, CLICOLOR_FORCE and FORCE_COLOR turn them on, each unless it is empty; TERM=dumb and
    CLICOLOR=0 turn them off on a terminal.
    """
    wanted = settings().colour if requested is None else requested
    if wanted is not None:
        return wanted
    env = os.environ
    if env.get("NO_COLOR"):
        return False
    if env.get("CLICOLOR_FORCE", "") not in OFF or env.get("FORCE_COLOR", "") not in {*OFF, "false"}:
        return True
    return (
        sys.stdout is not None and sys.stdout.isatty() and env.get("TERM") != "dumb" and env.get("CLICOLOR", "1") != "0"
    )


def write_stdout(text: str | bytes, end: str = "", color: bool | None = True, private: bool = False) -> None:
    """Write to stdout, colours as they are. Raises UsageError if it is closed, so that the exit code is not 0.

    What is `private` is for the user alone, and not looked through where names are redacted.
    """
    if sys.stdout is None:
        raise UsageError("stdout cannot be written: it is closed")
    if not private:
        vet_outgoing("stdout", text)
    click.echo(text, nl=bool(end), color=color)


def write_note(text: str) -> None:
    """Write a remark to stderr, one line, unless --quiet; every control character in it is escaped."""
    if not settings().quiet:
        click.echo(escape_text(text), err=True)


def print_error(text: str, hint: str = "") -> None:
    """Write an error to stderr, one line, with a hint on what to do."""
    line = escape_text(" ".join(text.split())).rstrip(".")
    if hint:
        line += f" {hint[0].upper()}{hint[1:]}" if line.endswith("?") else f"; {hint}"
    with suppress(OSError):  # if stderr cannot be written either, only the exit code is left
        click.echo(f"harvdiag: {line}", err=True)


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Measure a part of a command for --debug."""
    began = perf_counter()
    try:
        yield
    finally:
        settings().timings.append((what, perf_counter() - began))


def terminal_width(most: int) -> int:
    """Return the terminal's width, or 100 in a pipe, but at most `most`. COLUMNS overrides the terminal."""
    return min(_known_width() or PIPE, most)


def check_view(brief: bool, full: bool, form: str) -> None:
    """Raise UsageError for --brief together with --full, or with another format than the table."""
    if brief and full:
        raise UsageError("--brief and --full contradict each other: give one of them")
    if brief and form != "table":
        raise UsageError(f"--brief is for the table alone, not for {form}: leave out one of them")


def _known_width() -> int:
    """The width as shutil finds it, which is not imported for that: it loads the library of every compression."""
    told = os.environ.get("COLUMNS", "").strip()
    if told.isdecimal() and int(told):
        return int(told)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0
    except (ValueError, OSError):  # it is closed, or no terminal
        return 0
