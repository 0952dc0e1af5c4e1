"""Checks of one's own, as a file of settings declares them: of fields, and of lines in logs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any, NamedTuple

from harvdiag.core.model import Severity

__all__ = ["Condition", "FieldTest", "LocalCheck", "LocalLog", "Operator", "Where"]

Rewrite = Callable[[str], str]


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


class FieldTest(NamedTuple):
    """A field, and the conditions that one value of it has to fulfil."""

    path: str
    conditions: tuple[Condition, ...]


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
    """A check of one's own, without code: the objects of `kind` that pass its test."""

    name: str
    kind: str
    """As the file has it: any word that kubectl takes for the kind."""
    test: FieldTest
    """The field that it is about; its value is that of the message."""
    also: tuple[FieldTest, ...] = ()
    """What has to hold of the same object besides."""
    message: str
    """With ``{name}``, ``{namespace}``, ``{kind}``, ``{path}`` and ``{value}``, as `next` may have them."""
    where: Where = Where()
    severity: Severity = Severity.WARNING
    why: str = ""
    next: tuple[str, ...] = ()
    caution: str = ""
    links: tuple[str, ...] = ()

    def rewritten(self, redact: Rewrite) -> LocalCheck:
        """Return the same with other words in its texts."""
        message, caution = redact(self.message), redact(self.caution)
        return replace(self, message=message, caution=caution, **_rewrite(self, redact))


@dataclass(frozen=True, kw_only=True)
class LocalLog:
    """A text in logs with a meaning: `pattern` is a regular expression, looked for in every line."""

    name: str
    pattern: str
    meaning: str
    newer_than: timedelta | None = None
    """How old a line may be when the source was collected; None: any."""
    where: Where = Where()
    severity: Severity = Severity.WARNING
    why: str = ""
    next: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    def rewritten(self, redact: Rewrite) -> LocalLog:
        """Return the same with other words in its texts."""
        return replace(self, meaning=redact(self.meaning), **_rewrite(self, redact))


def _rewrite(own: LocalCheck | LocalLog, redact: Rewrite) -> dict[str, Any]:
    """The texts that both have, in other words."""
    links = tuple(map(redact, own.links))
    return {"why": redact(own.why), "next": tuple(map(redact, own.next)), "links": links}
