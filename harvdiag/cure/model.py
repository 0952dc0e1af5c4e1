"""What a simulated action comes to, as data: its steps, its class, and the findings before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from harvdiag.core.escape import escape_text
from harvdiag.core.fields import Obj
from harvdiag.core.model import Finding, ObjectRef, Outcome, Severity
from harvdiag.core.policy import Policy
from harvdiag.core.tabular import Record, Tabular, to_plain
from harvdiag.cure.preconditions.model import CANNOT_TELL, Precondition
from harvdiag.kinds import CATALOGUE

if TYPE_CHECKING:
    from harvdiag.snapshot import Snapshot

__all__ = [
    "IN_PLANS",
    "OF_HOSTS",
    "Action",
    "Effect",
    "Hazard",
    "Simulation",
    "Step",
    "Verb",
    "build_finding",
    "build_precondition",
    "name_in_home",
]

COLUMNS = ("step", "actor", "kind", "namespace", "name", "effect", "what", "why", "source", "derived")


class Verb(StrEnum):
    """What a person would do."""

    DELETE = "delete"
    DELETE_HOST = "delete host"
    """As Harvester's UI does: the Machine that the Node's annotation names, else the Node."""
    LABEL = "label"
    ANNOTATE = "annotate"
    REGISTER = "register"
    """Let a host register again with Rancher."""
    WAIT = "wait"
    """Do nothing."""
    DRAIN = "drain"
    """Move everything off a Node: Harvester's maintenance mode, and Longhorn's eviction."""
    UNINSTALL = "uninstall"
    """Uninstall RKE2 on the host of a Node, and switch it off."""
    JOIN = "join"
    """Reinstall a host under the name of a Node, on wiped disks."""
    PATCH = "patch"
    """Set or remove fields of an object; in plans only."""
    CREATE = "create"
    """Create objects of a draft; in plans only."""


OF_HOSTS = frozenset({Verb.DELETE_HOST, Verb.REGISTER, Verb.DRAIN, Verb.UNINSTALL, Verb.JOIN})
"""What is done to a host, which is named alone."""
IN_PLANS = frozenset({Verb.PATCH, Verb.CREATE})
"""What has no form in the grammar."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action: ``delete Machine custom-0a1b2c3d4e5f``, ``label Node hv04 harvesterhci.io/managed=true``."""

    verb: Verb
    ref: ObjectRef | None = None
    """The object; of `WAIT` none, of an action on a host its Node, of `CREATE` the last of the objects."""
    changes: tuple[tuple[str, Any], ...] = ()
    """Of `LABEL` and `ANNOTATE` each key with its value, of `PATCH` each path of a field; None removes it."""
    objects: tuple[Obj, ...] = ()
    """Of `CREATE`, in the order in which they are made."""

    def __str__(self) -> str:
        """As it is written on a command line."""
        words = [str(self.verb)]
        if self.ref is not None:
            words += [] if self.verb in OF_HOSTS else [self.ref.kind]
            words.append(name_in_home(self.ref))
        return " ".join((*words, *(f"{key}-" if value is None else f"{key}={value}" for key, value in self.changes)))

    def as_dict(self) -> dict[str, Any]:
        """Return the form used in harvdiag's JSON."""
        return {
            "text": str(self),
            "verb": str(self.verb),
            "object": self.ref.as_dict() if self.ref else None,
            "changes": {key: to_plain(value) for key, value in self.changes},
        }


def name_in_home(ref: ObjectRef) -> str:
    """Return the name of an object, with its namespace where that is not the usual one of its kind."""
    home = CATALOGUE[ref.kind].home if ref.kind in CATALOGUE else ""
    return f"{ref.namespace}/{ref.name}" if ref.namespace and ref.namespace != home else ref.name


class Effect(StrEnum):
    """What one step does to its object."""

    REMOVED = "removed"
    CHANGED = "changed"
    CREATED = "created"
    REFUSED = "refused"
    """A webhook or a finalizer keeps it from being done."""
    WAITS = "waits"
    """The cascade stops here until something else happens."""
    NOTHING = "nothing"
    """No controller acts, though one may expect it."""


