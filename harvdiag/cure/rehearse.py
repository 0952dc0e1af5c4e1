"""Rehearsing a plan: its actions are played one after the other, each on the cluster as the steps before left it.

Each step gets the class of its action and the preconditions that it asks; all checks are run once, on the cluster as
the last step leaves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from harvdiag.core.model import Finding, Outcome
from harvdiag.core.policy import Policy
from harvdiag.cure.cascade import Stage, play
from harvdiag.cure.hazard import classify_step
from harvdiag.cure.model import Hazard
from harvdiag.cure.plan import PlanStep, Played
from harvdiag.cure.simulate import ask_preconditions, compare_findings
from harvdiag.cure.world import World
from harvdiag.rules import all_rules, own_rules, run_rules
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Snapshot

__all__ = ["Rehearsal", "rehearse"]


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What a plan comes to."""

    steps: tuple[PlanStep, ...]
    """Those of the plan, each with what its action came to."""
    gone: tuple[Finding, ...]
    new: tuple[Finding, ...]
    kept: frozenset[str]
    """The fingerprints of the findings at its end."""
    unjudged: frozenset[str]
    """The checks that could be made before it, and cannot be at its end."""
    open: tuple[str, ...]
    """What was not seen, so that it is not known where it ends."""
    untold: tuple[str, ...]
    """What else was not seen."""
    after: Snapshot


def rehearse(
    facts: Facts, steps: Iterable[PlanStep], known: Sequence[Outcome], policy: Policy | None = None
) -> Rehearsal:
    """Play the steps of a plan on a copy of the cluster; `known` are the outcomes of its checks as it is.

    A step that need not be done is left out. The snapshot stays as it is.
    """
    world = World(facts.snapshot)
    now = facts
    played: list[PlanStep] = []
    open_ends: dict[str, None] = {}
    for step in steps:
        if step.action is None or step.done:
            played.append(step)
            continue
        stage = Stage(world, now)
        play(stage, step.action)
        played.append(replace(step, rehearsed=_record(stage, step)))
        open_ends |= {reason: None for hazard, reason in stage.notes if hazard is Hazard.UNTOLD}
        now = Facts(world.snapshot(), policy).towards(facts.target)
    outcomes = _check(now, known, policy or Policy()) if world.moved else known
    gone, new, kept = compare_findings(known, outcomes, policy or Policy())
    judged = {outcome.rule for outcome in outcomes if outcome.outcome != "skipped"}
    untold = (each for step in played if step.rehearsed for each in step.rehearsed.untold)
    return Rehearsal(
        steps=tuple(played),
        gone=gone,
        new=new,
        kept=kept,
        unjudged=frozenset(each.rule for each in known if each.judged) - judged,
        open=tuple(open_ends),
        untold=tuple(dict.fromkeys(each for each in untold if each not in open_ends)),
        after=now.snapshot,
    )


def _record(stage: Stage, step: PlanStep) -> Played | None:
    if step.action is None:
        return None
    conditions = ask_preconditions(stage)
    hazard, reasons = classify_step(stage, conditions)
    return Played(
        action=step.action,
        hazard=hazard,
        reasons=reasons,
        steps=tuple(stage.steps),
        preconditions=conditions,
        dangers=tuple(reason for each, reason in stage.notes if each is Hazard.DANGEROUS),
        untold=tuple(stage.untold),
    )


def _check(facts: Facts, known: Sequence[Outcome], policy: Policy) -> list[Outcome]:
    """Run the checks that were run before, all together."""
    names = {outcome.rule for outcome in known}
    return run_rules(facts, [rule for rule in all_rules(own_rules(policy)) if rule.name in names])
