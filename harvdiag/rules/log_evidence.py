"""Lines of logs as evidence: where a log of the source already holds the answer, a finding quotes it.

A log is opened only by a rule that has a hit, from its end, and searched once (harvdiag/upgrade/logs/once.py). What
reads logs is imported only then: its many patterns cost a healthy cluster more than most checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.rules import advice
from harvdiag.rules.facts import Facts
from harvdiag.upgrade import Upgrade

if TYPE_CHECKING:
    from harvdiag.upgrade.jobs import Job
    from harvdiag.upgrade.logs import Quote
    from harvdiag.upgrade.logs.rancher import RefusedPod
    from harvdiag.upgrade.logs.services import ServicesWait

__all__ = [
    "LogAnswer",
    "explain_agent",
    "explain_host",
    "explain_refusal",
    "explain_rke2",
    "found_step",
    "is_wait_for_vms",
    "quote_evidence",
    "quote_job",
    "read_budget_line",
    "read_chart_error",
    "read_job_wait",
    "read_refused_pods",
    "read_rke2_error",
    "read_services_wait",
    "show_line",
]

HOSTS = 8
"""Hosts whose logs are opened; where more have the same fault, these show why."""


class LogAnswer(NamedTuple):
    """What logs say of a fault: its lines as evidence, and the steps, which search for what was not found only.

    `says` is a clause for the message; empty where nothing was found.
    """

    evidence: tuple[Evidence, ...]
    steps: tuple[str, ...]
    says: str = ""


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
    from harvdiag.upgrade.logs import find_join_failure

    story = find_join_failure(facts.snapshot, node.name) if place < HOSTS else None
    if story is None or story.step is None or not story.quotes:
        return LogAnswer((), (advice.inspect_host(node.name),))
    host = ObjectRef("Host", "", node.name)
    return LogAnswer(quote_evidence(host, story.quotes), (found_step(story.quotes[0], story.text),))


def explain_agent(facts: Facts, node: str) -> LogAnswer | None:
    """Return the last error of a host's agent if it has not worked since; None where no log shows one."""
    from harvdiag.upgrade.logs import read_agent_story

    story = read_agent_story(facts.snapshot, node)
    if story is None or story.error is None or story.recovered:
        return None
    restarts = f"; it has restarted {story.idle_starts} times without doing any work" if story.is_looping else ""
    return LogAnswer(
        quote_evidence(ObjectRef("Host", "", node), [story.error]),
        (found_step(story.error, f"{story.error.meaning}{restarts}"),),
        f"the log of its agent shows that {story.error.meaning}",
    )


def explain_rke2(facts: Facts, node: str) -> LogAnswer | None:
    """Return the last error that ended RKE2 on a host if it has not run since; None where no log shows one."""
    error = read_rke2_error(facts, node)
    if error is None:
        return None
    evidence = quote_evidence(ObjectRef("Host", "", node), [error])
    return LogAnswer(evidence, (found_step(error),), f"the log of its RKE2 shows that {error.meaning}")


def explain_refusal(facts: Facts, upgrade: Upgrade, *names: str) -> LogAnswer | None:
    """Return why Harvester starts no Job or answers no hook, by the lines of its log that name one of these."""
    from harvdiag.upgrade.logs import find_refusals

    quotes = [quote for quote in find_refusals(facts.snapshot, upgrade) if any(name in quote.line for name in names)]
    if not quotes:
        return None
    return LogAnswer(quote_evidence(upgrade.ref, quotes[:2]), (found_step(quotes[0]),))


def quote_job(facts: Facts, job: ObjectRef) -> tuple[Quote, ...]:
    """Return the last lines that a Job wrote, oldest first; empty where the source has no log of it."""
    from harvdiag.upgrade.logs.tail import quote_job_tail

    return tuple(quote_job_tail(facts.snapshot, job))


def read_job_wait(facts: Facts, job: Job) -> Quote | None:
    """Return the last line in which a Job says what it waits for; None where no log shows one."""
    from harvdiag.upgrade.logs import find_job_wait

    return find_job_wait(facts.snapshot, job)


def read_services_wait(facts: Facts, job: Job) -> ServicesWait | None:
    """Return what the Job that upgrades the services waits for, by its log; None where no log shows it."""
    from harvdiag.upgrade.logs.services import find_services_wait

    return find_services_wait(facts.snapshot, job)


def read_budget_line(facts: Facts, manager: str) -> Quote | None:
    """Return the line of Longhorn's manager about the budget of an instance manager; None where no log shows one."""
    from harvdiag.upgrade.logs.longhorn import find_budget_line

    return find_budget_line(facts.snapshot, manager)


def is_wait_for_vms(line: Quote) -> bool:
    """Whether a line of a pre-drain Job says that it waits for VMs to leave."""
    from harvdiag.upgrade.logs.vms import waits_for_vms

    return waits_for_vms(line)


def read_rke2_error(facts: Facts, node: str) -> Quote | None:
    """Return the last error that ended RKE2 on a host if it has not run since; None where no log shows one."""
    from harvdiag.upgrade.logs.rke2 import find_rke2_error

    return find_rke2_error(facts.snapshot, node)


def read_refused_pods(facts: Facts, since: str) -> list[RefusedPod]:
    """Return the pods that Rancher has tried to evict since a time, and still cannot, by its log."""
    from harvdiag.upgrade.logs.rancher import find_refused_pods

    return find_refused_pods(facts.snapshot, since)


def read_chart_error(facts: Facts, name: str, since: str) -> Quote | None:
    """Return the last error that Rancher's log has of a chart since a time; None without one."""
    from harvdiag.upgrade.logs.rancher import find_chart_error

    return find_chart_error(facts.snapshot, name, since)


def show_line(line: Quote) -> str:
    """Return the text of a line without its time."""
    from harvdiag.upgrade.logs import strip_time

    return strip_time(line.line)