class Hazard(StrEnum):
    """The class of an action."""

    SAFE = "safe"
    """Nothing lives on what goes."""
    CARE = "needs care"
    """A clean pair of Node and Machine, and P1 to P6 are met."""
    DANGEROUS = "dangerous"
    """Something goes that another claims, or a clean pair with one of P1 to P6 not met."""
    USELESS = "useless"
    """It comes back, or nothing changes."""
    SILENT = "silent damage"
    """Nothing seems to happen, and a later action or upgrade fails for it."""
    UNTOLD = CANNOT_TELL
    """What decides it was not seen."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the cascade."""

    actor: str
    """Who does it: ``Cluster API``, ``Rancher``, ``Harvester``, ``kubelet``, ``Longhorn``, ``Kubernetes``, ``you``."""
    ref: ObjectRef
    effect: Effect
    what: str
    """In one clause: ``drains it``, ``removes it from etcd``."""
    why: str = ""
    """The field or rule that decides it, in one clause."""
    source: str = ""
    """Where that is known from: an issue (``harvester/harvester#6022``), or a source file of the project."""
    derived: bool = False
    """Whether it follows from the code of the controller and was not seen in the field."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Simulation(Tabular):
    """What an action would do.

    Its table has one row a step: `step` (Int64), `actor`, `kind`, `namespace`, `name`, `effect`, `what`, `why`,
    `source` (str), and whether it is `derived` from code and was not seen in the field (boolean).
    """

    noun: ClassVar[str] = "steps"
    dtypes: ClassVar[Mapping[str, str]] = dict.fromkeys(COLUMNS, "str") | {"step": "Int64", "derived": "boolean"}

    action: Action
    hazard: Hazard
    reasons: tuple[str, ...]
    """Why it has that class, the weightiest first."""
    steps: tuple[Step, ...]
    gone: tuple[Finding, ...]
    """The findings that it would resolve."""
    new: tuple[Finding, ...]
    """The findings that it would bring."""
    untold: tuple[str, ...]
    """What was not seen, so that a part of the answer is open."""
    before: Snapshot
    after: Snapshot
    outcomes: tuple[Outcome, ...] = ()
    """Of every check after it."""
    known: tuple[Outcome, ...] = ()
    """Of every check before it."""
    policy: Policy = field(default_factory=Policy)
    """The settings by which both were judged."""
    preconditions: tuple[Precondition, ...] = ()
    """P1 to P6, where the action removes a Node or a Machine."""

    def __repr__(self) -> str:
        told = (f"  {step.actor}: {step.effect} {step.ref}: {step.what}" for step in self.steps)
        head = f"{self.action}: {self.hazard}"
        return "\n".join(map(escape_text, (head, *(f"- {reason}" for reason in self.reasons), *told)))

    @property
    def harmful(self) -> bool:
        """Whether it does damage: it is dangerous, it damages silently, or it would bring a new error."""
        worst = {Hazard.DANGEROUS, Hazard.SILENT}
        return self.hazard in worst or any(finding.severity is Severity.ERROR for finding in self.new)

    @property
    def told(self) -> bool:
        """Whether what decides its class was seen."""
        return self.hazard is not Hazard.UNTOLD

    def as_dict(self) -> dict[str, Any]:
        """Return what a plan has of it in harvdiag's JSON: the class and why, and what becomes of findings."""
        return {
            "action": self.action.as_dict(),
            "class": str(self.hazard),
            "harmful": self.harmful,
            "reasons": list(self.reasons),
            "gone": [*map(build_finding, self.gone)],
            "new": [*map(build_finding, self.new)],
            "untold": list(self.untold),
        }

    @property
    def records(self) -> list[Record]:
        """One row a step, in their order."""
        rows = (
            (number, s.actor, *s.ref, str(s.effect), s.what, s.why, s.source, s.derived)
            for number, s in enumerate(self.steps, 1)
        )
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]

    def _document_head(self) -> dict[str, Any]:
        """The action, its class and the reasons, what it does to findings, what is open, and P1 to P6."""
        return {
            **self.as_dict(),
            "preconditions": [*map(build_precondition, self.preconditions)],
        }


def build_finding(finding: Finding) -> dict[str, Any]:
    """Build what a document of JSON has of a finding that it only names."""
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "severity": str(finding.severity),
        "subject": finding.subject.as_dict(),
        "message": finding.message,
    }


def build_precondition(asked: Precondition) -> dict[str, Any]:
    """Build what a document of JSON has of a precondition."""
    return {
        "id": asked.id,
        "asks": asked.asks,
        "met": asked.met,
        "told": asked.told,
        "values": [
            {"name": each.name, "value": each.value, "objects": [ref.as_dict() for ref in each.refs]}
            for each in asked.values
        ],
        "untold": list(asked.untold),
        "by_hand": list(asked.by_hand),
    }
