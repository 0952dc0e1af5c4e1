"""Which finding is meant: by its fingerprint, by rule and subject, or by one of them where that is unambiguous."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from harvdiag.core.errors import UsageError
from harvdiag.core.model import Finding
from harvdiag.core.suggest import did_you_mean, join_names, suggest_names

__all__ = ["choose_finding", "list_choices", "name_finding", "split_fingerprint"]

FEW = 5
"""The most findings that are offered where a word resembles none of them."""


def choose_finding(findings: Sequence[Finding], word: str, others: Collection[str] = ()) -> str:
    """Return the fingerprint of the finding that a word means: ``node-without-machine srv09``, a fingerprint, a rule
    or a subject (``srv09``, ``Node srv09``, ``node/srv09``) that only one finding has.

    `others` are fingerprints that are known besides, such as those of findings that are no longer found. Raises
    UsageError where no finding, or more than one, is meant.
    """
    wanted = " ".join(word.split()).lower()
    exact = {finding.fingerprint for finding in findings} | {*others}
    if word in exact:
        return word
    names = {fingerprint: {*_names_of(fingerprint)} for fingerprint in (f.fingerprint for f in findings)}
    names |= {fingerprint: {*_names_of(fingerprint)} for fingerprint in others if fingerprint not in names}
    fits = [fingerprint for fingerprint, known in names.items() if wanted in known]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise UsageError(f"{word!r} may be {join_names([*map(name_finding, fits)])}: name one by rule and subject")
    raise _unknown_error(word, names)


def list_choices(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Return each finding as a person names it: ``node-without-machine srv09``."""
    return tuple(name_finding(finding.fingerprint) for finding in findings)


def name_finding(fingerprint: str) -> str:
    """Return how to name a finding in one word: its rule and the name of its subject."""
    rule, _, namespace, name = split_fingerprint(fingerprint)
    return f"{rule} {namespace}/{name}" if namespace else f"{rule} {name}"


def split_fingerprint(fingerprint: str) -> tuple[str, str, str, str]:
    """Return rule, kind, namespace and name of a fingerprint; of a text that is none, all of it as the rule."""
    rule, kind, namespace, name = (*fingerprint.split(":", 3), "", "", "")[:4]
    return rule, kind, namespace, name


def _names_of(fingerprint: str) -> Iterator[str]:
    """Every name by which a finding may be called, in small letters."""
    rule, kind, namespace, name = split_fingerprint(fingerprint.lower())
    places = [name, f"{namespace}/{name}"] if namespace else [name]
    subjects = [*places, *(f"{kind}{mark}{place}" for place in places for mark in " /")]
    yield from (rule, fingerprint.lower(), *subjects, *(f"{rule} {subject}" for subject in subjects))


def _unknown_error(word: str, names: Collection[str]) -> UsageError:
    if not names:
        return UsageError(f"no finding {word!r}: nothing was found in this source")
    known = [name_finding(fingerprint) for fingerprint in names]
    near = suggest_names(word, known) or (known if len(known) <= FEW else ())
    return UsageError(f"no finding {word!r} in this source{did_you_mean(near) or '; `harvdiag check` lists them'}")
