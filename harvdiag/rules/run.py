"""Running the rules: each on the facts, skipped where what it needs was not seen, and findings made of its hits."""

from __future__ import annotations

from collections.abc import Iterable

from harvdiag.core.model import Evidence, Finding, Outcome, Severity, fingerprint_of
from harvdiag.core.policy import LOCAL
from harvdiag.kinds import CATALOGUE, sort_key
from harvdiag.rules.answered import answer
from harvdiag.rules.causes import drop_unfound_causes
from harvdiag.rules.engine import ALWAYS, Hit, Rule, select_rules
from harvdiag.rules.facts import Facts, NotApplicable, UnjudgedError, Unseen
from harvdiag.rules.pages import cite_pages
from harvdiag.snapshot import Snapshot

__all__ = ["run_rules"]


def run_rules(facts: Facts, rules: Iterable[Rule]) -> list[Outcome]:
    """Run the rules and return their outcomes in the same order. The kinds that they need are loaded together first.

    A fallback is judged by what every other rule finds, also those that were not chosen: its answer never depends on
    the choice.
    """
    chosen = list(rules)
    others = select_rules() if any(rule.fallback for rule in chosen) else ()
    every = {rule.name: rule for rule in (*others, *chosen)}.values()
    needed = sorted({kind for rule in every for kind in rule.needs}, key=sort_key)
    facts.snapshot.load([*needed, *sorted(ALWAYS)])
    outcomes = {rule.name: _run_rule(facts, rule) for rule in every if not rule.fallback}
    found = facts.knowing(finding for outcome in outcomes.values() for finding in outcome.findings)
    outcomes |= {rule.name: _run_rule(found, rule) for rule in chosen if rule.fallback}
    return drop_unfound_causes([outcomes[rule.name] for rule in chosen])


class _UnseenError(Exception):
    """A rule has come to read a kind that was not seen, or that was not seen in a namespace: its arguments."""


class _Guard:
    """Lets a rule read the kinds that it declares, and any other, or one that it requires, only where it was seen."""

    def __init__(self, snapshot: Snapshot, rule: Rule) -> None:
        self._snapshot = snapshot
        self._everywhere = rule.everywhere
        self.passed = {*(kind for kind in rule.needs if not _is_late(kind)), *rule.optional, *ALWAYS}

    def __call__(self, kind: str, required_in: str | None) -> None:
        if required_in is None and (kind in self.passed or _is_lazy(kind)):
            return
        namespace = required_in or ""
        with self._snapshot.watched(None):
            if self._snapshot.gap(kind, self._everywhere, namespace):
                raise _UnseenError(kind, namespace)
        self.passed.add(kind)


def _is_lazy(kind: str) -> bool:
    """Whether only some objects of a kind are read: whether its list was seen would cost reading it whole."""
    return kind in CATALOGUE and CATALOGUE[kind].lazy


def _is_late(kind: str) -> bool:
    return kind in CATALOGUE and CATALOGUE[kind].late


def _run_rule(facts: Facts, rule: Rule) -> Outcome:
    """Run one rule, unless it is about a cluster at rest, and an upgrade runs."""
    if rule.at_rest and facts.running:
        return Outcome(rule.name, "not-applicable", f"{facts.running} is under way")
    return _judge(facts, rule)


def _judge(facts: Facts, rule: Rule) -> Outcome:
    needed = sorted(kind for kind in rule.needs if not _is_late(kind))
    if unseen := [kind for kind in needed if facts.snapshot.gap(kind, rule.everywhere)]:
        return _skip(facts, rule, [(kind, "") for kind in unseen])
    try:
        guard = _Guard(facts.snapshot, rule)
        with facts.snapshot.watched(guard, guard.passed):
            findings = tuple(_build_finding(rule, hit) for hit in rule.check(facts))
        if rule.family != LOCAL:  # of one's own, the words and links are those of its author
            with facts.snapshot.watched(None):
                findings = tuple(cite_pages(facts, answer(facts, finding), rule.paths) for finding in findings)
    except Unseen as unseen_list:
        entry = unseen_list.entry
        return Outcome(rule.name, "skipped", f"{entry.kind} {unseen_list.gap}", gaps=(entry,))
    except (UnjudgedError, NotApplicable) as reason:
        return Outcome(rule.name, "skipped" if isinstance(reason, UnjudgedError) else "not-applicable", str(reason))
    except _UnseenError as error:
        return _skip(facts, rule, [error.args])
    return Outcome(rule.name, "failed" if findings else "passed", "", findings)


def _skip(facts: Facts, rule: Rule, unseen: Iterable[tuple[str, ...]]) -> Outcome:
    gaps = [f"{kind} {facts.snapshot.gap(kind, rule.everywhere, where)}" for kind, where in unseen]
    entries = (entry for kind, where in unseen for entry in facts.snapshot.gaps(kind, rule.everywhere, where))
    return Outcome(rule.name, "skipped", "; ".join(gaps), gaps=tuple(entries))


def _build_finding(rule: Rule, hit: Hit) -> Finding:
    return Finding(
        rule=rule.name,
        family=rule.family,
        severity=hit.severity or rule.severity,
        subject=hit.subject,
        message=hit.message,
        evidence=hit.evidence,
        why=rule.why,
        next=hit.next,
        caution=hit.caution,
        links=rule.links,
        caused_by=tuple(fingerprint_of(*cause) for cause in hit.causes),
        short=rule.short,
        reason=rule.reason,
        missing=rule.missing,
        targets=hit.targets,
        many=hit.many,
        shows=_telling_field(rule, hit.evidence),
        holds=rule.holds and hit.severity is not Severity.INFO,
    )


def _telling_field(rule: Rule, evidence: tuple[Evidence, ...]) -> Evidence | None:
    """Return the field that the rule declares, if it is absent; else the first of the evidence."""
    absent = (e for e in evidence if rule.shows and e.path == rule.shows and e.value is None)
    return next(absent, next(iter(evidence), None))
