"""`harvdiag snapshot`: save a source to one small file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.files import check_ending
from harvdiag.cli.notes import carry_notes
from harvdiag.cli.output import write_note, write_stdout
from harvdiag.cli.policy import build_cluster
from harvdiag.cli.redaction import redact_options
from harvdiag.cli.source import EXIT_INTERRUPTED, SourceOptions, open_snapshot, source_options
from harvdiag.cli.words import KINDS
from harvdiag.core.errors import HarvdiagError, SourceError, UsageError
from harvdiag.core.escape import escape_text

if TYPE_CHECKING:
    from harvdiag.snapshot import Snapshot
    from harvdiag.sources.saved.writer import Saved

__all__ = ["check_snapshot_file", "is_checkable", "snapshot"]

SECRETS = {"secret", "secrets"}


@click.command(
    cls=Command,
    examples=(
        ("The cluster of a context, as a file named after it and the time", "harvdiag snapshot --context lab"),
        ("A support bundle as one small file", "harvdiag snapshot bundle.zip -o before.harvdiag.zip"),
        ("With all pods and events", "harvdiag snapshot bundle.zip --kind pods,events"),
        ("With what `harvdiag preflight` reads", "harvdiag snapshot --context lab --preflight"),
    ),
)
@source_options
@redact_options
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; default: the source's name and time, in the current folder.",
)
@click.option(
    "--kind",
    "kinds",
    type=KINDS,
    multiple=True,
    help="Also save these kinds, such as pods (comma-separated, repeatable).",
)
@click.option(
    "--preflight",
    is_flag=True,
    help="Also save what a preflight reads: all pods and claims, disks and certificates of the nodes.",
)
def snapshot(where: SourceOptions, output: Path | None, kinds: Sequence[tuple[str, ...]], preflight: bool) -> int:
    """Save the objects of a cluster to one small file, which every command reads like the cluster itself.

    SOURCE is as for `harvdiag check`; without one it is the cluster of the current kubeconfig context. The file has
    every kind that harvdiag knows, and those named by --kind; of Secrets only machine plans, without the plans. With
    --preflight, `harvdiag preflight FILE` gives the same verdict as for the cluster.
    """
    if output is not None:
        check_snapshot_file(output)
    more = [*chain(*kinds)]
    if any(word.lower() in SECRETS for word in more):
        write_note("harvdiag: only machine-plan Secrets are kept, without the plan itself")
    with open_snapshot(where) as source:
        try:
            more += build_cluster(source).ask_all(preflight)
            saved, code = _save(source, output, more), 0
        except KeyboardInterrupt:
            saved, code = _save_partial(source, output, more), EXIT_INTERRUPTED
            click.echo("harvdiag: interrupted; what was read by then is kept", err=True)
        write_stdout(_summary_text(source, saved, "preflight" if preflight else "check"), end="\n", private=True)
    return code


def _save(source: Snapshot, output: Path | None, kinds: Sequence[str]) -> Saved:
    from harvdiag.sources.saved.writer import save_snapshot

    if source.redactor is None:
        return save_snapshot(source, output, kinds)
    from harvdiag.redact import save_redacted

    return save_redacted(source, output, kinds)[0]


def check_snapshot_file(output: Path) -> None:
    """Raise UsageError, before anything is read, for what is not the name of a zip file that may be written."""
    from harvdiag.sources.saved.writer import check_target

    if str(output) == "-":
        raise UsageError("a snapshot is not written to stdout: it is a zip file; give its name with -o")
    check_ending(output, (".zip",), "a snapshot")
    check_target(output)


def _save_partial(source: Snapshot, output: Path | None, kinds: Sequence[str]) -> Saved:
    """Save what was read before Ctrl-C; KeyboardInterrupt if that is nothing."""
    from harvdiag.sources.saved.writer import save_snapshot

    if not source.stop("interrupted before it was read"):
        raise KeyboardInterrupt
    try:
        return save_snapshot(source, output, kinds)
    except HarvdiagError:
        raise KeyboardInterrupt from None


def _summary_text(source: Snapshot, saved: Saved, command: str) -> str:
    from harvdiag.rules.actions import quote_argument
    from harvdiag.status.summary import group_gaps

    lines = [f"Written: {saved.path}: {saved.what}, of {source.manifest.name}."]
    lines += [f"Notes: {told}." for told in (carry_notes(source, saved.path),) if told]
    lines += [f"Not seen: {kinds}: {why}" for kinds, why in group_gaps(saved.gaps)]
    next_step = f"harvdiag {command} {quote_argument(str(saved.path))}" if is_checkable(source) else ""
    lines.append(f"Next: {next_step}" if next_step else "No check can be run on what was seen.")
    return "\n".join(escape_text(line) for line in lines)


def is_checkable(source: Snapshot) -> bool:
    """Whether `harvdiag check` of the file could run any check; all that it needs is in memory."""
    try:
        build_cluster(source).check()
    except SourceError:
        return False
    return True
