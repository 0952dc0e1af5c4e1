"""What the settings of the person did to a report, as data and in words: ignored findings, entries, thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.choose import name_finding
from harvdiag.core.findings import Findings
from harvdiag.core.ignore import Ignore
from harvdiag.core.listing import group_by
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.policy import show_threshold
from harvdiag.core.suggest import join_names
from harvdiag.rules import known_names, own_rules, select_rules
from harvdiag.status.summary import format_count

__all__ = [
    "EntryState",
    "Remark",
    "describe_ignored_causes",
    "list_entries",
    "list_remarks",
    "name_ignored_causes",
    "sum_up_policy",
]

USED, UNUSED, EXPIRED, UNKNOWN = "used", "unused", "expired", "unknown"


class EntryState(NamedTuple):
    """One entry of the ignore list after a check."""

    entry: Ignore
    state: str
    """``used``, ``unused``, ``expired``; ``unknown`` where a check that it is about was not run."""
    findings: int
    """How many findings it ignores; of one that has expired, how many count again."""


class Remark(NamedTuple):
    """One thing to tell of the settings: what it is about, and the text."""

    label: str
    text: str


def list_entries(findings: Findings) -> list[EntryState]:
    """Return every entry of the ignore list with what became of it, in the order of the file."""
    policy = findings.policy
    own = own_rules(policy)
    families = {**known_names().rules, **{rule.name: rule.family for rule in own.values()}}
    usual = {rule.name for rule in select_rules((), (), own)} | {outcome.rule for outcome in findings.outcomes}
    run = {outcome.rule for outcome in findings.outcomes if outcome.judged}
    found = []
    for entry in policy.ignore:
        used = sum(ignored.entry is entry for ignored in findings.ignored)
        again = sum(policy.fits(entry, finding) for finding in findings)
        concerned = {rule for rule, family in families.items() if rule in usual and entry.concerns(rule, family)}
        judged = bool(concerned) and concerned <= run
        state = EXPIRED if entry.expired(policy.today) else USED if used else UNUSED if judged else UNKNOWN
        found.append(EntryState(entry, state, again if state is EXPIRED else used))
    return found


def list_remarks(findings: Findings) -> list[Remark]:
    """Return what is to be told: what is ignored and why, what has expired, what is not needed, other thresholds."""
    return [*_ignored(findings), *_entries(findings), *_thresholds(findings)] if findings.policy.file else []


def _ignored(findings: Findings) -> Iterator[Remark]:
    groups = group_by(findings.ignored, lambda ignored: (ignored.entry, ignored.finding.rule))
    for (entry, rule), alike in groups:
        whom = _name_objects([ignored.finding.subject for ignored in alike])
        until = f", until {entry.expires.isoformat()}" if entry.expires else ""
        yield Remark("Ignored", f"{rule}, {whom}: {entry.reason} ({entry.place}{until})")


def _name_objects(subjects: list[ObjectRef]) -> str:
    first, *others = subjects
    return f"{len(subjects)} objects ({join_names([each.name for each in subjects])})" if others else str(first)


def _entries(findings: Findings) -> Iterator[Remark]:
    for entry, state, count in list_entries(findings):
        if state is EXPIRED and entry.expires:
            again = f"; {format_count(count, 'finding')} would be ignored by it" if count else ""
            yield Remark("Expired", f"{entry} on {entry.expires.isoformat()}{again}")
        if state is UNUSED:
            yield Remark("Not needed", f"{entry}: no finding is like that")


def _thresholds(findings: Findings) -> Iterator[Remark]:
    limits = known_names().limits
    for name, value in findings.policy.thresholds.items():
        if value != limits[name].default:
            yield Remark("Threshold", f"{name} is {show_threshold(value)}, not {show_threshold(limits[name].default)}")


def sum_up_policy(findings: Findings) -> str:
    """Return the same in one line, without reasons; empty where nothing is to be told."""
    counts = [format_count(len(findings.ignored), "finding") + " ignored"] if findings.ignored else []
    kinds = group_by([*_entries(findings), *_thresholds(findings)], lambda remark: remark.label)
    words = {"Expired": "{} expired", "Not needed": "{} not needed", "Threshold": "{} changed"}
    for label, alike in kinds:
        one, many = ("threshold", "thresholds") if label == "Threshold" else ("entry", "entries")
        counts.append(words[label].format(f"{len(alike)} {one if len(alike) == 1 else many}"))
    return f"{findings.policy.file}: {', '.join(counts)}" if counts and findings.policy.file else ""


def describe_ignored_causes(findings: Findings, finding: Finding) -> str:
    """Return from which ignored findings one follows, with the reason; empty where from none."""
    told = {ignored.finding.fingerprint: ignored for ignored in findings.ignored}
    causes = [told[name] for name in finding.ignored_causes if name in told]
    return _tell_causes([f"{each.finding.rule} {each.finding.subject} ({each.entry.reason})" for each in causes])


def name_ignored_causes(finding: Finding) -> str:
    """Return the same without the reasons, which the finding alone does not tell."""
    return _tell_causes([name_finding(cause) for cause in finding.ignored_causes])


def _tell_causes(names: list[str]) -> str:
    return f"Follows from what is ignored: {join_names(names)}" if names else ""
