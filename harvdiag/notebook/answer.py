"""A cluster in a notebook: its answer with the picture of it, what could be seen, and what to call next."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.cluster import Cluster
from harvdiag.core.errors import HarvdiagError
from harvdiag.core.escape import escape_html
from harvdiag.core.findings import Findings, UncheckedError
from harvdiag.core.model import Finding
from harvdiag.figures import draw
from harvdiag.figures.figure import Figure
from harvdiag.reports.notebook.answer import answer_card
from harvdiag.reports.notebook.cards import coverage_line
from harvdiag.reports.notebook.notes import other_notes
from harvdiag.reports.notebook.parts import QUIET, fold
from harvdiag.status.answer import build_answer
from harvdiag.status.summary import describe_source

__all__ = ["check_anyway", "cluster_card", "draw_answer"]


def cluster_card(cluster: Cluster) -> str:
    """Return the answer: the verdict, the root causes, their picture, the next steps, and calls that tell more.

    Where no check could be run it says so, with what was not seen.
    """
    findings = check_anyway(cluster)
    name = f"<b>{escape_html(findings.source.name)}</b>"
    head = f"<div>{name} <span style='{QUIET}'>{escape_html(describe_source(findings))}</span></div>"
    answer = build_answer(findings)
    calls = "".join(f"<li><code>{call}</code>: {what}</li>" for call, what in _further_calls(findings))
    terminal = f"<li>in a terminal: <code>{escape_html(answer.command)}</code></li>" if answer.command else ""
    more = fold("What to call next", f"<ul style='margin:.2em 0'>{calls}{terminal}</ul>")
    return answer_card(
        answer, head, _picture(cluster), f"{other_notes(findings)}{coverage_line(findings.coverage)}{more}"
    )


def check_anyway(cluster: Cluster) -> Findings:
    """Return the findings, also where no check could be run: then there are none, and all checks are skipped."""
    try:
        return cluster.check()
    except UncheckedError as error:
        return error.findings


def _picture(cluster: Cluster) -> str:
    """The picture; without one, the sentence that says why."""
    try:
        return draw_answer(cluster).html
    except HarvdiagError as error:
        return f"<div>! no picture: {escape_html(error)}</div>"


def draw_answer(cluster: Cluster) -> Figure:
    """Draw what the answer is about: the one root cause with its links, all nodes, or an upgrade that goes on."""
    first = _only_cause(cluster)
    if first is not None and first.subject in cluster.graph:
        return draw(cluster, focus=first)
    calm = not build_answer(cluster.check()).rows
    return draw(cluster, "upgrade" if calm and cluster.upgrade.upgrade_run is not None else "matrix")


def _only_cause(cluster: Cluster) -> Finding | None:
    """The one root cause; of several, the one that is worse than all others."""
    rows = build_answer(cluster.check()).rows
    alone = len(rows) == 1 or (len(rows) > 1 and rows[0].severity is not rows[1].severity)
    return rows[0].findings[0] if alone and len(rows[0].subjects) == 1 else None


def _further_calls(findings: Findings) -> Iterator[tuple[str, str]]:
    """What tells more; `cluster` stands for the name that it has in the notebook."""
    if len(findings):
        yield "cluster.check()", "each finding with its evidence, the reason, all steps"
    if findings.upgrade and findings.upgrade.name:
        yield "cluster.upgrade", "where the upgrade is, and whom it waits for"
        yield 'hd.draw(cluster, "upgrade")', "the same as a picture"
    yield "cluster.pairs", "every Node with its Machine"
    yield "hd.explore(cluster)", "every link, to search and to click through"
