"""`harvdiag lab`: the notebooks in a folder of the user's, and JupyterLab on it."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.output import settings, write_note, write_stdout
from harvdiag.cli.policy import current_settings
from harvdiag.cli.source import EXIT_INTERRUPTED, Source, check_given

if TYPE_CHECKING:
    from harvdiag.share.lab import Done

__all__ = ["lab"]

FOLDER = Path("harvdiag-lab")
KUBECONFIG = "KUBECONFIG"


@click.command(
    cls=Command,
    examples=(
        ("The notebooks on samples, in ./harvdiag-lab", "harvdiag lab"),
        ("On a bundle", "harvdiag lab bundle.zip"),
        ("On a cluster, on a machine without a screen", "harvdiag lab context:lab --no-browser"),
        ("To learn on broken clusters", "harvdiag lab --training"),
    ),
)
@click.argument("source", required=False, type=Source())
@click.option("--training", is_flag=True, help="The first page begins with the exercises for new operators.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    help="Where the notebooks are, and what you make of them; made if it is not there.",
)
@click.option("--no-browser", is_flag=True, help="Open no browser; print the address.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The port of JupyterLab; default: 8888, or the next that is free."
)
@click.option("--update", is_flag=True, help="Also where you edited a notebook: write its new version beside it.")
def lab(source: str | None, training: bool, folder: Path, no_browser: bool, port: int | None, update: bool) -> int:
    """Open the notebooks in JupyterLab, in a folder of your own.

    They get SOURCE (a file or folder as for check, or context:lab) as what they read; without it that of the last
    time, at first samples. What you edit is never overwritten: a notebook as it was written is updated, one that you
    ran is first moved into the folder earlier/, one that you edited stays.

    JupyterLab runs on this machine alone, behind a token, until Ctrl-C; it asks for no news and looks for no updates.
    It needs the extra: pip install 'harvdiag[notebook]'.

    Exit code 0: ended with Ctrl-C; 2: unusable input or usage.
    """
    from harvdiag.share.lab import Order, check_folder, find_lost, make_copy
    from harvdiag.share.lab.server import Wishes, check_installed, has_browser, refuse_second, serve, take_port

    check_installed()
    _check_source(source)
    check_folder(folder)
    chosen = take_port(port)
    refuse_second(folder)
    _name_files()
    try:
        done = make_copy(Order(folder=folder, source=source, training=training, update=update))
    except KeyboardInterrupt:
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
    write_stdout(_render(folder, done))
    if lost := find_lost(folder):
        write_note(f"The SOURCE of the last time, {lost}, is not there any more: name another")
    gc.enable()  # a server runs long
    opened = not no_browser and has_browser()
    wishes = Wishes(folder=folder, page=done[0].path, port=chosen, browser=opened, log=settings().debug)
    serve(wishes, lambda address: _tell(address, opened, no_browser, chosen))
    write_note(f"JupyterLab has ended. Your notebooks are in {folder}")
    return 0


def _check_source(source: str | None) -> None:
    """Raise an error for a file that cannot be read, and a context that the kubeconfig does not have."""
    from harvdiag.core.target import context_of
    from harvdiag.io.api.kubeconfig import resolve_context

    check_given(source)
    context = context_of(source) if source else None
    if context is not None:
        resolve_context(None, context or None)


def _name_files() -> None:
    """Let the kernels, which work in another folder, find the settings and the kubeconfig of this command."""
    from harvdiag.config import VARIABLE

    file = current_settings()
    if file is not None:
        os.environ[VARIABLE] = str(file.absolute())
    if files := os.environ.get(KUBECONFIG):
        os.environ[KUBECONFIG] = os.pathsep.join(map(_absolute, filter(None, files.split(os.pathsep))))


def _absolute(file: str) -> str:
    """A file by a name that holds in every folder, as one in the home folder does."""
    return file if file.startswith("~") else str(Path(file).absolute())


def _render(folder: Path, done: Sequence[Done]) -> str:
    """A short table: what was done with which notebooks; of other files only those that the user changed."""
    from harvdiag.share.lab import Outcome

    rows: dict[str, list[str]] = {}
    for path, outcome in done:
        name = Path(path)
        if name.suffix == ".ipynb" or outcome is Outcome.EDITED:
            rows.setdefault(str(outcome), []).append(name.name.removesuffix(".ipynb"))
    width = max(map(len, rows), default=0)
    lines = [f"  {outcome:{width}}  {', '.join(names)}\n" for outcome, names in rows.items()]
    return f"{folder}: {len(done)} files, of them these notebooks:\n{''.join(lines)}"


def _tell(address: str, opened: bool, unwanted: bool, port: int) -> None:
    """Say where JupyterLab is, how it is reached from another machine, and how it ends."""
    write_stdout(f"JupyterLab: {address}\n", private=True)
    if not opened:
        why = "" if unwanted else "no browser was found here: "
        write_note(f"{why}open that address here, or from another machine after: ssh -L {port}:127.0.0.1:{port} HOST")
    write_note("Ctrl-C ends it.")
