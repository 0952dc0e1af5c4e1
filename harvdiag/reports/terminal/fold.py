"""How much of a report is folded, so that it fits on a screen: nothing, then step by step what can be read elsewhere.

What is folded is counted, and `--full` shows it. Never folded: the verdict, each root cause with its first evidence and
the beginning of each of its steps, what follows from it, and each sentence of a root cause's caution.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harvdiag.core.wrap import count_rows

__all__ = ["LEVELS", "SCREEN", "WHOLE", "Fold", "fits"]

SCREEN = 60
"""The lines in which a report is to fit."""


@dataclass(frozen=True, kw_only=True)
class Fold:
    """What is folded; a number is the most lines or entries that are shown, 0 for all."""

    grouped: bool = True
    """Evidence by object, what follows by rule, root causes by rule where there are many."""
    advice: bool = True
    """Whether what follows has its evidence and its steps, or its heading alone."""
    warned: bool = True
    """Whether what follows has its caution."""
    fields: int = 0
    """Lines of evidence of a root cause."""
    step: int = 0
    """Lines of a step."""
    why: int = 0
    """Lines of why the fault matters."""
    links: int = 0
    clause: int = 0
    """Lines of what follows, where it has its heading alone."""


WHOLE = Fold(grouped=False)
"""Nothing is folded."""
LEVELS = (
    Fold(),
    Fold(advice=False),
    Fold(advice=False, fields=12, links=1),
    Fold(advice=False, fields=8, step=4, why=4, links=1),
    Fold(advice=False, fields=8, step=3, why=3, links=1),
    Fold(advice=False, fields=6, step=2, why=2, links=1, clause=3),
    Fold(advice=False, warned=False, fields=8, step=4, why=4, links=1),
    Fold(advice=False, warned=False, fields=8, step=3, why=3, links=1),
    Fold(advice=False, warned=False, fields=6, step=2, why=2, links=1, clause=3),
    Fold(advice=False, warned=False, fields=8, step=1, why=2, links=1, clause=3),
    Fold(advice=False, warned=False, fields=5, step=1, why=2, links=1, clause=2),
    Fold(advice=False, warned=False, fields=4, step=1, why=2, links=1, clause=2),
    Fold(advice=False, warned=False, fields=2, step=1, why=1, links=1, clause=1),
)
"""The ways to fold a report, from the least to the most."""


def fits(lines: Iterable[str], width: int) -> bool:
    """Return whether the lines fit on a screen."""
    rows = 0
    for line in lines:
        rows += count_rows(line.rstrip(), width)
        if rows > SCREEN:
            return False
    return True
