"""The data types of the diagnosis: what was seen, what was found, and about which object. Frozen, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text

__all__ = [
    "OTHERS",
    "Coverage",
    "CoverageEntry",
    "Evidence",
    "FileNote",
    "FileState",
    "Finding",
    "ObjectRef",
    "Outcome",
    "Reason",
    "Severity",
    "State",
    "fingerprint_of",
    "sort_findings",
    "tie_findings",
]

OTHERS = "*"
"""Represents the namespaces of a kind that are not listed one by one."""
CURE = "_cure"
"""Where a finding has what gives the ways out of it: no field, so that it is neither compared, shown nor pickled."""
PLACES = {"": "(cluster)", OTHERS: "(others)"}


class Severity(Enum):
    """How severe a finding is: ``error`` stops an upgrade, ``warning`` can, ``info`` does not."""

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
    """A reference to an object: kind as in the catalogue, namespace (empty if cluster-scoped) and name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"

    def as_dict(self) -> dict[str, str]:
        """Return the form used in harvdiag's JSON."""
        return {"kind": self.kind, "namespace": self.namespace, "name": self.name}


class Evidence(NamedTuple):
    """One field that shows a fault: the object, the field's path, and its value (None: the field is absent).

    Without a path it is about the object itself; the value None then means that it does not exist.
    """

    object: ObjectRef
    path: str
    value: Any

    def __str__(self) -> str:
        if not self.path:
            return f"{self.object}: {'does not exist' if self.value is None else self.value}"
        return f"{self.object}  {self.path}: {'absent' if self.value is None else self.value}"


def fingerprint_of(rule: str, subject: ObjectRef) -> str:
    """Return what identifies a finding across collections: the rule and its subject, neither uid nor time."""
    return f"{rule}:{subject.kind}:{subject.namespace}:{subject.name}"


class Reason(Enum):
    """Why a finding exists, as a code; only for faults that reports and pictures treat differently."""

    NOT_MANAGED = "not-managed"
    NEVER_BEGUN = "never-begun"
    DANGLING = "dangling"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fault: what is wrong with which object, the evidence, why it matters, and what can safely be done.

    Besides the sentences it has their content as data: `short` is the fault in a few words (``no Machine``), `reason`
    a code if there is one, `missing` the kinds between which a link is missing or dangling, `targets` the objects that
    the message mentions besides the subject, `holds` whether an upgrade waits for it, `many` the phrase for several
    such subjects at once (``were never begun``; empty: none), `shows` the evidence that shows it best. `caused_by` are
    the fingerprints of its causes, `ignored_causes` those of causes that do not count (`Findings.ignored`).
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
    ignored_causes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Rule and subject; identifies this finding in ``caused_by`` and across runs."""
        return fingerprint_of(self.rule, self.subject)

    def said_of(self, whom: str) -> str:
        """Return the message with `whom` (``each of them``) instead of the subject, for several that share it."""
        return self.message.replace(f"{self.subject.kind} {self.subject.name}", whom, 1)

    def cure(self) -> Any:
        """Return the ways out of it, compared and rehearsed, as ``cluster.cure(finding)`` does: a `Runbook`.

        Raises UsageError for a finding that no ``cluster.check()`` gave, as none knows its cluster.
        """
        cure = vars(self).get(CURE)
        if cure is None:
            raise UsageError(
                f"{self.rule} {self.subject.name} does not know its cluster: take it from `cluster.check()`, "
                "or ask `cluster.cure(finding)`"
            )
        return cure(self)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != CURE}

    def __str__(self) -> str:
        return f"{self.severity} {self.rule} {self.subject}: {self.message}"


class State(Enum):
    """What is known about one kind in one namespace. Only with the first two may a rule call something absent."""

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
    """What was seen of one kind in one namespace (empty: cluster scope), and the reason if not everything."""

    kind: str
    group: str
    version: str
    namespace: str
    state: State
    count: int = 0
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the form used in harvdiag's JSON."""
        return {
            "kind": self.kind,
            "group": self.group,
            "version": self.version,
            "namespace": self.namespace,
            "state": str(self.state),
            "count": self.count,
            "reason": self.reason,
        }


class FileState(Enum):
    """What became of one file of a source: its objects were read, it is not of that sort, or it should be replaced."""

    READ = "read"
    PASSED = "passed over"
    UNUSABLE = "not used"

    def __str__(self) -> str:
        return self.value


class FileNote(NamedTuple):
    """One file of a source: its name, what became of it, why, and what to do; of one that was read, what else is in it.

    `reason` and `remedy` are without the name: ``is a kubeconfig`` and ``give it with --kubeconfig``.
    """

    name: str
    state: FileState
    reason: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.name, self.reason, self.remedy)))

    def as_dict(self) -> dict[str, str]:
        """Return the form used in harvdiag's JSON."""
        return {"name": self.name, "state": str(self.state), "reason": self.reason, "remedy": self.remedy}


class Outcome(NamedTuple):
    """The result of one rule: ``passed``, ``failed`` with findings, ``skipped`` or ``not-applicable`` with the reason.

    `gaps` are the lists that were not seen and caused it to be skipped. What does not apply was not asked: the question
    has no meaning for this cluster, such as one about volumes with several replicas where there is one node.
    """

    rule: str
    outcome: str
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    gaps: tuple[CoverageEntry, ...] = ()

    @property
    def judged(self) -> bool:
        """Whether the check was made: it passed, or it failed."""
        return self.outcome in {"passed", "failed"}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What could be seen and what could not, one entry per list; ``notes`` concern no single kind."""

    entries: tuple[CoverageEntry, ...] = ()
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[CoverageEntry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def gaps(self) -> tuple[CoverageEntry, ...]:
        """The entries that were not, or not completely, seen."""
        return tuple(entry for entry in self.entries if not entry.state.seen)

    def of(self, kind: str) -> tuple[CoverageEntry, ...]:
        """Return the entries of one kind, one per namespace."""
        return tuple(entry for entry in self.entries if entry.kind == kind)

    def __repr__(self) -> str:
        rows = [
            f"{e.kind:32} {PLACES.get(e.namespace, e.namespace):18} {e.state!s:13} {e.count:>6}  {e.reason}"
            for e in (*self.gaps, *(entry for entry in self if entry.state.seen))
        ]
        return "\n".join(escape_text(row).rstrip() for row in [*rows, *self.notes])


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings: causes before consequences, then by severity (worst first), rule and subject."""
    return tuple(sorted(findings, key=lambda f: (bool(f.caused_by), f.severity.rank, f.rule, f.subject)))


def tie_findings(findings: Iterable[Finding], cure: Callable[[Finding], Any] | None) -> None:
    """Let each finding know what gives the ways out of it: the cluster that was checked; None lets go of that."""
    for finding in findings:
        vars(finding)[CURE] = cure
