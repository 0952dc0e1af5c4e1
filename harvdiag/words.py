"""The sentences that every report for people has in common."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harvdiag.escape import shown
from harvdiag.findings import Findings
from harvdiag.kinds import CATALOGUE
from harvdiag.model import CoverageEntry, Evidence, Finding, Outcome, State
from harvdiag.moment import Moment

__all__ = [
    "about",
    "alike",
    "beyond",
    "counted",
    "detail",
    "reason",
    "unseen",
    "value",
    "verdict",
]

KINDS = {"bundle": "support bundle", "files": "files of kubectl"}
LEADS = {State.FORBIDDEN: "not allowed", State.NOT_LOOKED_AT: "not looked at"}
TELLING = ("the ", "no ", "only ")  # how a reason begins that tells by itself what became of the list


def __dir__() -> list[str]:
    return __all__


def counted(number: int | None, noun: str) -> str:
    """``1 Node``, ``4 Nodes``, ``Nodes not seen`` for None."""
    if number is None:
        return f"{noun}s not seen"
    return f"{number} {noun}{'' if number == 1 else 's'}"


def about(findings: Findings) -> str:
    """What was looked at: ``support bundle, Harvester v1.4.1, Kubernetes v1.30.7+rke2r1, collected 2025-05-08 …``."""
    source = findings.source
    parts = [KINDS.get(source.kind, source.kind)]
    parts += [f"Harvester {source.harvester_version}"] if source.harvester_version else []
    parts += [f"Kubernetes {source.kubernetes_version}"] if source.kubernetes_version else []
    parts += [f"collected {Moment(source.captured_at)}"] if Moment(source.captured_at) else []
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
    return "does not exist" if evidence.value is None and not evidence.path else shown(evidence.value)


def beyond(finding: Finding, told: Iterable[Finding]) -> Finding:
    """The finding with only those steps and that caution that none of the findings told before it gives."""
    before = tuple(told)
    steps = {step for other in before for step in other.next}
    caution = "" if finding.caution in {other.caution for other in before} else finding.caution
    return finding._replace(next=tuple(step for step in finding.next if step not in steps), caution=caution)


def alike(step: str, old: str, finding: Finding, first: Finding) -> bool:
    """Whether a step is the one of an earlier finding of its rule, read for another subject, its commands the same.

    A command that differs is given again, for nobody should have to put a name into it.
    """
    name = re.compile(rf"(?<![\w.-]){re.escape(first.subject.name)}(?![\w-]|\.\w)")
    return step.split("`")[1::2] == old.split("`")[1::2] and name.sub(lambda _: finding.subject.name, old) == step


# --- what was not seen ---------------------------------------------------------------------------------------------


def unseen(findings: Findings) -> list[tuple[str, str]]:
    """What kept checks from being made: each kind that was not seen, and why; what fits no kind under its rule."""
    found = {(_where(entry), reason(entry)) for o in findings.skipped for entry in _gaps(findings, o)}
    order = [(_where(entry), reason(entry)) for entry in findings.coverage.gaps]
    rest = [(o.rule, o.reason) for o in findings.skipped if not _gaps(findings, o)]
    return [*(row for row in dict.fromkeys(order) if row in found), *rest]


def _gaps(findings: Findings, outcome: Outcome) -> list[CoverageEntry]:
    return [e for e in findings.coverage.gaps if f"{e.kind} {e.state}: {e.reason}" in outcome.reason]


def _where(entry: CoverageEntry) -> str:
    home = CATALOGUE[entry.kind].home if entry.kind in CATALOGUE else ""
    return entry.kind if entry.namespace in {"", home} else f"{entry.kind} in {entry.namespace}"


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
