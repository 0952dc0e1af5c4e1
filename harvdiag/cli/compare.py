"""`harvdiag compare`: what changed between two readings of a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.output import write_note
from harvdiag.cli.policy import build_cluster
from harvdiag.cli.redaction import WORDS, read_words
from harvdiag.cli.result import PICTURES, Form, Written, check_form, write_result
from harvdiag.cli.source import Source, SourceOptions, cluster_options, open_snapshot
from harvdiag.cli.words import Choice, output_help
from harvdiag.core.errors import UsageError
from harvdiag.reports.changes import ENDINGS, FORMATS

if TYPE_CHECKING:
    from harvdiag.snapshot import Snapshot

__all__ = ["compare"]

COMPARISON = Written(package="harvdiag.reports.changes", noun="a comparison", plain="text")
CHANGED = 1


@click.command(
    cls=Command,
    examples=(
        ("What a bundle shows that was otherwise before", "harvdiag compare before.harvdiag.zip bundle.zip"),
        ("The cluster of the current context since then", "harvdiag compare before.harvdiag.zip"),
        ("Every field, not folded", "harvdiag compare before.harvdiag.zip bundle.zip --full"),
        ("For a ticket, and as a picture", "harvdiag compare before.harvdiag.zip bundle.zip -o changes.md"),
    ),
)
@click.argument("before", type=Source(), metavar="BEFORE")
@click.argument("source", required=False, type=Source(), metavar="[NOW]")
@cluster_options
@click.option(
    "--format",
    "form",
    type=Choice(list(FORMATS)),
    help="Format of the answer; default: by the ending of --output, else text.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=output_help((*ENDINGS, *PICTURES)),
)
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    help="Where one of the two is redacted, the key of its pseudonyms; default: your own.",
)
@WORDS
@click.option("--full", is_flag=True, help="Fold nothing, however long the answer is; files are never folded.")
def compare(
    before: str,
    where: SourceOptions,
    form: str | None,
    output: Path | None,
    key: Path | None,
    word_file: Path | None,
    full: bool,
) -> int:
    """Compare two readings of one cluster: findings, upgrade, versions, objects, links and fields.

    BEFORE is the earlier, NOW the later; each is a SOURCE as for `harvdiag check`, of any kind. Without NOW it is the
    cluster of the current kubeconfig context. What was not seen on one side is neither new nor gone; what changes by
    itself, such as heartbeats, does not count.

    Exit code 0: the same; 1: something changed; 2: unusable input, access or usage, or nothing was seen on both sides;
    3: a bug in harvdiag; 130: stopped by Ctrl-C.
    """
    from harvdiag.status.changes.titles import build_title

    asked = Form(name=form, output=output, full=full)
    _check_options(before, where, asked)
    with ExitStack() as stack:
        one, other = (stack.enter_context(open_snapshot(each)) for each in (_earlier(before, where), where))
        earlier, later = map(build_cluster, _match(one, other, key, word_file))
        comparison = later.compare(earlier)
        if not comparison.comparable:
            names = [source.name for source in comparison.sources]
            raise UsageError(f"{names[0]} and {names[1]} have no list in common: there is nothing to compare")
        if comparison.backwards:
            write_note("harvdiag: BEFORE was collected after NOW: shown in the order of their times")
        write_result(comparison, COMPARISON, asked, lambda: build_title(comparison))
        return CHANGED if comparison.changed else 0


def _check_options(before: str, where: SourceOptions, form: Form) -> None:
    """Raise UsageError, before anything is read, for options that contradict one another."""
    if before == "":
        raise UsageError("the name of BEFORE is empty; the cluster of the current context is 'context:'")
    if before == "-" == where.source:
        raise UsageError("only one of the two can be standard input: give the other as a file")
    check_form(COMPARISON, form, before, where.source)


def _earlier(before: str, where: SourceOptions) -> SourceOptions:
    """The kubeconfig file is also that of the earlier one, where that is a cluster; a file needs none."""
    from harvdiag.core.target import CONTEXT

    kubeconfig = where.kubeconfig if before.startswith(CONTEXT) else None
    return where._replace(source=before, contexts=(), kubeconfig=kubeconfig)


def _match(before: Snapshot, now: Snapshot, key: Path | None, word_file: Path | None) -> Sequence[Snapshot]:
    """Both as they can be compared: where one is redacted, the other too."""
    if key is None and before.manifest.redacted == now.manifest.redacted:
        return before, now
    from harvdiag.redact import match_snapshots

    return match_snapshots(before, now, key, *read_words(word_file))
