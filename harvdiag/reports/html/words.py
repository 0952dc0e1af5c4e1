"""Texts of the page: the headline, names of objects, sentences with their commands, links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from harvdiag.core.listing import group_by
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.reports.outline import Told
from harvdiag.status.answer import Answer, RootCause, describe_alike, name_alike, split_sentences
from harvdiag.status.summary import share_message

__all__ = [
    "choose_headline",
    "count_rules",
    "count_statuses",
    "describe_followers",
    "describe_row",
    "format_when",
    "name_few",
    "said_of",
    "shorten_link",
    "split_commands",
    "split_path",
]

FEW = 3
"""The most objects that are all named in a narrow column."""
LONG = 40
"""From so many characters on, a command that ends a sentence has lines of its own."""


def choose_headline(answer: Answer) -> tuple[str, str]:
    """Return the answer in one line, the one root cause or the first sentence of the verdict, and the rest of it."""
    if len(answer.rows) == 1:
        return describe_row(answer.rows[0]), answer.verdict
    first, *rest = split_sentences(answer.verdict)
    return first.rstrip("."), " ".join(rest)


def describe_row(row: RootCause) -> str:
    """Return what is wrong, led by the objects where the clause does not name them itself."""
    first, names = row.findings[0], name_alike(row.subjects)
    if len(row.subjects) > 1:
        return f"{names} {row.what}" if first.many else f"{names}: {row.what}"
    named = f"{first.subject.kind.partition('.')[0]} {first.subject.name} "
    if first.message.startswith(f"{named}{row.what}"):
        return f"{named}{row.what}"
    return row.what if first.subject.name in row.what else f"{names}: {row.what}"


def name_few(subjects: Sequence[ObjectRef]) -> str:
    """Return the objects in words for a narrow column: ``Nodes hv04, hv05 and 12 more``."""
    if len(subjects) <= FEW:
        return name_alike(subjects)
    first, second = subjects[0], subjects[1]
    return f"{first.kind}s {first.name}, {second.name} and {len(subjects) - 2} more"


def describe_followers(told: Sequence[Told]) -> str:
    """Return what is wrong with several objects of a rule, in one clause."""
    return describe_alike([each.finding for each in told]) if len(told) == 1 else said_of(told)


def said_of(told: Sequence[Told]) -> str:
    """Return a sentence that is true of each, or the message of the first."""
    return share_message([each.finding for each in told]) or told[0].finding.message


def count_statuses(told: Sequence[Told]) -> list[tuple[str, int]]:
    """Return how many of the findings have each status that people gave."""
    return list(Counter(str(each.status) for each in told if each.status).items())


def count_rules(findings: Sequence[Finding]) -> list[tuple[str, Finding, int]]:
    """Return each rule with its first finding and how many there are."""
    return [(rule, alike[0], len(alike)) for rule, alike in group_by(findings, lambda finding: finding.rule)]


def split_commands(text: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield the pieces of a sentence: the text, whether it is a command (between backticks), and whether that has lines
    of its own: a long one that ends the sentence.
    """
    parts = text.split("`")
    block = len(parts) > 2 and len(parts[-2]) >= LONG and parts[-1] in {"", "."}
    for number, part in enumerate(parts[:-1] if block else parts):
        yield part, number % 2 == 1, block and number == len(parts) - 2


def split_path(path: str) -> list[str]:
    """Return the path of a field in pieces, after which it may be broken."""
    return re.split(r"(?<=[./])", path)


def shorten_link(link: str) -> str:
    """Return a link as it is shown: ``harvester/harvester#8236``."""
    return link.removeprefix("https://github.com/").replace("/issues/", "#").removeprefix("https://")


def format_when(time: str) -> str:
    """Return the time of a note; as it was written where it is not a time."""
    stamp = Timestamp(time)
    return str(stamp) if stamp else time
