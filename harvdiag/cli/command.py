"""A command of harvdiag: its help with examples and grouped options, and the options that every command takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import click

from harvdiag.cli.output import Settings
from harvdiag.core.suggest import did_you_mean, suggest_names

__all__ = [
    "ACCESS",
    "ANSWERS",
    "DATA",
    "PICTURES",
    "REFERENCE",
    "Command",
    "Example",
    "Place",
    "Tool",
    "common_options",
]

ANSWERS, PICTURES, DATA, ACCESS, REFERENCE = "Answers", "Pictures", "Data", "Access", "Reference"
SECTIONS = (ANSWERS, PICTURES, DATA, ACCESS, REFERENCE)
"""The commands in the help of the tool, in this order."""
OWN, CONNECTION, COMMON = "Options", "Connection options", "Options of every command"
PLACES = {
    **dict.fromkeys(("--context", "--kubeconfig", "--request-timeout"), CONNECTION),
    **dict.fromkeys(("--color", "--quiet", "--config", "--no-config", "--debug", "--version", "--help"), COMMON),
}
"""The group of an option in the help; all others are the command's own and come first."""


class Place(NamedTuple):
    """Where a command is defined, and what the help of the tool says of it."""

    module: str
    name: str
    section: str
    short: str


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


def _set_file(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
    if value is not None and param.name:
        setattr(ctx.ensure_object(Settings), param.name, value)


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
            ["--config"],
            type=click.Path(path_type=Path),
            expose_value=False,
            callback=_set_file,
            help="The file of settings; default: HARVDIAG_CONFIG, else harvdiag.toml here or above.",
        ),
        click.Option(
            ["--no-config"],
            is_flag=True,
            expose_value=False,
            callback=_set_flag,
            help="No settings: nothing is ignored, no checks of your own.",
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
    """The group of an option."""
    return next((PLACES[name] for name in param.opts if name in PLACES), OWN)


class Command(_Helpful):
    """One command; `examples` are command lines that a test runs."""

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]] = (), **rest: Any) -> None:
        super().__init__(*args, **rest)
        self.examples = [Example(*example) for example in examples]
        self.params += common_options()


class _Commands(MutableMapping[str, click.Command]):
    """The commands by name, each imported when it is first asked for: the others cost a command nothing."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            place = self._places[name]
            command: click.Command = getattr(import_module(place.module), place.name)
            command.short_help = place.short
            self._loaded[name] = command
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._places, *self._loaded)))

    def __len__(self) -> int:
        return len({*self._places, *self._loaded})


class Tool(_Helpful, click.Group):
    """The tool: its commands by section, each imported when it is called.

    A misspelt one is answered with what may have been meant.
    """

    def __init__(
        self,
        *args: Any,
        places: Mapping[str, Place] | None = None,
        examples: Sequence[tuple[str, str]] = (),
        **rest: Any,
    ) -> None:
        super().__init__(*args, **rest)
        self.commands = _Commands(places or {})
        self.places = places or {}
        self.examples = [Example(*example) for example in examples]
        self.params += common_options()

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self._write_commands(formatter)
        super().format_options(ctx, formatter)

    def _write_commands(self, formatter: click.HelpFormatter) -> None:
        """The commands by section, of which none is imported."""
        for title in SECTIONS:
            rows = [(name, place.short) for name, place in self.places.items() if place.section == title]
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
    from harvdiag.io.missing import exists

    if word == "help":
        return "no such command: `harvdiag --help` lists all, `harvdiag COMMAND --help` explains one"
    if exists(Path(word)):
        return f"no command is given before {word}: put one there, such as `harvdiag check {word}`"
    return f"no such command {word!r}{did_you_mean(suggest_names(word, known))}"
