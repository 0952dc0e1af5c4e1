"""Rules: declare them, find them, run them.

A rule is one function, declared with `rule` and discovered automatically. It declares the kinds that it needs: where
one of them was not seen, the rule is skipped and says why; it never passes on data that was not seen. So is a rule that
comes to read any other kind which was not seen, unless it declares it as optional. Its docstring is
its documentation: the first line says what is wrong, the rest why it matters. Families are the packages beside this
module; no module of rules imports another.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import cleandoc
from typing import Any, NamedTuple, TypedDict, Unpack

from harvdiag.core.errors import UsageError
from harvdiag.core.model import Evidence, Finding, ObjectRef, Outcome, Reason, Severity, fingerprint_of
from harvdiag.core.policy import LOCAL
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.kinds import CATALOGUE, sort_key
from harvdiag.rules.answered import answer
from harvdiag.rules.causes import drop_unfound_causes
from harvdiag.rules.facts import Facts, NotApplicable, UnjudgedError, Unseen
from harvdiag.rules.pages import cite_pages
from harvdiag.snapshot import Snapshot

__all__ = [
    "Cause",
    "Check",
    "Hit",
    "Meaning",
    "Rule",
    "registry",
    "rule",
    "run_rules",
    "select_rules",
]


class Cause(NamedTuple):
    """Another finding that would explain this one: the rule's name and its subject."""

    rule: str
    subject: ObjectRef


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One match of a rule: everything of a finding that the declaration of the rule does not contain.

    `targets` are the objects beside the subject that the message mentions, `many` what it says of several at once.
    `severity` replaces that of the rule, where a state is too young to be judged as such.
    """

    subject: ObjectRef
    message: str
    evidence: tuple[Evidence, ...] = ()
    next: tuple[str, ...] = ()
    caution: str = ""
    causes: tuple[Cause, ...] = ()
    targets: tuple[ObjectRef, ...] = ()
    many: str = ""
    severity: Severity | None = None


FAMILIES = "harvdiag.rules"
"""The package below which the families are."""
UPGRADE = "upgrade"
"""The family whose errors block an upgrade."""
PREFLIGHT = "preflight"
"""The family that is run only where it is asked for: it reads large kinds, and judges a cluster before an upgrade."""
ALWAYS = frozenset({"Setting"})
"""The kinds that every rule may read as optional: the version of Harvester."""
Check = Callable[[Facts], Iterable[Hit]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A declared rule. `summary` and `why` come from the docstring of `check`, `family` from its module.

    The other fields are what it declares about its findings: see `Meaning`.
    """

    name: str
    family: str
    severity: Severity
    needs: frozenset[str]
    optional: frozenset[str]
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
    fallback: bool
    paths: tuple[str, ...]
    at_rest: bool = False
    looks: str = ""
    """Of one's own: what it looks at, in words; empty for the rules of harvdiag, whose documentation tells it."""


