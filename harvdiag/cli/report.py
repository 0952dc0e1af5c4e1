"""`harvdiag report`: all that was found, as one file to hand on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harvdiag.cli.command import Command
from harvdiag.cli.files import check_output, write_written
from harvdiag.cli.notes import notes_option
from harvdiag.cli.output import write_note, write_stdout
from harvdiag.cli.policy import build_cluster
from harvdiag.cli.redaction import redact_options
from harvdiag.cli.source import SourceOptions, open_snapshot, source_options
from harvdiag.cli.words import Choice
from harvdiag.core.errors import UsageError
from harvdiag.reports import ENDINGS, FORMATS

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster
    from harvdiag.core.findings import Findings, UncheckedError
    from harvdiag.status.preflight import Preflight

__all__ = ["report"]

USUAL = "html"
STDOUT = "-"
_Call = Callable[..., Any]


def _preflight_options(command: _Call) -> _Call:
    """Add --preflight and --target to a command: its `aim` is None without the first, else the version or empty."""

    @wraps(command)
    def call(*args: Any, preflight: bool, target: str | None, **rest: Any) -> Any:
        if target is not None and not preflight:
            raise UsageError("--target is about an upgrade to come: give --preflight, too")
        return command(*args, aim=(target or "") if preflight else None, **rest)

    flag = click.option(
        "--preflight",
        is_flag=True,
        help="What `harvdiag preflight` answers, for a change ticket, instead of a check.",
    )
    version = click.option("--target", metavar="VERSION", help="With --preflight: the version to upgrade to, v1.5.0.")
    return flag(version(call))


@click.command(
    cls=Command,
    examples=(
        ("A page to attach to a support case, named after the source", "harvdiag report bundle.zip"),
        ("To hand on: pseudonyms instead of names", "harvdiag report bundle.zip --redact -o report.html"),
        ("Under another name", "harvdiag report bundle.zip -o report.html"),
        ("For a GitHub issue or a ticket, as Markdown", "harvdiag report bundle.zip -o report.md"),
        ("The Markdown on standard output", "harvdiag report bundle.zip --format markdown -o -"),
        ("A live cluster", "harvdiag report --context lab"),
        ("Before an upgrade, for the change ticket", "harvdiag report --preflight --target v1.5.0 -o change.html"),
    ),
)
@source_options
@click.option(
    "--format",
    "form",
    type=Choice(list(FORMATS)),
    help=f"Format of the report; default: by the ending of --output, else {USUAL}.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="The file to write; default: the source's name and time, in the current folder. - is stdout.",
)
@_preflight_options
@notes_option()
@redact_options
def report(where: SourceOptions, form: str | None, output: Path | None, notes: Path | None, aim: str | None) -> int:
    """Write what is wrong with a cluster to one file that can be attached to a ticket.

    The page (.html) has pictures, loads nothing and has no script; Markdown (.md) is short enough for a GitHub issue.
    Both begin with the answer and have the evidence, the steps, the notes and what was not seen. SOURCE is as for
    `harvdiag check`; without one it is the cluster of the current kubeconfig context. With --preflight it is about an
    upgrade to come: the verdict, each check of Harvester's own, and what is left to do by hand.

    The exit code is 0 also where something is wrong: `harvdiag check` judges. It is 2 for unusable input, and where no
    check could be run, which the report tells.
    """
    from harvdiag.share import render_report

    form = _choose_format(form, output, where.source)
    with open_snapshot(where) as snapshot:
        cluster = build_cluster(snapshot, notes)
        told, unchecked = _judge(cluster, aim)
        text = render_report(cluster, form, told)
        _write(text, cluster, form, output, told)
    if unchecked:
        raise unchecked
    return 0


def _judge(cluster: Cluster, aim: str | None) -> tuple[Findings | Preflight, UncheckedError | None]:
    """What the report is about; where no check could be run, the empty findings with the error that says so."""
    from harvdiag.share import check_anyway, preflight_anyway

    return check_anyway(cluster) if aim is None else preflight_anyway(cluster, aim)


def _choose_format(form: str | None, output: Path | None, source: str | None) -> str:
    """Return the format; refuse, before anything is read, a file that has none or must not be replaced."""
    from harvdiag.reports import form_of

    if output is None or str(output) == STDOUT:
        return form or USUAL
    check_output(output, () if form else ENDINGS, "a report", source)
    return form or form_of(output) if output.suffix else form or USUAL


def _write(text: str, cluster: Cluster, form: str, output: Path | None, told: Findings | Preflight) -> None:
    from harvdiag.reports import save_report
    from harvdiag.share import name_report

    if str(output) == STDOUT:
        write_stdout(text.encode())
        return
    path = save_report(text, output or name_report(cluster, form, told))
    write_written(path, _describe(told), "open it in a browser" if form == USUAL else "")
    if cluster.snapshot.redactor and (len(cluster.notes) or cluster.policy.ignore):
        write_note("harvdiag: notes and reasons have pseudonyms for known names only: read them; --words replaces more")


def _describe(told: Findings | Preflight) -> str:
    """The verdict for the line that tells what was written."""
    from harvdiag.core.findings import Findings
    from harvdiag.status.answer import build_answer

    if not isinstance(told, Findings):
        return told.verdict
    unchecked = len(told.skipped) == len(told.outcomes)
    return "no check could be run" if unchecked else build_answer(told).verdict
