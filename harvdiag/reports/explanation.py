"""The explanation of an upgrade for a terminal: each part behind its label, with all steps of the advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import ERROR, WARNING
from harvdiag.core.suggest import join_names
from harvdiag.core.wrap import count_rows, wrap_commands
from harvdiag.reports.paint import Paint
from harvdiag.reports.shorten import cut_lines
from harvdiag.status.upgrade.part import Part, PartKey

__all__ = ["explanation_lines"]

LABELS = 18
SCREEN, FIRST = 24, 3
"""The rows of a small terminal, in which the first steps that are left to do are to be seen."""
STEP_LINES, LONG_STEP = (0, 5, 4, 3, 2), 4
"""The most lines of a step, tried in this order (0 is any number), and where even the least is too much."""
STEPS = "Next steps"
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
    """Yield the lines of all parts; steps are shortened so far that the first of them are on the first screen."""
    most = next((most for most in STEP_LINES if _first_steps_end(parts, width, most) <= SCREEN), LONG_STEP)
    for part in parts:
        first, *others = _text_lines(part, width, most)
        yield f"{_paint_label(part, paint)}{first}".rstrip()
        yield from (f"{' ' * LABELS}{line}".rstrip() for line in others)


def _paint_label(part: Part, paint: Paint) -> str:
    """The label in its column: what must not be overlooked in the colour of a severity, what is to do in bold."""
    label = f"{STEPS if len(part.steps) > 1 else part.label:<{LABELS}}"
    if part.key in KINDS:
        return paint.severity(KINDS[part.key], label)
    return paint.bold(label) if part.key in {PartKey.DO, PartKey.RUN} else paint.dim(label)


def _first_steps_end(parts: Sequence[Part], width: int, most: int) -> int:
    """The row in which the last of the first steps ends."""
    rows = 0
    for part in parts:
        blocks = _step_blocks(part, width, most)[:FIRST]
        lines = [line for block in blocks for line in block] or _text_lines(part, width, most)
        rows += sum(count_rows(" " * LABELS + line, width) for line in lines)
        if blocks:
            return rows
    return 0


def _text_lines(part: Part, width: int, most: int) -> list[str]:
    if len(part.steps) < 2:
        return wrap_commands(escape_text(part.text), width - LABELS) or [""]
    lines = [line for block in _step_blocks(part, width, most) for line in block]
    done = [str(step.number) for step in part.steps if step.done]
    return (
        [*lines, *wrap_commands(f"({join_names(done)}: answered by what was collected)", width - LABELS)]
        if done
        else lines
    )


def _step_blocks(part: Part, width: int, most: int) -> list[list[str]]:
    """The lines of each step that is left to do; of one that is answered its number stands at the end."""
    left = [step for step in part.steps if not step.done] if len(part.steps) > 1 else []
    return [cut_lines(f"{step.number}. {step.text}", width - LABELS, most, hang=3) for step in left]
