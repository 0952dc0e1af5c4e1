"""The explanation where no upgrade is under way: the last one, and leftovers."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.errors import UsageError
from harvdiag.core.model import State
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.summary import format_count
from harvdiag.status.upgrade.causes import explain_faults, explain_others
from harvdiag.status.upgrade.part import Part, PartKey, newer_kind_part, older_kind_part
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.wording import failure_reason, format_done, upgrade_title

__all__ = ["explain_finished"]


def explain_finished(diagnosis: Diagnosis, node: str) -> Iterator[Part]:
    """Yield the parts. Raises UsageError for an unknown node; where Nodes were not seen, any name is accepted."""
    if node:
        _check_node(diagnosis, node)
    gap = diagnosis.facts.snapshot.gap("Upgrade")
    if gap and diagnosis.current is None:
        yield Part(PartKey.WHERE, f"unknown: the Upgrades were not seen ({gap})")
    else:
        yield from _explain_last(diagnosis, node)
        if gap and diagnosis.plan:
            yield older_kind_part(gap)


def _own_gap(diagnosis: Diagnosis, last: Upgrade) -> str | None:
    """Why others of its kind may not have been seen: it may be one object alone, or a part of a list."""
    return diagnosis.facts.snapshot.gap("UpgradePlan" if last.v2 else "Upgrade")


def _check_node(diagnosis: Diagnosis, name: str) -> None:
    known = {node.name for node in diagnosis.facts.pairing.nodes}
    known |= set(diagnosis.current.statuses) if diagnosis.current else set()
    if name not in known and diagnosis.facts.snapshot.seen("Node"):
        raise UsageError(f"no node {name!r} in this cluster{did_you_mean(suggest_names(name, known))}")


def _explain_last(diagnosis: Diagnosis, node: str) -> Iterator[Part]:
    last = diagnosis.current
    if last is None and (gap := diagnosis.facts.snapshot.gap("UpgradePlan")):
        yield Part(PartKey.WHERE, "no Upgrade of the older kind (V1) is under way, and there is no record of one")
        yield newer_kind_part(gap)
        if skipped := diagnosis.findings.skipped:
            yield Part(PartKey.NOT_JUDGED, f"{format_count(len(skipped), 'check')} could not be run")
    elif last is None:
        yield Part(PartKey.WHERE, "no upgrade is under way, and there is no record of one")
    else:
        kind = "UpgradePlan (Upgrade V2)" if diagnosis.facts.snapshot.gap("Upgrade") else "upgrade"
        told, gap = f"{upgrade_title(last)}, {_describe_result(diagnosis, last)}", _own_gap(diagnosis, last)
        seen = f"no {kind} is under way; the last, {told}"
        yield Part(PartKey.WHERE, f"the last that was seen, {told}" if gap else seen)
        if gap:
            yield Part(PartKey.NOT_SEEN, f"whether another is under way: {gap.removeprefix(f'{State.FAILED}: ')}")
        if node:
            state = last.nodes.get(node)
            yield Part(PartKey.NODE, f'{node} was "{state}" in it' if state else f"{node} is not in its list")
    yield from explain_faults(diagnosis)
    yield from explain_others(diagnosis)


def _describe_result(diagnosis: Diagnosis, last: Upgrade) -> str:
    if not last.failed:
        return "succeeded"
    why = failure_reason(last) if not diagnosis.story else ""
    count = format_done(last.done, len(last.nodes)) if last.nodes else ""
    return f"failed{f': {why}' if why else ''}{f'; {count}' if count else ''}"
