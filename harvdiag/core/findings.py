"""Findings: the result of one check of one cluster, in the order in which to read it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack, overload

from harvdiag.core.errors import SourceError, UsageError
from harvdiag.core.frames import build_frame
from harvdiag.core.model import Coverage, FileNote, Finding, Outcome, Severity, sort_findings
from harvdiag.core.notes import Note, NoteOptions, Notes, NoteStatus
from harvdiag.core.policy import Policy

if TYPE_CHECKING:
    import pandas as pd

    from harvdiag.core.ignore import Ignored

__all__ = ["Findings", "Origin", "Source", "UncheckedError", "UpgradeState", "find_root"]

FRAME_COLUMNS = (
    *("severity", "rule", "family", "kind", "namespace", "name"),
    *("message", "caused_by", "fingerprint", "status"),
)


OUTCOMES = ("passed", "failed", "skipped", "not-applicable")


class Origin(NamedTuple):
    """What a snapshot was saved from."""

    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """What was checked; unknown versions are empty."""

    kind: str
    """``bundle``, ``files``, ``live`` or ``snapshot``."""
    name: str
    captured_at: str
    """The time of collection, RFC 3339; empty if unknown."""
    harvester_version: str
    kubernetes_version: str
    nodes: int | None
    """None, as for `machines`, if they were not seen: a number would claim that they were counted."""
    machines: int | None
    origin: Origin | None = None
    """For a snapshot, what it was saved from."""
    arguments: tuple[str, ...] | None = field(default=None, compare=False)
    """The words that name it on a command line, such as ``data/bundle.zip`` or ``--context lab``; None if unknown."""
    files: tuple[FileNote, ...] = ()
    """Of kubectl output, every file: read, passed over, or not used, and why."""
    redacted: str = ""
    """The mark of the key under which its names were replaced by pseudonyms; empty where none were."""


@dataclass(frozen=True, kw_only=True)
class UpgradeState:
    """How far the upgrade is that runs; without a name, none does: then `version` and `result` are those of the last.

    Both are empty where there is no record of one.
    """

    name: str = ""
    version: str = ""
    """The target version; empty where it is unknown."""
    result: str = ""
    """``succeeded`` or ``failed``, of the last where none runs."""
    phase: str = ""
    """``phase 7 of 8``"""
    done: int | None = None
    """How many of `of` nodes are done; None before the nodes have their turn."""
    of: int = 0
    idle: timedelta | None = None
    """How long before the collection it last moved; None where that is unknown, or a finding is about the upgrade."""
    waits_for: str = ""
    """Whom it waits for, and for what: ``Harvester (Job … is at work)``; empty where a finding is about the upgrade."""


class Findings(Sequence[Finding]):
    """All findings, root causes first; a sequence that also records what was checked and what was not.

    `outcomes` has one entry per rule, `coverage` says what could be seen, `source` what was checked, `upgrade` how far
    the upgrade is that runs (None where that is unknown), `notes` what people wrote about the findings. `ignored` are
    the findings that do not count, as `policy` (the settings of the person) says: they are neither in this sequence
    nor in the outcomes.
    """

    def __init__(
        self,
        source: Source,
        coverage: Coverage,
        outcomes: Sequence[Outcome],
        upgrade: UpgradeState | None = None,
        notes: Notes | None = None,
    ) -> None:
        self.source = source
        self.upgrade = upgrade
        self.notes = Notes() if notes is None else notes
        self.coverage = coverage
        self.outcomes = tuple(outcomes)
        self._all = sort_findings(finding for outcome in outcomes for finding in outcome.findings)
        self.policy = Policy()
        self.ignored: tuple[Ignored, ...] = ()

    def under(self, policy: Policy, ignored: Iterable[Ignored] = ()) -> Findings:
        """Return the same with the settings that were in force, and the findings that do not count because of them."""
        made = Findings(self.source, self.coverage, self.outcomes, self.upgrade, self.notes)
        made.policy, made.ignored = policy, tuple(ignored)
        return made

    def with_outcomes(self, outcomes: Sequence[Outcome], notes: Notes | None = None) -> Findings:
        """Return the same with other outcomes: findings in other words, or fewer of them; and with notes that fit."""
        made = Findings(self.source, self.coverage, outcomes, self.upgrade, notes or self.notes)
        return made.under(self.policy, self.ignored)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        return self._all[index]

    def __len__(self) -> int:
        return len(self._all)

    @property
    def whole(self) -> tuple[Finding, ...]:
        """The findings and, after them, those that are ignored: what people may write notes about."""
        return (*self._all, *(ignored.finding for ignored in self.ignored))

    @property
    def roots(self) -> tuple[Finding, ...]:
        """The findings that no other finding explains: where to start."""
        return tuple(finding for finding in self._all if not finding.caused_by)

    def consequences(self, finding: Finding) -> tuple[Finding, ...]:
        """Return the findings that have this one as a cause; fixing this one resolves them."""
        return tuple(self._following.get(finding.fingerprint, ()))

    @cached_property
    def _following(self) -> dict[str, list[Finding]]:
        """The consequences by the fingerprint of their cause: a large cluster has hundreds, asked for many times."""
        found: dict[str, list[Finding]] = {}
        for other in self._all:
            for cause in dict.fromkeys(other.caused_by):
                found.setdefault(cause, []).append(other)
        return found

    def story(self, finding: Finding) -> tuple[Finding, ...]:
        """Return everything that follows from a finding, directly or indirectly, nearest first."""
        consequences: dict[str, Finding] = {}
        queue = list(self.consequences(finding))
        while queue:
            other = queue.pop(0)
            if consequences.setdefault(other.fingerprint, other) is other:
                queue += [f for f in self.consequences(other) if f.fingerprint not in consequences]
        return tuple(consequences.values())

    def root(self, finding: Finding) -> Finding:
        """Return the last cause of a finding, of several the first; itself where it has none."""
        return find_root(self._all, finding)

    @property
    def skipped(self) -> tuple[Outcome, ...]:
        """The rules that could not be run, each with its reason."""
        return tuple(outcome for outcome in self.outcomes if outcome.outcome == "skipped")

    def worst(self) -> Finding | None:
        """Return the root cause to look at first; None if nothing was found."""
        return next(iter(self.roots), None)

    def of(self, word: str) -> tuple[Finding, ...]:
        """Return the findings of a rule, a family or a severity, or about an object of this name."""
        return tuple(f for f in self._all if word in {f.rule, f.family, str(f.severity), f.subject.name})

    def named(self, word: str) -> str:
        """Return the fingerprint of the finding that a word names, as for `note`; it may be one that only notes are
        about. Raises UsageError where it names none, or several.
        """
        from harvdiag.core.choose import choose_finding

        return choose_finding(self.whole, word, [note.fingerprint for note in self.notes.stale(())])

    def note(self, finding: Finding | str, text: str = "", **more: Unpack[NoteOptions]) -> Note:
        """Write a note about a finding: ``findings.note("node-without-machine srv09", "added by hand in March")``.

        It is named by rule and subject, or by one of them where that is unambiguous; `text` is Markdown. `more` may be
        `status` (``open``, ``acknowledged``, ``false positive``, ``fixed``), `done` and `undone` (numbers of steps to
        tick or not: ``done=[2]``), and `author`. The note is kept in the file `notes.path`, and shown in every report.

        Raises UsageError for an unknown finding, status or step, an empty note, and a file that cannot be written.
        """
        if not isinstance(finding, Finding | str):
            raise UsageError(f"{finding!r} is not a finding: give one of these, or its rule and subject as a text")
        texts: list[object] = [text, more.get("author", "")]
        if other := [value for value in texts if not isinstance(value, str)]:
            raise UsageError(f"{other[0]!r} is not a text: put it in quotes")
        fingerprint = self.named(finding if isinstance(finding, str) else finding.fingerprint)
        status = more.get("status")
        note = Note(
            fingerprint=fingerprint,
            text=text.strip(),
            status=NoteStatus.parse(status) if status else None,
            author=more.get("author", ""),
            done=self._steps_of(fingerprint, more.get("done", ())),
            undone=self._steps_of(fingerprint, more.get("undone", ())),
        )
        return self.notes.add(note)

    def _steps_of(self, fingerprint: str, numbers: Iterable[int] | int) -> tuple[str, ...]:
        """The texts of the steps with these numbers."""
        steps = next((finding.next for finding in self.whole if finding.fingerprint == fingerprint), ())
        given = [numbers] if isinstance(numbers, int | str) or not isinstance(numbers, Iterable) else [*numbers]
        if other := [number for number in given if type(number) is not int]:
            raise UsageError(f"{other[0]!r} is not the number of a step: give 2 or [2, 3]")
        chosen = sorted({*given})
        if wrong := [number for number in chosen if not 1 <= number <= len(steps)]:
            has = f"its steps are 1 to {len(steps)}" if steps else "it has no steps"
            raise UsageError(f"{fingerprint}: there is no step {wrong[0]}: {has}")
        return tuple(steps[number - 1] for number in chosen)

    def count(self, value: Any) -> int:
        """Return how many findings there are of a severity (``"error"``), or how often a finding occurs."""
        if isinstance(value, str | Severity):
            return sum(str(f.severity) == str(value) for f in self._all)
        return self._all.count(value)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Counts: findings by severity, root causes, checks by outcome, Nodes and Machines."""
        checks = {name: sum(o.outcome == name for o in self.outcomes) for name in OUTCOMES}
        severities = {f"{severity}s": self.count(severity) for severity in Severity}
        return {
            "findings": len(self),
            "root_causes": len(self.roots),
            **severities,
            "checks": checks,
            "nodes": self.source.nodes,
            "machines": self.source.machines,
        }

    @property
    def frame(self) -> pd.DataFrame:
        """The findings as a DataFrame, one row each, with the `status` that people gave each in notes; all columns are
        strings, also if there are no rows.
        """
        rows = [
            (str(f.severity), f.rule, f.family, *f.subject, f.message, ", ".join(f.caused_by), f.fingerprint)
            for f in self._all
        ]
        told = [(*row, str(self.notes.status(row[-1]))) for row in rows]
        return build_frame(told, dict.fromkeys(FRAME_COLUMNS, "str"))

    def __repr__(self) -> str:
        counts = ((len(self), "finding"), (len(self.roots), "root cause"), (len(self.skipped), "skipped check"))
        head = ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in counts)
        head += f", {len(self.ignored)} ignored" if self.ignored else ""
        return "\n".join([head, *(f"  {finding}" for finding in self._all)])


class UncheckedError(SourceError):
    """No check could be run. `findings` is the result all the same: empty, with the coverage and why of each check."""

    def __init__(self, text: str, findings: Findings) -> None:
        super().__init__(text)
        self.findings = findings


def find_root(findings: Iterable[Finding], finding: Finding) -> Finding:
    """Return the last cause of a finding among others, of several the first; itself where it has none among them."""
    told, seen = {f.fingerprint: f for f in findings}, {finding.fingerprint}
    while cause := next((told[name] for name in finding.caused_by if name in told and name not in seen), None):
        seen.add(cause.fingerprint)
        finding = cause
    return finding
