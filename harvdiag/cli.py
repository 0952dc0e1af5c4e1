"""The terminal tool: `harvdiag check`, `harvdiag rules`. Reports on stdout, everything else on stderr.

Exit 0: nothing at or above `--fail-on`; 1: findings; 2: unusable input or usage, in one line; 3: a bug in harvdiag.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harvdiag.errors import HarvdiagError, UsageError
from harvdiag.escape import plain
from harvdiag.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from harvdiag.findings import Findings

__all__ = ["cli", "main"]

EXIT_FINDINGS, EXIT_UNUSABLE, EXIT_BUG = 1, 2, 3
LEVELS = {"error": 0, "warning": 1, "never": -1}


def __dir__() -> list[str]:
    return __all__


def main() -> None:
    """Run the tool and exit with its code."""
    _tolerate()
    gc.disable()  # one answer, then the process ends: nothing that the collector could free would be used again
    try:
        code = cli.main(standalone_mode=False)
    except click.Abort:
        code = 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = EXIT_UNUSABLE
    except click.ClickException as error:
        code = _complain(error.format_message(), _usage(error))
    except HarvdiagError as error:
        code = _complain(str(error))
    except BrokenPipeError:
        # The reader went away (`| head`): nothing is wrong; keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:  # the last resort: a bug must not look like a finding
        code = _bug(error)
    sys.exit(code or 0)


def _tolerate() -> None:
    """Let a stream that cannot hold a sign show its number: the report is more than its marks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"; see `{context.command_path} --help`" if context else ""


def _complain(text: str, hint: str = "") -> int:
    click.echo(f"harvdiag: {plain(' '.join(text.split())).rstrip('.')}{hint}", err=True)
    return EXIT_UNUSABLE


def _bug(error: Exception) -> int:
    if os.environ.get("HARVDIAG_DEBUG"):
        raise error
    click.echo(
        f"harvdiag: a bug in harvdiag {__version__}: {type(error).__name__}: {plain(error)}; "
        "please report it with the output of the same command under HARVDIAG_DEBUG=1",
        err=True,
    )
    return EXIT_BUG


class _Words(click.ParamType[tuple[str, ...]]):
    """Names of rules and families, separated by commas; completes them."""

    name = "rule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:  # noqa: ARG002
        if isinstance(value, tuple):
            return value
        return tuple(word.strip() for word in str(value).split(",") if word.strip())

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        from click.shell_completion import CompletionItem

        from harvdiag.rules import registry

        done, _, last = incomplete.rpartition(",")
        head = f"{done}," if done else ""
        words = {name: rule.summary for name, rule in registry().items()}
        words |= {rule.family: "the whole family" for rule in registry().values()}
        return [CompletionItem(head + w, help=text) for w, text in sorted(words.items()) if w.startswith(last)]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="harvdiag")
def cli() -> None:
    """Find out why a Harvester upgrade is stuck: nodes, machines and what links them.

    harvdiag only reads; it never changes a cluster and never reads a token.
    """


@cli.command()
@click.argument("source", required=False, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    help="How to print the findings; default: as the ending of --output says, else table.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file, not to stdout."
)
@click.option(
    "--select", type=_Words(), multiple=True, help="Only these rules or families (comma-separated, repeatable)."
)
@click.option(
    "--ignore", type=_Words(), multiple=True, help="Not these rules or families (comma-separated, repeatable)."
)
@click.option(
    "--fail-on",
    type=click.Choice(list(LEVELS)),
    default="error",
    show_default=True,
    help="Exit 1 for findings of this severity or worse.",
)
@click.option("--strict", is_flag=True, help="Exit 1 also where a check could not be made.")
@click.option(
    "--color/--no-color", "colour", default=None, help="Colours; default: on a terminal, unless NO_COLOR is set."
)
def check(
    source: Path | None,
    form: str | None,
    output: Path | None,
    select: Sequence[tuple[str, ...]],
    ignore: Sequence[tuple[str, ...]],
    fail_on: str,
    strict: bool,
    colour: bool | None,
) -> int:
    """Say what is wrong with a cluster, how it shows, why it matters and what to do next.

    SOURCE is a Harvester support bundle (the zip, one of its parts, or the extracted folder), or what
    `kubectl get … -o yaml` wrote (a file, a folder, or - for standard input).

    Exit code 0: nothing at or above --fail-on; 1: findings; 2: unusable input or usage; 3: a bug in harvdiag.
    """
    from harvdiag.cluster import Cluster
    from harvdiag.reports import save
    from harvdiag.sources import open_source

    if source is None:
        raise UsageError("give a SOURCE: a support bundle or files of kubectl (a live cluster cannot be read yet)")
    form = form or _form(output)
    findings = Cluster(open_source(source)).check([*chain(*select)], [*chain(*ignore)])
    text = _rendered(findings, form, output is None and _coloured(colour))
    if output is None:
        # JSON is UTF-8 (RFC 8259), whatever the terminal's signs are.
        click.echo(text.encode() if form == "json" else text, nl=False, color=True)
    else:
        save(text, output)
    return _code(findings, fail_on, strict)


def _form(output: Path | None) -> str:
    from harvdiag.reports import form_of

    return form_of(output) if output is not None and output.suffix else "table"


def _coloured(wish: bool | None) -> bool:
    if wish is not None:
        return wish
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _rendered(findings: Findings, form: str, colour: bool) -> str:
    from harvdiag.reports import render, terminal

    if form == "table":
        return terminal.render(findings, _width(120), colour)
    return render(findings, form)


def _width(most: int) -> int:
    """The terminal's width, or 100 in a pipe, but no more than one can read. COLUMNS overrides it."""
    from shutil import get_terminal_size

    return min(get_terminal_size((100, 24)).columns, most)


def _code(findings: Findings, fail_on: str, strict: bool) -> int:
    bad = any(finding.severity.rank <= LEVELS[fail_on] for finding in findings)
    return EXIT_FINDINGS if bad or (strict and findings.skipped) else 0


def _complete_rule(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _Words().shell_complete(ctx, param, incomplete)


@cli.command()
@click.argument("name", required=False, shell_complete=_complete_rule)
def rules(name: str | None) -> None:
    """List the checks, or explain one of them, or a family: NAME is a rule or a family."""
    from harvdiag.reports import rulebook
    from harvdiag.rules import select

    chosen = select([name] if name else ())
    width = _width(100)
    one = name in {rule.name for rule in chosen}
    click.echo(rulebook.explain(chosen[0], width) if one else rulebook.listing(chosen, width), nl=False)
