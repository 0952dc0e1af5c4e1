"""Many hits of one kind: a few are told one by one, more as one that names the objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harvdiag.core.suggest import join_names
from harvdiag.rules.engine import Hit
from harvdiag.rules.volume_faults import FEW

__all__ = ["tell_few"]


def tell_few(hits: Sequence[Hit], names: Sequence[str]) -> Iterator[Hit]:
    """Yield the hits; of more than a few the first, which names the others, with their subjects as its targets.

    `names` are what their subjects are called, in the same order.
    """
    if len(hits) <= FEW:
        yield from hits
        return
    more = f"; {len(hits) - 1} others are alike: {join_names(names[1:])}"
    targets = (*hits[0].targets, *(hit.subject for hit in hits[1:]))
    yield replace(hits[0], message=hits[0].message + more, targets=targets)
