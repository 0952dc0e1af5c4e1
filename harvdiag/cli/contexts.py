"""Several clusters in one command, each with an answer of its own: contexts are read at once, files one by one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from harvdiag.cli.output import print_error, write_note
from harvdiag.cli.policy import build_cluster
from harvdiag.cli.redaction import hide_source, redact_source
from harvdiag.cli.source import EXIT_INTERRUPTED, SourceOptions
from harvdiag.core.errors import HarvdiagError, UsageError

if TYPE_CHECKING:
    from harvdiag.core.findings import Findings
    from harvdiag.reports.several import ClusterAnswer
    from harvdiag.snapshot import Snapshot

__all__ = ["check_contexts", "check_sources", "expand_folder", "worst_code"]

EXIT_UNUSABLE = 2
SOURCE = "Source"
"""What an answer is about where it is not that of a context."""


def check_contexts(where: SourceOptions, select: Sequence[str], ignore: Sequence[str]) -> list[ClusterAnswer]:
    """Check the cluster of each context; return the answers in the order given. One that fails leaves the others.

    Raises UsageError for what concerns all of them, such as an unknown rule.
    """
    from harvdiag.io.api.pool import run_concurrently

    jobs = [partial(_read_cluster, one) for one in where.each]
    if sys.stderr is not None and sys.stderr.isatty():  # no moving line: a plugin may ask there meanwhile
        write_note(f"harvdiag: reading {len(jobs)} clusters: {', '.join(where.contexts)}")
    try:
        read = dict(run_concurrently(jobs, Event()))
        return [_judge(name, read[number], select, ignore) for number, name in enumerate(where.contexts)]
    except KeyboardInterrupt:
        click.echo("harvdiag: interrupted before all clusters were checked; nothing was kept or written", err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None


def check_sources(where: SourceOptions, select: Sequence[str], ignore: Sequence[str]) -> list[ClusterAnswer]:
    """Check each source; return the answers in the order given. One that cannot be read leaves the others."""
    answers: list[ClusterAnswer] = []
    try:
        for one in where.each:
            answers.append(replace(_judge(one.source or "", _read_cluster(one), select, ignore), noun=SOURCE))
            _release()
    except KeyboardInterrupt:
        click.echo("harvdiag: interrupted before all sources were checked; nothing was kept or written", err=True)
        raise click.exceptions.Exit(EXIT_INTERRUPTED) from None
    return answers


def _release() -> None:
    """Give back what was read of a source: a command does not collect garbage by itself, as one source is its last."""
    import gc

    gc.unfreeze()
    gc.collect()


def expand_folder(where: SourceOptions) -> SourceOptions:
    """Take the sources in a folder that holds several, and nothing else that is read, as so many sources."""
    from harvdiag.sources.bundle.identify import list_bundles

    if not where.source:
        return where
    given = (where.source, *where.others)
    first, *others = [path for source in given for path in ([*map(str, list_bundles(Path(source)))] or [source])]
    return where._replace(source=first, others=tuple(others))


def worst_code(answers: Sequence[ClusterAnswer], code_of: Callable[[Findings], int]) -> int:
    """Return the worst exit code of all answers, with one line on stderr for each cluster that has an error."""
    codes = [0]
    for answer in answers:
        if answer.error:
            lead = "" if answer.noun == SOURCE else f"context {answer.name}: "
            print_error(answer.error if answer.error.startswith(lead) else f"{lead}{answer.error}")
            codes.append(EXIT_UNUSABLE)
        elif answer.findings is not None:
            codes.append(code_of(answer.findings))
    return max(codes)


def _read_cluster(where: SourceOptions) -> Snapshot | HarvdiagError:
    """Read what the checks need; the error where the cluster cannot be read. Runs in a thread of its own."""
    from harvdiag.io.progress import Progress
    from harvdiag.kinds import DIAGNOSIS
    from harvdiag.sources import open_source

    try:
        snapshot = open_source(
            where.target, kubeconfig=where.kubeconfig, timeout=where.request_timeout, progress=Progress()
        )
        snapshot.load(DIAGNOSIS)
    except HarvdiagError as error:
        return error
    return snapshot


def _judge(name: str, read: Snapshot | HarvdiagError, select: Sequence[str], ignore: Sequence[str]) -> ClusterAnswer:
    from harvdiag.core.findings import UncheckedError
    from harvdiag.core.model import tie_findings
    from harvdiag.reports.several import ClusterAnswer

    if isinstance(read, HarvdiagError):
        if hidden := hide_source(name):  # the reason may name the file, and others beside it
            print_error(str(read))
            return ClusterAnswer(name=hidden, error=f"{hidden}: cannot be read; the reason is on stderr alone")
        return ClusterAnswer(name=name, error=str(read))
    read = redact_source(read)
    name = read.manifest.name if read.redactor is not None else name
    try:
        findings = build_cluster(read).check(select, ignore)
        tie_findings(findings.whole, None)  # each cluster is released before the next is read
        return ClusterAnswer(name=name, findings=findings)
    except UncheckedError as error:
        return ClusterAnswer(name=name, findings=error.findings, error=str(error))
    except UsageError:
        raise
    except HarvdiagError as error:
        return ClusterAnswer(name=name, error=str(error))
