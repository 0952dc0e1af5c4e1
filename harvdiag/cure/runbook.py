"""Building a runbook: the root cause of a finding, the ways that its rule names, each made, rehearsed and weighed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from harvdiag.core.findings import find_root
from harvdiag.core.model import Finding, Outcome
from harvdiag.core.policy import Policy
from harvdiag.cure.cascade.words import unread
from harvdiag.cure.plan import Refused, Runbook, Standing, Way
from harvdiag.cure.simulate import simulate
from harvdiag.cure.ways import all_ways
from harvdiag.cure.ways.model import Case, Plan, WayOut
from harvdiag.cure.weigh import weigh
from harvdiag.rules import Rule, own_rules, registry, set_apart
from harvdiag.rules.facts import Facts, NotApplicable, UnjudgedError, Unseen

__all__ = ["build_runbook"]

ORDER = tuple(Standing)
NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?", re.ASCII)
"""A name of an object, as Kubernetes has them."""


def build_runbook(facts: Facts, asked: Finding, known: Sequence[Outcome], policy: Policy | None = None) -> Runbook:
    """Return the ways out of a finding, or rather of its root cause; `known` are the outcomes of the checks.

    Each way is rehearsed: one whose end still holds the finding, or a new error, is not offered, nor is one with a
    dangerous step. Those that can be followed come first, in the order of the rule.
    """
    policy = policy or Policy()
    finding, rule = _find_curable(asked, known, policy)
    case = Case(facts=facts, finding=finding)
    plans, refused = _make_plans(case, rule)
    offered: list[Way] = []
    for out, plan in plans:
        found = weigh(case, out, plan, known, policy)
        if isinstance(found, Way):
            offered.append(found)
        else:
            refused.append(found)
    never = next((plan.never for _, plan in plans if plan.never is not None), None)
    return Runbook(
        finding=finding,
        asked=asked,
        ways=tuple(sorted(offered, key=lambda way: ORDER.index(way.standing))),
        refused=tuple(refused),
        none="" if offered else _why_none(rule, refused),
        support=tuple(dict.fromkeys(each for _, plan in plans for each in plan.support)),
        simulation=simulate(facts, never, policy, known) if never is not None else None,
    )


def _find_curable(asked: Finding, known: Sequence[Outcome], policy: Policy) -> tuple[Finding, Rule | None]:
    """The root cause with its rule; where that says nothing of a cure, the nearest consequence that does."""
    kept, _ = set_apart(known, policy)
    findings = [finding for outcome in kept for finding in outcome.findings]
    rules = registry() | own_rules(policy)
    root = find_root(findings, asked)
    for finding in _chain(findings, asked, root):
        rule = rules.get(finding.rule)
        if rule is not None and (rule.cures or rule.no_cure):
            return finding, rule
    return root, rules.get(root.rule)


def _chain(findings: Iterable[Finding], asked: Finding, root: Finding) -> list[Finding]:
    """The findings from the root cause to the one that was asked about."""
    told = {finding.fingerprint: finding for finding in findings}
    chain = [asked]
    while chain[-1].fingerprint != root.fingerprint:
        seen = {finding.fingerprint for finding in chain}
        cause = next((told[name] for name in chain[-1].caused_by if name in told and name not in seen), None)
        if cause is None:
            break
        chain.append(cause)
    return chain[::-1]


def _make_plans(case: Case, rule: Rule | None) -> tuple[list[tuple[WayOut, Plan]], list[Refused]]:
    plans: list[tuple[WayOut, Plan]] = []
    refused: list[Refused] = []
    ways = all_ways()
    for out in (ways[name] for name in (rule.cures if rule else ()) if name in ways):
        try:
            plans.append((out, _with_plain_names(case, out.make(case))))
        except (NotApplicable, UnjudgedError) as reason:
            refused.append(Refused(name=out.name, title=out.title, reason=str(reason)))
        except Unseen as unseen:
            refused.append(Refused(name=out.name, title=out.title, reason=unread(unseen.entry.kind, unseen.gap)))
    return plans, refused


def _with_plain_names(case: Case, plan: Plan) -> Plan:
    """The plan, unless an object of it has a name that no API server accepts: such a command is not to be pasted."""
    acted = {step.action.ref for step in plan.steps if step.action is not None}
    seen = [ref for ref in acted if ref is not None and ref in case.facts.links.objects]
    for ref in (case.finding.subject, *sorted(seen)):
        if not NAME.fullmatch(ref.name):
            raise NotApplicable(f"no API server accepts the name {ref.name!r}: the source was altered")
    return plan


def _why_none(rule: Rule | None, refused: Sequence[Refused]) -> str:
    """Why no way is offered."""
    if refused:
        return "none of the known ways out is safe here"
    if rule is not None and rule.no_cure:
        return rule.no_cure
    return "no rehearsed way out is known: follow the next steps of the finding"
