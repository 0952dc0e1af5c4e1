"""The glossary: what the terms in reports mean, in groups, for `harvdiag explain` and docs/glossary.md."""

from __future__ import annotations

import re

from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.status.glossary.actions import ACTIONS
from harvdiag.status.glossary.terms import JOIN, OBJECTS, REPORTS, UPGRADES, Term
from harvdiag.status.upgrade.drain.steps import ACTORS, STEPS
from harvdiag.upgrade.logs.joinstep import JoinStep

__all__ = ["Term", "find_term", "list_groups", "list_names"]

PAGE = "docs/objects.md"
ANCHOR = re.compile(r"[^a-z]+")
BARE = {JoinStep.INSTALLER_CONFIGURATION: "installer-config", JoinStep.JOIN_PLAN: "plan"}
"""Steps whose row in docs/objects.md has another name."""


def list_groups() -> dict[str, tuple[Term, ...]]:
    """Return all terms by group, in the order in which to read them."""
    return {
        "Nodes and Machines": OBJECTS,
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
    """Return the term of this name, in any case, with blanks or hyphens. Raises UsageError if there is none."""
    wanted = _bare(word)
    for term in _all_terms():
        if wanted in {_bare(name) for name in (term.name, *term.aliases)}:
            return term
    near = did_you_mean(suggest_names(word, list_names())[:3])
    raise UsageError(f"no term {word!r} in the glossary{near or '; `harvdiag explain` lists them'}")


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
