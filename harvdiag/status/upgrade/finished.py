"""The explanation where no Upgrade (V1) is under way: the last one, Upgrade V2, and what is left over."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import either, near
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.upgrade.causes import also, faults
from harvdiag.status.upgrade.part import Part, PartKey
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.wording import failure_reason, format_done, format_node_states, upgrade_title

__all__ = ["explain"]


def explain(diagnosis: Diagnosis, node: str) -> Iterator[Part]:
    """Raises UsageError for a node that nothing here has; where Nodes were not seen, any may be."""
    if node:
        _known(diagnosis, node)
    gap = diagnosis.facts.snapshot.gap("Upgrade")
    if diagnosis.plan:
        yield from _of_plan(diagnosis.plan, node)
        if gap:
            yield Part(PartKey.NOT_SEEN, f"whether an Upgrade of the older kind (V1) is under way: {gap}")
    elif gap:
        yield Part(PartKey.WHERE, f"nobody can tell: the Upgrades were not seen ({gap})")
    else:
        yield from _ended(diagnosis, node)


def _known(diagnosis: Diagnosis, name: str) -> None:
    known = {node.name for node in diagnosis.facts.pairing.nodes}
    for last in (diagnosis.latest, diagnosis.plan):
        known |= set(last.statuses) if last else set()
    if name not in known and diagnosis.facts.snapshot.seen("Node"):
        raise UsageError(f"no node {name!r} in this cluster{either(near(name, known))}")


def _ended(diagnosis: Diagnosis, node: str) -> Iterator[Part]:
    last = diagnosis.latest
    if last is None:
        yield Part(PartKey.WHERE, "no upgrade is under way, and none is remembered")
    else:
        yield Part(PartKey.WHERE, f"no upgrade is under way; the last, {upgrade_title(last)}, {_end(diagnosis, last)}")
        if node:
            state = last.nodes.get(node)
            yield Part(PartKey.NODE, f'{node} was "{state}" in it' if state else f"{node} is not in its list")
    yield from faults(diagnosis)
    yield from also(diagnosis)


def _end(diagnosis: Diagnosis, last: Upgrade) -> str:
    if not last.failed:
        return "succeeded"
    why = failure_reason(last) if not diagnosis.story else ""
    count = format_done(sum(state == DONE for state in last.nodes.values()), len(last.nodes)) if last.nodes else ""
    return f"failed{f': {why}' if why else ''}{f'; {count}' if count else ''}"


def _of_plan(plan: UpgradePlan, node: str) -> Iterator[Part]:
    """Upgrade V2: it has phases of its own and goes by plans, not by the Machines' plan Secrets."""
    place = f"is in phase {plan.phase or '(none yet)'}" if plan.running else f"is over: {plan.phase}"
    yield Part(PartKey.WHERE, f"{upgrade_title(plan)} (Upgrade V2) {place}; {format_node_states(plan)}")
    if plan.degraded:
        yield Part(PartKey.WHY, f"its condition Degraded is True: {plan.degraded}")
    failed = [f"{n} ({s.state}{': ' if s.message else ''}{s.message})" for n, s in plan.failed.items()]
    if failed:
        yield Part(PartKey.FAILED, ", ".join(failed))
    if node:
        told = plan.statuses.get(node)
        words = ": ".join(filter(None, (told.reason, told.message))) if told else ""
        state = f'{node} is "{told.state}"{f" ({words})" if words else ""}' if told else f"{node} has not begun"
        yield Part(PartKey.NODE, state)
    if plan.running:
        yield Part(PartKey.WAITS_FOR, "the upgrade toolkit's controller and the plans of the system-upgrade-controller")
        yield Part(
            PartKey.NOT_JUDGED, "no check looks into Upgrade V2; an upgrade of this kind needs no Machine for a node"
        )
