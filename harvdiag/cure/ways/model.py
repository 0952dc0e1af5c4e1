"""A way out before it is rehearsed: one function each, declared with `way`; rules name the ways of their findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harvdiag.core.model import Finding, ObjectRef
from harvdiag.cure.model import Action
from harvdiag.cure.plan import PlanStep
from harvdiag.cure.preconditions.model import Precondition
from harvdiag.rules.facts import Facts, NotApplicable

if TYPE_CHECKING:
    from harvdiag.cure.drafts.model import Draft

__all__ = ["WAYS", "Case", "Plan", "Unfit", "WayOut", "way"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a way is made for: a finding on a cluster."""

    facts: Facts
    finding: Finding


class Unfit(NotApplicable):
    """Raised by a way that does not fit this cluster: the reason, in one clause."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a way proposes; `cure/runbook.py` rehearses it.

    Where it has neither `removes` nor `restarts`, the preconditions are those that its steps come to ask.
    """

    steps: tuple[PlanStep, ...]
    removes: ObjectRef | None = None
    """The Node or Machine whose removal it contains: P1 to P6 are asked of it."""
    restarts: ObjectRef | None = None
    """The Node on whose host RKE2 restarts: P2, P3 and P5 are asked of it."""
    preconditions: tuple[Precondition, ...] = ()
    """Others of its own, such as that Rancher answers a host that registers (id ``R1``, ``R2``, …)."""
    never: Action | None = None
    """What people are most often told to do instead, and must not: simulated for the page beside the ways."""
    support: tuple[str, ...] = ()
    """What only vendor support can say."""
    drafts: tuple[Draft, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """A declared way."""

    name: str
    title: str
    fits: str
    make: Callable[[Case], Plan]


WAYS: dict[str, WayOut] = {}
Maker = Callable[[Case], Plan]


def way(name: str, *, title: str, fits: str) -> Callable[[Maker], Maker]:
    """Declare a way. The order of the ways of a finding is that in which its rule names them, the mildest first."""

    def declare(make: Maker) -> Maker:
        WAYS[name] = WayOut(name=name, title=title, fits=fits, make=make)
        return make

    return declare
