"""How the answers to preconditions are worded: what they share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harvdiag.core.model import ObjectRef

__all__ = ["decide", "list_some", "names_of"]

FEW = 6
"""How many names a line has; the values of a precondition have all of them."""


def decide(bad: object, untold: Sequence[str]) -> bool | None:
    """Return whether a precondition is met: not with anything bad, and not told while anything is open."""
    if bad:
        return False
    return None if untold else True


def list_some(names: Sequence[str]) -> str:
    """Return names, joined by commas; of many the first, and how many more."""
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more} more" if more > 0 else "")


def names_of(refs: Iterable[ObjectRef]) -> list[str]:
    """Return the names of objects, of whichever namespace."""
    return [ref.name for ref in refs]
