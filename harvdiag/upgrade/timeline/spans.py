"""The phases of an upgrade and the steps of each node, with their begin, their end and the gaps between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from harvdiag.core.fields import get_text
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.phases import LAST, NODES, PREPARING, SERVICES, Phase
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.timeline.span import HOOKS, Clock, Span, Work, build_span, collect_work, idle_before
from harvdiag.upgrade.timeline.steps import find_steps

__all__ = ["find_phases"]


class PhaseEvidence(NamedTuple):
    """A phase with the begin that its own evidence shows, and the candidates for its end, the most reliable first."""

    phase: Phase
    began: datetime | None
    ends: list[datetime]


def find_phases(run: UpgradeRun, snapshot: Snapshot) -> list[Span]:
    """Return the phases so far in their order, none of which overlaps another; then each node's steps in theirs.

    The ends come from the conditions, the begins from the Jobs where a phase has any, else from the end before.
    """
    clock = Clock(snapshot)
    jobs = collect_work(run, snapshot, clock)
    nodes = find_steps(run, snapshot, jobs, clock)
    busy = [*nodes, *(build_span(work.node, work.step, work.began, work.ended) for work in jobs)]
    return [
        *_phase_spans([_phase_evidence(run, snapshot, jobs, clock, phase) for phase in _phases_so_far(run)], busy),
        *(replace(one, gap=idle_before(one.began, busy)) for one in nodes),
    ]


def _phase_spans(rows: Sequence[PhaseEvidence], busy: Sequence[Span]) -> Iterator[Span]:
    latest: datetime | None = None
    before: datetime | None = None
    for row, *later in (rows[i:] for i in range(len(rows))):
        began = row.began if _not_before(row.began, latest) else before
        latest = began or latest
        ended = _phase_end(row, later, latest) if later else None
        gap = idle_before(began, busy, before) if before else None
        yield replace(build_span("", row.phase.label or "(begin)", began, ended), gap=gap)
        latest, before = ended or latest, ended


def _phases_so_far(run: UpgradeRun) -> list[Phase]:
    upgrade = run.upgrade
    now = upgrade.phase.number if upgrade.phase else -1
    if upgrade.v2 and upgrade.failed:
        return [phase for phase in upgrade.phases if upgrade.since(phase)]
    ends = {phase.label for phase in upgrade.phases[-2:]}
    return [p for p in upgrade.phases if p.number <= now and (p.label not in ends or p.label == upgrade.state)]


def _phase_end(row: PhaseEvidence, later: Sequence[PhaseEvidence], latest: datetime | None) -> datetime | None:
    """When a phase ended: no later than the next began, and then where nothing else shows it."""
    limit = next((one.began for one in later if _not_before(one.began, latest)), None)
    end = next((at for at in row.ends if _not_before(at, latest) and _not_before(limit, at, default=True)), None)
    return end or (limit if later[0].began == limit else None)


def _not_before(at: datetime | None, earlier: datetime | None, default: bool = False) -> bool:
    """Whether a time does not contradict an earlier one; `default` where it is unknown."""
    return default if at is None else earlier is None or at >= earlier


def _phase_evidence(
    run: UpgradeRun, snapshot: Snapshot, jobs: Sequence[Work], clock: Clock, phase: Phase
) -> PhaseEvidence:
    upgrade, number = run.upgrade, phase.number
    if upgrade.v2:  # it has the time at which each phase began
        return PhaseEvidence(phase, clock(upgrade.since(phase)), [])
    if number == 0:
        made = clock(get_text(upgrade.obj, "metadata.creationTimestamp"))
        return PhaseEvidence(phase, made, _logs_made(run, snapshot, clock))
    is_set = upgrade.status(phase.condition) in {"True", "False"}
    since = clock(upgrade.conditions[phase.condition].since) if is_set else None
    if number == LAST:
        return PhaseEvidence(phase, since, [])
    if number == PREPARING - 1:  # the same condition drives it and the next: it ends where that begins
        return PhaseEvidence(phase, None, [])
    own_jobs = [work for work in jobs if _phase_of(work) == number]
    began = min((work.began for work in own_jobs if work.began), default=None)
    last = max((work.ended for work in own_jobs if work.ended), default=None)
    return PhaseEvidence(phase, began, [at for at in (since, last) if at])


def _logs_made(run: UpgradeRun, snapshot: Snapshot, clock: Clock) -> list[datetime]:
    own_logs = (o for o in snapshot.objects("UpgradeLog") if get_text(o, "spec.upgradeName") == run.upgrade.ref.name)
    return [at for obj in own_logs if (at := clock(get_text(obj, "metadata.creationTimestamp")))]


def _phase_of(work: Work) -> int:
    if work.step in HOOKS:
        return NODES
    return {"prepare": PREPARING, "apply-manifests": SERVICES}.get(work.step, 0)
