"""One part of an explanation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from enum import Enum
from typing import NamedTuple

from harvdiag.core.escape import format_value
from harvdiag.core.findings import Source
from harvdiag.core.model import Finding
from harvdiag.core.notes import Notes
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules.facts import Facts
from harvdiag.status.answer import Step, fill_source, list_steps
from harvdiag.status.notes import describe_note
from harvdiag.upgrade.logs import Quote
from harvdiag.upgrade.waiting import Wait
from harvdiag.upgrade.wording import format_ago

__all__ = [
    "Part",
    "PartKey",
    "fill_parts",
    "find_part",
    "format_quote",
    "format_since",
    "newer_kind_part",
    "notes_parts",
    "older_kind_part",
    "run_part",
    "steps_part",
    "waiting_part",
]


LONG = 600
"""The most characters of one note."""


class PartKey(Enum):
    """What a part of the explanation is about; its value is the label for people."""

    WHERE = "Where"
    PROGRESS = "Progress"
    ALSO_RUNNING = "Also under way"
    BEING_DELETED = "Being deleted"
    WHY = "Why"
    IN_THE_WAY = "In the way"
    LEFT_OVER = "Leftovers"
    ROOT_CAUSE = "Root cause"
    BROKEN_LINK = "First broken link"
    DO = "Next step"
    CAUTION = "Caution"
    RUN = "Run"
    ALSO = "Also"
    ALSO_FOUND = "Also found"
    FOUND = "Found"
    NOTE = "Note"
    NOTED = "Noted"
    FAILED = "Failed"
    NODE = "Node"
    WAITS_FOR = "Waits for"
    WAITING = "Waiting"
    STALLED = "Stalled"
    LAST_MOVED = "Last progress"
    NOT_JUDGED = "Not judged"
    NOT_SEEN = "Not seen"
    DELETION = "Deletion"
    WARNING = "Warning"
    FAILED_AT = "Failed at"
    LOG = "Log"
    SETTINGS = "Settings"


class Part(NamedTuple):
    """One part of the explanation: what it is about, and its text.

    `findings` are those that it is about. `lead` is a short form of the text for use elsewhere, such as the next step
    without a remark; empty where it has none. `steps` are all steps, where its text is the next of them.
    """

    key: PartKey
    text: str
    lead: str = ""
    findings: tuple[Finding, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def label(self) -> str:
        """Its label for people: ``Where``, ``Why``, …"""
        return self.key.value

    def as_dict(self) -> dict[str, str]:
        """Return the form of harvdiag's JSON."""
        return {"label": self.label, "text": self.text, "key": self.key.name.lower()}


def format_since(facts: Facts, time: str) -> str:
    """Return ``since 2025-05-08 06:40 UTC, 3 h 20 min before the collection``; empty for no time or a later one."""
    moment = Timestamp(time)
    age = facts.now.since(moment)
    if not moment or age is None or age < timedelta(0):
        return ""
    return f"since {moment}, {format_ago(age)}"


def waiting_part(facts: Facts, wait: Wait, whom: str = "") -> Part:
    """Return the part that says whose turn it is, since when, and for which node (`whom`) if its text does not."""
    when = format_since(facts, wait.since)
    text = f"{wait.actor}{f', for {whom}' if whom else ''}: {wait.what}{f'; {when}' if when else ''}"
    return Part(PartKey.WAITS_FOR, text)


def older_kind_part(gap: str) -> Part:
    """Return the part that says, beside an UpgradePlan, that Upgrades were not seen, and why."""
    return Part(PartKey.NOT_SEEN, f"whether an Upgrade of the older kind (V1) is under way: {gap}")


def newer_kind_part(gap: str) -> Part:
    """Return the part that says, where there is no Upgrade, that UpgradePlans were not seen, and why."""
    return Part(PartKey.NOT_SEEN, f"whether an UpgradePlan (V2) is under way: {gap}")


def steps_part(finding: Finding, notes: Notes) -> Part | None:
    """Return the part with the steps of a finding, of which the first that is left to do is told; None without any."""
    steps = list_steps(finding, notes)
    if not steps:
        return None
    step = next((step for step in steps if step.left), steps[0])
    rest = f" (step {step.number} of {step.of})" if step.of > 1 else ""
    return Part(PartKey.DO, f"{step.text}{rest}", lead=step.text, steps=steps)


def notes_parts(notes: Notes, *findings: Finding) -> Iterator[Part]:
    """Yield what people wrote about findings, a part for each note."""
    about = dict.fromkeys(finding.fingerprint for finding in findings)
    for note in (note for fingerprint in about for note in notes.of(fingerprint)):
        text = ": ".join(filter(None, (describe_note(note), " ".join(note.text.split()))))
        yield Part(PartKey.NOTED, format_value(text, LONG))


def run_part(command: str) -> Part:
    """Return the part with the command to run next, in which the word SOURCE stands for the source."""
    return Part(PartKey.RUN, f"`{command}`")


def fill_parts(parts: Iterable[Part], source: Source) -> list[Part]:
    """Return the parts with the source in the commands of harvdiag that they name, to be printed."""
    return [
        part._replace(
            text=fill_source(part.text, source),
            steps=tuple(step._replace(text=fill_source(step.text, source)) for step in part.steps),
        )
        for part in parts
    ]


def find_part(parts: Iterable[Part], key: PartKey) -> Part | None:
    """Return the first part with this key; None where there is none."""
    return next((part for part in parts if part.key is key), None)


def format_quote(quote: Quote) -> str:
    """Return a line of a log with its meaning and its file."""
    meaning = f" ({quote.meaning})" if quote.meaning else ""
    return f"{quote.line}{meaning}, in {quote.file}"