class Meaning(TypedDict, total=False):
    """What a rule may declare beside its name, its needs and its links: `optional`, and what is true of its findings.

    `short` is the fault in a few words for titles (default: the rule's name without its family), `holds` whether an
    upgrade waits for it (default: for the errors of the upgrade family), `missing` from which kind to which kind the
    link is missing, `reason` the code of a fault that reports and pictures treat in a special way. `alike` is said of
    further subjects with the same fault: (27 more nodes) ``have no Machine``. `shows` is the field whose absence shows
    the fault; by default the first of the evidence. A `fallback` speaks where no other rule tells the reason: it is run
    last, and has what the others found (`Facts.found`). `paths` are the upgrades that it is about, such as
    ``1.5.x -> 1.6.x`` (`harvdiag.core.release.on_path`). One that is `at_rest` does not apply while an upgrade runs
    (default: those of the preflight).
    """

    optional: Collection[str]
    short: str
    alike: str
    shows: str
    holds: bool
    missing: tuple[str, str]
    reason: Reason
    fallback: bool
    paths: Collection[str]
    at_rest: bool


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
    """Declare a function as a rule. `links` are public URLs, or issues as ``harvester/harvester#8236``.

    `needs` are the kinds without which it cannot judge, or from whose absence it concludes: where one was not seen
    whole, it is skipped; of a kind that came late (`Kind.late`) only when it reads it. `optional` are kinds that it
    reads as evidence if they were seen, and from whose absence it concludes nothing, unless it requires them at that
    point (`Snapshot.require`). It may read no others.
    With `everywhere` it needs its kinds in every namespace of the source, not only in their own. `meaning` is
    what reports and pictures need to know about its findings.
    """

    def declare(check: Check) -> Check:
        head, _, body = cleandoc(check.__doc__ or "").partition("\n")
        family = _family_of(check.__module__)
        _RULES[name] = Rule(
            name=name,
            family=family,
            severity=severity,
            needs=frozenset(needs),
            optional=frozenset(meaning.get("optional", ())),
            links=tuple(map(_link_url, links)),
            summary=head,
            why=_join_lines(body),
            check=check,
            everywhere=everywhere,
            alike=meaning.get("alike", ""),
            shows=meaning.get("shows", ""),
            missing=meaning.get("missing"),
            reason=meaning.get("reason"),
            fallback=meaning.get("fallback", False),
            paths=tuple(meaning.get("paths", ())),
            **_family_defaults(name, family, severity, meaning),
        )
        return check

    return declare


def _family_defaults(name: str, family: str, severity: Severity, meaning: Meaning) -> dict[str, Any]:
    """The parts of the meaning whose default depends on the family."""
    return {
        "short": meaning.get("short", name.removeprefix(f"{family}-").replace("-", " ")),
        "holds": meaning.get("holds", family == UPGRADE and severity is Severity.ERROR),
        "at_rest": meaning.get("at_rest", family == PREFLIGHT),
    }


def _family_of(module: str) -> str:
    """Return the name of a family, as it is written on the command line, by the package that its rules are in."""
    return module.removeprefix(f"{FAMILIES}.").partition(".")[0].replace("_", "-")


def _link_url(link: str) -> str:
    repository, mark, number = link.partition("#")
    return f"https://github.com/{repository}/issues/{number}" if mark else link


def _join_lines(body: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in body.strip().split("\n\n"))


@cache
def registry() -> dict[str, Rule]:
    """Return every rule by name: the families in alphabetical order, the rules of a module in the order of its file."""
    places = import_module(FAMILIES).__path__
    families = [module.name for module in pkgutil.iter_modules(places, f"{FAMILIES}.") if module.ispkg]
    for family in sorted(families):
        for module in sorted(pkgutil.walk_packages(import_module(family).__path__, f"{family}."), key=lambda m: m.name):
            import_module(module.name)
    return dict(_RULES)


def select_rules(
    chosen: Collection[str] = (), ignored: Collection[str] = (), own: Mapping[str, Rule] | None = None
) -> list[Rule]:
    """Return the rules to run: names and families in `chosen` without those in `ignored`; by default all but preflight.

    `own` are checks of one's own, which come after all others. Raises UsageError for a word that is neither a rule nor
    a family.
    """
    rules = [*registry().values(), *(own or {}).values()]
    words = {rule.name for rule in rules} | {rule.family for rule in rules}
    for word in (*chosen, *ignored):
        if word not in words:
            hint = did_you_mean(suggest_names(word, words)) or "; `harvdiag rules` lists them"
            hint = "; harvdiag.toml has no check of your own" if word == LOCAL else hint
            raise UsageError(f"no rule or family is called {word!r}{hint}")
    wanted = [rule for rule in rules if _is_wanted(rule, chosen)]
    return [rule for rule in wanted if not {rule.name, rule.family} & set(ignored)]


def _is_wanted(rule: Rule, chosen: Collection[str]) -> bool:
    return bool({rule.name, rule.family} & set(chosen)) if chosen else rule.family != PREFLIGHT


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
