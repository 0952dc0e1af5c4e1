"""Checks of one's own as rules: declared in a file of settings, run like all others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from harvdiag.core.local import LocalCheck, LocalLog, Where
from harvdiag.core.policy import LOCAL, Policy, show_threshold
from harvdiag.kinds import CATALOGUE
from harvdiag.rules.engine import Check, Rule
from harvdiag.rules.local_checks import build_check, describe_test, exact_namespaces, fill_template
from harvdiag.rules.local_logs import build_search

__all__ = ["declare_rules"]


def declare_rules(policy: Policy) -> dict[str, Rule]:
    """Return the checks and log patterns of one's own by name, in the order of the file."""
    searches = build_search(policy)
    checks = {check.name: _declare_check(check, policy) for check in policy.checks}
    return checks | {log.name: _declare_log(log, searches[log.name]) for log in policy.logs}


def _declare_check(check: LocalCheck, policy: Policy) -> Rule:
    kind = CATALOGUE.get(check.kind)
    known = frozenset({check.kind}) if kind else frozenset()
    large = kind is None or kind.lazy
    tests = " and ".join(map(describe_test, (check.test, *check.also)))
    return replace(
        _declare(check, _summarize(check), build_check(check, policy)),
        needs=frozenset() if large else known,
        optional=known if large else frozenset(),
        everywhere=not exact_namespaces(check.where),
        looks=f"{check.kind} {tests}{_describe_where(check.where)}",
    )


def _summarize(check: LocalCheck) -> str:
    """The message for any object: ``Node NAME has no zone``."""
    words = {"kind": check.kind, "name": "NAME", "namespace": "NAMESPACE", "path": check.test.path, "value": "VALUE"}
    return fill_template(check.message, words)


def _declare_log(log: LocalLog, check: Check) -> Rule:
    newer = f"; newer than {show_threshold(log.newer_than)}" if log.newer_than else ""
    looks = f"lines of logs that match {log.pattern}{newer}{_describe_where(log.where)}"
    return replace(_declare(log, log.meaning, check), looks=looks)


def _declare(own: LocalCheck | LocalLog, summary: str, check: Check) -> Rule:
    return Rule(
        name=own.name,
        family=LOCAL,
        severity=own.severity,
        needs=frozenset(),
        optional=frozenset(),
        links=own.links,
        summary=summary,
        why=own.why,
        check=check,
        everywhere=False,
        short=own.name.replace("-", " "),
        alike="",
        shows="",
        holds=False,
        missing=None,
        reason=None,
        fallback=False,
        paths=(),
    )


def _describe_where(where: Where) -> str:
    """``; namespace default; name hv*``"""
    parts: Iterable[tuple[str, tuple[str, ...]]] = (
        ("namespace", where.namespaces),
        ("name", where.names),
        ("labels", (where.labels,) if where.labels else ()),
        ("container", where.parts),
    )
    return "".join(f"; {word} {' or '.join(patterns)}" for word, patterns in parts if patterns)
