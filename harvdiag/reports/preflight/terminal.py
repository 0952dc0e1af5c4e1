"""The verdict before an upgrade for a terminal: why not, what to fix first, and each check of Harvester's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from harvdiag.core.listing import group_by
from harvdiag.core.marks import ERROR, GOOD, SIGNS, TO_COME, UNSEEN, WARNING
from harvdiag.reports.paint import Paint
from harvdiag.reports.terminal import NARROWEST, View
from harvdiag.reports.terminal.body import Body, find_origins
from harvdiag.reports.terminal.fold import LEVELS, WHOLE, Fold, fits
from harvdiag.reports.terminal.head import head_lines
from harvdiag.reports.terminal.layout import Layout
from harvdiag.reports.terminal.notes import other_note_lines
from harvdiag.reports.terminal.policy import policy_lines, policy_summary
from harvdiag.reports.terminal.unseen import unseen_lines
from harvdiag.status.answer import fill_findings
from harvdiag.status.preflight import Preflight
from harvdiag.status.preflight.hand import HandCheck
from harvdiag.status.preflight.issues import count_known, name_known, pick_known
from harvdiag.status.preflight.known import KnownState
from harvdiag.status.preflight.rows import NOT_APPLICABLE, Answered, leave_rows
from harvdiag.status.preflight.words import (
    count_by_tool,
    count_checks,
    describe_by_hand,
    describe_others,
    describe_path,
    describe_refusals,
    name_all,
    name_checks,
    name_command,
)
from harvdiag.status.summary import tell_support_once

__all__ = ["render"]

GUTTER = 20
"""Two blanks, a sign, the longest label and two more."""
MOST = 5
"""The most known issues, and reasons of what was not told, that are shown where the report is folded."""
SHORT = 1
"""How many commands of each check are shown where the report is folded; none where there are reasons to read first."""


def render(preflight: Preflight, width: int = 100, colour: bool = False, view: View = View.FULL) -> str:
    """Return the verdict as text, wrapped to `width` columns; with ANSI colours if `colour`."""
    layout = Layout(max(width, NARROWEST), Paint(colour))
    if view is View.BRIEF:
        lines = [*_top_lines(preflight, layout, alone=True), *policy_summary(preflight.findings, layout)]
    elif view is View.FULL:
        lines = [*_lines(preflight, layout, WHOLE)]
    else:
        plain = layout._replace(paint=Paint())
        level = (fold for fold in LEVELS if fits(_lines(preflight, plain, fold), layout.width))
        lines = [*_lines(preflight, layout, next(level, LEVELS[-1]))]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _lines(preflight: Preflight, layout: Layout, fold: Fold) -> Iterator[str]:
    findings, full = preflight.findings, fold is WHOLE
    yield from _top_lines(preflight, layout)
    if full or not preflight.running:
        yield from _build_body(preflight, layout, fold).lines()
    if others := describe_others(preflight):
        yield from ("", *layout.commands(others))
    yield from _check_lines(preflight, layout, full)
    yield from _hand_lines(preflight, layout, full)
    yield from _known_lines(preflight, layout, full)
    yield from other_note_lines(findings, layout, not full)
    yield from policy_lines(findings, layout)
    if full:
        yield from unseen_lines(leave_rows(findings), layout)


def _top_lines(preflight: Preflight, layout: Layout, alone: bool = False) -> Iterator[str]:
    """The source, the verdict, the root causes and the first steps; the way to the target; what the checks came to."""
    kind = GOOD if preflight.ready else ERROR if preflight.reasons else WARNING
    yield from head_lines(preflight.findings, preflight.answer, layout, alone, kind)
    if path := describe_path(preflight):
        yield from layout.labelled("Path", path, gutter=14)
    if alone:
        yield from _check_lines(preflight, layout, brief=True)


def _build_body(preflight: Preflight, layout: Layout, fold: Fold) -> Body:
    """Build the details of the root causes, each with the checks of Harvester's own that refuse or warn for it."""
    whole = fill_findings(preflight.findings)
    told = tell_support_once(whole)
    body = Body(told, preflight.answer, find_origins(told, whole), layout, fold)
    body.whole_command = name_command(preflight, "--full")
    body.told_last = frozenset(f.fingerprint for row in preflight.rows for f in row.findings if f.caused_by)
    body.last = {
        finding.fingerprint: (
            ("All", name_all(row) if fold is WHOLE else ""),
            ("Checks", describe_refusals(preflight.checks_of(row))),
        )
        for row in preflight.answer.rows
        for finding in row.findings
    }
    return body


