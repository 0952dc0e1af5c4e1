"""All scenarios, as a table and by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import ClassVar

from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.core.tabular import Record, Tabular
from harvdiag.training.library.model import Scenario
from harvdiag.training.library.shelf import machines, nodes, phases, rest

__all__ = ["Scenarios", "scenarios"]

_COLUMNS = ("scenario", "difficulty", "symptom", "goal", "follows", "release", "nodes", "target")


class Scenarios(Tabular):
    """The scenarios, the easy ones first: ``scenarios["no-answer"]``, by number, in a loop, or as ``.frame``.

    Its table has one row each: `scenario` (str), `difficulty` (Int64, 1 to 3), `symptom`, `goal`, `follows`, `release`
    (str), `nodes` (Int64), `target` (str). No solution is in it: each scenario has its own as ``.solution``.
    """

    noun: ClassVar[str] = "scenarios"
    dtypes: ClassVar[dict[str, str]] = dict.fromkeys(_COLUMNS, "str") | {"difficulty": "Int64", "nodes": "Int64"}

    def __init__(self, items: tuple[Scenario, ...]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Scenario]:
        return iter(self._items)

    def __getitem__(self, key: str | int) -> Scenario:
        """Return a scenario by its name or number. Raises UsageError, which says what may have been meant."""
        if isinstance(key, int):
            return self._items[key]
        found = next((item for item in self._items if item.name == key), None)
        if found is None:
            names = [item.name for item in self._items]
            near = did_you_mean(suggest_names(str(key), names)) or "; `harvdiag scenario` lists them"
            raise UsageError(f"no scenario {str(key)!r}{near}")
        return found

    def __repr__(self) -> str:
        width = max((len(item.name) for item in self._items), default=0)
        rows = (f"  {item.name:<{width}}  {'*' * item.difficulty:<3}  {item.goal}" for item in self._items)
        return "\n".join([f"{len(self)} scenarios, * easy to *** hard", *rows])

    @property
    def names(self) -> list[str]:
        """Their names, in the same order."""
        return [item.name for item in self._items]

    @property
    def records(self) -> list[Record]:
        """One row a scenario."""
        return [
            {
                "scenario": item.name,
                "difficulty": item.difficulty,
                "symptom": item.symptom,
                "goal": item.goal,
                "follows": item.follows,
                "release": item.release,
                "nodes": item.nodes,
                "target": item.target,
            }
            for item in self._items
        ]


@cache
def scenarios() -> Scenarios:
    """Return the scenarios to learn on, the easy ones first: ``scenarios()["no-answer"].open().check()``."""
    shelves = (machines.SCENARIOS, phases.SCENARIOS, nodes.SCENARIOS, rest.SCENARIOS)
    items = (item for shelf in shelves for item in shelf)
    return Scenarios(tuple(sorted(items, key=lambda item: item.difficulty)))
