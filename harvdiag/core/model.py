"""The nouns that every layer shares: what was seen, what was found, and about which object. Frozen, no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from harvdiag.core.escape import escape_text

__all__ = [
    "OTHERS",
    "Coverage",
    "CoverageEntry",
    "Evidence",
    "Finding",
    "ObjectRef",
    "Outcome",
    "Reason",
    "Severity",
    "State",
    "fingerprint_of",
    "sort_findings",
]

OTHERS = "*"
"""Stands for the namespaces of a kind that are not told one by one."""
PLACES = {"": "(cluster)", OTHERS: "(others)"}


class Severity(Enum):
    """How bad a finding is: ``error`` stops an upgrade, ``warning`` can, ``info`` is good to know."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    def __str__(self) -> str:
        return self.value


class ObjectRef(NamedTuple):
    """Which object: its kind as the catalogue names it, its namespace (empty for cluster scope) and its name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"

    def as_dict(self) -> dict[str, str]:
        """The form of harvdiag's JSON."""
        return {"kind": self.kind, "namespace": self.namespace, "name": self.name}


class Evidence(NamedTuple):
    """One field that shows a fault: the object, the field's path, and its value (None: the field is absent).

    Without a path it is about the object itself; with the value None: it does not exist.
    """

    object: ObjectRef
    path: str
    value: Any

    def __str__(self) -> str:
        if not self.path:
            return f"{self.object}: {'does not exist' if self.value is None else self.value}"
        return f"{self.object}  {self.path}: {'absent' if self.value is None else self.value}"


def fingerprint_of(rule: str, subject: ObjectRef) -> str:
    """What stays the same when the cluster is collected again: the rule and its subject; no uid, no time."""
    return f"{rule}:{subject.kind}:{subject.namespace}:{subject.name}"


class Reason(Enum):
    """What a finding comes down to, where reports and pictures treat one fault unlike another."""

    NOT_MANAGED = "not-managed"
    NEVER_BEGUN = "never-begun"
    DANGLING = "dangling"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault: what is wrong with which object, how it shows, why it matters, and what may safely be done.

    Beside the sentences it carries as data what they say: `short` is the fault in a few words (``no Machine``),
    `reason` a code where there is one, `missing` from which kind to which kind a link is missing or leads to nothing,
    `targets` the objects that the message names beside the subject, `holds` whether an upgrade waits for it, `many`
    what is said of several such subjects at once (``were never begun``; empty: nothing in particular), `shows` the
    field of the evidence that shows it best.
    """

    rule: str
    family: str
    severity: Severity
    subject: ObjectRef
    message: str
    evidence: tuple[Evidence, ...] = ()
    why: str = ""
    next: tuple[str, ...] = ()
    caution: str = ""
    links: tuple[str, ...] = ()
    caused_by: tuple[str, ...] = ()
    short: str = ""
    reason: Reason | None = None
    missing: tuple[str, str] | None = None
    targets: tuple[ObjectRef, ...] = ()
    holds: bool = False
    many: str = ""
    shows: Evidence | None = None

    @property
    def fingerprint(self) -> str:
        """Rule and subject; names this finding in ``caused_by`` and between two runs."""
        return fingerprint_of(self.rule, self.subject)

    def said_of(self, whom: str) -> str:
        """The message with `whom` (``each of them``) in the place of the subject, for several that share it."""
        return self.message.replace(f"{self.subject.kind} {self.subject.name}", whom, 1)

    def __str__(self) -> str:
        return f"{self.severity} {self.rule} {self.subject}: {self.message}"


class State(Enum):
    """What is known of one kind in one namespace. Only the first two let a rule say that something is absent."""

    COLLECTED = "collected"
    EMPTY = "empty"
    FORBIDDEN = "forbidden"
    FAILED = "failed"
    NOT_LOOKED_AT = "not looked at"

    @property
    def seen(self) -> bool:
        """Whether absence from the list means absence from the cluster."""
        return self in {State.COLLECTED, State.EMPTY}

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class CoverageEntry:
    """What was seen of one kind in one namespace (empty: cluster scope), and why not more."""

    kind: str
    group: str
    version: str
    namespace: str
    state: State
    count: int = 0
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The form of harvdiag's JSON."""
        return {
            "kind": self.kind,
            "group": self.group,
            "version": self.version,
            "namespace": self.namespace,
            "state": str(self.state),
            "count": self.count,
            "reason": self.reason,
        }


class Outcome(NamedTuple):
    """What became of one rule: ``passed``, ``failed`` with findings, or ``skipped`` with the reason.

    `gaps` are the lists that were not seen, for which it was skipped.
    """

    rule: str
    outcome: str
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    gaps: tuple[CoverageEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """What could be seen and what could not, entry by entry; ``notes`` hold what belongs to no single kind."""

    entries: tuple[CoverageEntry, ...] = ()
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[CoverageEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def gaps(self) -> tuple[CoverageEntry, ...]:
        """The entries of which nothing, or not everything, was seen."""
        return tuple(entry for entry in self.entries if not entry.state.seen)

    def of(self, kind: str) -> tuple[CoverageEntry, ...]:
        """The entries of one kind, one a namespace."""
        return tuple(entry for entry in self.entries if entry.kind == kind)

    def __repr__(self) -> str:
        rows = [
            f"{e.kind:32} {PLACES.get(e.namespace, e.namespace):18} {e.state!s:13} {e.count:>6}  {e.reason}"
            for e in (*self.gaps, *(entry for entry in self if entry.state.seen))
        ]
        return "\n".join(escape_text(row).rstrip() for row in [*rows, *self.notes])


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Causes before their consequences, worse before milder, then by rule and subject."""
    return tuple(sorted(findings, key=lambda f: (bool(f.caused_by), f.severity.rank, f.rule, f.subject)))
