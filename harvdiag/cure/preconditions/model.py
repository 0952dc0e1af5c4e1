"""What a precondition is, as data: a question, its answer on one cluster, and the values from which that follows."""

from __future__ import annotations

from dataclasses import dataclass

from harvdiag.core.model import Evidence, ObjectRef

__all__ = ["CANNOT_TELL", "Precondition", "Value"]

CANNOT_TELL = "cannot be told"
"""What is said where what decides was not seen."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """A named value of a precondition: ``voters that remain``, 2, with the Nodes that they are."""

    name: str
    value: int | bool | str | None
    """A number, a truth, or a word; None where it cannot be told."""
    refs: tuple[ObjectRef, ...] = ()
    """The objects that it counts or names."""


@dataclass(frozen=True, kw_only=True)
class Precondition:
    """One of P1 to P6 on one cluster, for the removal of one Node or Machine."""

    id: str
    """``P1``."""
    asks: str
    """The question, with the names."""
    met: bool | None
    """None: it cannot be told from what was seen."""
    values: tuple[Value, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    told: str = ""
    """The answer in one line: ``etcd voters that remain: 2 of 3, quorum kept``."""
    untold: tuple[str, ...] = ()
    """What was not seen, so that a part of the answer is open."""
    by_hand: tuple[str, ...] = ()
    """How a person answers what the source does not tell: steps with their commands."""

    def value(self, name: str) -> int | bool | str | None:
        """Return the value of a name; None where it has none or cannot be told."""
        return next((row.value for row in self.values if row.name == name), None)

    def refs(self, name: str) -> tuple[ObjectRef, ...]:
        """Return the objects of the value of a name."""
        return next((row.refs for row in self.values if row.name == name), ())
