"""What became of the findings between two readings: gone, new, as before, or not judged on one side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from harvdiag.core.model import Finding, Outcome
from harvdiag.core.notes import NoteStatus
from harvdiag.status.changes.side import Side

__all__ = ["FoundChanges", "NoteChange", "Told", "UnjudgedError", "build_tree"]

BEFORE, NOW = "before", "now"


@dataclass(frozen=True, kw_only=True)
class UnjudgedError:
    """A finding of one side whose check was not run on the other: it is neither gone nor new."""

    finding: Finding
    when: str
    """The side on which it was not judged: ``before`` or ``now``."""
    reason: str
    """Why the check was not run there; empty where nothing tells."""
    kinds: tuple[str, ...] = ()
    """The kinds that were not seen there, which is why."""


@dataclass(frozen=True, kw_only=True)
class NoteChange:
    """A finding whose status people changed."""

    fingerprint: str
    before: NoteStatus
    now: NoteStatus


@dataclass(frozen=True, kw_only=True)
class Told:
    """One finding in its place: how deep below its cause, and of one at the top its cause among the other findings."""

    finding: Finding
    depth: int
    cause: Finding | None = None


class FoundChanges:
    """The findings of two sides, matched by their fingerprints."""

    def __init__(self, before: Side, now: Side) -> None:
        self.before, self.now = before, now

    @cached_property
    def gone(self) -> list[Finding]:
        """Those that were there before and are no longer, where the check was run again; causes first."""
        return self._missing_from(self.before, self.now)

    @cached_property
    def new(self) -> list[Finding]:
        """Those that are there now and were not before, where the check was run then too; causes first."""
        return self._missing_from(self.now, self.before)

    @cached_property
    def remaining(self) -> list[Finding]:
        """Those of both sides, as they are now."""
        return [finding for finding in self.now.findings if finding.fingerprint in self._earlier]

    @cached_property
    def unjudged(self) -> list[UnjudgedError]:
        """Those of one side for which the check was not run on the other."""
        ways = ((NOW, self.before, self.now), (BEFORE, self.now, self.before))
        return [
            _build_unjudged(finding, when, dark.outcomes.get(finding.rule))
            for when, lit, dark in ways
            for finding in lit.findings
            if finding.fingerprint not in _fingerprints(dark) and not _was_run(dark, finding)
        ]

    @cached_property
    def regraded(self) -> list[tuple[Finding, Finding]]:
        """Those of both sides with another severity, as they were and as they are."""
        pairs = ((self._earlier[finding.fingerprint], finding) for finding in self.remaining)
        return [(was, is_) for was, is_ in pairs if was.severity is not is_.severity]

    @cached_property
    def notes(self) -> list[NoteChange]:
        """Those whose status people changed, in the order of the notes; where there are no notes now, none is."""
        before, now = self.before.findings.notes, self.now.findings.notes
        told = dict.fromkeys(note.fingerprint for note in now if note.fingerprint)
        pairs = ((name, before.status(name), now.status(name)) for name in told)
        return [NoteChange(fingerprint=name, before=was, now=is_) for name, was, is_ in pairs if was is not is_]

    @cached_property
    def _earlier(self) -> dict[str, Finding]:
        return {finding.fingerprint: finding for finding in self.before.findings}

    def _missing_from(self, here: Side, there: Side) -> list[Finding]:
        known = _fingerprints(there)
        return [f for f in here.findings if f.fingerprint not in known and _was_run(there, f)]


def build_tree(shown: Sequence[Finding], all_: Iterable[Finding]) -> list[Told]:
    """Return findings in the order in which to read them: each below its cause, once.

    One whose cause is among all findings of its reading but not among those `shown` is at the top, with that cause.
    """
    known = {finding.fingerprint: finding for finding in all_}
    among = {finding.fingerprint for finding in shown}
    tops = [finding for finding in shown if not among & {*finding.caused_by}]
    told: dict[str, Told] = {}
    for top in [*tops, *shown]:  # the rest are in a circle
        cause = next((known[name] for name in top.caused_by if name in known), None)
        for each in _descend(top, shown, 0, cause):
            told.setdefault(each.finding.fingerprint, each)
    return list(told.values())


def _descend(finding: Finding, shown: Sequence[Finding], depth: int, cause: Finding | None) -> Iterator[Told]:
    yield Told(finding=finding, depth=depth, cause=cause if depth == 0 else None)
    if depth < len(shown):  # no way is longer, but in a circle
        for other in shown:
            if finding.fingerprint in other.caused_by:
                yield from _descend(other, shown, depth + 1, None)


def _fingerprints(side: Side) -> set[str]:
    return {finding.fingerprint for finding in side.findings}


def _was_run(side: Side, finding: Finding) -> bool:
    """Whether the check of a finding was run on a side; one that is not known there was not."""
    outcome = side.outcomes.get(finding.rule)
    return outcome is not None and outcome.judged


def _build_unjudged(finding: Finding, when: str, outcome: Outcome | None) -> UnjudgedError:
    reason = outcome.reason if outcome else ""
    kinds = tuple(dict.fromkeys(gap.kind for gap in outcome.gaps)) if outcome else ()
    return UnjudgedError(finding=finding, when=when, reason=reason, kinds=kinds)
