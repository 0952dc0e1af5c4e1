"""`harvdiag upgrade`: where the upgrade stands, why, and what it waits for."""

from __future__ import annotations

from pathlib import Path

import click

from harvdiag.cli.output import say, width
from harvdiag.cli.source import Where, reading, source_options
from harvdiag.cli.words import OUTPUT
from harvdiag.core.errors import UsageError

__all__ = ["upgrade"]

FORMS = ("table", "json")


@click.command(short_help="Where the upgrade stands and what it waits for.")
@source_options
@click.option("--node", help="Explain one node: its state, its turn, and what the logs tell of it.")
@click.option("--timeline", is_flag=True, help="Also what happened when, and how long each phase took.")
@click.option("--format", "form", type=click.Choice(FORMS), help="table, unless -o names a file that ends in .json.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=OUTPUT)
def upgrade(where: Where, node: str | None, timeline: bool, form: str | None, output: Path | None) -> int:
    """Say where the upgrade stands: which phase, how far, what it waits for, and whether it waits in vain.

    SOURCE is as for `harvdiag check`; without one it is the cluster of the current kubeconfig context. The exit code
    is 0 also where the upgrade is stuck: `harvdiag check` judges.
    """
    from harvdiag.cluster import Cluster
    from harvdiag.reports import save, target
    from harvdiag.reports.upgrade import render, render_json

    if node is not None and not node.strip():
        raise UsageError("the name of the node is empty: give --node NAME, or leave it out")
    if output is not None:
        target(output)  # what may not be written over is told before anything is read
    form = form or ("json" if output is not None and output.suffix.lower() == ".json" else "table")
    with reading(where) as snapshot:
        standing = Cluster(snapshot).upgrade
        text = (
            render_json(standing, node or "") if form == "json" else render(standing, node or "", width(120), timeline)
        )
    if output is None:
        say(text.encode() if form == "json" else text)
    else:
        save(text, output)
    return 0
