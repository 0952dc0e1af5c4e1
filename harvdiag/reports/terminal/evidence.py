"""The evidence of a finding in a terminal: a field a line, or by object to save room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_text, format_value
from harvdiag.core.listing import group_by
from harvdiag.core.model import Evidence
from harvdiag.core.wrap import wrap_commands
from harvdiag.reports.terminal.layout import GUTTER, Layout
from harvdiag.status.summary import format_count, format_evidence

__all__ = ["field_lines", "object_lines"]

LONG = 64
"""The most characters of a value where evidence is listed by object; sentences and lines of logs may be longer."""


def field_lines(evidence: Sequence[Evidence], layout: Layout) -> Iterator[str]:
    """Yield every field with its object, one after the other."""
    for number, e in enumerate(evidence):
        where = "  ".join(filter(None, (str(e.object), e.path)))
        text = f"{where}{_verb(e)} {format_evidence(e)}"
        yield from layout.labelled("" if number else "Seen", text, hang=2)


def object_lines(evidence: Sequence[Evidence], layout: Layout, most: int) -> tuple[list[str], int]:
    """Return the fields by object, in at most `most` lines (0: any number), and how many fields are left out.

    The first field is always shown. What is left out is counted in the last line.
    """
    shown = len(evidence)
    lines = _object_lines(evidence, layout)
    while most and shown > 1 and len(lines) > most:
        shown -= 1
        lines = _object_lines(evidence[:shown], layout)
    left = len(evidence) - shown
    if left:
        lines.append(f"and {format_count(left, 'more field')}")
    return [*layout.label_lines("Seen", lines)], left


def _object_lines(evidence: Sequence[Evidence], layout: Layout) -> list[str]:
    """Each object with its fields; a sentence and a line of a log begin a line."""
    width = layout.width - GUTTER - 2
    lines: list[str] = []
    for about, fields in group_by(evidence, lambda e: e.object):
        values = [f"{e.path}{_verb(e)} {_short_value(e)}".strip() for e in fields]
        apart = [told for e, told in zip(fields, values, strict=True) if " " in _short_value(e) and len(told) > LONG]
        flow = "; ".join(told for told in values if told not in apart)
        lines += wrap_commands(escape_text(f"{about}  {flow}"), width, 2)
        lines += [f"  {line}" for told in apart for line in wrap_commands(escape_text(told), width - 2, 2)]
    return lines


def _verb(evidence: Evidence) -> str:
    return "" if not evidence.path and evidence.value is None else " is" if evidence.value is None else " ="


def _short_value(evidence: Evidence) -> str:
    text = format_evidence(evidence)
    return text if evidence.value is None or " " in text else format_value(evidence.value, LONG)
