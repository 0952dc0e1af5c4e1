"""Scenarios as text: the list, one of them without its solution, and the solution."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.wrap import wrap_text
from harvdiag.training.library.catalogue import Scenarios
from harvdiag.training.library.model import Scenario, Solution

__all__ = ["list_scenarios", "tell_scenario", "tell_solution"]

_LEVELS = {1: "easy", 2: "medium", 3: "hard"}
_LABEL = 12


def list_scenarios(items: Scenarios, width: int = 100) -> str:
    """Return all scenarios by difficulty, each with what a user reports; ends with a newline."""
    lines: list[str] = []
    for level, word in _LEVELS.items():
        lines += ["", word] if lines else [word]
        for item in (item for item in items if item.difficulty == level):
            lines += [f"  {item.name}", *_wrap(item.symptom, width, "    ")]
    return "\n".join([*lines, "", f"{len(items)} scenarios. `harvdiag scenario NAME` tells of one.", ""])


def tell_scenario(item: Scenario, width: int = 100) -> str:
    """Return what one is given of a scenario: the symptom and the goal, not the solution; ends with a newline."""
    size = f"{item.nodes} node{'s' * (item.nodes > 1)}, Harvester {item.release}"
    rows = {
        "Reported": item.symptom,
        "To learn": item.goal,
        "Cluster": size + (f", to be upgraded to {item.target}" if item.target else ""),
        "Follows": item.follows,
        "Check with": f"`harvdiag preflight --target {item.target}`" if item.target else "",
    }
    return "\n".join([f"{item.name} ({_LEVELS[item.difficulty]})", *_rows(rows, width), ""])


def tell_solution(solution: Solution, width: int = 100) -> str:
    """Return what is behind a scenario or an exam; ends with a newline."""
    rows = {
        "Found by": "; ".join(solution.finds) or "no check: nothing is wrong",
        "Beyond": solution.beyond,
        "Behind it": solution.story,
        "Next": solution.next,
        "Made of": "; ".join(str(made) for made in solution.made),
    }
    return "\n".join([*_rows(rows, width), ""])


def _rows(rows: dict[str, str], width: int) -> Iterator[str]:
    """Each with its label; none of an empty one."""
    for label, text in rows.items():
        if text:
            first, *others = _wrap(text, width, " " * _LABEL)
            yield f"{label:<{_LABEL}}{first.strip()}"
            yield from others


def _wrap(text: str, width: int, indent: str) -> list[str]:
    return [f"{indent}{line.strip()}" for line in wrap_text(text, width - len(indent))]
