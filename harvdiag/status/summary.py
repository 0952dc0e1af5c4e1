"""The sentences that every report for people has in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from harvdiag.core.escape import format_value
from harvdiag.core.findings import Findings, Source
from harvdiag.core.model import OTHERS, CoverageEntry, Evidence, Finding, State
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds import CATALOGUE
from harvdiag.sources import source_type

__all__ = [
    "about",
    "alike",
    "beyond",
    "broken",
    "counted",
    "detail",
    "hint",
    "in_short",
    "place",
    "reason",
    "together",
    "unseen",
    "value",
    "verdict",
]

LEADS = {State.FORBIDDEN: "not allowed", State.NOT_LOOKED_AT: "not looked at"}
FEW, LONG = 3, 200
TELLING = ("the ", "no ", "only ")  # how a reason begins that tells by itself what became of the list


def counted(number: int | None, noun: str) -> str:
    """``1 Node``, ``4 Nodes``, ``Nodes not seen`` for None."""
    if number is None:
        return f"{noun}s not seen"
    return f"{number} {noun}{'' if number == 1 else 's'}"


def about(findings: Findings) -> str:
    """What was looked at: ``support bundle, Harvester v1.4.1, Kubernetes v1.30.7+rke2r1, collected 2025-05-08 …``."""
    source = findings.source
    origin = f" of {source_type(source.origin.kind).title} {source.origin.name}" if source.origin else ""
    parts = [source_type(source.kind).title + origin]
    parts += [f"Harvester {source.harvester_version}"] if source.harvester_version else []
    parts += [f"Kubernetes {source.kubernetes_version}"] if source.kubernetes_version else []
    parts += [f"collected {Timestamp(source.captured_at)}"] if Timestamp(source.captured_at) else []
    return ", ".join(parts)


def verdict(findings: Findings) -> str:
    """The result in one or two sentences; never "nothing found" where not everything was judged."""
    checks = findings.summary["checks"]
    made, skipped = checks["passed"] + checks["failed"], checks["skipped"]
    size = f"{counted(findings.source.nodes, 'Node')}, {counted(findings.source.machines, 'Machine')}"
    if not findings and skipped:
        rest = f"; nothing found in the other {made}" if made else ""
        return f"Cannot tell: {skipped} of {counted(made + skipped, 'check')} could not be made{rest}. {size}."
    done = f"{counted(made, 'check')} made" + (f", {skipped} skipped" if skipped else "")
    if not findings:
        return f"Nothing found. {size}; {done}."
    roots = len(findings.roots)
    more = len(findings) - roots
    follow = f" and {counted(more, 'consequence')}" if more else ""
    return f"{counted(roots, 'root cause')}{follow}. {size}; {done}."


# --- evidence and advice -------------------------------------------------------------------------------------------


def value(evidence: Evidence) -> str:
    """The value of a field, ``absent``, or ``does not exist`` where the object itself is missing (no path)."""
    return "does not exist" if evidence.value is None and not evidence.path else format_value(evidence.value)


def beyond(finding: Finding, told: Iterable[Finding]) -> Finding:
    """The finding with only those steps and that caution that none of the findings told before it gives."""
    before = tuple(told)
    steps = {step for other in before for step in other.next}
    caution = "" if finding.caution in {other.caution for other in before} else finding.caution
    return replace(finding, next=tuple(step for step in finding.next if step not in steps), caution=caution)


def alike(step: str, old: str, finding: Finding, first: Finding) -> bool:
    """Whether a step is the one of an earlier finding of its rule, read for another subject, its commands the same.

    A command that differs is given again, for nobody should have to put a name into it.
    """
    name = re.compile(rf"(?<![\w.-]){re.escape(first.subject.name)}(?![\w-]|\.\w)")
    return step.split("`")[1::2] == old.split("`")[1::2] and name.sub(lambda _: finding.subject.name, old) == step


# --- what was not seen ---------------------------------------------------------------------------------------------


def unseen(findings: Findings) -> list[tuple[str, str]]:
    """What kept checks from being made: the kinds that were not seen, and why; what fits no kind under its rule.

    Kinds of which the source says the same stand together.
    """
    found = {entry for outcome in findings.skipped for entry in outcome.gaps}
    rest = [(outcome.rule, outcome.reason) for outcome in findings.skipped if not outcome.gaps]
    return [*together(entry for entry in findings.coverage.gaps if entry in found), *rest]


def together(gaps: Iterable[CoverageEntry]) -> list[tuple[str, str]]:
    """Lists that were not seen and the reasons, each reason once: ``("Node, Machine", "not allowed: …")``.

    Reasons that differ in nothing but the names of the kind count as one, told in the words for the first.
    """
    found: dict[str, list[CoverageEntry]] = {}
    for gap in gaps:
        found.setdefault(_nameless(gap), []).append(gap)
    return [(", ".join(dict.fromkeys(map(_where, alike))), _for_all(alike)) for alike in found.values()]


def _for_all(gaps: Sequence[CoverageEntry]) -> str:
    likewise = "; likewise the others" if len({gap.reason for gap in gaps}) > 1 else ""
    return reason(gaps[0]) + likewise


def _nameless(gap: CoverageEntry) -> str:
    """State and reason without what the list is called, by which the words of a server differ from kind to kind."""
    plural = CATALOGUE[gap.kind].plural if gap.kind in CATALOGUE else gap.kind.removesuffix(f".{gap.group}")
    text = re.sub(r'API group "[^"]*"', "", gap.reason)
    for name in (f"{plural}.{gap.group}", plural, gap.kind):
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", "", text)
    text = text.replace(f" of namespace {gap.namespace}", "")
    return f"{gap.state}: {text}"


def in_short(rows: Iterable[tuple[str, str]]) -> str:
    """What was not seen, in one line: a few kinds, and the first reason."""
    told = [(kind, why) for kinds, why in rows for kind in kinds.split(", ")]
    kinds = list(dict.fromkeys(kind for kind, _ in told))
    more = f" and {len(kinds) - FEW} more" if len(kinds) > FEW else ""
    why = told[0][1] if told else "nothing is known of it"
    return f"{', '.join(kinds[:FEW])}{more}: {why if len(why) <= LONG else f'{why[:LONG].rstrip()}…'}"


def hint(source: Source) -> str:
    """How to see more of a source; empty where there is no way."""
    return source_type(source.kind).hint


def place(entry: CoverageEntry) -> str:
    """Where a list was looked for, so that it fits what the server says of it."""
    if entry.namespace == OTHERS:
        return "other namespaces"
    if entry.namespace and entry.state is State.FORBIDDEN and "at the cluster scope" in entry.reason:
        return "all namespaces"
    return entry.namespace or "(cluster)"


def _where(entry: CoverageEntry) -> str:
    home = CATALOGUE[entry.kind].home if entry.kind in CATALOGUE else ""
    where = place(entry)
    everything = entry.namespace in {"", home} or where == "all namespaces"
    return entry.kind if everything else f"{entry.kind} in {where}"


def reason(entry: CoverageEntry) -> str:
    """Why a list was not seen, with its state in words; empty where it was seen."""
    text = detail(entry)
    lead = LEADS.get(entry.state, "" if text.startswith(TELLING) else "not read whole")
    return text if entry.state.seen or not lead else ": ".join(filter(None, (lead, text)))


def detail(entry: CoverageEntry) -> str:
    """What the source says of a list, to stand beside its state."""
    return entry.reason.replace(f" a {entry.kind}", f" an {entry.kind}") if _vowel(entry.kind) else entry.reason


def _vowel(word: str) -> bool:
    """Whether the word is spoken with a vowel first; RKE is spelled out."""
    return word.startswith((*"AEIO", "Up", "RKE"))


# --- the story of an upgrade -----------------------------------------------------------------------------------------


def broken(finding: Finding) -> Evidence | None:
    """The field that shows the fault; of a finding that does not say which, the first."""
    return finding.shows or next(iter(finding.evidence), None)
