"""The verdict before an upgrade as a card: yes or no, the reasons with their next steps, and what is left to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harvdiag.core.escape import escape_html
from harvdiag.reports.notebook.answer import answer_card
from harvdiag.reports.notebook.parts import QUIET, fold, format_step, source_heading
from harvdiag.reports.notebook.tables import frame_html
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.hand import NOTHING, HandCheck
from harvdiag.status.preflight.issues import count_known
from harvdiag.status.preflight.words import (
    count_checks,
    describe_by_hand,
    describe_others,
    describe_path,
    name_checks,
)
from harvdiag.status.summary import describe_source

__all__ = ["hand_list", "preflight_card"]

_LIST = "margin:.2em 0;padding-left:2em"


def preflight_card(preflight: Preflight) -> str:
    """Return the card; its table of checks is folded, and so are the commands."""
    head = source_heading(preflight.findings.source.name, describe_source(preflight.findings))
    return answer_card(preflight.answer, head, "", "".join(_foot(preflight)))


def hand_list(checks: Iterable[HandCheck]) -> str:
    """Return what is left to run by hand as a list: what must be true and the checks that it answers; folded, the
    commands.
    """
    tasks = "".join(map(_task, checks))
    return f"<ul style='{_LIST}'>{tasks}</ul>" if tasks else f"<div>{NOTHING}</div>"


def _foot(preflight: Preflight) -> Iterator[str]:
    if path := describe_path(preflight):
        yield f"<div><b>Path</b> {escape_html(path)}</div>"
    if others := describe_others(preflight):
        yield f"<div>{format_step(others)}</div>"
    for title, checks in describe_by_hand(preflight):
        yield fold(format_step(title), hand_list(checks))
    if told := count_known(preflight.known):
        yield fold(escape_html(told), frame_html(preflight.issues))
    yield fold(f"{escape_html(count_checks(preflight))}", frame_html(preflight.checks))


def _task(check: HandCheck) -> str:
    told = ((f"on {command.where}: " if command.where else "", command.text) for command in check.commands)
    commands = "".join(f"<li>{where}<code>{escape_html(text)}</code></li>" for where, text in told)
    more = f"<li>{escape_html(check.expected)}</li>" if check.expected else ""
    asks = f"{escape_html(check.asks)} <span style='{QUIET}'>({escape_html(name_checks(check.rows))})</span>"
    listed = f"<ul style='{_LIST}'>{commands}{more}</ul>"
    return f"<li>{fold(asks, listed)}</li>"
