"""`harvdiag check`: what is wrong with a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from harvdiag.cli.command import Command
from harvdiag.cli.contexts import check_contexts, check_sources, expand_folder, worst_code
from harvdiag.cli.files import check_output, write_written
from harvdiag.cli.notes import check_shared_notes, notes_option
from harvdiag.cli.output import check_view, terminal_width, use_colour, write_stdout
from harvdiag.cli.policy import build_cluster, choose_rules
from harvdiag.cli.redaction import redact_options
from harvdiag.cli.source import SourceOptions, open_snapshot, sources_options
from harvdiag.cli.words import OUTPUT, RULES, Choice
from harvdiag.core.errors import UsageError
from harvdiag.reports import FORMATS

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster
    from harvdiag.core.findings import Findings, UncheckedError
    from harvdiag.reports.several import ClusterAnswer

__all__ = ["check"]

EXIT_FINDINGS = 1
PAGE = "html"
LEVELS = {"error": 0, "warning": 1, "never": -1}


@click.command(
    cls=Command,
    examples=(
        ("What is wrong in a support bundle", "harvdiag check bundle.zip"),
        ("Only the verdict, the root causes and the next step", "harvdiag check bundle.zip --brief"),
        ("As Markdown, in a file", "harvdiag check bundle.zip -o report.md"),
        (
            "Only the checks of the upgrade; also fail for warnings",
            "harvdiag check bundle.zip --select upgrade --fail-on warning",
        ),
        (
            "What kubectl wrote, from standard input",
            "kubectl get nodes,machines.cluster.x-k8s.io -A -o yaml | harvdiag check -",
        ),
        ("A live cluster", "harvdiag check --context lab"),
        ("Several bundles, or a folder of them: one line each", "harvdiag check bundle.zip before.harvdiag.zip"),
        ("Two live clusters", "harvdiag check --context lab --context prod"),
    ),
)
@sources_options
@redact_options
@click.option(
    "--format",
    "form",
    type=Choice(list(FORMATS)),
    help="Format of the findings; default: by the ending of --output, else table.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=OUTPUT)
@click.option("--select", type=RULES, multiple=True, help="Only these rules or families (comma-separated, repeatable).")
@click.option("--ignore", type=RULES, multiple=True, help="Not these rules or families (comma-separated, repeatable).")
@click.option(
    "--fail-on",
    type=Choice(list(LEVELS)),
    default="error",
    show_default=True,
    help="Exit 1 for findings of this severity or worse.",
)
@click.option("--strict", is_flag=True, help="Exit 1 also where a check could not be run.")
@click.option("--brief", is_flag=True, help="Only the answer: verdict, root causes, next step.")
@notes_option()
@click.option("--full", is_flag=True, help="Fold nothing, however long the report is; files are never folded.")
def check(
    where: SourceOptions,
    form: str | None,
    output: Path | None,
    select: Sequence[tuple[str, ...]],
    ignore: Sequence[tuple[str, ...]],
    fail_on: str,
    strict: bool,
    brief: bool,
    notes: Path | None,
    full: bool,
) -> int:
    """Report what is wrong with a cluster, the evidence, why it matters and what to do next.

    SOURCE is a Harvester support bundle (the zip, one of its parts, or the extracted folder), a snapshot of
    `harvdiag snapshot`, or what `kubectl get … -o yaml` wrote (a file, a folder, or - for standard input). Without a
    SOURCE it is the cluster of the current kubeconfig context, as kubectl would take it.

    Several SOURCEs, or a folder of bundles, give one line each, with --full also the report of each. Several --context
    are checked at once, each with its report under its heading. --format json is then a list with one document each
    (`error` tells why one could not be checked), and the exit code is the worst of them.

    Exit code 0: nothing at or above --fail-on; 1: findings (with --strict also a skipped check); 2: unusable input,
    access or usage, or no check could be run; 3: a bug in harvdiag; 130: stopped by Ctrl-C.
    """
    from harvdiag.reports import ENDINGS

    if output is not None:
        check_output(output, () if form else ENDINGS, "a report", where.source)
    report = _Report(form or _choose_format(output), output, brief, full)
    report.check()
    chosen = [*chain(*select)], [*chain(*ignore)]
    choose_rules(*chosen)  # an unknown name is refused before anything is read
    code_of = partial(_exit_code, fail_on=fail_on, strict=strict)
    where = check_shared_notes(expand_folder(where), notes)
    if where.others or len(where.contexts) > 1:
        report.check_several()
        answers = (check_sources if where.others else check_contexts)(where, *chosen)
        report.write(report.render_all(answers), f"the reports of {len(answers)} clusters")
        return worst_code(answers, code_of)
    findings, unchecked = _run_checks(where, notes, *chosen, report)
    if unchecked:
        raise unchecked
    return code_of(findings)


class _Report(NamedTuple):
    """How a report is shown, and the file to which it is written; None is stdout."""

    form: str
    file: Path | None
    brief: bool
    full: bool

    def check(self) -> None:
        """Raise UsageError, before anything is read, for options that contradict one another."""
        check_view(self.brief, self.full, self.form)

    def check_several(self) -> None:
        """Raise UsageError for a format that has no place for several clusters."""
        if self.form == PAGE:
            raise UsageError("a page is about one cluster: give one SOURCE, or choose --format markdown or json")

    def render(self, findings: Findings, cluster: Cluster | None = None) -> str:
        """Return the text of one cluster's findings; the page has pictures if it is given the cluster, too."""
        from harvdiag.reports import render

        if self.form == PAGE and cluster is not None:
            from harvdiag.share import render_report

            return render_report(cluster, self.form, findings)
        if self.form == "table":
            stdout = self.file is None
            return _render_table(findings, self.brief, self.full or not stdout, stdout and use_colour())
        return render(findings, self.form)

    def render_all(self, answers: Sequence[ClusterAnswer]) -> str:
        """Return the text of several clusters; of sources that are not written to a file one line each, unless more is
        asked for.
        """
        from harvdiag.reports.overview import render_markdown_overview, render_overview, shorten_names
        from harvdiag.reports.several import CONTEXT, render_several

        of_contexts, markdown = answers[0].noun == CONTEXT, self.form == "markdown"
        if not markdown and (self.form != "table" or of_contexts):
            return render_several(answers, self.form, self.render)
        if markdown:
            lines = render_markdown_overview(answers)
        else:
            lines = render_overview(answers, terminal_width(120), self.file is None and use_colour())
        if self.brief or self.full or self.file or of_contexts:
            return f"{lines}\n{render_several(answers, self.form, self.render)}"
        if markdown:
            return lines
        folder, _ = shorten_names([answer.name for answer in answers])
        return f"{lines}\n`harvdiag check {folder}NAME` tells all of one; --full, of each.\n"

    def write(self, text: str, *summary: str) -> None:
        """Write a text; of one in a file, stderr has the summary."""
        from harvdiag.reports import save_report

        if self.file is not None:
            write_written(save_report(text, self.file), *summary)
            return
        # What programs read is UTF-8, whatever the terminal's encoding is; a page says that it is.
        told = FORMATS[self.form].programs or self.form == PAGE
        write_stdout(text.encode() if told else text, color=True)


