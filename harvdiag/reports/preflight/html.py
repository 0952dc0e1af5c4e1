"""The verdict before an upgrade as one page, to keep with the change ticket: it loads nothing and has no script."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from harvdiag.core.listing import group_by
from harvdiag.core.marks import ERROR, GOOD, NONE, SIGNS, UNSEEN
from harvdiag.core.model import Finding, Severity
from harvdiag.reports.html import page_data
from harvdiag.reports.outline import Section, build_outline, name_findings
from harvdiag.status.answer import describe_alike
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.issues import count_known, pick_known
from harvdiag.status.preflight.rows import NOT_APPLICABLE, Answered
from harvdiag.status.preflight.words import (
    count_checks,
    describe_by_hand,
    describe_others,
    describe_path,
    describe_refusals,
    name_all,
    name_checks,
)

__all__ = ["render"]

MARKS = {"passed": GOOD, "skipped": UNSEEN, NOT_APPLICABLE: NONE}
"""The mark of each outcome; of one that failed it is the severity."""


def render(preflight: Preflight) -> str:
    """Return the page. It is a pure function of its argument: the same preflight gives the same bytes."""
    from harvdiag.reports.html.template import load_template

    told = replace(preflight, findings=name_findings(preflight.findings))
    outline = build_outline(told.findings, told.answer)
    data = page_data(outline) | _page_data(told, outline.sections)
    return load_template("preflight.html.j2").render(data, outline=outline).rstrip() + "\n"


def _page_data(preflight: Preflight, sections: Collection[Section]) -> dict[str, Any]:
    """What its own templates show."""
    refusals = {row.findings[0].fingerprint for row in preflight.refusals}
    against = [section for section in sections if section.row.findings[0].fingerprint in refusals]
    mark = ERROR if against or preflight.running else GOOD if preflight.ready else UNSEEN
    shown = {finding.fingerprint for section in sections for finding in _list_told(section)}
    return {
        "preflight": preflight,
        "headline": preflight.verdict,
        "worst": mark,
        "sign": SIGNS[mark],
        "path": describe_path(preflight),
        "others": describe_others(preflight),
        "against": against,
        "besides": [section for section in sections if section not in against],
        "by_hand": describe_by_hand(preflight),
        "unseen": [(reason, _name(rows)) for reason, rows in group_by(preflight.unseen, lambda row: row.reason)],
        "known_total": count_known(preflight.known),
        "known": pick_known(preflight.known),
        "total": count_checks(preflight),
        "tools": group_by(preflight.rows, lambda row: str(row.row.tool)),
        "mark_of": _mark_of,
        "found": lambda told: list(_link(told.findings, shown)),
        "name": name_checks,
        "all_of": name_all,
        "refused": lambda section: describe_refusals(preflight.checks_of(section.row)),
    }


def _mark_of(row: Answered) -> str:
    """The severity of the worst finding, where it failed by what counts; else the mark of the outcome."""
    if row.ignored:
        return NONE
    return MARKS.get(row.outcome) or str(row.severity or Severity.ERROR)


def _name(rows: Iterable[Answered]) -> str:
    return name_checks(row.row for row in rows)


def _link(findings: Iterable[Finding], shown: Collection[str]) -> Iterator[tuple[Finding | None, str]]:
    """What was found, by rule: the finding to go to, if the page has it, and what is wrong with which objects."""
    for _, alike in group_by(findings, lambda finding: finding.rule):
        yield next((finding for finding in alike if finding.fingerprint in shown), None), describe_alike(alike)


def _list_told(section: Section) -> Iterator[Finding]:
    """The findings of a section, each of which has its place in the page."""
    for told in (*section.told, *(each for follower in section.followers for each in follower.told)):
        yield told.finding
