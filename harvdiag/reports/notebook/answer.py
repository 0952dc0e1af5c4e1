"""The answer as a card, to be seen first: the verdict, a line per root cause, a picture, and the next steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harvdiag.core.escape import escape_html
from harvdiag.core.marks import SIGNS
from harvdiag.reports.notebook.parts import CALM, EDGES, QUIET, caution, fold, format_step, frame, noted, tick, verdict
from harvdiag.status.answer import Answer, RootCause, Step
from harvdiag.status.summary import format_count

__all__ = ["answer_card"]

MOST = 5
"""The most root causes shown unfolded."""
FIRST = 3
"""The most steps shown unfolded."""
NAMES = 3
"""The most names of objects that share a line."""
_STEPS = "margin:.2em 0;padding-left:2em"


def answer_card(answer: Answer, head: str = "", picture: str = "", foot: str = "") -> str:
    """Return the card; `head`, `picture` and `foot` are HTML that stands before, in and after it."""
    worst = str(answer.rows[0].severity) if answer.rows else ""
    lines = [_root_cause(row) for row in answer.rows]
    more = fold(f"{format_count(len(lines) - MOST, 'more root cause')}", "".join(lines[MOST:])) if lines[MOST:] else ""
    unseen = f"<div>! {format_step(answer.unseen)}</div>" if answer.unseen else ""
    image = f"<div style='margin:.5em 0'>{picture}</div>" if picture else ""
    top = [head, verdict(answer.verdict), *lines[:MOST], more, unseen, noted(answer.noted)]
    parts = [*top, image, _next_steps(answer.steps), _cautions(answer), foot]
    return frame(EDGES.get(worst, EDGES["warning"] if answer.unseen else CALM), "".join(parts))


def _root_cause(row: RootCause) -> str:
    """Its sign, what is wrong with what, and what hangs on it."""
    follows = f"{format_count(row.consequences, 'more finding')} from it" if row.consequences else ""
    notes = filter(None, (row.rule, follows, "it holds the upgrade up" if row.holds else "", row.decided))
    quiet = f"<span style='{QUIET}'>({escape_html('; '.join(notes))})</span>"
    return f"<div>{SIGNS[str(row.severity)]} {_what_is_wrong(row)} {quiet}</div>"


def _what_is_wrong(row: RootCause) -> str:
    """The sentence, led by the objects where it does not name them itself."""
    first, many = row.findings[0], len(row.subjects) > 1
    if many and not first.many:
        return escape_html(row.what)
    if many:
        return f"<b>{escape_html(_join_subjects(row))}</b> {escape_html(row.what)}"
    named = f"{first.subject.kind} {first.subject.name} "
    mark = "" if first.message.startswith(named) else ":"
    return f"<b>{escape_html(first.subject)}</b>{mark} {escape_html(row.what)}"


def _join_subjects(row: RootCause) -> str:
    names = [subject.name for subject in row.subjects[:NAMES]]
    rest = len(row.subjects) - len(names)
    more = f" and {rest} more" if rest else ""
    return f"{row.subjects[0].kind}s {', '.join(names)}{more}"


def _next_steps(steps: Sequence[Step]) -> str:
    """The first steps that are left to do; the others, with those that are answered, folded."""
    left = [step for step in steps if step.left]
    if not steps:
        return ""
    head = f"<div><b>Next</b>{'' if left else ': every step is answered or ticked; see below'}</div>"
    rest = [step for step in steps if step not in left[:FIRST]]
    ticked, answered = sum(step.ticked for step in steps), sum(step.done and not step.ticked for step in steps)
    told = f", {answered} of them answered by what was collected" if answered else ""
    told += f", {ticked} ticked" if ticked else ""
    folded = fold(f"All {len(steps)} steps{told}", _list_steps(steps)) if rest else ""
    return f"{head}{_list_steps(left[:FIRST])}{folded}"


def _list_steps(steps: Iterable[Step]) -> str:
    items = "".join(f"<li value='{step.number}'>{tick(step.ticked)}{format_step(step.text)}</li>" for step in steps)
    return f"<ol style='{_STEPS}'>{items}</ol>" if items else ""


def _cautions(answer: Answer) -> str:
    return caution(" ".join(answer.cautions))
