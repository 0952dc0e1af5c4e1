"""The sentences that every report for people has in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from harvdiag.core.escape import shown
from harvdiag.core.findings import Findings, Source
from harvdiag.core.model import OTHERS, CoverageEntry, Evidence, Finding, State
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds import CATALOGUE
from harvdiag.sources import source_type

__all__ = [
    "build_verdict",
    "describe_gap",
    "describe_place",
    "describe_source",
    "fault_evidence",
    "format_count",
    "format_evidence",
    "gap_detail",
    "group_gaps",
    "is_same_step",
    "list_unseen",
    "permission_hint",
    "summarize_unseen",
    "without_repeats",
]

LEADS = {State.FORBIDDEN: "not allowed", State.NOT_LOOKED_AT: "not looked at"}
FEW, LONG = 3, 200
TELLING = ("the ", "no ", "only ")  # how a reason begins that tells by itself what became of the list


def format_count(number: int | None, noun: str) -> str:
    """``1 Node``, ``4 Nodes``, ``Nodes not seen`` for None."""
    if number is None:
        return f"{noun}s not seen"
    return f"{number} {noun}{'' if number == 1 else 's'}"


def describe_source(findings: Findings) -> str:
    """What was looked at: ``support bundle, Harvester v1.4.1, Kubernetes v1.30.7+rke2r1, collected 2025-05-08 …``."""
    source = findings.source
    origin = f" of {source_type(source.origin.kind).title} {source.origin.name}" if source.origin else ""
    parts = [source_type(source.kind).title + origin]
    parts += [f"Harvester {source.harvester_version}"] if source.harvester_version else []
    parts += [f"Kubernetes {source.kubernetes_version}"] if source.kubernetes_version else []
    parts += [f"collected {Timestamp(source.captured_at)}"] if Timestamp(source.captured_at) else []
    return ", ".join(parts)


def build_verdict(findings: Findings) -> str:
    """The result in one or two sentences; never "nothing found" where not everything was judged."""
    checks = findings.summary["checks"]
    made, skipped = checks["passed"] + checks["failed"], checks["skipped"]
    size = f"{format_count(findings.source.nodes, 'Node')}, {format_count(findings.source.machines, 'Machine')}"
    if not findings and skipped:
        rest = f"; nothing found in the other {made}" if made else ""
        return f"Cannot tell: {skipped} of {format_count(made + skipped, 'check')} could not be made{rest}. {size}."
    done = f"{format_count(made, 'check')} made" + (f", {skipped} skipped" if skipped else "")
    if not findings:
        return f"Nothing found. {size}; {done}."
    roots = len(findings.roots)
    more = len(findings) - roots
    follow = f" and {format_count(more, 'consequence')}" if more else ""
    return f"{format_count(roots, 'root cause')}{follow}. {size}; {done}."


# --- evidence and advice -------------------------------------------------------------------------------------------


def format_evidence(evidence: Evidence) -> str:
    """The value of a field, ``absent``, or ``does not exist`` where the object itself is missing (no path)."""
    return "does not exist" if evidence.value is None and not evidence.path else shown(evidence.value)


def without_repeats(finding: Finding, told: Iterable[Finding]) -> Finding:
    """The finding with only those steps and that caution that none of the findings told before it gives."""
    before = tuple(told)
    steps = {step for other in before for step in other.next}
    caution = "" if finding.caution in {other.caution for other in before} else finding.caution
    return replace(finding, next=tuple(step for step in finding.next if step not in steps), caution=caution)


def is_same_step(step: str, old: str, finding: Finding, first: Finding) -> bool:
    """Whether a step is the one of an earlier finding of its rule, read for another subject, its commands the same.

    A command that differs is given again, for nobody should have to put a name into it.
    """
    name = re.compile(rf"(?<![\w.-]){re.escape(first.subject.name)}(?![\w-]|\.\w)")
    return step.split("`")[1::2] == old.split("`")[1::2] and name.sub(lambda _: finding.subject.name, old) == step


# --- what was not seen ---------------------------------------------------------------------------------------------


def list_unseen(findings: Findings) -> list[tuple[str, str]]:
    """What kept checks from being made: the kinds that were not seen, and why; what fits no kind under its rule.

    Kinds of which the source says the same stand together.
    """
    found = {entry for outcome in findings.skipped for entry in outcome.gaps}
    rest = [(outcome.rule, outcome.reason) for outcome in findings.skipped if not outcome.gaps]
    return [*group_gaps(entry for entry in findings.coverage.gaps if entry in found), *rest]


def group_gaps(gaps: Iterable[CoverageEntry]) -> list[tuple[str, str]]:
    """Lists that were not seen and the reasons, each reason once: ``("Node, Machine", "not allowed: …")``.

    Reasons that differ in nothing but the names of the kind count as one, told in the words for the first.
    """
    found: dict[str, list[CoverageEntry]] = {}
    for gap in gaps:
        found.setdefault(_reason_key(gap), []).append(gap)
    return [(", ".join(dict.fromkeys(map(_list_label, alike))), _shared_reason(alike)) for alike in found.values()]


def _shared_reason(gaps: Sequence[CoverageEntry]) -> str:
    likewise = "; likewise the others" if len({gap.reason for gap in gaps}) > 1 else ""
    return describe_gap(gaps[0]) + likewise


def _reason_key(gap: CoverageEntry) -> str:
    """State and reason without what the list is called, by which the words of a server differ from kind to kind."""
    plural = CATALOGUE[gap.kind].plural if gap.kind in CATALOGUE else gap.kind.removesuffix(f".{gap.group}")
    text = re.sub(r'API group "[^"]*"', "", gap.reason)
    for name in (f"{plural}.{gap.group}", plural, gap.kind):
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", "", text)
    text = text.replace(f" of namespace {gap.namespace}", "")
    return f"{gap.state}: {text}"


def summarize_unseen(rows: Iterable[tuple[str, str]]) -> str:
    """What was not seen, in one line: a few kinds, and the first reason."""
    told = [(kind, why) for kinds, why in rows for kind in kinds.split(", ")]
    kinds = list(dict.fromkeys(kind for kind, _ in told))
    more = f" and {len(kinds) - FEW} more" if len(kinds) > FEW else ""
    why = told[0][1] if told else "nothing is known of it"
    return f"{', '.join(kinds[:FEW])}{more}: {why if len(why) <= LONG else f'{why[:LONG].rstrip()}…'}"


def permission_hint(source: Source) -> str:
    """How to see more of a source; empty where there is no way."""
    return source_type(source.kind).hint


def describe_place(entry: CoverageEntry) -> str:
    """Where a list was looked for, so that it fits what the server says of it."""
    if entry.namespace == OTHERS:
        return "other namespaces"
    if entry.namespace and entry.state is State.FORBIDDEN and "at the cluster scope" in entry.reason:
        return "all namespaces"
    return entry.namespace or "(cluster)"


def _list_label(entry: CoverageEntry) -> str:
    home = CATALOGUE[entry.kind].home if entry.kind in CATALOGUE else ""
    where = describe_place(entry)
    everything = entry.namespace in {"", home} or where == "all namespaces"
    return entry.kind if everything else f"{entry.kind} in {where}"


def describe_gap(entry: CoverageEntry) -> str:
    """Why a list was not seen, with its state in words; empty where it was seen."""
    text = gap_detail(entry)
    lead = LEADS.get(entry.state, "" if text.startswith(TELLING) else "not read whole")
    return text if entry.state.seen or not lead else ": ".join(filter(None, (lead, text)))


def gap_detail(entry: CoverageEntry) -> str:
    """What the source says of a list, to stand beside its state."""
    return (
        entry.reason.replace(f" a {entry.kind}", f" an {entry.kind}")
        if _starts_with_vowel(entry.kind)
        else entry.reason
    )


def _starts_with_vowel(word: str) -> bool:
    """Whether the word is spoken with a vowel first; RKE is spelled out."""
    return word.startswith((*"AEIO", "Up", "RKE"))


# --- the story of an upgrade -----------------------------------------------------------------------------------------


def fault_evidence(finding: Finding) -> Evidence | None:
    """The field that shows the fault; of a finding that does not say which, the first."""
    return finding.shows or next(iter(finding.evidence), None)
