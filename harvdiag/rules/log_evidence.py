"""Lines of logs as evidence: where a log of the source already holds the answer, a finding quotes it.

A log is opened only by a rule that has a hit, from its end, and searched once (harvdiag/upgrade/logs/once.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.rules import advice
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.logs import Quote, find_join_failure, find_refusals, read_agent_story
from harvdiag.upgrade.logs.tail import quote_job_tail

__all__ = ["LogAnswer", "explain_agent", "explain_host", "explain_refusal", "found_step", "quote_evidence", "quote_job"]

HOSTS = 8
"""Hosts whose logs are opened; where more have the same fault, these show why."""


class LogAnswer(NamedTuple):
    """What logs say of a fault: its lines as evidence, and the steps, which search for what was not found only."""

    evidence: tuple[Evidence, ...]
    steps: tuple[str, ...]


def quote_evidence(ref: ObjectRef, quotes: Iterable[Quote]) -> tuple[Evidence, ...]:
    """Return lines of logs as evidence: the file with the number of the line, and its text, masked."""
    return tuple(Evidence(ref, quote.place, quote.line) for quote in quotes)


def found_step(quote: Quote, meaning: str = "") -> str:
    """Return the step that says what a line of a log has already answered."""
    return f"Already found in {quote.place}: {meaning or quote.meaning}."


def explain_host(facts: Facts, node: ObjectRef, place: int = 0) -> LogAnswer:
    """Return what the logs of a host show of its join; else how to look there.

    `place` counts the subjects of a rule: of more than `HOSTS` the first show why.
    """
    story = find_join_failure(facts.snapshot, node.name) if place < HOSTS else None
    if story is None or story.step is None or not story.quotes:
        return LogAnswer((), (advice.inspect_host(node.name),))
    host = ObjectRef("Host", "", node.name)
    return LogAnswer(quote_evidence(host, story.quotes), (found_step(story.quotes[0], story.text),))


def explain_agent(facts: Facts, node: str) -> LogAnswer | None:
    """Return the last error of a host's agent if it has not worked since; None where no log shows one."""
    story = read_agent_story(facts.snapshot, node)
    if story is None or story.error is None or story.recovered:
        return None
    restarts = f"; it has restarted {story.idle_starts} times without doing any work" if story.is_looping else ""
    return LogAnswer(
        quote_evidence(ObjectRef("Host", "", node), [story.error]),
        (found_step(story.error, f"{story.error.meaning}{restarts}"),),
    )


def explain_refusal(facts: Facts, upgrade: Upgrade, *names: str) -> LogAnswer | None:
    """Return why Harvester starts no Job or answers no hook, by the lines of its log that name one of these."""
    quotes = [quote for quote in find_refusals(facts.snapshot, upgrade) if any(name in quote.line for name in names)]
    if not quotes:
        return None
    return LogAnswer(quote_evidence(upgrade.ref, quotes[:2]), (found_step(quotes[0]),))


def quote_job(facts: Facts, job: ObjectRef) -> tuple[Quote, ...]:
    """Return the last lines that a Job wrote, oldest first; empty where the source has no log of it."""
    return tuple(quote_job_tail(facts.snapshot, job))
