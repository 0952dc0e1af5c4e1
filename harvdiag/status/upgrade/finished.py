"""The explanation where no Upgrade (V1) is under way: the last one, Upgrade V2, and leftovers."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.upgrade.causes import explain_faults, explain_others
from harvdiag.status.upgrade.part import Part, PartKey
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.wording import failure_reason, format_done, format_node_states, upgrade_title

__all__ = ["explain_finished"]


def explain_finished(diagnosis: Diagnosis, node: str) -> Iterator[Part]:
    """Yield the parts. Raises UsageError for an unknown node; where Nodes were not seen, any name is accepted."""
    if node:
        _check_node(diagnosis, node)
    gap = diagnosis.facts.snapshot.gap("Upgrade")
    if diagnosis.plan:
        yield from _explain_plan(diagnosis.plan, node)
        if gap:
            yield Part(PartKey.NOT_SEEN, f"whether an Upgrade of the older kind (V1) is under way: {gap}")
    elif gap:
        yield Part(PartKey.WHERE, f"unknown: the Upgrades were not seen ({gap})")
    else:
        yield from _explain_last(diagnosis, node)


def _check_node(diagnosis: Diagnosis, name: str) -> None:
    known = {node.name for node in diagnosis.facts.pairing.nodes}
    for last in (diagnosis.latest, diagnosis.plan):
        known |= set(last.statuses) if last else set()
    if name not in known and diagnosis.facts.snapshot.seen("Node"):
        raise UsageError(f"no node {name!r} in this cluster{did_you_mean(suggest_names(name, known))}")


def _explain_last(diagnosis: Diagnosis, node: str) -> Iterator[Part]:
    last = diagnosis.latest
    if last is None:
        yield Part(PartKey.WHERE, "no upgrade is under way, and there is no record of one")
    else:
        yield Part(
            PartKey.WHERE,
            f"no upgrade is under way; the last, {upgrade_title(last)}, {_describe_result(diagnosis, last)}",
        )
        if node:
            state = last.nodes.get(node)
            yield Part(PartKey.NODE, f'{node} was "{state}" in it' if state else f"{node} is not in its list")
    yield from explain_faults(diagnosis)
    yield from explain_others(diagnosis)


def _describe_result(diagnosis: Diagnosis, last: Upgrade) -> str:
    if not last.failed:
        return "succeeded"
    why = failure_reason(last) if not diagnosis.story else ""
    count = format_done(sum(state == DONE for state in last.nodes.values()), len(last.nodes)) if last.nodes else ""
    return f"failed{f': {why}' if why else ''}{f'; {count}' if count else ''}"


def _explain_plan(plan: UpgradePlan, node: str) -> Iterator[Part]:
    """Upgrade V2: its phases and states of nodes are not those of an Upgrade (V1)."""
    place = f"is in phase {plan.phase or '(none yet)'}" if plan.running else f"is finished: {plan.phase}"
    yield Part(PartKey.WHERE, f"{upgrade_title(plan)} (Upgrade V2) {place}; {format_node_states(plan)}")
    if plan.degraded:
        yield Part(PartKey.WHY, f"its condition Degraded is True: {plan.degraded}")
    failed = [f"{n} ({s.state}{': ' if s.message else ''}{s.message})" for n, s in plan.failed.items()]
    if failed:
        yield Part(PartKey.FAILED, ", ".join(failed))
    if node:
        status = plan.statuses.get(node)
        words = ": ".join(filter(None, (status.reason, status.message))) if status else ""
        state = f'{node} is "{status.state}"{f" ({words})" if words else ""}' if status else f"{node} has not begun"
        yield Part(PartKey.NODE, state)
    if plan.running:
        yield Part(
            PartKey.WAITS_FOR,
            "the upgrade toolkit's controller; depending on its build Rancher too, or the system-upgrade-controller",
        )
        yield Part(PartKey.NOT_JUDGED, "no check covers Upgrade V2, so a fault may be unseen")
