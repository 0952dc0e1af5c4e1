"""What must be true of every runbook, of whatever cluster: the oracle and the checks judge it, not what it says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.core.model import Finding, Severity
from harvdiag.cure.action import parse_action
from harvdiag.cure.model import IN_PLANS, Action, Verb
from harvdiag.cure.plan import Place, PlanStep, Runbook, Standing, Way
from harvdiag.cure.runbook import build_runbook
from harvdiag.cure.simulate import simulate
from harvdiag.rules import registry
from tests.cure.oracle import Oracle

Object = dict[str, Any]
COMMAND = re.compile(r"`([^`]+)`")
BY_KUBECTL = {Verb.LABEL, Verb.ANNOTATE, Verb.DELETE, Verb.PATCH}
MAY_BE_SEEN_TO = {"P2", "P3", "P6"}
"""What a drain moves away, and a host that is uninstalled: of what was not seen only the last can be made sure."""
BARE = re.compile(
    r"kubectl [a-z]+ (?:\S+ )*?(?:machines?|clusters?|custommachines?|rkebootstraps?|volumes?|replicas?)(?![\w.-])"
)
"""A resource by a name that several groups have."""


def runbooks_of(cluster: Cluster) -> Iterator[Runbook]:
    """A runbook of each finding of the pairing family, and of each whose rule says anything of a cure."""
    rules = registry()
    for finding in cluster.check():
        rule = rules.get(finding.rule)
        if rule is not None and (rule.family == "pairing" or rule.cures or rule.no_cure):
            yield build_runbook(cluster.facts, finding, cluster._all_outcomes, cluster.policy)


def faults_of(runbook: Runbook, cluster: Cluster, objects: Sequence[Object], unseen: Iterable[str]) -> list[str]:
    """What is wrong with a runbook, one line each."""
    found = [*_of_order(runbook)]
    for way in runbook.ways:
        found += [f"{way.name}: {fault}" for fault in _of_way(way, runbook.finding, cluster)]
        if way.standing is Standing.OPEN:
            found += [f"{way.name}: {harm}" for harm in damage(way, objects, unseen)]
    return found


def damage(way: Way, objects: Sequence[Object], unseen: Iterable[str]) -> list[str]:
    """What the steps of a way destroy, or may, one after the other."""
    oracle, found = Oracle(objects, unseen), []
    for number, action in actions_of(way.steps):
        found += [f"step {number}, {action}: {kind} not seen" for kind in oracle.blind(action)]
        found += [f"step {number}, {action}: {harm}" for harm in oracle.harms(action)]
    return found


def actions_of(steps: Sequence[PlanStep]) -> Iterator[tuple[int, Action]]:
    """The actions of the steps that are still to be done, with their numbers."""
    return ((number, step.action) for number, step in enumerate(steps, 1) if step.action and not step.done)


def _of_order(runbook: Runbook) -> Iterator[str]:
    """The order of the ways, and which is the best."""
    standings = [[*Standing].index(way.standing) for way in runbook.ways]
    if standings != sorted(standings):
        yield f"ways out of order: {[str(way.standing) for way in runbook.ways]}"
    if bool(runbook.none) == bool(runbook.ways):
        yield f"{len(runbook.ways)} ways, and none is offered as {runbook.none!r}"
    best = runbook.best
    if best is None:
        return
    seen_to = dict(best.prepared)
    for asked in best.preconditions:
        may = MAY_BE_SEEN_TO if asked.met is False else {"P6"}
        if asked.met is not True and (asked.id not in seen_to or asked.id not in may):
            yield f"{best.name} is the best, though {asked.id} is {asked.met}: {asked.told}"


def _of_way(way: Way, finding: Finding, cluster: Cluster) -> Iterator[str]:
    """Whether it says why, where it cannot be gone back, and ends as it says."""
    if not way.reasons or not way.steps:
        yield f"{len(way.reasons)} reasons, {len(way.steps)} steps"
    final = next((number for number, step in enumerate(way.steps) if step.final), len(way.steps))
    for number, step in enumerate(way.steps[final:], final + 1):
        if step.back:
            yield f"step {number} can be undone ({step.back}), though step {final + 1} is final"
    if finding.fingerprint not in {each.fingerprint for each in way.gone}:
        yield "its end has the finding still"
    yield from (f"it leaves {new.rule} of {new.subject}" for new in way.new if new.severity is Severity.ERROR)
    for number, step in enumerate(way.steps, 1):
        yield from (f"step {number}: {fault}" for fault in _of_step(step, cluster))
    yield from _of_end(way, finding, cluster)


def _of_step(step: PlanStep, cluster: Cluster) -> Iterator[str]:
    """Whether its commands can be pasted, and do what is rehearsed."""
    if step.final and step.back:
        yield f"it is final, and can be undone: {step.back}"
    texts = [step.what, *step.commands, *step.sees, step.caution, step.back, step.done]
    if not all(text.isprintable() for text in texts):
        yield f"its words are not printable: {texts!r}"
    for command in (*step.commands, *(found for text in (*step.sees, step.back) for found in COMMAND.findall(text))):
        if BARE.search(command):
            yield f"not a full resource name: {command}"
        if command.startswith("kubectl"):
            shlex.split(command)
    if step.action is not None:
        yield from _of_action(step, step.action, cluster)


def _of_action(step: PlanStep, action: Action, cluster: Cluster) -> Iterator[str]:
    """Whether an action can be written down, and is that of the commands beside it."""
    plain = action.verb not in IN_PLANS and not (action.verb is Verb.REGISTER and action.changes)
    if plain and (action.ref is None or action.ref in cluster.facts.links.objects):
        read = parse_action(str(action), cluster.snapshot)
        if read != action:
            yield f"{action!r} reads as {read!r}"
    if action.ref is None or action.verb is Verb.CREATE:
        return
    said = "\n".join((step.what, *step.commands))
    keys = [key for key, _ in action.changes if action.verb in {Verb.LABEL, Verb.ANNOTATE}]
    yield from (f"{word} is not in its command, {said!r}" for word in (action.ref.name, *keys) if word not in said)
    if step.place is Place.KUBECTL and action.verb in BY_KUBECTL and f"kubectl {action.verb} " not in said:
        yield f"{action} is not its command, {said!r}"


def _of_end(way: Way, finding: Finding, cluster: Cluster) -> Iterator[str]:
    """The same, by playing each of its actions alone, and checking the cluster that this leaves."""
    snapshot = cluster.snapshot
    for _, action in actions_of(way.steps):
        snapshot = simulate(snapshot, action, cluster.policy).after
    before = {each.fingerprint for each in cluster.check()}
    after = Cluster(snapshot).check()
    for left in after:
        if left.fingerprint == finding.fingerprint:
            yield f"the checks find {left.rule} of {left.subject} after it"
        elif left.severity is Severity.ERROR and left.fingerprint not in before and not registry()[left.rule].fallback:
            yield f"the checks find {left.rule} of {left.subject}, which was not there before"
