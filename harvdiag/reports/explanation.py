"""The explanation of an upgrade for a terminal: each part behind its label, with all steps of the advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import ERROR, WARNING
from harvdiag.core.wrap import wrap_commands
from harvdiag.reports.paint import Paint
from harvdiag.status.answer import describe_done
from harvdiag.status.upgrade.part import Part, PartKey

__all__ = ["explanation_lines"]

LABELS = 18
STEPS = "Next steps"
CAUSES = (PartKey.ROOT_CAUSE, PartKey.WHY, PartKey.IN_THE_WAY, PartKey.FAILED)
"""What tells the cause; the first of them that there is."""
ACTS = (PartKey.DO, PartKey.CAUTION, PartKey.RUN)
KINDS = {
    PartKey.ROOT_CAUSE: ERROR,
    PartKey.STALLED: ERROR,
    PartKey.FAILED: ERROR,
    PartKey.CAUTION: WARNING,
    PartKey.WARNING: WARNING,
    PartKey.NOT_JUDGED: WARNING,
    PartKey.NOT_SEEN: WARNING,
}
"""The severity in whose colour a label is; the others are dimmed."""


def explanation_lines(parts: Sequence[Part], width: int, paint: Paint) -> Iterator[str]:
    """Yield the lines of all parts: the cause, what is to do about it with each command whole, then the rest."""
    for part in _put_answer_first(parts):
        first, *others = _text_lines(part, width)
        yield f"{_paint_label(part, paint)}{first}".rstrip()
        yield from (f"{' ' * LABELS}{line}".rstrip() for line in others)


def _put_answer_first(parts: Sequence[Part]) -> list[Part]:
    """The parts with steps, caution and next command right after the cause: they are to be on the first screen."""
    acts = [part for part in parts if part.key in ACTS]
    cause = next((part for key in CAUSES for part in parts if part.key is key), None)
    if cause is None or not any(part.steps for part in acts):
        return list(parts)
    where = [part for part in parts if part.key is PartKey.WHERE]
    first = [*where, cause, *acts]
    return [*first, *(part for part in parts if part not in first)]


def _paint_label(part: Part, paint: Paint) -> str:
    """The label in its column: what must not be overlooked in the colour of a severity, what is to do in bold."""
    label = f"{STEPS if len(part.steps) > 1 else part.label:<{LABELS}}"
    if part.key in KINDS:
        return paint.severity(KINDS[part.key], label)
    return paint.bold(label) if part.key in {PartKey.DO, PartKey.RUN} else paint.dim(label)


def _text_lines(part: Part, width: int) -> list[str]:
    if len(part.steps) < 2:
        return wrap_commands(escape_text(part.text), width - LABELS) or [""]
    left = [f"{step.number}. {step.text}" for step in part.steps if step.left]
    lines = [line for step in left for line in wrap_commands(escape_text(step), width - LABELS, 3)]
    done = describe_done(part.steps)
    return [*lines, *(wrap_commands(f"({done})", width - LABELS) if done else [])]
