"""Policy: what people want judged otherwise: findings to ignore, thresholds, checks and log patterns of their own.

`harvdiag.config` reads it from a file; nothing here reads or writes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.model import Finding, ObjectRef

if TYPE_CHECKING:
    from harvdiag.core.ignore import Ignore
    from harvdiag.core.local import LocalCheck, LocalLog

__all__ = [
    "LOCAL",
    "Known",
    "Limit",
    "Policy",
    "Rewrite",
    "Threshold",
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
