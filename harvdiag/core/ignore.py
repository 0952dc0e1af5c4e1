"""The ignore list of the settings: which findings do not count, and why. A module of its own: few checks have one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from harvdiag.core.model import Finding, ObjectRef

__all__ = ["Ignore", "Ignored", "SubjectPattern", "fits"]


def fits(text: str, patterns: Sequence[str]) -> bool:
    """Whether a text fits one of the patterns (``*``, ``?``, ``[a-c]``); any text where there is none."""
    from fnmatch import fnmatchcase  # here, as most commands have no file of settings

    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)


class SubjectPattern(NamedTuple):
    """Which objects findings are about: each part a pattern. Kinds are compared in any case."""

    kind: str = "*"
    namespace: str = "*"
    name: str = "*"

    def matches(self, ref: ObjectRef) -> bool:
        """Whether an object fits every part."""
        return (
            fits(ref.kind.lower(), (self.kind.lower(),))
            and fits(ref.namespace, (self.namespace,))
            and fits(ref.name, (self.name,))
        )

    def __str__(self) -> str:
        place = () if self.namespace == "*" else (self.namespace,)
        return "/".join((self.kind, *place, self.name)) if place or self.kind != "*" else self.name


@dataclass(frozen=True, kw_only=True)
class Ignore:
    """One entry of the ignore list. It matches a finding of one of `rules` about one of `subjects`; none: of any."""

    rules: tuple[str, ...] = ()
    """Patterns of names of rules or families."""
    subjects: tuple[SubjectPattern, ...] = ()
    reason: str
    expires: date | None = None
    """The last day on which it ignores; None: it does for good."""
    place: str = ""
    """Where it is in the file: ``ignore[2]``, counted from 1."""
    private: bool = False
    """Whether its patterns are not to be shown, as they may hold names that are replaced in what it is about."""

    def concerns(self, rule: str, family: str) -> bool:
        """Whether it is about findings of a rule."""
        return fits(rule, self.rules) or fits(family, self.rules)

    def expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and self.expires < today

    def __str__(self) -> str:
        of = " and ".join(filter(None, (", ".join(self.rules), ", ".join(map(str, self.subjects)))))
        return self.place if self.private else f"{self.place} ({of})" if self.place else of


class Ignored(NamedTuple):
    """A finding that does not count, and the entry of the ignore list that says so."""

    finding: Finding
    entry: Ignore
