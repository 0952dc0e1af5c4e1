"""What was told of each node beside its objects, and of which nodes nothing was: a part never counts as the whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from harvdiag.core.fields import Obj, name_of
from harvdiag.core.suggest import join_names
from harvdiag.rules.engine import Hit
from harvdiag.rules.facts import Facts, UnjudgedError

__all__ = ["describe_untold", "look_at_rest", "read_by_node", "settle"]


def read_by_node(facts: Facts, kind: str) -> dict[str, Obj]:
    """Return the objects of a kind by the name of their node, of which there may be fewer than there are Nodes."""
    return {name_of(obj): obj for obj in facts.snapshot.objects(kind)}


def describe_untold(facts: Facts, kind: str, names: Collection[str], what: str) -> str:
    """Return why `what` is not known of these nodes; empty without any. The reason of the list often names them."""
    if not names:
        return ""
    why = facts.snapshot.gap(kind)
    return f"{what} of {join_names(sorted(names))} is not known{f': {kind} {why}' if why else ''}"


def look_at_rest(names: Collection[str], command: str) -> tuple[str, ...]:
    """Return the step that looks by hand at the nodes of which it is not known; none where it is known of all."""
    return (f"Of {join_names(sorted(names))} it is not known: `{command}` on each.",) if names else ()


def settle(hits: Sequence[Hit], untold: Iterable[str]) -> Sequence[Hit]:
    """Return what was found. Where nothing was, but a node was not looked at, raise UnjudgedError with the reasons."""
    reasons = list(filter(None, untold))
    if reasons and not hits:
        raise UnjudgedError("; ".join(reasons))
    return hits
