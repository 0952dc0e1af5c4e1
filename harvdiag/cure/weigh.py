"""Weighing a plan: what its rehearsal and its preconditions say, and whether it is offered."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.model import Finding, Outcome, Severity
from harvdiag.core.policy import Policy
from harvdiag.cure.model import Effect, Hazard, Verb
from harvdiag.cure.plan import PlanStep, Played, Refused, Standing, Way
from harvdiag.cure.preconditions import Precondition, judge
from harvdiag.cure.preconditions.volumes import LAST
from harvdiag.cure.rehearse import Rehearsal, rehearse
from harvdiag.cure.simulate import RESTART
from harvdiag.cure.ways.model import Case, Plan, WayOut

__all__ = ["weigh"]

NEVER = frozenset({"P1", "P4"})
"""Preconditions without which no plan is offered: the quorum of etcd, and a Node that another Machine has."""
SEEN_TO = {"P2": Verb.DRAIN, "P3": Verb.DRAIN, "P6": Verb.UNINSTALL}
"""By which step a precondition comes to be met."""
MADE_KNOWN = frozenset({"P6"})
TAKES = frozenset({Verb.DELETE, Verb.DELETE_HOST, Verb.UNINSTALL})


def weigh(case: Case, out: WayOut, plan: Plan, known: Sequence[Outcome], policy: Policy) -> Way | Refused:
    """Rehearse a plan; return it as a way, or why it is not offered."""
    rehearsal = rehearse(case.facts, plan.steps, known, policy)
    first = _asked_first(case, plan, rehearsal)
    if reason := _why_refused(case.finding, plan, rehearsal):
        return Refused(name=out.name, title=out.title, reason=reason)
    later = [_at_steps(each, rehearsal) for each in first]
    standing, reasons = _stand(later, rehearsal)
    return Way(
        name=out.name,
        title=out.title,
        fits=out.fits,
        steps=rehearsal.steps,
        preconditions=first,
        standing=standing,
        reasons=reasons,
        prepared=tuple(
            (was.id, f"step {_step_of(was, rehearsal)}")
            for was, then in zip(first, later, strict=True)
            if then.met and not was.met
        ),
        gone=rehearsal.gone,
        new=rehearsal.new,
        untold=tuple(dict.fromkeys((*rehearsal.open, *rehearsal.untold, *(each for p in later for each in p.untold)))),
        support=plan.support,
        drafts=plan.drafts,
    )


def _asked_first(case: Case, plan: Plan, rehearsal: Rehearsal) -> tuple[Precondition, ...]:
    """The preconditions of a plan, on the cluster as it is."""
    if plan.removes is not None:
        return (*judge(case.facts, plan.removes), *plan.preconditions)
    if plan.restarts is not None:
        found = judge(case.facts, plan.restarts)
        return (*(each for each in found if each.id in RESTART), *plan.preconditions)
    asked = {each.id: each for step in reversed(_played(rehearsal)) for each in reversed(_conditions(step))}
    return (*(asked[name] for name in sorted(asked)), *plan.preconditions)


def _played(rehearsal: Rehearsal) -> list[PlanStep]:
    return [step for step in rehearsal.steps if step.rehearsed is not None]


def _conditions(step: PlanStep) -> tuple[Precondition, ...]:
    return step.rehearsed.preconditions if step.rehearsed else ()


def _at_steps(asked: Precondition, rehearsal: Rehearsal) -> Precondition:
    """The answer that counts: the worst of the steps that ask the precondition, else that of the cluster as it is.

    No step makes known what was not seen, but that a host which is uninstalled does not come back.
    """
    found = [each for step in _played(rehearsal) for each in _conditions(step) if each.id == asked.id]
    bad = next((each for each in found if each.met is False), None)
    if bad is None and asked.met is None and asked.id not in MADE_KNOWN:
        return asked
    return bad or next((each for each in found if each.met is None), next(iter(found), asked))


def _step_of(asked: Precondition, rehearsal: Rehearsal) -> int:
    """The number of the step that sees to a precondition: by what it does, else the one before the step that asks."""
    verb = SEEN_TO.get(asked.id)
    numbered = list(enumerate(rehearsal.steps, 1))
    by_verb = next((number for number, step in numbered if verb and step.action and step.action.verb is verb), 0)
    asks = next((number for number, step in numbered if any(p.id == asked.id for p in _conditions(step))), 2)
    return by_verb or max(asks - 1, 1)


def _why_refused(finding: Finding, plan: Plan, rehearsal: Rehearsal) -> str:
    """Why a plan is not offered; empty where it is."""
    if reason := _out_of_order(plan):
        return reason
    for number, step in enumerate(rehearsal.steps, 1):
        played = step.rehearsed
        for danger in played.dangers if played else ():
            return f"step {number} ({step.what}) is dangerous: {danger}"
        for each in _conditions(step):
            if each.met is False and (each.id in NEVER or each.value(LAST)):
                return f"{each.id}: {each.told}"
    if finding.fingerprint in rehearsal.kept:
        told = f"its rehearsal ends with the finding still there: {finding.rule} of {finding.subject}"
        return f"{told}{_where_it_stops(rehearsal)}"
    if finding.rule in rehearsal.unjudged:
        return f"its rehearsal ends where {finding.rule} is skipped"
    worse = next((each for each in rehearsal.new if each.severity is Severity.ERROR), None)
    return f"its rehearsal ends with {worse.rule} of {worse.subject}" if worse else ""


def _where_it_stops(rehearsal: Rehearsal) -> str:
    """The first step of a rehearsal that waits without end, or does nothing, in a clause; empty where none does."""
    for number, step in enumerate(rehearsal.steps, 1):
        if step.rehearsed and step.rehearsed.hazard in {Hazard.SILENT, Hazard.USELESS}:
            return f"; step {number} ({step.what}): {step.rehearsed.reasons[0]}"
    return ""


def _out_of_order(plan: Plan) -> str:
    """Whether a step moves something off a host that a step before has stopped or removed."""
    taken: set[str] = set()
    for step in plan.steps:
        action = step.action
        if action is None or action.ref is None:
            continue
        if action.verb is Verb.DRAIN and action.ref.name in taken:
            return f"its steps are out of order: {action.ref.name} is drained after it is stopped"
        if action.verb in TAKES and action.ref.kind == "Node":
            taken.add(action.ref.name)
    return ""


def _is_refused(played: Played) -> bool:
    """Whether a step cannot be done, as something refuses it."""
    refused = any(step.effect is Effect.REFUSED for step in played.steps)
    return refused and played.hazard is Hazard.USELESS


def _stand(conditions: Sequence[Precondition], rehearsal: Rehearsal) -> tuple[Standing, tuple[str, ...]]:
    failed = [f"{each.id}: {each.told or each.asks}" for each in conditions if each.met is False]
    failed += [
        f"step {number}: {step.rehearsed.reasons[0]}"
        for number, step in enumerate(rehearsal.steps, 1)
        if step.rehearsed and _is_refused(step.rehearsed)
    ]
    unknown = [f"{each.id}: {each.told or each.asks}" for each in conditions if each.met is None]
    unknown += [reason for reason in rehearsal.open if reason not in unknown]
    if failed:
        return Standing.CLOSED, (*failed, *unknown)
    if unknown:
        return Standing.UNTOLD, tuple(unknown)
    return Standing.OPEN, ("its rehearsal ends without the finding, and each precondition is met",)
