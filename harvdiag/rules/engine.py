"""Rules: declare them, find them.

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
from harvdiag.core.model import Evidence, ObjectRef, Reason, Severity
from harvdiag.core.policy import LOCAL
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.rules.facts import Facts

__all__ = [
    "ALWAYS",
    "Cause",
    "Check",
    "Hit",
    "Meaning",
    "Rule",
    "registry",
    "rule",
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
    cures: tuple[str, ...] = ()
    no_cure: str = ""
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
    (default: those of the preflight). `cures` are the names of the ways out of its findings, the mildest first
    (`harvdiag.cure.ways`); `no_cure` says, where there is none, why none is safe.
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
    cures: Collection[str]
    no_cure: str


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
            **_cures(meaning),
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


def _cures(meaning: Meaning) -> dict[str, Any]:
    """What may be done about its findings, or why nothing."""
    return {"cures": tuple(meaning.get("cures", ())), "no_cure": meaning.get("no_cure", "")}


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
    return {rule.name: rule for family in _families() for rule in _load_family(family)}


def _families() -> list[str]:
    """The packages of the families, in alphabetical order."""
    places = import_module(FAMILIES).__path__
    return sorted(module.name for module in pkgutil.iter_modules(places, f"{FAMILIES}.") if module.ispkg)


@cache
def _load_family(package: str) -> tuple[Rule, ...]:
    """Import the modules of a family; return its rules."""
    for module in sorted(pkgutil.walk_packages(import_module(package).__path__, f"{package}."), key=lambda m: m.name):
        import_module(module.name)
    return tuple(rule for rule in _RULES.values() if rule.family == _family_of(package))


@cache
def _usual_rules() -> tuple[Rule, ...]:
    """The rules of every family but the preflight, whose modules are not even imported."""
    families = (family for family in _families() if _family_of(family) != PREFLIGHT)
    return tuple(rule for family in families for rule in _load_family(family))


def select_rules(
    chosen: Collection[str] = (), ignored: Collection[str] = (), own: Mapping[str, Rule] | None = None
) -> list[Rule]:
    """Return the rules to run: names and families in `chosen` without those in `ignored`; by default all but preflight.

    `own` are checks of one's own, which come after all others. Raises UsageError for a word that is neither a rule nor
    a family.
    """
    if not chosen and not ignored:
        return [*_usual_rules(), *(own or {}).values()]
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
