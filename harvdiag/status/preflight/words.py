"""The verdict before an upgrade in words, and the checks of Harvester's by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from harvdiag.core.escape import format_value
from harvdiag.core.listing import group_by
from harvdiag.core.model import Severity
from harvdiag.core.target import join_words
from harvdiag.rules.row import Row, Tool
from harvdiag.sources import source_type
from harvdiag.status.answer import RootCause, describe_alike, fill_command
from harvdiag.status.preflight.rows import ROWS, Answered
from harvdiag.status.summary import format_count

if TYPE_CHECKING:
    from harvdiag.status.preflight import Preflight
    from harvdiag.status.preflight.hand import HandCheck

__all__ = [
    "LIVE",
    "count_by_tool",
    "count_checks",
    "describe_by_hand",
    "describe_others",
    "describe_path",
    "describe_refusals",
    "describe_verdict",
    "describe_why",
    "name_all",
    "name_checks",
    "name_command",
]

LIVE = "live"
"""The kind of a source that is a cluster."""
FAILS = {Tool.WEBHOOK: "refuses", Tool.SCRIPT: "fails", Tool.PLAN: "refuses"}
WARNS, BLIND = "would warn", "does not see it"
"""What a tool does for an error, for a warning, and for what harvdiag alone sees."""
WHO = {Tool.WEBHOOK: "Harvester's webhook", Tool.SCRIPT: "check.sh", Tool.PLAN: "Upgrade V2"}


def describe_verdict(preflight: Preflight) -> str:
    """Return in one sentence whether the upgrade may begin: yes or no, why, and what is left to do."""
    aim = f"an upgrade to {format_value(preflight.target)}" if preflight.target else "an upgrade"
    if preflight.running:
        return f"No: {preflight.running} is under way, and {aim} must not begin before it ends."
    if preflight.reasons:
        warned = _count_warnings(preflight)
        ignored = f"{count} ignored" if (count := _count_ignored(preflight)) else ""
        count = format_count(sum(len(row.findings) for row in preflight.refusals), "reason")
        refused = any(row.refused and row.row.tool is not Tool.SCRIPT for row in preflight.rows)
        head = f"Harvester refuses {aim}" if refused else f"{aim} would be refused or not finish"
        return f"No: {head}: {', '.join(filter(None, (count, warned, ignored)))}."
    if not preflight.ready:
        return (
            f"Undetermined: only {len(preflight.asked)} of {format_count(len(preflight.applying), 'check')} could be "
            f"made, and nothing in them refuses {aim}."
        )
    source = preflight.findings.source
    told = "" if source.kind == LIVE else f", as far as this {source_type(source.kind).title} tells"
    first = f"{warned} to fix first" if (warned := _count_warnings(preflight)) else ""
    but = f" but what is ignored ({ignored})" if (ignored := _count_ignored(preflight)) else ""
    return "; ".join(filter(None, (f"Yes{told}: nothing refuses {aim}{but}", first, *_describe_left(preflight)))) + "."


def _count_warnings(preflight: Preflight) -> str:
    count = sum(len(row.findings) for row in preflight.warnings)
    return format_count(count, "warning") if count else ""


def _count_ignored(preflight: Preflight) -> str:
    """The findings that would be reasons or warnings, and that the settings ignore."""
    told = (ignored.finding for ignored in preflight.findings.ignored)
    count = sum(finding.severity is not Severity.INFO for finding in told)
    return format_count(count, "finding") if count else ""


def _describe_left(preflight: Preflight) -> tuple[str, ...]:
    """What could not be told: with commands to run, and without."""
    by_hand, unseen = len(preflight.by_hand), len(preflight.unseen)
    return (
        f"{format_count(by_hand, 'check')} {_are(by_hand)} left to run by hand" if by_hand else "",
        f"{format_count(unseen, 'check')} could not be made" if unseen else "",
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def count_checks(preflight: Preflight) -> str:
    """Return what the checks of Harvester's came to: ``57 checks of Harvester's own: 2 failed, 30 passed, …``."""
    failed = sum(row.failed for row in preflight.rows)
    warned = sum(row.warned for row in preflight.rows)
    counts = (
        (failed, "failed"),
        (warned, "with a warning"),
        (sum(row.ignored for row in preflight.rows), "ignored"),
        (sum(row.passed for row in preflight.rows), "passed"),
        (len(preflight.untold), "not told"),
        (len(preflight.rows) - len(preflight.applying), "not applicable"),
    )
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    return f"{format_count(len(preflight.rows), 'check')} of Harvester's own: {told}"


def name_checks(rows: Iterable[Row]) -> str:
    """Return checks by tool: ``webhook V13, V19; check.sh Certificates``, or ``all of UpgradePlan``."""
    groups = group_by(rows, lambda row: row.tool)
    return "; ".join(_name_of_tool(tool, [row.id for row in alike]) for tool, alike in groups)


def count_by_tool(rows: Iterable[Row]) -> str:
    """Return how many checks there are of each tool: ``webhook 13 of 19; check.sh 12 of 22``."""
    groups = group_by(rows, lambda row: row.tool)
    return "; ".join(f"{tool} {len(alike)} of {_count_rows(tool)}" for tool, alike in groups)


def _count_rows(tool: Tool) -> int:
    return sum(row.tool is tool for row in ROWS)


def _name_of_tool(tool: Tool, names: Sequence[str]) -> str:
    return f"all of {tool}" if len(names) == _count_rows(tool) else f"{tool} {', '.join(names)}"


def describe_refusals(checks: Iterable[Answered]) -> str:
    """Return who refuses, fails or warns for a fault, by which of its checks; empty where there are none."""
    groups = group_by(checks, lambda each: (each.row.tool, _does(each)))
    told = (f"{WHO[tool]} {does} ({', '.join(each.row.id for each in alike)})" for (tool, does), alike in groups)
    return "; ".join(told)


def _does(check: Answered) -> str:
    if check.refused:
        return FAILS[check.row.tool]
    return BLIND if check.severity is Severity.ERROR else WARNS


def name_all(row: RootCause) -> str:
    """Return the names of all objects of a root cause of which its message names some; empty where it names all."""
    first, *more = row.findings
    refs = (first.subject, *(each for each in first.targets if each.kind == first.subject.kind))
    if more or all(ref.name in first.message for ref in refs):
        return ""
    return ", ".join(f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name for ref in refs)


def describe_why(answered: Answered) -> str:
    """Return what was found, by rule and with the objects, or why it was skipped or does not apply."""
    groups = group_by(answered.findings, lambda finding: finding.rule)
    return "; ".join(filter(None, (*(describe_alike(alike) for _, alike in groups), answered.reason)))


def name_command(preflight: Preflight, *options: str) -> str:
    """Return the command that gives the same verdict, with further options."""
    aim = ("--target", preflight.target) if preflight.target else ()
    return fill_command(preflight.findings.source, "preflight", *aim, *options)


def describe_by_hand(preflight: Preflight) -> list[tuple[str, tuple[HandCheck, ...]]]:
    """Return what is left to run by hand under a heading each: what the live cluster would tell, and the rest."""
    live = tuple(check for check in preflight.by_hand if check.live)
    rest = tuple(check for check in preflight.by_hand if not check.live)
    words = ("harvdiag", "preflight", *(("--target", preflight.target) if preflight.target else ()))
    told = (
        (f"Left to the live cluster ({len(live)}): `{join_words(words)}` tells, or by hand", live),
        (f"Left to run by hand ({len(rest)}{_describe_rights(preflight, rest)})", rest),
    )
    return [(head, checks) for head, checks in told if checks]


def _describe_rights(preflight: Preflight, checks: Iterable[HandCheck]) -> str:
    """What tells more of a live cluster, where the login may not list what checks need."""
    refused = preflight.findings.source.kind == LIVE and any(" forbidden: " in check.reason for check in checks)
    return f"; `{fill_command(preflight.findings.source, 'whoami')}` shows what may be listed" if refused else ""


def describe_path(preflight: Preflight) -> str:
    """Return the releases to go through in turn, ``v1.4.1 → v1.4.3 → v1.5.0``, and why; empty without a target."""
    if not preflight.target:
        return ""
    steps, reason = " → ".join(preflight.path.steps), preflight.path.reason
    if preflight.path.known and preflight.path.direct:
        return steps
    return f"{steps} ({reason})" if steps else f"{'none' if preflight.path.known else 'unknown'}: {reason}"


def describe_others(preflight: Preflight) -> str:
    """Return what tells more than their names of the root causes, while an upgrade runs; empty where there is none."""
    others = [row for row in preflight.answer.rows if not preflight.checks_of(row)]
    if not preflight.running or not others:
        return ""
    return f"Evidence and steps of the other root causes: `{fill_command(preflight.findings.source, 'check')}`"
