"""Whether a source has every namespace, also those of users: only then does absence of an object there prove anything.

A support bundle has the namespaces of the system alone, unless the setting `support-bundle-namespaces` names more; a
login may be allowed some; a file may hold one; a snapshot has what its source had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harvdiag.core.fields import Obj
from harvdiag.core.model import CoverageEntry, State
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules.facts import Facts, UnjudgedError, Unseen

__all__ = ["find_everywhere", "require_everywhere", "why_not_all"]


def find_everywhere(facts: Facts, kind: str, wanted: Wanted) -> tuple[Obj, ...]:
    """Return the wanted objects of a large kind in every namespace; where there is none, only if that proves anything.

    Of a bundle only these are parsed. Raises as `require_everywhere` does.
    """
    found = facts.snapshot.find(kind, replace(wanted, everywhere=True))
    if not found.objects:
        _require(facts, kind, [found.entry], "none such was seen")
    return found.objects


def require_everywhere(facts: Facts, kind: str) -> None:
    """Return where the objects of a kind were seen in every namespace of the cluster; else end the rule as skipped.

    A rule calls it once it has found nothing bad: what was seen may still prove a fault. So it declares the kind as
    `optional`: among its needs, a list that was refused in one namespace would skip it before it looks. Raises
    `Unseen` with the list that was refused, failed or is not there, `UnjudgedError` where the source cannot tell of
    other namespaces.
    """
    count = len(facts.snapshot.objects(kind))
    _require(facts, kind, facts.snapshot.lists(kind), f"none of the {count} seen" if count else "none seen")


def why_not_all(facts: Facts, kind: str, wanted: Wanted) -> str:
    """Return why there may be more objects that are wanted than the source has; empty where it has all of them."""
    gap, why = _find_gap(facts, kind, [facts.snapshot.find(kind, replace(wanted, everywhere=True)).entry])
    return f"{kind}: {gap.state}: {gap.reason}" if gap else f"{kind}: {why}" if why else ""


def _require(facts: Facts, kind: str, entries: Sequence[CoverageEntry], seen: str) -> None:
    gap, why = _find_gap(facts, kind, entries)
    if gap is not None:
        raise Unseen(gap)
    if why:
        raise UnjudgedError(f"{kind}: {seen}, but {why}")


def _find_gap(facts: Facts, kind: str, entries: Sequence[CoverageEntry]) -> tuple[CoverageEntry | None, str]:
    """Return the list that was refused, failed or is not there, else why the source cannot tell of other namespaces."""
    gap = next((entry for entry in entries if not entry.state.seen), None)
    why = facts.snapshot.beyond(kind)
    return (None, why) if why and gap and gap.state is State.NOT_LOOKED_AT else (gap, why)
