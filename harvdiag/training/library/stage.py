"""The stage of a scenario: a healthy cluster, what was changed in it by name, and what must be found for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from harvdiag.training.world.longhorn import volume_name
from harvdiag.training.world.rollouts import wait
from harvdiag.training.world.steps import order
from harvdiag.training.world.upgrades import NAME
from harvdiag.training.world.world import World

__all__ = ["Finds", "Made", "Stage", "change"]

Finds = Iterable[str]
"""What must be found: the rule and the subject of each finding, ``node-unready Node/hv02``."""
_P = ParamSpec("_P")


@dataclass(frozen=True)
class Made:
    """One change that was made: its name, what it is, what it was laid over, and what must be found for it."""

    name: str
    summary: str
    on: tuple[str, ...]
    finds: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(self.on)})" if self.on else self.name


class Stage:
    """A cluster that is being changed. `made` are the changes so far, `said` lines of logs by container."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.made: list[Made] = []
        self.said: dict[str, list[tuple[str, str]]] = {}
        self.late: list[Callable[[World], None]] = []
        self.lost: set[str] = set()
        self.distrusting: set[str] = set()

    @property
    def nodes(self) -> list[str]:
        """The nodes in the order in which an upgrade takes them."""
        return order(self.world)

    @property
    def first(self) -> str:
        """The node that an upgrade takes first: the init node."""
        return self.nodes[0]

    @property
    def second(self) -> str:
        """The node that an upgrade takes next."""
        return self.nodes[1]

    @property
    def third(self) -> str:
        """The one after that."""
        return self.nodes[2]

    @property
    def last(self) -> str:
        """The node that an upgrade takes last."""
        return self.nodes[-1]

    @property
    def upgrade(self) -> dict[str, Any]:
        """The Upgrade; KeyError without one."""
        return self.world.get("Upgrade", NAME)

    def machine(self, node: str) -> str:
        """Name of the Machine that the node had in the healthy cluster."""
        return self.world.machine_of(node)

    def volume(self, index: int = 0) -> str:
        """Name of a volume of Longhorn."""
        return volume_name(index)

    def wait(self, **shift: float) -> None:
        """Let time go by, in which nothing changes."""
        wait(self.world, **shift)

    def then(self, step: Callable[[World], None]) -> None:
        """Do something when the cluster has all its objects, also those that no change needs."""
        self.late.append(step)

    @property
    def finds(self) -> tuple[str, ...]:
        """What must be found, once each."""
        return tuple(dict.fromkeys(find for made in self.made for find in made.finds))


def change(act: Callable[Concatenate[Stage, _P], Finds]) -> Callable[Concatenate[Stage, _P], None]:
    """Make a named change of a function: its name and docstring tell it, what it gives back must be found."""

    @wraps(act)
    def apply(stage: Stage, /, *args: _P.args, **kwargs: _P.kwargs) -> None:
        finds = tuple(act(stage, *args, **kwargs))
        summary = (act.__doc__ or "").partition("\n")[0]
        on = tuple(str(value) for value in (*args, *kwargs.values()))
        stage.made.append(Made(act.__name__.replace("_", "-"), summary, on, finds))

    return apply
