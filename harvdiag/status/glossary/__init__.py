"""The glossary: what the terms in reports mean, in groups, for `harvdiag explain` and docs/glossary.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import format_value
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.status.glossary.actions import ACTIONS
from harvdiag.status.glossary.links import LINKS
from harvdiag.status.glossary.terms import JOIN, OBJECTS, UPGRADES, Term
from harvdiag.status.glossary.words import REPORTS
from harvdiag.status.upgrade.drain.steps import ACTORS, STEPS
from harvdiag.upgrade.logs.joinstep import JoinStep

__all__ = ["Term", "find_term", "list_groups", "list_names", "meanings_of_kinds", "name_anchor", "terms_in"]

PAGE = "docs/objects.md"
ANCHOR = re.compile(r"[^a-z]+")
SECRETS = "plan Secret"
"""The term of the Secrets that harvdiag looks at."""
PLAIN = {"Node", "Machine", "Upgrade", "Plan", "Bundle", "managed", "paired", "volume", "replica", "engine"}
"""Terms whose names are words of every sentence."""
BARE = {JoinStep.INSTALLER_CONFIGURATION: "installer-config", JoinStep.JOIN_PLAN: "plan"}
"""Steps whose row in docs/objects.md has another name."""


def list_groups() -> dict[str, tuple[Term, ...]]:
    """Return all terms by group, in the order in which to read them."""
    return {
        "Nodes and Machines": OBJECTS,
        "Links between them": LINKS,
        "The upgrade": UPGRADES,
        "Drain of a node, step by step": tuple(_drain_terms()),
        "Join of a host, step by step": tuple(_join_terms()),
        "Reports of harvdiag": REPORTS,
        "Simulated actions": ACTIONS,
    }


def list_names() -> list[str]:
    """Return every name under which a term is found."""
    return [name for term in _all_terms() for name in (term.name, *term.aliases)]


def find_term(word: str) -> Term:
    """Return the term of this name, in any case, with blanks or hyphens, in the plural, too.

    Raises UsageError if there is none.
    """
    known = {_bare(name): term for term in reversed(_all_terms()) for name in (term.name, *term.aliases)}
    wanted = _bare(word)
    if found := known.get(wanted) or known.get(wanted.removesuffix("s")):
        return found
    near = did_you_mean(suggest_names(word, list_names())[:3]) if wanted else ""
    raise UsageError(f"no term {format_value(word)!r} in the glossary{near or '; `harvdiag explain` lists them'}")


def terms_in(text: str) -> list[Term]:
    """Return the terms that occur in a text by their names, in the order in which they do; not what everyone knows."""
    known, pattern = _spoken_terms()
    found = (match[0].lower() for match in pattern.finditer(text))
    return list(dict.fromkeys(known.get(word) or known[word.removesuffix("s")] for word in found))


def meanings_of_kinds(kinds: Iterable[str]) -> dict[str, str]:
    """Return what each kind of object is, of those that have a term."""
    known = {term.name: term.meaning for term in (*OBJECTS, *LINKS, *UPGRADES)}
    named = {kind: SECRETS if kind == "Secret" else kind for kind in kinds}
    return {kind: known[name] for kind, name in named.items() if name in known}


def name_anchor(term: Term) -> str:
    """Return the name of a term's place on the page: ``plan-secret``."""
    return re.sub(r"[^a-z0-9]+", "-", term.name.lower()).strip("-")


@cache
def _spoken_terms() -> tuple[dict[str, Term], re.Pattern[str]]:
    """The terms that a text may need explained, by their names, and what finds these, the longest first."""
    known = {term.name.lower(): term for term in (*OBJECTS, *LINKS, *UPGRADES) if term.name not in PLAIN}
    names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    return known, re.compile(rf"\b(?:{names})s?\b", re.IGNORECASE)


def _all_terms() -> list[Term]:
    return [term for group in list_groups().values() for term in group]


def _bare(word: str) -> str:
    return re.sub(r"[\s_'-]+", "", word).lower()


def _drain_terms() -> list[Term]:
    return [
        Term(
            step.name,
            f"Step {step.name.number} of {len(STEPS)} of a drain: {ACTORS[step.source]}: {step.what} ({step.carrier}).",
            f"{PAGE}#drain-{_anchor(step.name.removeprefix('node ').removeprefix('drain '))}",
            (step.name.code,),
        )
        for step in STEPS
    ]


def _join_terms() -> list[Term]:
    return [
        Term(
            step,
            f"Step {number} of {len(JOIN)} of a join: {what}.",
            f"{PAGE}#join-{BARE.get(step) or _anchor(step)}",
            (f"J{number}",),
        )
        for number, (step, what) in enumerate(JOIN.items(), 1)
    ]


def _anchor(name: str) -> str:
    return ANCHOR.sub("-", name.lower())
