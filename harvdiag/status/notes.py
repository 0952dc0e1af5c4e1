"""What people wrote about findings, in words that all reports share: who and when, what was decided, what is stale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harvdiag.core.choose import name_finding, split_fingerprint
from harvdiag.core.findings import Findings
from harvdiag.core.listing import group_by
from harvdiag.core.model import Finding
from harvdiag.core.notes import Note, NoteStatus
from harvdiag.core.timestamps import Timestamp
from harvdiag.status.summary import format_count

__all__ = ["STALE", "StaleNotes", "describe_decision", "describe_note", "list_stale", "list_words", "summarize_notes"]

STALE = "Notes on what is not found here"
"""The heading of the notes on findings that this source does not have."""
DECIDED = (NoteStatus.ACKNOWLEDGED, NoteStatus.FALSE_POSITIVE, NoteStatus.FIXED)
"""What a summary counts: open is what every finding is."""


@dataclass(frozen=True, kw_only=True)
class StaleNotes:
    """The notes about one finding that is not found in this source."""

    fingerprint: str
    name: str
    """Rule and subject, as a person names it."""
    state: str
    """Why it is not there: ``no longer found``, or that its check was not run."""
    notes: tuple[Note, ...]


def describe_note(note: Note) -> str:
    """Return who wrote a note, when, and what it sets: ``Ann, 2026-11-30 14:02 UTC, acknowledged, 1 step ticked``."""
    return ", ".join((note.author or "unknown author", *list_words(note)))


def list_words(note: Note) -> Iterator[str]:
    """Yield when a note was written, and what it sets."""
    yield str(Timestamp(note.time)) or note.time
    if note.status:
        yield str(note.status)
    if note.done:
        yield f"{format_count(len(note.done), 'step')} ticked"
    if note.undone:
        yield f"{format_count(len(note.undone), 'tick')} removed"


def describe_decision(findings: Findings, alike: Sequence[Finding]) -> str:
    """Return what was decided about a finding, or several that share a row: ``acknowledged``, ``2 of 5 acknowledged``.

    Empty where nothing was. What is marked as fixed, and was found in a later collection, is said to be found again.
    """
    words = [word for finding in alike if (word := _decision(findings, finding))]
    if len(alike) == 1:
        return "".join(words)
    counts = group_by(words, lambda word: word)
    return ", ".join(f"{len(same)} of {len(alike)} {word}" for word, same in counts)


def _decision(findings: Findings, finding: Finding) -> str:
    status = findings.notes.status(finding.fingerprint)
    if status is NoteStatus.OPEN:
        return ""
    if status is not NoteStatus.FIXED:
        return str(status)
    fixed = [note for note in findings.notes.of(finding.fingerprint) if note.status][-1]
    collected = Timestamp(findings.source.captured_at)
    return f"{status}, but found again" if collected and Timestamp(fixed.time) < collected else str(status)


def summarize_notes(findings: Findings) -> str:
    """Return in one line what was decided, and how many notes are about something else; empty without notes."""
    notes = findings.notes
    statuses = [notes.status(finding.fingerprint) for finding in findings]
    parts = [f"{count} {status}" for status in DECIDED if (count := statuses.count(status))]
    others = sum(bool(notes.of(f.fingerprint)) and s not in DECIDED for f, s in zip(findings, statuses, strict=True))
    parts += [f"{format_count(others, 'finding')} with notes"] if others else []
    parts += [f"{format_count(len(notes.cluster), 'note')} on the cluster"] if notes.cluster else []
    stale = {note.fingerprint for note in notes.stale(finding.fingerprint for finding in findings.whole)}
    parts += [f"{format_count(len(stale), 'finding')} with notes not found here"] if stale else []
    parts += [f"not read: {notes.fault}"] if notes.fault else []
    return ", ".join(parts)


def list_stale(findings: Findings) -> tuple[StaleNotes, ...]:
    """Return the notes about findings that are not found, each with whether its check was run at all."""
    left = findings.notes.stale(finding.fingerprint for finding in findings)
    return tuple(
        StaleNotes(
            fingerprint=fingerprint,
            name=name_finding(fingerprint),
            state=_state(findings, fingerprint, notes),
            notes=tuple(notes),
        )
        for fingerprint, notes in group_by(left, lambda note: note.fingerprint)
    )


def _state(findings: Findings, fingerprint: str, notes: Sequence[Note]) -> str:
    if ignored := next((each for each in findings.ignored if each.finding.fingerprint == fingerprint), None):
        return f"ignored: {ignored.entry.reason}"
    rule = split_fingerprint(fingerprint)[0]
    outcome = next((outcome for outcome in findings.outcomes if outcome.rule == rule), None)
    if outcome is None:
        return "its check was not run"
    if outcome.outcome == "skipped":
        return f"its check could not be run: {outcome.reason}" if outcome.reason else "its check could not be run"
    if not outcome.judged:
        return f"its check does not apply: {outcome.reason}"
    told = [note.status for note in notes if note.status]
    return f"{told[-1]}, and no longer found" if NoteStatus.FIXED in told[-1:] else "no longer found"
