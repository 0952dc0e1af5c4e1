"""The HTML form of harvdiag's objects in IPython, registered by name so that nothing is imported early."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["HTML", "register_formatters"]


def _card_formatter(name: str) -> Callable[[Any], str]:
    def format_card(value: Any) -> str:
        from harvdiag.reports.notebook import cards

        text: str = getattr(cards, name)(value)
        return text

    return format_card


def _format_cluster(cluster: Any) -> str:
    """The answer, with its picture."""
    from harvdiag.notebook.answer import cluster_card

    return cluster_card(cluster)


def _format_answer(answer: Any) -> str:
    from harvdiag.reports.notebook.answer import answer_card

    return answer_card(answer)


def _format_preflight(preflight: Any) -> str:
    from harvdiag.reports.notebook.preflight import preflight_card

    return preflight_card(preflight)


def _format_simulation(simulation: Any) -> str:
    """The card, with the picture of what it would change."""
    from harvdiag.figures import draw
    from harvdiag.reports.notebook.simulation import simulation_card

    return simulation_card(simulation, draw(simulation).html)


def _format_runbook(runbook: Any) -> str:
    """The card, with the picture of what must not be done."""
    from harvdiag.figures import draw
    from harvdiag.reports.notebook.runbook import runbook_card

    return runbook_card(runbook, draw(runbook.simulation).html if runbook.simulation is not None else "")


def _format_term(term: Any) -> str:
    from harvdiag.reports.notebook.glossary import term_card

    return term_card(term)


def _format_joining(joining: Any) -> str:
    from harvdiag.figures.figure import Figure
    from harvdiag.figures.joining import draw_joining

    return Figure("joining", draw_joining(joining)).html


def _format_hand_checks(checks: Any) -> str:
    from harvdiag.reports.notebook.preflight import hand_list

    return hand_list(checks)


def _format_comparison(comparison: Any) -> str:
    """Its picture, with the table folded below it."""
    from harvdiag.figures import draw

    return draw(comparison).html + f"<details><summary>Every difference</summary>{_format_table(comparison)}</details>"


def _format_notes(notes: Any) -> str:
    from harvdiag.reports.notebook.notes import notes_card

    return notes_card(notes)


def _exercise_formatter(name: str) -> Callable[[Any], str]:
    def format_exercise(value: Any) -> str:
        from harvdiag.training.exercises import card

        text: str = getattr(card, name)(value)
        return text

    return format_exercise


def _format_table(value: Any) -> str:
    """A table, or a result that has one as its `frame`."""
    from harvdiag.reports.notebook.tables import frame_html

    return frame_html(getattr(value, "frame", value))


HTML: dict[tuple[str, str], Callable[[Any], str]] = {
    ("harvdiag.core.findings", "Findings"): _card_formatter("findings_card"),
    ("harvdiag.core.model", "Finding"): _card_formatter("finding_card"),
    ("harvdiag.core.notes", "Notes"): _format_notes,
    ("harvdiag.core.model", "Coverage"): _card_formatter("coverage_card"),
    ("harvdiag.access.rights", "Access"): _card_formatter("access_card"),
    ("harvdiag.status.upgrade.status", "UpgradeStatus"): _card_formatter("upgrade_card"),
    ("harvdiag.status.upgrade.status", "NodeState"): _card_formatter("node_card"),
    ("harvdiag.status.answer", "Answer"): _format_answer,
    ("harvdiag.status.glossary.terms", "Term"): _format_term,
    ("harvdiag.status.preflight", "Preflight"): _format_preflight,
    ("harvdiag.status.preflight.hand", "HandChecks"): _format_hand_checks,
    ("harvdiag.cluster", "Cluster"): _format_cluster,
    ("harvdiag.cure.model", "Simulation"): _format_simulation,
    ("harvdiag.cure.plan", "Runbook"): _format_runbook,
    ("harvdiag.status.changes.comparison", "Comparison"): _format_comparison,
    ("harvdiag.training.exercises.result", "Result"): _exercise_formatter("result_card"),
    ("harvdiag.training.exercises.result", "LabView"): _exercise_formatter("lab_card"),
    ("harvdiag.training.exercises.result", "Progress"): _exercise_formatter("progress_card"),
    ("harvdiag.status.joining", "Joining"): _format_joining,
    ("harvdiag.core.table", "Table"): _format_table,
    ("harvdiag.core.tabular", "Tabular"): _format_table,
    ("harvdiag.upgrade.logs.lines", "LogLines"): _format_table,
}


def register_formatters() -> None:
    """Register HTML for findings, coverage, permissions and upgrades with the running IPython, if any."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return
    formatter = shell.display_formatter.formatters["text/html"]
    for (module, name), show in HTML.items():
        formatter.for_type_by_name(module, name, show)
