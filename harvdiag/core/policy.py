"""Policy: what people want judged otherwise: findings to ignore, thresholds, checks and log patterns of their own.

`harvdiag.config` reads it from a file; nothing here reads or writes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.model import Finding, ObjectRef

if TYPE_CHECKING:
    from harvdiag.core.local import LocalCheck, LocalLog

__all__ = [
    "LOCAL",
    "Ignore",
    "Ignored",
    "Known",
    "Limit",
    "Policy",
    "Rewrite",
    "SubjectPattern",
    "Threshold",
    "fits",
    "show_threshold",
]

USUAL = frozenset({"harvdiag.toml", "pyproject.toml"})
"""The names of files of settings that tell nothing."""
OTHER = "settings.toml"
"""Stands for any other."""
LOCAL = "local"
"""The family of checks and log patterns of one's own."""
UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
Rewrite = Callable[[str], str]
Threshold = timedelta | int
"""A time, or a number: of objects, of percent."""


class Limit(NamedTuple):
    """A number by which checks judge: what is past it counts as a fault."""

    name: str
    default: Threshold
    bounds: tuple[Threshold, Threshold]
    """The least and the most, both included."""
    meaning: str
    """What it is, in a clause without the number: ``how long a Node may be not Ready``."""
    unit: str = ""
    """Of a number: ``%``, ``pods``; empty for a time."""


def show_threshold(value: Threshold) -> str:
    """Return a threshold as the file has it: ``2h``, ``90``."""
    if not isinstance(value, timedelta):
        return str(value)
    seconds = int(value.total_seconds())
    unit, sign = next(((unit, sign) for unit, sign in UNITS if seconds % unit == 0), UNITS[-1])
    return f"{seconds // unit}{sign}"


class Known(NamedTuple):
    """What a file of settings may name: the rules with their families, and the thresholds."""

    rules: Mapping[str, str]
    limits: Mapping[str, Limit]


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


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Everything that one file of settings says; empty where there is none."""

    file: str = ""
    """The file, as it is shown; empty where there is none."""
    today: date = date.min
    """The day on which it was read, by the clock of the person: expiry is about people, not about the cluster."""
    ignore: tuple[Ignore, ...] = ()
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    """Those that are given, by name."""
    checks: tuple[LocalCheck, ...] = ()
    logs: tuple[LocalLog, ...] = ()
    redact: Rewrite = str
    """Replaces names in a text, where the source is read so; else returns it as it is."""
    reveal: Rewrite = str
    """The way back: patterns and conditions are about the names as people know them."""

    def through(self, redact: Rewrite, reveal: Rewrite) -> Policy:
        """Return the same for a source in which names are replaced: also in its texts, and its patterns fit still."""
        return replace(
            self,
            file=_plain_name(self.file),
            ignore=tuple(replace(each, reason=redact(each.reason), private=True) for each in self.ignore),
            checks=tuple(each.rewritten(redact) for each in self.checks),
            logs=tuple(each.rewritten(redact) for each in self.logs),
            redact=redact,
            reveal=reveal,
        )

    def sealed(self) -> Policy:
        """Return the same for a source that was redacted before: its patterns hold names that are not to be shown."""
        return replace(self, ignore=tuple(replace(each, private=True) for each in self.ignore))

    def named(self, file: str) -> Policy:
        """Return the same, read from a file."""
        return replace(self, file=file)

    def find_ignore(self, finding: Finding) -> Ignore | None:
        """Return the first entry that ignores a finding; None where none does, or only one that has expired."""
        return next((each for each in self.ignore if not each.expired(self.today) and self.fits(each, finding)), None)

    def fits(self, entry: Ignore, finding: Finding) -> bool:
        """Whether an entry is about a finding, expired or not."""
        if not entry.subjects or not entry.concerns(finding.rule, finding.family):
            return entry.concerns(finding.rule, finding.family)
        kind, namespace, name = finding.subject
        ref = ObjectRef(kind, self.reveal(namespace), self.reveal(name))
        return any(subject.matches(ref) for subject in entry.subjects)

    @property
    def expired(self) -> tuple[Ignore, ...]:
        """The entries of the ignore list that ignore nothing any more."""
        return tuple(entry for entry in self.ignore if entry.expired(self.today))


def _plain_name(file: str) -> str:
    """A name for a file of settings that tells nothing about anyone; empty where there is none."""
    name = PurePath(file).name
    return name if name in USUAL or not name else OTHER
