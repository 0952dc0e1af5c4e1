"""`harvdiag run`: execute a notebook on a source, and write a page of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from harvdiag.cli.command import Command
from harvdiag.cli.files import check_output, write_written
from harvdiag.cli.output import print_error, settings, write_stdout
from harvdiag.cli.policy import current_settings
from harvdiag.cli.redaction import redact_options
from harvdiag.cli.source import EXIT_INTERRUPTED, Seconds, Source, SourceOptions, check_given, open_snapshot
from harvdiag.core.errors import UsageError
from harvdiag.core.target import TIMEOUT

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from harvdiag.share.run import Order

__all__ = ["run"]

EXIT_FAILED = 1
USUAL = "10m"


class _Notebook(click.ParamType[str]):
    """The number or the name of a notebook of the kit, or a path."""

    name = "notebook"

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from harvdiag.share.run.kit import list_notebooks, read_title

        begun = [path for path in list_notebooks() if path.stem.startswith(incomplete)]
        return [CompletionItem(path.stem, help=read_title(path)) for path in begun] + [
            CompletionItem(incomplete, type="file")
        ]


class _Setting(click.ParamType[tuple[str, str]]):
    """``NAME=VALUE``."""

    name = "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name.isidentifier():
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        return name, text


@click.command(
    cls=Command,
    examples=(
        ("Which notebooks there are", "harvdiag run"),
        ("A notebook on a bundle, as a page", "harvdiag run 01 --source bundle.zip -o orphans.html"),
    ),
)
@click.argument("notebook", required=False, type=_Notebook())
@click.option(
    "--source",
    type=Source(),
    help="What it reads: a file or folder as for check, or context:lab; default: that of the notebook, a sample.",
)
@click.option(
    "-p",
    "--parameter",
    "parameters",
    type=_Setting(),
    multiple=True,
    metavar="NAME=VALUE",
    help="Another value in its parameters cell, such as NODE=srv09 (repeatable).",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write, .html or .ipynb; default: the notebook's name, as a page in the current folder.",
)
@click.option(
    "--timeout", type=Seconds(), default=USUAL, show_default=True, help="How long one cell may take: 30s, 10m, 1h."
)
@redact_options
def run(
    notebook: str | None,
    source: str | None,
    parameters: tuple[tuple[str, str], ...],
    output: Path | None,
    timeout: float,
) -> int:
    """Execute a notebook, and write a page of it that opens anywhere: without network, scripts, and the kernel.

    NOTEBOOK is one of harvdiag's by number or name (01, 01-find-orphans), or the path of one; without it, they are
    listed. It needs the extra: pip install 'harvdiag[notebook]'. A page tells nothing about the machine on which it was
    made; the source is named without its folder. With --redact the kernel gets a redacted snapshot of the source and
    its notes, and sees nothing else of it; logs are not in a snapshot.

    Exit code 0: executed to its end; 1: a cell failed, and all up to it is written; 2: unusable input or usage.
    """
    from harvdiag.share.run import ENDINGS, SOURCE, Order
    from harvdiag.share.run.kit import asks_preflight, find_notebook

    if notebook is None:
        write_stdout(_list())
        return 0
    path = find_notebook(notebook)
    output = output or Path(f"{path.stem}.html")
    check_output(output, ENDINGS, "an executed notebook", source)
    if output.exists() and output.samefile(path):
        raise UsageError(f"{output} cannot be written: it is the notebook itself; give another name")
    given = dict(parameters)
    source = given.pop(SOURCE, None) if source is None else source
    check_given(source, "the source of --source")
    order = Order(source=source, parameters=given, timeout=timeout, settings=current_settings())
    with ExitStack() as stack:
        if settings().redactor is not None:
            folder = stack.enter_context(TemporaryDirectory(prefix="harvdiag-run-"))
            copy, change = _copy_redacted(source, Path(folder), asks_preflight(path))
            order = replace(order, source=str(copy), rename=change)
        return _run(path, output, order)


def _run(path: Path, output: Path, order: Order) -> int:
    from harvdiag.share.run import ENDINGS, run_notebook

    try:
        done = run_notebook(path, output, order, _show_progress)
    except KeyboardInterrupt:
        click.echo("harvdiag: interrupted; nothing was written", err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
    finally:
        _clear_progress()
    from harvdiag.status.summary import format_count

    hint = "open it with any browser" if output.suffix.lower() == ENDINGS[0] and not done.failure else ""
    write_written(done.path, f"{path.stem}, {format_count(done.cells, 'cell')}", hint)
    if done.failure:
        where = f"cell {done.failure.cell} of {done.cells} failed" if done.failure.cell else "no cell was run"
        print_error(f"{path.name}: {where}: {done.failure.reason}; {output} has all up to it")
        return EXIT_FAILED
    return 0


def _copy_redacted(source: str | None, folder: Path, preflight: bool) -> tuple[Path, Callable[[str], str]]:
    """A redacted copy of the source, and how texts are redacted. Raises UsageError without a source: that of a notebook
    is a sample.
    """
    from harvdiag.share.run.redacted import copy_redacted

    if source is None:
        raise UsageError("--redact is about a source of yours: name it with --source")
    with open_snapshot(SourceOptions(source, (), None, TIMEOUT)) as snapshot:
        return copy_redacted(snapshot, folder, preflight), snapshot.redactor.text if snapshot.redactor else str


def _list() -> str:
    from harvdiag.share.run.kit import list_notebooks, read_title

    rows = [f"{path.stem:18} {read_title(path)}\n" for path in list_notebooks()]
    if not rows:
        raise UsageError("this installation has no notebooks: give the path of one")
    return "".join(rows) + "\n`harvdiag run 01 --source SOURCE` executes one of them.\n"


def _is_shown() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and not settings().quiet


def _show_progress(cell: int, count: int) -> None:
    if _is_shown():
        click.echo(f"\rharvdiag: cell {cell} of {count} …\x1b[K", err=True, nl=False)


def _clear_progress() -> None:
    if _is_shown():
        click.echo("\r\x1b[K", err=True, nl=False)
