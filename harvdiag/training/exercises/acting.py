"""A next step as an answer: an action or a way out, which is played on the cluster and judged by what it comes to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.model import Finding
from harvdiag.cure.action import parse_action
from harvdiag.cure.plan import Standing, Way
from harvdiag.cure.ways import all_ways

__all__ = ["Tried", "judge_next", "name_step", "try_step"]

SUPPORT = frozenset({"support", "ask support", "vendor support", "ask vendor support", "open a support case"})
COMMAND = re.compile(r"`([^`]+)`")
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

    def against(self, wanted: frozenset[str]) -> Tried:
        """The same, as a step that has to resolve findings: it is not safe where it leaves one of them."""
        if wanted <= self.gone:
            return self
        return replace(self, safe=False, told=f"{self.told} What was found stays.")


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


def judge_next(text: str, cluster: Cluster, fault: Finding) -> Tried:
    """Whether a step is a safe next one for a fault: it resolves it, or is what the finding or its way begins with.

    To ask support is one where no way can be followed and the finding says so. Raises UsageError as `try_step` does.
    """
    if text.lower() in SUPPORT:
        return _judge_support(cluster, fault)
    if _bare(text) in _first_steps(cluster, fault):
        return Tried(True, frozenset(), "It is one of the steps that the finding, or its way out, begins with.")
    return try_step(text, cluster, [fault]).against(frozenset({fault.fingerprint}))


def _judge_support(cluster: Cluster, fault: Finding) -> Tried:
    open_way = any(way.standing is Standing.OPEN for way in cluster.cure(fault).ways)
    named = any("support" in step.lower() for step in fault.next)
    told = "It is not one to be resolved alone." if named else "Its next steps do not need support yet: take the first."
    return Tried(named and not open_way, frozenset(), "There is a way that can be followed." if open_way else told)


def _first_steps(cluster: Cluster, fault: Finding) -> set[str]:
    """The next steps of a finding and their commands, and those of the first step of each way that can be followed.

    A deletion is none of them: it is played.
    """
    found = {*fault.next, *(command for step in fault.next for command in COMMAND.findall(step))}
    for way in cluster.cure(fault).ways:
        if way.standing is Standing.OPEN:
            first = next((step for step in way.steps if not step.done), None)
            found |= {first.what, *first.commands, str(first.action or "")} if first else set()
    return {_bare(each) for each in found if each and not _bare(each).startswith("delete")}


def _bare(text: str) -> str:
    return " ".join(text.replace("`", "").split()).rstrip(".").removeprefix("kubectl ").lower()


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
