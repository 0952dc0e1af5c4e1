"""`harvdiag preflight`: may an upgrade begin, and if not, why not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harvdiag.cli.command import Command
from harvdiag.cli.complete import complete_targets
from harvdiag.cli.files import check_output, write_written
from harvdiag.cli.notes import notes_option
from harvdiag.cli.output import check_view, terminal_width, use_colour, write_stdout
from harvdiag.cli.policy import build_cluster
from harvdiag.cli.redaction import redact_options
from harvdiag.cli.source import SourceOptions, open_snapshot, source_options
from harvdiag.cli.words import OUTPUT, Choice
from harvdiag.reports import FORMATS

if TYPE_CHECKING:
    from harvdiag.status.preflight import Preflight

__all__ = ["preflight"]

EXIT_NO, EXIT_UNUSABLE = 1, 2
TABLE, PAGE = "table", "html"


@click.command(
    cls=Command,
    examples=(
        ("May this cluster be upgraded, and if not, why not?", "harvdiag preflight bundle.zip --target v1.5.0"),
        ("Only the verdict, the reasons and the next steps", "harvdiag preflight bundle.zip --brief"),
        ("The check-list for a change ticket", "harvdiag preflight bundle.zip --target v1.5.0 -o preflight.md"),
        ("A live cluster, which tells more than a bundle", "harvdiag preflight --context lab --target v1.5.0"),
        ("In a pipeline: also fail where something cannot be told", "harvdiag preflight bundle.zip --strict"),
    ),
)
@source_options
@redact_options
@click.option(
    "--target",
    metavar="VERSION",
    shell_complete=complete_targets,
    help="The version to upgrade to, such as v1.5.0: also judge the way to it, and its known issues.",
)
@click.option(
    "--format",
    "form",
    type=Choice(list(FORMATS)),
    help="Format of the verdict; default: by the ending of --output, else table.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=OUTPUT)
@click.option("--strict", is_flag=True, help="Exit 1 also where a check that applies could not be made.")
@click.option("--brief", is_flag=True, help="Only the verdict, the reasons and the next steps.")
@click.option("--full", is_flag=True, help="Fold nothing: every reason, every command to run by hand.")
@notes_option()
def preflight(
    where: SourceOptions,
    target: str | None,
    form: str | None,
    output: Path | None,
    strict: bool,
    brief: bool,
    full: bool,
    notes: Path | None,
) -> int:
    """Say whether an upgrade may begin, and if not, why not: all reasons at once, with names.

    It makes the checks of Harvester's webhook, of the script check.sh and of Upgrade V2, and all others of harvdiag,
    from a laptop and from a bundle, too. What neither tells is listed with the commands to run by hand. SOURCE is as
    for `harvdiag check`; without one it is the cluster of the current kubeconfig context, which tells most.

    Exit code 0: nothing refuses the upgrade; 1: it may not begin (with --strict also where a check that applies could
    not be made; while an upgrade runs most do not apply); 2: unusable input, access or usage, or a source that lacks
    what most checks need; 3: a bug in harvdiag; 130: stopped by Ctrl-C.
    """
    from harvdiag.reports import ENDINGS
    from harvdiag.upgrade.target import parse_target

    aim = "" if target is None else parse_target(target)  # what is not a version is refused before anything is read
    if output is not None:
        check_output(output, () if form else ENDINGS, "a report", where.source)
    form = form or _choose_format(output)
    check_view(brief, full, form)
    with open_snapshot(where) as snapshot:
        judged = build_cluster(snapshot, notes).preflight(aim)
        text = _render_table(judged, output, brief, full) if form == TABLE else _render(judged, form)
    _write(text, judged, form, output)
    if judged.undetermined:
        return EXIT_UNUSABLE
    return EXIT_NO if not judged.ready or (strict and judged.untold) else 0


def _choose_format(output: Path | None) -> str:
    from harvdiag.reports import form_of

    return form_of(output) if output is not None and output.suffix else TABLE


def _render(judged: Preflight, form: str) -> str:
    from harvdiag.reports.preflight import render

    return render(judged, form)


def _render_table(judged: Preflight, output: Path | None, brief: bool, full: bool) -> str:
    from harvdiag.reports.preflight.terminal import render
    from harvdiag.reports.terminal import View

    view = View.BRIEF if brief else View.FULL if full or output else View.FOLDED
    return render(judged, terminal_width(120), output is None and use_colour(), view)


def _write(text: str, judged: Preflight, form: str, output: Path | None) -> None:
    """Write the text; of one in a file, stderr has the verdict."""
    from harvdiag.reports import save_report

    if output is None:
        write_stdout(text.encode() if FORMATS[form].programs or form == PAGE else text, color=True)
    else:
        write_written(save_report(text, output), judged.verdict)
