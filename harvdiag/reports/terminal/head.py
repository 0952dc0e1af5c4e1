"""The answer at the top of a report: verdict, one row per root cause, the next steps, the next command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.findings import Findings
from harvdiag.core.marks import GOOD, SIGNS, WARNING
from harvdiag.core.model import Severity
from harvdiag.core.wrap import count_cells, pad_text
from harvdiag.reports.shorten import cut_lines
from harvdiag.reports.terminal.layout import Layout
from harvdiag.status.answer import HOLDS, Answer, RootCause, describe_done, name_alike
from harvdiag.status.summary import describe_redaction, describe_source, format_count, is_answered

__all__ = ["head_lines"]

LABELS = 14
"""The width of the labels: two blanks, the longest (Next steps) and two more."""
NOTED = "Notes"
STEPS = 3
"""The most steps that are shown."""


def head_lines(
    findings: Findings, answer: Answer, layout: Layout, alone: bool = False, kind: str = ""
) -> Iterator[str]:
    """Yield the source and the verdict, a table of the root causes, the first steps to do, and what to run next.

    Where nothing follows (`alone`), the steps are whole, and what must not be done is told here. `kind` is the mark
    whose colour the verdict has; by default that of what is good, where nothing was found.
    """
    yield from map(layout.paint.bold, layout.wrap(findings.source.name))
    yield from layout.wrap(describe_source(findings))
    kind = kind or (GOOD if not findings and not findings.skipped else "")
    if redacted := describe_redaction(findings.source):
        yield from layout.wrap(redacted)
    for line in layout.wrap(answer.verdict):
        yield layout.paint.severity(kind, line) if kind else layout.paint.bold(line)
    if answer.noted:
        yield from layout.wrap(f"{NOTED}: {answer.noted}.")
    if answer.rows or answer.command:
        yield ""
    if answer.rows:
        yield layout.paint.bold(_describe_table(answer.rows))
    yield from _row_lines(answer.rows, layout, alone)
    yield from _step_lines(answer, layout, alone)
    if alone:
        told = [sentence for sentence in answer.cautions if not is_answered(sentence)]
        yield from layout.labelled("Caution", " ".join(told), kind=WARNING, gutter=LABELS)
    if answer.command:
        yield from layout.labelled("Run", f"`{answer.command}`", gutter=LABELS)


def _step_lines(answer: Answer, layout: Layout, alone: bool) -> Iterator[str]:
    """The first steps that are left to do; but for the first their beginning, where all follow below."""
    left = answer.left[:STEPS]
    if not left:
        return
    subject = answer.rows[0].subjects[0]
    whom = f"for {subject.kind} {subject.name}: " if _is_many(answer) else ""
    label = "Next step" if len(left) == 1 else "Next steps"
    for step in left:
        first = step is left[0]
        text = f"{step.number}. {whom if first else ''}{step.text}"
        lines = cut_lines(text, layout.width - LABELS - 2, 0 if first or alone else 1, hang=3)
        yield from layout.label_lines(label if first else "", lines, gutter=LABELS)
    if note := _describe_rest(answer, alone):
        yield from layout.labelled("", f"({note})", gutter=LABELS)


def _describe_rest(answer: Answer, alone: bool) -> str:
    """Which steps are answered, and how many more there are: the numbers of those that are shown have gaps."""
    first = answer.left[0].number
    done = describe_done(step for step in answer.steps if step.number < first or step.ticked)
    more = len(answer.left) - STEPS
    rest = f"{more} more {'with --full' if alone else 'below'}" if more > 0 else ""
    return "; ".join(filter(None, (done, rest)))


def _is_many(answer: Answer) -> bool:
    """Whether it must be said which object the next step is about."""
    return len(answer.rows) > 1 or len(answer.rows[0].subjects) > 1


def _row_lines(rows: Sequence[RootCause], layout: Layout, alone: bool) -> Iterator[str]:
    """The table of root causes: a line each where all fit, else the fault below rule and object."""
    some = not all(row.holds for row in rows)
    faults = [escape_text(_describe_fault(row, some, alone)) for row in rows]
    cells = [(row.rule, escape_text(name_alike(row.subjects)), fault) for row, fault in zip(rows, faults, strict=True)]
    wide = [max((count_cells(row[column]) for row in cells), default=0) for column in (0, 1)]
    marks = [f"{SIGNS[str(row.severity)]} {str(row.severity).upper()}" for row in rows]
    most = max(map(len, marks), default=0)
    one_line = all(most + 8 + sum(wide) + count_cells(cell[2]) <= layout.width for cell in cells)
    for row, mark, (rule, subject, fault) in zip(rows, marks, cells, strict=True):
        if one_line:
            painted = layout.paint.severity(str(row.severity), f"{mark:{most}}")
            yield f"  {painted}  {pad_text(rule, wide[0])}  {layout.paint.bold(pad_text(subject, wide[1]))}  {fault}"
        else:
            yield from layout.heading(str(row.severity), rule, subject, indent=2)
            yield from layout.wrap(fault, 6)


def _describe_table(rows: Sequence[RootCause]) -> str:
    """The heading of the table; it says that they hold the upgrade up where all of them do."""
    many = sum(len(row.subjects) for row in rows) > 1
    if all(row.severity is Severity.INFO for row in rows):
        return "Notes" if many else "Note"
    held = all(row.holds for row in rows)
    rest = f" ({'each holds' if many else 'holds'} the upgrade up)" if held else ""
    return f"{'Root causes' if many else 'Root cause'}{rest}"


def _describe_fault(row: RootCause, some: bool, alone: bool) -> str:
    """What is wrong, and what follows from it; where only `some` hold the upgrade up, whether it does."""
    rest = [row.decided] if row.decided else []
    rest += [format_count(row.consequences, "consequence")] if row.consequences else []
    rest += [HOLDS] if row.holds and some else []
    what = row.more if alone else row.what
    return f"{what} ({', '.join(rest)})" if rest else what
