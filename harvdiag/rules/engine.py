"""Rules: one function each, declared in one place, found by themselves.

A rule names the kinds that it needs. Where one of them was not seen, the rule is skipped and says why; it never passes
on what nobody looked at. Its docstring is its documentation: the first line says what is wrong, the rest why it
matters. Families are the modules and packages below this one; no rule's module imports another.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from inspect import cleandoc
from typing import NamedTuple, TypedDict, Unpack

from harvdiag.core.errors import UsageError
from harvdiag.core.model import Evidence, Finding, ObjectRef, Outcome, Reason, Severity, fingerprint_of
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.kinds import sort_key
from harvdiag.rules.facts import Facts

__all__ = [
    "Cause",
    "Hit",
    "Meaning",
    "Rule",
    "judge",
    "registry",
    "rule",
    "select",
]


class Cause(NamedTuple):
    """Another finding that would explain this one: the rule's name and its subject."""

    rule: str
    subject: ObjectRef


@dataclass(frozen=True, kw_only=True)
class Hit:
    """What a rule found: everything of a finding that the rule's declaration does not already say.

    `targets` are the objects beside the subject that the message names, `many` what it says of several at once.
    """

    subject: ObjectRef
    message: str
    evidence: tuple[Evidence, ...] = ()
    next: tuple[str, ...] = ()
    caution: str = ""
    causes: tuple[Cause, ...] = ()
    targets: tuple[ObjectRef, ...] = ()
    many: str = ""


FAMILIES = "harvdiag.rules"
"""The package whose packages are the families."""
UPGRADE = "upgrade"
"""The family whose errors hold an upgrade up."""
Check = Callable[[Facts], Iterable[Hit]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A declared rule. `summary` and `why` come from the docstring of `check`, `family` from its module.

    The others are what it declares of its findings: see `Meaning`.
    """

    name: str
    family: str
    severity: Severity
    needs: frozenset[str]
    links: tuple[str, ...]
    summary: str
    why: str
    check: Check
    everywhere: bool
    short: str
    alike: str
    shows: str
    holds: bool
    missing: tuple[str, str] | None
    reason: Reason | None


class Meaning(TypedDict, total=False):
    """What a rule may declare of its findings.

    `short` is the fault in a few words for titles (default: the rule's name without its family), `holds` whether an
    upgrade waits for it (default: for the errors of the upgrade family), `missing` from which kind to which kind the
    link is missing, `reason` the code of a fault that reports and pictures treat unlike others. `alike` is what is
    said of further subjects with the same fault: (27 more nodes) ``have no Machine``. `shows` is the field that shows
    the fault where it is absent; else it is the first of the evidence.
    """

    short: str
    alike: str
    shows: str
    holds: bool
    missing: tuple[str, str]
    reason: Reason


_RULES: dict[str, Rule] = {}


def rule(
    name: str,
    *,
    severity: Severity = Severity.ERROR,
    needs: Collection[str],
    links: Collection[str] = (),
    everywhere: bool = False,
    **meaning: Unpack[Meaning],
) -> Callable[[Check], Check]:
    """Declare a rule. `links` are public addresses, or issues as ``harvester/harvester#8236``.

    With `everywhere` it needs its kinds in every namespace of the source, not only in their own. `meaning` is
    what reports and pictures need to know of its findings.
    """

    def declare(check: Check) -> Check:
        head, _, body = cleandoc(check.__doc__ or "").partition("\n")
        family = check.__module__.removeprefix(f"{FAMILIES}.").partition(".")[0]
        _RULES[name] = Rule(
            name=name,
            family=family,
            severity=severity,
            needs=frozenset(needs),
            links=tuple(map(_address, links)),
            summary=head,
            why=_unwrap(body),
            check=check,
            everywhere=everywhere,
            short=meaning.get("short", name.removeprefix(f"{family}-").replace("-", " ")),
            alike=meaning.get("alike", ""),
            shows=meaning.get("shows", ""),
            holds=meaning.get("holds", family == UPGRADE and severity is Severity.ERROR),
            missing=meaning.get("missing"),
            reason=meaning.get("reason"),
        )
        return check

    return declare


def _address(link: str) -> str:
    repository, mark, number = link.partition("#")
    return f"https://github.com/{repository}/issues/{number}" if mark else link


def _unwrap(body: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in body.strip().split("\n\n"))


@cache
def registry() -> dict[str, Rule]:
    """Every rule by its name, family by family in alphabetical order, each in the order of its file."""
    places = import_module(FAMILIES).__path__
    for module in sorted(pkgutil.walk_packages(places, f"{FAMILIES}."), key=lambda m: m.name):
        import_module(module.name)
    return dict(_RULES)


def select(chosen: Collection[str] = (), ignored: Collection[str] = ()) -> list[Rule]:
    """The rules to run: names and families in `chosen` (empty: all) without those in `ignored`.

    Raises UsageError for a word that is neither a rule nor a family.
    """
    rules = list(registry().values())
    words = {rule.name for rule in rules} | {rule.family for rule in rules}
    for word in (*chosen, *ignored):
        if word not in words:
            hint = did_you_mean(suggest_names(word, words)) or "; `harvdiag rules` lists them"
            raise UsageError(f"no rule or family is called {word!r}{hint}")
    wanted = [rule for rule in rules if not chosen or {rule.name, rule.family} & set(chosen)]
    return [rule for rule in wanted if not {rule.name, rule.family} & set(ignored)]


def judge(facts: Facts, rules: Iterable[Rule]) -> list[Outcome]:
    """Run the rules; what they need is read together first."""
    chosen = list(rules)
    needed = sorted({kind for rule in chosen for kind in rule.needs}, key=sort_key)
    facts.snapshot.load([*needed, "Setting"])
    return _linked([_outcome(facts, rule) for rule in chosen])


def _outcome(facts: Facts, rule: Rule) -> Outcome:
    gaps = [f"{kind} {gap}" for kind in sorted(rule.needs) if (gap := facts.snapshot.gap(kind, rule.everywhere))]
    if gaps:
        unseen = (entry for kind in sorted(rule.needs) for entry in facts.snapshot.gaps(kind, rule.everywhere))
        return Outcome(rule.name, "skipped", "; ".join(gaps), gaps=tuple(unseen))
    findings = tuple(_finding(rule, hit) for hit in rule.check(facts))
    return Outcome(rule.name, "failed" if findings else "passed", "", findings)


def _finding(rule: Rule, hit: Hit) -> Finding:
    return Finding(
        rule=rule.name,
        family=rule.family,
        severity=rule.severity,
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
        shows=_field_that_shows(rule, hit.evidence),
        holds=rule.holds,
    )


def _field_that_shows(rule: Rule, evidence: tuple[Evidence, ...]) -> Evidence | None:
    """The field that the rule declares, where it is absent; else the first of the evidence."""
    absent = (e for e in evidence if rule.shows and e.path == rule.shows and e.value is None)
    return next(absent, next(iter(evidence), None))


def _linked(outcomes: list[Outcome]) -> list[Outcome]:
    """Keep of each finding's causes those that were found too; a cause that is no finding explains nothing."""
    found = {finding.fingerprint for outcome in outcomes for finding in outcome.findings}

    def keep(finding: Finding) -> Finding:
        causes = tuple(cause for cause in dict.fromkeys(finding.caused_by) if cause in found)
        return replace(finding, caused_by=causes)

    return [outcome._replace(findings=tuple(map(keep, outcome.findings))) for outcome in outcomes]
