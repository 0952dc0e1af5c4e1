"""Simulating an action: the cascade is played on a copy of the cluster, and the checks are run on what is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from harvdiag.core.fields import get_text
from harvdiag.core.model import Finding, Outcome, sort_findings
from harvdiag.core.policy import Policy
from harvdiag.cure.action import parse_action
from harvdiag.cure.cascade import Stage, play
from harvdiag.cure.hazard import classify, stays, subjects_of
from harvdiag.cure.model import Action, Simulation
from harvdiag.cure.preconditions import Precondition, judge
from harvdiag.cure.preconditions.volumes import DEGRADED, FAULTED, LAST
from harvdiag.cure.world import World
from harvdiag.rules import own_rules, run_rules, select_rules, set_apart
from harvdiag.rules.facts import Facts
from harvdiag.snapshot import Snapshot

__all__ = ["RESTART", "ask_preconditions", "compare_findings", "simulate"]

RESTART = frozenset({"P2", "P3", "P5"})
"""The preconditions that also a restart of RKE2 has."""
STOP = RESTART | {"P1"}
"""Those that a host has which is stopped for good."""


def simulate(
    cluster: Snapshot | Facts,
    action: Action | str,
    policy: Policy | None = None,
    known: Sequence[Outcome] | None = None,
) -> Simulation:
    """Return what an action would do to a cluster, by the rules of its release.

    `known` are the outcomes of every check on the cluster as it is, where they are at hand. Raises UsageError for a
    text that is not an action. The snapshot stays as it is.
    """
    facts = cluster if isinstance(cluster, Facts) else Facts(cluster, policy)
    chosen = select_rules((), (), own_rules(policy or Policy()))
    asked = parse_action(action, facts.snapshot) if isinstance(action, str) else action
    before = list(known) if known is not None else run_rules(facts, chosen)
    stage = Stage(World(facts.snapshot), facts)
    play(stage, asked)
    after = stage.world.snapshot() if stage.world.moved else facts.snapshot
    outcomes = run_rules(Facts(after, policy), chosen) if stage.world.moved else before
    return _conclude(stage, asked, (before, outcomes), (after, policy or Policy()))


def _conclude(
    stage: Stage, action: Action, outcomes: tuple[list[Outcome], list[Outcome]], end: tuple[Snapshot, Policy]
) -> Simulation:
    gone, new, _ = compare_findings(*outcomes, end[1])
    conditions = ask_preconditions(stage)
    hazard, reasons = classify(stage, conditions, new, gone)
    return Simulation(
        action=action,
        hazard=hazard,
        reasons=reasons,
        steps=tuple(stage.steps),
        gone=gone,
        new=new,
        untold=tuple(dict.fromkeys([*stage.untold, *(each for c in conditions for each in c.untold)])),
        before=stage.world.origin,
        after=end[0],
        outcomes=tuple(outcomes[1]),
        known=tuple(outcomes[0]),
        policy=end[1],
        preconditions=conditions,
    )


def compare_findings(
    before: Sequence[Outcome], after: Sequence[Outcome], policy: Policy
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], frozenset[str]]:
    """Return the findings that are gone, those that are new, and the fingerprints of all that are there after it.

    One whose check could not be made any longer is not gone.
    """
    was, then = ({f.fingerprint: f for f in _findings(each, policy)} for each in (before, after))
    skipped = {outcome.rule for outcome in after if outcome.outcome == "skipped"}
    gone = sort_findings(f for key, f in was.items() if key not in then and f.rule not in skipped)
    # A fallback speaks where no other check explains a standstill: what was done just now is none.
    passed = {rule.name for rule in select_rules() if rule.fallback}
    new = sort_findings(finding for key, finding in then.items() if key not in was and finding.rule not in passed)
    return gone, new, frozenset(then)


def ask_preconditions(stage: Stage) -> tuple[Precondition, ...]:
    """Return P1 to P6 of what goes; of a host that restarts or stops, those that ask for what lives on it."""
    subject = next(iter(subjects_of(stage)), None)
    if subject is None:
        return ()
    asked = judge(stage.facts, subject)
    if stays(stage, subject):
        wanted = STOP if subject in stage.stopped else RESTART
        return tuple(each for each in asked if each.id in wanted)
    return tuple(_with_uninstalled(stage, each) for each in asked)


def _with_uninstalled(stage: Stage, asked: Precondition) -> Precondition:
    """P6 of a host that a step before has uninstalled: no object tells it. Volumes that this degraded do not count."""
    host = next(iter(asked.refs("host")), None)
    if asked.id == "P2" and asked.met is False and _degraded_by_plan(stage, asked):
        told = "no volume is degraded but by what was lost with the host that a step before has uninstalled"
        return replace(asked, met=None if asked.untold else True, told=told)
    if asked.id != "P6" or asked.met is not None or host is None or host.name not in stage.world.uninstalled:
        return asked
    return replace(asked, met=True, untold=(), by_hand=(), told=f"host {host.name} was uninstalled by a step before")


def _degraded_by_plan(stage: Stage, asked: Precondition) -> bool:
    """Whether the volumes that P2 counts were healthy before a step uninstalled a host, and none lost all its data."""
    degraded = asked.refs(DEGRADED)
    was = (get_text(stage.world.origin.get(ref), "status.robustness") for ref in degraded)
    worse = asked.refs(FAULTED) or asked.refs(LAST)
    return bool(stage.world.uninstalled and degraded and not worse and all(state == "healthy" for state in was))


def _findings(outcomes: Iterable[Outcome], policy: Policy) -> list[Finding]:
    kept, _ = set_apart(list(outcomes), policy)
    return [finding for outcome in kept for finding in outcome.findings]
