"""Lines of Markdown that the parts of a report have in common: steps with their boxes, evidence, notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_markdown, format_code
from harvdiag.core.model import Evidence
from harvdiag.core.notes import Note
from harvdiag.reports.markdown.notes import quote_text
from harvdiag.reports.outline import ReportStep
from harvdiag.status.notes import list_words
from harvdiag.status.summary import format_evidence

__all__ = ["evidence_table", "format_step", "note_lines", "step_lines"]


def format_step(step: str, in_table: bool = False) -> str:
    """Return a sentence; its commands are between backticks and become code, the rest is escaped text."""
    parts = step.split("`")
    return "".join(
        format_code(part, in_table) if number % 2 else escape_markdown(part) for number, part in enumerate(parts)
    )


def step_lines(steps: Sequence[ReportStep]) -> Iterator[str]:
    """Yield the steps as a list of tasks, each with the number that it has among all of its finding."""
    for step in steps:
        yield f"- [{'x' if step.done else ' '}] {step.number}. {format_step(step.text)}"


def evidence_table(evidence: Sequence[Evidence]) -> Iterator[str]:
    """Yield a table with a row for each field."""
    yield from ("| object | field | value |", "| --- | --- | --- |")
    for e in evidence:
        shown = format_evidence(e) if e.value is None else format_code(format_evidence(e))
        yield f"| {escape_markdown(e.object)} | {format_code(e.path)} | {shown} |"


def note_lines(note: Note) -> Iterator[str]:
    """Yield a note as a quotation, led by who wrote it and when."""
    lead = [f"**{escape_markdown(note.author)}**"] if note.author else []
    lead += [escape_markdown(word) for word in list_words(note) if word]
    yield from ("", f"> {', '.join(lead) or 'Note'}:")
    if note.text:
        yield ">"
        yield from quote_text(note.text)
