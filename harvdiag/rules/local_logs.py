"""How log patterns of one's own judge: all of them search the logs of the source together, in one pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harvdiag.core.local import LocalLog
from harvdiag.core.model import ObjectRef
from harvdiag.core.policy import Policy
from harvdiag.rules.engine import Check, Hit
from harvdiag.rules.facts import Facts, UnjudgedError
from harvdiag.rules.local_checks import fill_template
from harvdiag.rules.log_evidence import quote_evidence

if TYPE_CHECKING:
    from harvdiag.upgrade.logs.search import LogHit, LogSearch

__all__ = ["build_search"]


def build_search(policy: Policy) -> dict[str, Check]:
    """Return the function of each pattern, by name; the first that is run searches for all of them."""
    logs = policy.logs

    def look(facts: Facts) -> list[LogSearch]:
        from harvdiag.upgrade.logs.search import Wish, search_logs

        places = (log.where for log in logs)
        wishes = tuple(
            Wish(log.pattern, where.namespaces, where.names, where.parts, log.newer_than)
            for log, where in zip(logs, places, strict=True)
        )
        return search_logs(facts.snapshot, wishes, policy.reveal)

    def build(number: int, log: LocalLog) -> Check:
        return lambda facts: _judge(log, look(facts)[number], facts)

    return {log.name: build(number, log) for number, log in enumerate(logs)}


def _judge(log: LocalLog, found: LogSearch, facts: Facts) -> Iterator[Hit]:
    if not found.hits and (gap := _find_gap(found, facts)):
        raise UnjudgedError(gap)
    for hit in found.hits:
        yield _build_hit(log, hit)


def _find_gap(found: LogSearch, facts: Facts) -> str:
    """Why it is unknown that no line matches; empty where every log was searched."""
    if not found.logs:
        one = "" if facts.snapshot.logs() else "no logs; a support bundle has them"
        return f"{facts.snapshot.manifest.name} has {one or 'no log that the pattern is about (where)'}"
    if found.errors:
        return f"of {found.logs} logs, {len(found.errors)} could not be read: {found.errors[0]}"
    if found.searched < found.logs:
        return f"only {found.searched} of {found.logs} logs were searched, as they are large: narrow it with where"
    return ""


def _build_hit(log: LocalLog, hit: LogHit) -> Hit:
    kind = hit.log.kind.capitalize()
    ref = ObjectRef(kind, hit.log.namespace, hit.log.name)
    words = {"name": ref.name, "namespace": ref.namespace, "kind": kind}
    times = f"{hit.count} line{'' if hit.count == 1 else 's'}"
    return Hit(
        subject=ref,
        message=f"{kind} {ref.name} says in its logs: {log.meaning} ({times})",
        evidence=quote_evidence(ref, hit.quotes),
        next=tuple(fill_template(step, words) for step in log.next),
    )
