"""A next step as an answer: an action or a way out, which is played on the cluster and judged by what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.model import Finding
from harvdiag.cure.action import parse_action
from harvdiag.cure.plan import Standing, Way
from harvdiag.cure.ways import all_ways

__all__ = ["Tried", "name_step", "try_step"]

TOLD = 2
"""The most reasons that are told."""


@dataclass(frozen=True)
class Tried:
    """What a step comes to: the fingerprints of the findings that are `gone` after it, and what it does, in a sentence.

    `safe` is whether it does no harm, and whether that can be told.
    """

    safe: bool
    gone: frozenset[str]
    told: str


def name_step(text: str, cluster: Cluster) -> str:
    """Return the one form of a step that may be written in several; the text itself where it is none."""
    if text.lower() in all_ways():
        return text.lower()
    try:
        return str(parse_action(text, cluster.snapshot))
    except UsageError:
        return text


def try_step(text: str, cluster: Cluster, faults: Sequence[Finding]) -> Tried:
    """Play a step: an action of `Cluster.simulate`, or by its name a way out of one of the faults.

    Raises UsageError for what is neither, and for an object that does not exist.
    """
    name = name_step(text, cluster)
    return _try_way(name, cluster, faults) if name in all_ways() else _try_action(name, cluster)


def _try_action(text: str, cluster: Cluster) -> Tried:
    played = cluster.simulate(text)
    gone = frozenset(finding.fingerprint for finding in played.gone)
    brings = f"it brings {played.new[0].rule} of {played.new[0].subject.name}" if played.new else ""
    reasons = (*played.reasons[:TOLD], *([brings] if played.harmful and brings else []))
    return Tried(
        played.told and not played.harmful,
        gone,
        f"Played here, `{text}` is of the class `{played.hazard}`: {_join(reasons)}",
    )


def _try_way(name: str, cluster: Cluster, faults: Sequence[Finding]) -> Tried:
    """A way is safe where it can be followed; where none of a fault can, the best one, once what is open is settled."""
    refused = ""
    for book in (cluster.cure(fault) for fault in faults):
        if way := next((each for each in book.ways if each.name == name), None):
            safe = way.standing is book.ways[0].standing is not Standing.CLOSED
            return Tried(safe, frozenset(finding.fingerprint for finding in way.gone), _tell_way(way))
        refused = refused or next((each.reason for each in book.refused if each.name == name), "")
    told = f"is not offered here: {refused}" if refused else "is none of those out of this fault"
    return Tried(False, frozenset(), f"The way `{name}` {told}.")


def _tell_way(way: Way) -> str:
    return f"The way `{way.name}` has the standing `{way.standing}` here: {_join(way.reasons[:TOLD])}"


def _join(reasons: Sequence[str]) -> str:
    return f"{'; '.join(_shorten(reason) for reason in reasons)}."


def _shorten(reason: str) -> str:
    """A reason up to where it goes into what was not read."""
    return reason.partition("; ")[0].rstrip(".")
