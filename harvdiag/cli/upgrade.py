"""`harvdiag upgrade`: the state of the upgrade, why, and what it is waiting for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.complete import complete_nodes
from harvdiag.cli.files import check_output, write_written
from harvdiag.cli.notes import notes_option
from harvdiag.cli.output import terminal_width, use_colour, write_stdout
from harvdiag.cli.policy import build_cluster
from harvdiag.cli.redaction import redact_options
from harvdiag.cli.source import SourceOptions, open_snapshot, source_options
from harvdiag.cli.words import OUTPUT, SINCE, UNTIL, Choice
from harvdiag.core.errors import UsageError

if TYPE_CHECKING:
    from harvdiag.core.findings import UncheckedError
    from harvdiag.core.window import Window
    from harvdiag.snapshot import Snapshot
    from harvdiag.status.upgrade import UpgradeStatus

__all__ = ["upgrade"]

FORMS = ("table", "json")
ENDINGS = {".txt": "table", ".json": "json"}


@click.command(
    cls=Command,
    examples=(
        ("What does the upgrade wait for, and what to do?", "harvdiag upgrade bundle.zip"),
        ("Why does one node not go on? Also reads its logs", "harvdiag upgrade bundle.zip --node srv09"),
        ("Its history, and how long each phase took", "harvdiag upgrade bundle.zip --timeline"),
        ("What happened in the last two hours", "harvdiag upgrade bundle.zip --timeline --since 2h"),
        ("Follow a live cluster", "watch -n 60 harvdiag upgrade --context lab"),
    ),
)
@source_options
@redact_options
@click.option(
    "--node",
    shell_complete=complete_nodes,
    help="Explain one node: its state, its place in the order, and its messages in the logs.",
)
@click.option("--timeline", is_flag=True, help="Also show what happened when, and how long each phase took.")
@click.option("--since", default="", help=f"Of the timeline: {SINCE[0].lower()}{SINCE[1:]}")
@click.option("--until", default="", help=f"Of the timeline: {UNTIL[0].lower()}{UNTIL[1:]}")
@click.option("--format", "form", type=Choice(FORMS), help="Format; default: by the ending of --output, else table.")
@notes_option()
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=OUTPUT)
def upgrade(
    where: SourceOptions,
    node: str | None,
    timeline: bool,
    since: str,
    until: str,
    form: str | None,
    notes: Path | None,
    output: Path | None,
) -> int:
    """Show the state of the upgrade: its phase, how far it is, what it is waiting for, and whether it is stuck.

    SOURCE is as for `harvdiag check`; without one it is the cluster of the current kubeconfig context. The exit code
    is 0 also where the upgrade is stuck: `harvdiag check` judges. It is 2 where nothing that a check needs was seen.
    """
    from harvdiag.core.window import parse_window
    from harvdiag.reports import save_report

    if node is not None and not node.strip():
        raise UsageError("the name of the node is empty: give --node NAME, or leave it out")
    if not timeline and (since or until):
        raise UsageError("--since and --until limit the timeline: give --timeline, too")
    if output is not None:
        check_output(output, () if form else ENDINGS, "the state of the upgrade", where.source)
    form = form or (ENDINGS.get(output.suffix.lower(), "table") if output is not None else "table")
    with open_snapshot(where) as snapshot:
        window = parse_window(since, until, snapshot.collected_at) if timeline else None
        standing, unchecked = _judge_upgrade(snapshot, notes)
        colour = output is None and use_colour()
        text = _render_status(standing, node or "", form, window, colour, unchecked is not None)
    if output is None:
        write_stdout(text.encode() if form == "json" else text, color=True)
    else:
        write_written(save_report(text, output), *_sum_up(standing))
    if unchecked:
        raise unchecked
    return 0


def _sum_up(standing: UpgradeStatus) -> tuple[str, str]:
    """The verdict and the next command, where the text is in a file."""
    from harvdiag.status.answer import fill_command
    from harvdiag.status.summary import build_verdict

    return build_verdict(standing.findings), fill_command(standing.findings.source, "check")


def _judge_upgrade(snapshot: Snapshot, notes: Path | None) -> tuple[UpgradeStatus, UncheckedError | None]:
    """Return the status, and the error to end with where no check could be run: then it says what was not seen."""
    from harvdiag.core.findings import UncheckedError
    from harvdiag.status.upgrade import UpgradeStatus

    cluster = build_cluster(snapshot, notes)
    try:
        cluster.check()
    except UncheckedError as error:
        return UpgradeStatus(cluster.facts, error.findings), error
    return cluster.upgrade, None


def _render_status(
    standing: UpgradeStatus, node: str, form: str, timeline: Window | None, colour: bool, unseen: bool
) -> str:
    from harvdiag.reports import terminal
    from harvdiag.reports.upgrade import render, render_json

    if form == "json":
        return render_json(standing, node)
    width = terminal_width(120)
    rest = terminal.render_unseen(standing.findings, width, colour) if unseen else ""
    return render(standing, node, width, timeline, colour) + rest