def _check_lines(preflight: Preflight, layout: Layout, full: bool = False, brief: bool = False) -> Iterator[str]:
    """What each check of Harvester's own came to: one line for each outcome; in a `brief` report what is bad."""
    yield ""
    yield from map(layout.paint.bold, layout.wrap(count_checks(preflight)))
    by_hand = {key for check in preflight.by_hand for key in check.keys}
    told = (
        (SIGNS[ERROR], "Failed", True, [row for row in preflight.rows if row.failed]),
        (SIGNS[WARNING], "With a warning", True, [row for row in preflight.rows if row.warned]),
        (TO_COME, "Ignored", True, [row for row in preflight.rows if row.ignored]),
        (SIGNS[GOOD], "Passed", full, [row for row in preflight.asked if row.passed]),
        (SIGNS[UNSEEN], "By hand", full, [row for row in preflight.untold if row.row.key in by_hand]),
    )
    for sign, label, named, rows in told:
        if rows and (named or not brief):
            yield from _named(layout, sign, label, _name_rows(rows, named))
    if brief:
        return
    unseen = group_by(preflight.unseen, lambda row: row.reason)
    if len(unseen) > MOST and not full:
        unseen = [(f"{_name_rows(preflight.unseen, False)} (--full)", [])]
    for reason, rows in unseen:
        yield from _named(layout, SIGNS[UNSEEN], "Not told", ": ".join(filter(None, (_name_rows(rows), reason))))
    yield from _unasked_lines(preflight, layout, full)


def _unasked_lines(preflight: Preflight, layout: Layout, full: bool) -> Iterator[str]:
    """What does not apply: in one line, or with the reasons."""
    unasked = [row for row in preflight.rows if row.outcome == NOT_APPLICABLE]
    if not full:
        names = _name_rows(unasked, False)
        names = f"all others: {preflight.running} is under way" if preflight.running else names
        yield from _named(layout, TO_COME, "Not applicable", names)
        return
    for reason, rows in group_by(unasked, lambda row: row.reason):
        yield from _named(layout, TO_COME, "Not applicable", f"{_name_rows(rows)}: {reason}")


def _name_rows(rows: Iterable[Answered], named: bool = True) -> str:
    return (name_checks if named else count_by_tool)(row.row for row in rows)


def _named(layout: Layout, sign: str, label: str, text: str) -> Iterator[str]:
    for number, line in enumerate(layout.labelled(f"{sign} {label}", text, gutter=GUTTER) if text else ()):
        yield line.replace(sign, layout.paint.sign(sign), 1) if not number else line


def _hand_lines(preflight: Preflight, layout: Layout, full: bool) -> Iterator[str]:
    """What is left to run by hand: what must be true, the checks that it answers, and the commands."""
    calm, first = full or not preflight.refusals, 1
    for head, checks in describe_by_hand(preflight):
        yield ""
        yield from map(layout.paint.bold, layout.commands(f"{head}:" if calm else f"{head} (--full)"))
        if not calm:
            continue
        for number, check in enumerate(checks, first):
            yield from _one_by_hand(layout, number, check, full)
        first += len(checks)


def _known_lines(preflight: Preflight, layout: Layout, full: bool) -> Iterator[str]:
    """The known issues of the way: how many; a few, or all, with how to tell them by hand."""
    told = count_known(preflight.known)
    if not told or (preflight.running and not full):
        return
    issues = pick_known(preflight.known)
    few = full or (not preflight.refusals and len(issues) <= MOST)
    yield ""
    yield layout.paint.bold(f"{told}{'' if few or not issues else ' (--full)'}")
    for issue in issues if few else ():
        sign = SIGNS[WARNING if issue.state is KnownState.PRESENT else UNSEEN]
        first, *rest = layout.wrap(f"{sign} {name_known(issue)}", 2, hang=2)
        yield from (first.replace(sign, layout.paint.sign(sign), 1), *rest)
        if full and issue.reason:
            yield from layout.wrap(f"not told: {issue.reason}", 4, hang=2)
        for command in issue.by_hand if full else ():
            yield from _indented(layout, f"`{command}`", 4)


def _one_by_hand(layout: Layout, number: int, check: HandCheck, full: bool) -> Iterator[str]:
    text = f"{number}. {check.asks[:1].upper()}{check.asks[1:]} ({name_checks(check.rows)})"
    yield from layout.wrap(text, 2, hang=text.index(" ") + 1)
    if full and check.reason:
        yield from layout.wrap(f"not told: {check.reason}", 5, hang=2)
    for command in check.commands if full else check.commands[:SHORT]:
        where = f"on {command.where}: " if command.where else ""
        yield from _indented(layout, f"{where}`{command.text}`", 5)
    if full and check.expected:
        yield from layout.wrap(check.expected, 5)


def _indented(layout: Layout, text: str, indent: int) -> Iterator[str]:
    inner = layout._replace(width=layout.width - indent)
    yield from (f"{' ' * indent}{line}" for line in inner.commands(text))
