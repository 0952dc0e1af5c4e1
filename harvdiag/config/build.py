"""Building the policy from the tables of a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from harvdiag.config.checks import read_check
from harvdiag.config.ignore import read_ignore
from harvdiag.config.logs import read_log
from harvdiag.config.section import Mistake, Section, show_value
from harvdiag.config.thresholds import read_thresholds
from harvdiag.core.local import LocalCheck, LocalLog
from harvdiag.core.policy import LOCAL, Known, Policy

__all__ = ["build_policy"]


def build_policy(table: Any, known: Known, today: date) -> tuple[Policy, list[Mistake]]:
    """Return the policy of a parsed file, and all of its mistakes; the policy is to be used only without one."""
    mistakes: list[Mistake] = []
    if not isinstance(table, dict):
        return Policy(), [Mistake("", 0, "", "", "the settings of harvdiag are not a table")]
    whole = Section(table=table, mistakes=mistakes)
    ignores, checks, logs = (whole.entries(key) for key in ("ignore", "check", "log"))
    own_checks, own_logs = [read_check(entry) for entry in checks], [read_log(entry) for entry in logs]
    _refuse_names([*zip(checks, own_checks, strict=True), *zip(logs, own_logs, strict=True)], known)
    rules = {**known.rules, **dict.fromkeys(_names(own_checks, own_logs), LOCAL)}
    kinds = {own.kind.lower() for own in own_checks}
    policy = Policy(
        today=today,
        ignore=tuple(read_ignore(entry, rules, kinds) for entry in ignores),
        thresholds=read_thresholds(whole.inner("thresholds"), known.limits),
        checks=tuple(own_checks),
        logs=tuple(own_logs),
    )
    whole.close()
    return policy, mistakes


def _names(checks: Iterable[LocalCheck], logs: Iterable[LocalLog]) -> list[str]:
    return [*(check.name for check in checks), *(log.name for log in logs)]


def _refuse_names(own: Iterable[tuple[Section, LocalCheck | LocalLog]], known: Known) -> None:
    """Note the names that a rule or a family of harvdiag has, or another check of one's own."""
    taken = {**dict.fromkeys(known.rules, "a check of harvdiag"), LOCAL: "the family of your own checks"}
    taken |= dict.fromkeys(known.rules.values(), "a family of harvdiag's checks")
    for section, each in own:
        if each.name in taken:
            section.fail("name", f"{show_value(each.name)} is the name of {taken[each.name]}: choose another")
        elif each.name:
            taken[each.name] = section.place