def _run_checks(
    where: SourceOptions, notes: Path | None, select: list[str], ignore: list[str], report: _Report
) -> tuple[Findings, UncheckedError | None]:
    """Write the report; return the findings, and the error to end with where no check could be run: what was not seen
    is reported.

    A choice of checks has no pictures, which show the findings of all.
    """
    from harvdiag.core.findings import UncheckedError

    with open_snapshot(where) as snapshot:
        cluster, unchecked = build_cluster(snapshot, notes), None
        try:
            findings = cluster.check(select, ignore)
        except UncheckedError as error:
            findings, unchecked = error.findings, error
        text = report.render(findings, None if select or ignore else cluster)
    report.write(text, *(_sum_up(findings) if report.file else ()))
    return findings, unchecked


def _choose_format(output: Path | None) -> str:
    from harvdiag.reports import form_of

    return form_of(output) if output is not None and output.suffix else "table"


def _sum_up(findings: Findings) -> tuple[str, str]:
    """The verdict and what to do next, where the report is in a file."""
    from harvdiag.status.answer import build_answer

    answer = build_answer(findings)
    written = answer.command.startswith("harvdiag report")
    return answer.verdict, "attach it to a support case, with the support bundle" if written else answer.command


def _render_table(findings: Findings, brief: bool, full: bool, colour: bool) -> str:
    from harvdiag.reports import terminal

    view = terminal.View.BRIEF if brief else terminal.View.FULL if full else terminal.View.FOLDED
    return terminal.render(findings, terminal_width(120), colour, view)


def _exit_code(findings: Findings, fail_on: str, strict: bool) -> int:
    bad = any(finding.severity.rank <= LEVELS[fail_on] for finding in findings)
    return EXIT_FINDINGS if bad or (strict and findings.skipped) else 0
