"""Results, the head of a lab and the progress as cards in notebooks: no script, shown without trust, light and dark."""

from __future__ import annotations

from harvdiag.core.escape import escape_html
from harvdiag.core.marks import GOOD, INFO, WARNING
from harvdiag.reports.notebook.grid import render_text_grid
from harvdiag.reports.notebook.parts import EDGES, QUIET, format_step, frame
from harvdiag.training.exercises.result import LabView, Progress, Result, Standing

__all__ = ["lab_card", "progress_card", "result_card"]

MARKS = {Standing.RIGHT: GOOD, Standing.WRONG: WARNING}


def result_card(result: Result) -> str:
    """Return the heading, what is told, and what to call next."""
    told = "".join(f"<p style='margin:.3em 0'>{format_step(text)}</p>" for text in result.texts)
    further = f"<div style='{QUIET}'>{format_step(result.further)}</div>" if result.further else ""
    inner = f"<div><b>{escape_html(result.heading)}</b></div>{told}{further}{_remark(result.remark)}"
    return frame(EDGES[MARKS.get(result.standing, INFO)], inner)


def lab_card(view: LabView) -> str:
    """Return the goal of a lab, and what is done of it."""
    goal = f"<p style='margin:.3em 0'><b>Goal.</b> {format_step(view.lab.goal)}</p>"
    done = f"<div style='{QUIET}'>{escape_html(view.summary)}</div>"
    return frame(EDGES[INFO], f"<div><b>Lab {view.lab.letter}: {escape_html(view.lab.title)}</b></div>{goal}{done}")


def progress_card(progress: Progress) -> str:
    """Return how many exercises are solved, and the table of all."""
    columns = [name for name in progress.dtypes if name != "lab" or len({row["lab"] for row in progress.rows}) > 1]
    table = render_text_grid(columns, [[row[name] for name in columns] for row in progress.rows])
    return f"<div>{_remark(progress.remark)}<b>{escape_html(progress.summary)}</b></div>{table}"


def _remark(remark: str) -> str:
    return f"<div>! {escape_html(remark)}</div>" if remark else ""
