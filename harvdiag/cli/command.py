"""A command of harvdiag: its help with examples and grouped options, and the options that every command takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from harvdiag.cli.output import Settings
from harvdiag.core.suggest import did_you_mean, suggest_names

__all__ = ["ACCESS", "ANSWERS", "DATA", "PICTURES", "REFERENCE", "Command", "Example", "Tool", "common_options"]

ANSWERS, PICTURES, DATA, ACCESS, REFERENCE = "Answers", "Pictures", "Data", "Access", "Reference"
SECTIONS = (ANSWERS, PICTURES, DATA, ACCESS, REFERENCE)
"""The commands in the help of the tool, in this order."""
OWN, CONNECTION, COMMON = "Options", "Connection options", "Options of every command"
PLACES = {
    "context": CONNECTION,
    "kubeconfig": CONNECTION,
    "request_timeout": CONNECTION,
    "colour": COMMON,
    "quiet": COMMON,
    "debug": COMMON,
    "version": COMMON,
}
"""The group of an option in the help; all others are the command's own and come first."""


class Example(NamedTuple):
    """A command line that works, and what it shows."""

    what: str
    line: str


def _set_colour(ctx: click.Context, _: click.Parameter, value: bool | None) -> None:
    if value is not None:
        ctx.ensure_object(Settings).colour = value


def _set_flag(ctx: click.Context, param: click.Parameter, value: bool | None) -> None:
    if value and param.name:
        setattr(ctx.ensure_object(Settings), param.name, True)


def common_options() -> list[click.Parameter]:
    """Return the options that every command takes, before or after its name; they fill the `Settings`."""
    return [
        click.Option(
            ["--color/--no-color", "colour"],
            default=None,
            expose_value=False,
            callback=_set_colour,
            help="Colours; default: on a terminal, unless NO_COLOR is set.",
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_set_flag,
            help="No progress and no notes on stderr, only errors.",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_set_flag,
            help="Timings, and the traceback of an error, on stderr; as HARVDIAG_DEBUG=1.",
        ),
    ]


class _Helpful(click.Command):
    """Help with examples below the description, and options in groups, those of the connection after its own."""

    examples: Sequence[tuple[str, str]] = ()

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_help_text(ctx, formatter)
        if not self.examples:
            return
        with formatter.section("Examples"):
            for what, line in self.examples:
                formatter.write(f"  # {what}\n  {line}\n")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title in (OWN, CONNECTION, COMMON):
            options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
            chosen = [option for option in options if _place_option(option) == title]
            rows = [row for option in chosen if (row := option.get_help_record(ctx)) is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _place_option(param: click.Parameter) -> str:
    """The group of an option. Click names that of the help differently from version to version."""
    return COMMON if "--help" in param.opts else PLACES.get(param.name or "", OWN)


class Command(_Helpful):
    """One command: `section` is its place in the help of the tool, `examples` are command lines that a test runs."""

    def __init__(
        self, *args: Any, section: str = REFERENCE, examples: Sequence[tuple[str, str]] = (), **rest: Any
    ) -> None:
        super().__init__(*args, **rest)
        self.section = section
        self.examples = [Example(*example) for example in examples]
        self.params += common_options()


class Tool(_Helpful, click.Group):
    """The tool: its commands by section; a misspelt one is answered with what may have been meant."""

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]] = (), **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.examples = [Example(*example) for example in examples]
        self.params += common_options()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self._write_commands(formatter)
        super().format_options(ctx, formatter)

    def _write_commands(self, formatter: click.HelpFormatter) -> None:
        for title in SECTIONS:
            members = [c for c in self.commands.values() if not c.hidden and getattr(c, "section", REFERENCE) == title]
            rows = [(command.name or "", command.get_short_help_str(60)) for command in members]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names. Raises click.UsageError if it names none."""
        word = args[0]
        if self.get_command(ctx, word) is None and not ctx.resilient_parsing and not word.startswith("-"):
            raise click.UsageError(_unknown_command(word, [*self.commands]), ctx)
        return super().resolve_command(ctx, args)


def _unknown_command(word: str, known: list[str]) -> str:
    """Say which command may have been meant; for a file, that a command is missing before it."""
    if Path(word).exists():
        return f"no command is given before {word}: put one there, such as `harvdiag check {word}`"
    return f"no such command {word!r}{did_you_mean(suggest_names(word, known))}"
