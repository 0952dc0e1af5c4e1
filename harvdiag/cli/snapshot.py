"""`harvdiag snapshot`: what a source shows, saved to one small file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.output import say
from harvdiag.cli.source import EXIT_INTERRUPTED, Where, reading, source_options
from harvdiag.cli.words import KINDS
from harvdiag.core.errors import HarvdiagError, SourceError, UsageError
from harvdiag.core.escape import plain

if TYPE_CHECKING:
    from harvdiag.snapshot import Snapshot
    from harvdiag.sources.saved.writer import Saved

__all__ = ["snapshot"]

SECRETS = {"secret", "secrets"}


@click.command(short_help="Save what a cluster shows to one small file.")
@source_options
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; default: the source's name and time, here.",
)
@click.option(
    "--kind",
    "kinds",
    type=KINDS,
    multiple=True,
    help="Save these kinds, too, such as pods (comma-separated, repeatable).",
)
def snapshot(where: Where, output: Path | None, kinds: Sequence[tuple[str, ...]]) -> int:
    """Save what a cluster shows to one small file, which answers every later question as the cluster did now.

    SOURCE is as for `harvdiag check`; without one it is the cluster of the current kubeconfig context. The file holds
    every kind that harvdiag knows, and those named by --kind; of Secrets only machine plans, without the plans.
    """
    from harvdiag.sources.saved.writer import save

    if output is not None:
        _refuse(output)
    more = [*chain(*kinds)]
    if any(word.lower() in SECRETS for word in more):
        click.echo("harvdiag: of Secrets only machine plans are kept, as always; others never are", err=True)
    with reading(where) as source:
        try:
            saved, code = save(source, output, more), 0
        except KeyboardInterrupt:
            saved, code = _part(source, output, more), EXIT_INTERRUPTED
            click.echo("harvdiag: interrupted; what was read by then is kept", err=True)
        say(_told(source, saved), end="\n")
    return code


def _refuse(output: Path) -> None:
    """UsageError, before anything is read, for what is no name of a zip file."""
    if str(output) == "-":
        raise UsageError("a snapshot is not written to stdout: it is a zip file; give its name with -o")
    if output.suffix.lower() not in {"", ".zip"}:
        raise UsageError(f"{output}: a snapshot ends in .zip")


def _part(source: Snapshot, output: Path | None, kinds: Sequence[str]) -> Saved:
    """What was read before Ctrl-C, in a file; KeyboardInterrupt where that is nothing."""
    from harvdiag.sources.saved.writer import save

    if not source.stop("interrupted before it was read"):
        raise KeyboardInterrupt
    try:
        return save(source, output, kinds)
    except HarvdiagError:
        raise KeyboardInterrupt from None


def _told(source: Snapshot, saved: Saved) -> str:
    from harvdiag.rules.advice import arg
    from harvdiag.status.summary import together

    lines = [f"Written: {saved.path}: {saved.what}, of {source.manifest.name}."]
    lines += [f"Not seen: {kinds}: {why}" for kinds, why in together(saved.gaps)]
    next_step = f"harvdiag check {arg(str(saved.path))}" if _checkable(source) else ""
    lines.append(f"Next: {next_step}" if next_step else "No check can be made of what was seen.")
    return "\n".join(plain(line) for line in lines)


def _checkable(source: Snapshot) -> bool:
    """Whether `harvdiag check` of the file would judge anything: all that it stands on is in memory."""
    from harvdiag.cluster import Cluster

    try:
        Cluster(source).check()
    except SourceError:
        return False
    return True
