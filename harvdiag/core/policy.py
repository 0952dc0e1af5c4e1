"""Policy: what people want judged otherwise: findings to ignore, thresholds, checks and log patterns of their own.

`harvdiag.config` reads it from a file; nothing here reads or writes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeVar

from harvdiag.core.model import Finding, ObjectRef, Severity

__all__ = [
    "LOCAL",
    "Condition",
    "Ignore",
    "Ignored",
    "Known",
    "Limit",
    "LocalCheck",
    "LocalLog",
    "Operator",
    "Policy",
    "Rewrite",
    "SubjectPattern",
    "Threshold",
    "Where",
    "fits",
    "show_threshold",
]

LOCAL = "local"
"""The family of checks and log patterns of one's own."""
UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
Rewrite = Callable[[str], str]
Threshold = timedelta | int
"""A time, or a number: of objects, of percent."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A number by which checks judge: what is past it counts as a fault. Both bounds are included."""

    name: str
    default: Threshold
    least: Threshold
    most: Threshold
    meaning: str
    """What it is, in a clause without the number: ``how long a Node may be not Ready``."""
    unit: str = ""
    """Of a number: ``%``, ``restarts``; empty for a time."""


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


class Operator(Enum):
    """How a check of one's own compares the value of a field; the words are those of the file."""

    EQUALS = "equals"
    NOT_EQUALS = "not-equals"
    IN = "in"
    NOT_IN = "not-in"
    MATCHES = "matches"
    NOT_MATCHES = "not-matches"
    MISSING = "missing"
    PRESENT = "present"
    LESS_THAN = "less-than"
    GREATER_THAN = "greater-than"
    OLDER_THAN = "older-than"
    NEWER_THAN = "newer-than"

    def __str__(self) -> str:
        return self.value


class Condition(NamedTuple):
    """One comparison: with text, a number, a tuple of them, a duration or nothing, as the operator needs it."""

    operator: Operator
    operand: Any = None


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which objects, or whose logs, a check of one's own looks at; what is empty allows all."""

    namespaces: tuple[str, ...] = ()
    """Patterns, as are the `names`."""
    names: tuple[str, ...] = ()
    labels: str = ""
    """A label selector, as kubectl takes it."""
    parts: tuple[str, ...] = ()
    """Of logs: patterns of the containers of pods, or the units of nodes."""


@dataclass(frozen=True, kw_only=True)
class LocalCheck:
    """A check of one's own, without code: the objects of `kind` where the field at `path` fulfils all conditions."""

    name: str
    kind: str
    """As the file has it: any word that kubectl takes for the kind."""
    path: str
    conditions: tuple[Condition, ...]
    message: str
    """With ``{name}``, ``{namespace}``, ``{kind}``, ``{path}`` and ``{value}``, as `next` may have them."""
    where: Where = Where()
    severity: Severity = Severity.WARNING
    why: str = ""
    next: tuple[str, ...] = ()
    caution: str = ""
    links: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LocalLog:
    """A text in logs with a meaning: `pattern` is a regular expression, looked for in every line."""

    name: str
    pattern: str
    meaning: str
    where: Where = Where()
    severity: Severity = Severity.WARNING
    why: str = ""
    next: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


Own = TypeVar("Own", LocalCheck, LocalLog)


def _rewrite(own: Own, redact: Rewrite) -> Own:
    """The same with other words in its texts."""
    texts: dict[str, Any] = {"why": redact(own.why), "next": tuple(map(redact, own.next))}
    texts["links"] = tuple(map(redact, own.links))
    if isinstance(own, LocalCheck):
        texts |= {"message": redact(own.message), "caution": redact(own.caution)}
    return replace(own, **texts)


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
            ignore=tuple(replace(each, reason=redact(each.reason), private=True) for each in self.ignore),
            checks=tuple(_rewrite(each, redact) for each in self.checks),
            logs=tuple(_rewrite(replace(each, meaning=redact(each.meaning)), redact) for each in self.logs),
            redact=redact,
            reveal=reveal,
        )

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
