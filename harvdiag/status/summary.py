"""Sentences that the text, Markdown and notebook reports have in common."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from harvdiag.core.escape import format_value
from harvdiag.core.findings import Findings, Source, UpgradeState
from harvdiag.core.model import OTHERS, CoverageEntry, Evidence, Finding, Severity, State
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds import CATALOGUE
from harvdiag.rules.advice import ATTACH
from harvdiag.sources import source_type
from harvdiag.status.files import describe_files
from harvdiag.upgrade.wording import format_ago

__all__ = [
    "LIKEWISE",
    "build_verdict",
    "describe_gap",
    "describe_place",
    "describe_redaction",
    "describe_source",
    "describe_upgrade",
    "fault_evidence",
    "first_step",
    "format_count",
    "format_evidence",
    "gap_detail",
    "group_gaps",
    "is_alike_step",
    "is_answered",
    "is_same_step",
    "list_unseen",
    "permission_hint",
    "share_message",
    "summarize_unseen",
    "tell_support_once",
    "without_repeats",
]

LEADS = {State.FORBIDDEN: "not allowed", State.NOT_LOOKED_AT: "not looked at"}
FEW, LONG = 3, 200
LIKEWISE = "; likewise the others"
"""After the reason of the first of several kinds, whose reasons differ in names only."""
TELLING = ("the ", "no ", "only ")  # a reason that begins so is a sentence of its own and needs no lead


def format_count(number: int | None, noun: str) -> str:
    """Return ``1 Node``, ``4 Nodes``, or ``Nodes not seen`` for None."""
    if number is None:
        return f"{noun}s not seen"
    return f"{number} {noun}{'' if number == 1 else 's'}"


def describe_source(findings: Findings) -> str:
    """Return what was read: ``support bundle, Harvester v1.4.1, Kubernetes v1.30.7+rke2r1, collected 2025-05-08 …``."""
    source = findings.source
    origin = f" of {source_type(source.origin.kind).title} {source.origin.name}" if source.origin else ""
    files = describe_files(source.files)
    parts = [source_type(source.kind).title + origin + (f" ({files})" if files else "")]
    parts += [f"Harvester {source.harvester_version}"] if source.harvester_version else []
    parts += [f"Kubernetes {source.kubernetes_version}"] if source.kubernetes_version else []
    parts += [f"collected {Timestamp(source.captured_at)}"] if Timestamp(source.captured_at) else []
    return ", ".join(parts)


def describe_redaction(source: Source) -> str:
    """Return what was replaced in a redacted source, and who can translate back; empty where nothing was."""
    if not source.redacted:
        return ""
    return (
        "Redacted: names of hosts, VMs, namespaces, users and the like, domains, addresses and identifiers are "
        "pseudonyms, the same throughout; credentials are removed. "
        f"Only who has the key (its mark: {source.redacted}) can translate back, with `harvdiag redact --reveal FILE`."
    )


def build_verdict(findings: Findings) -> str:
    """Return the result in a few sentences: what was found by severity, how far the upgrade is that runs, and what was
    checked; never "nothing found" where there is a finding, or where not every check was run.
    """
    checks = findings.summary["checks"]
    run, skipped = checks["passed"] + checks["failed"], checks["skipped"]
    size = f"{format_count(findings.source.nodes, 'Node')}, {format_count(findings.source.machines, 'Machine')}"
    unasked = checks["not-applicable"]
    done = f"{format_count(run, 'check')} run" + (f", {skipped} skipped" if skipped else "")
    done += f", {unasked} not applicable" if unasked else ""
    result, rest = (_describe_calm if _is_calm(findings) else _count_findings)(findings), f"{size}; {done}"
    ignored = f"; {format_count(len(findings.ignored), 'finding')} ignored" if findings.ignored else ""
    if _is_calm(findings) and skipped:
        found = f"; {result[0].lower()}{result[1:]} in the other {run}" if run else ""
        result = f"Undetermined: {skipped} of {format_count(run + skipped, 'check')} could not be run{found}"
        rest = size
    return " ".join(filter(None, (f"{result}{ignored}.", describe_upgrade(findings), f"{rest}.")))


def _is_calm(findings: Findings) -> bool:
    """Whether nothing was found that needs action: no error and no warning."""
    return not findings.count(Severity.ERROR) and not findings.count(Severity.WARNING)


def _describe_calm(findings: Findings) -> str:
    notes = findings.count(Severity.INFO)
    return f"Nothing that needs action; {format_count(notes, 'note')}" if notes else "Nothing found"


def _count_findings(findings: Findings) -> str:
    """``2 errors, 1 warning: 1 root cause and 2 consequences``; the latter only where something follows."""
    nouns = {"error": Severity.ERROR, "warning": Severity.WARNING, "note": Severity.INFO}
    counts = ", ".join(format_count(n, noun) for noun, severity in nouns.items() if (n := findings.count(severity)))
    roots = len(findings.roots)
    more = len(findings) - roots
    return f"{counts}: {format_count(roots, 'root cause')} and {format_count(more, 'consequence')}" if more else counts


def describe_upgrade(findings: Findings) -> str:
    """Return where the upgrade is that runs, that a finding holds it up, or how the last ended, in one sentence.

    Empty where that is unknown, or where another error is found, so that it is not known whether the upgrade gets on.
    """
    state = findings.upgrade
    if state is None:
        return ""
    if not state.name:
        return _describe_rest(state)
    nodes = "" if state.done is None else f", {state.done} of {format_count(state.of, 'node')} done"
    place, target = f"{state.phase}{nodes}", f" to {format_value(state.version)}" if state.version else ""
    held = {f.severity for f in findings if f.holds} - {Severity.INFO}
    if held or findings.count(Severity.ERROR):
        return f"The upgrade{target} is held up: {place}." if held else ""
    moved = f"last movement {format_ago(state.idle)}" if state.idle is not None else "last movement unknown"
    waits = f" It waits for {format_value(state.waits_for)}." if state.waits_for else ""
    return f"An upgrade{target} runs: {place}, {moved}.{waits}"


def _describe_rest(state: UpgradeState) -> str:
    target = f", to {format_value(state.version)}," if state.version else ""
    last = f"; the last{target} {state.result}" if state.result else ""
    return f"No upgrade is under way{last}."


# --- evidence and advice -------------------------------------------------------------------------------------------


def format_evidence(evidence: Evidence) -> str:
    """Return the value of a field, ``absent``, or ``does not exist`` where the object itself is missing (no path)."""
    return "does not exist" if evidence.value is None and not evidence.path else format_value(evidence.value)


def without_repeats(finding: Finding, earlier: Iterable[Finding]) -> Finding:
    """Return the finding without the steps and the caution that one of the `earlier` findings already gives."""
    before = tuple(earlier)
    steps = {step for other in before for step in other.next}
    caution = "" if finding.caution in {other.caution for other in before} else finding.caution
    return replace(finding, next=tuple(step for step in finding.next if step not in steps), caution=caution)


def share_message(alike: Sequence[Finding]) -> str:
    """Return the one message that is true of each of several findings; empty where their messages differ."""
    messages = dict.fromkeys(finding.said_of("Each of them") for finding in alike) if len(alike) > 1 else ()
    return next(iter(messages)) if len(messages) == 1 else ""


def first_step(finding: Finding, ticked: Container[int] = ()) -> tuple[int, str]:
    """Return the first step that is still to be made, with its number: neither told as answered, nor ticked."""
    steps = list(enumerate(finding.next, 1))
    return next(((n, step) for n, step in steps if not (is_answered(step) or n in ticked)), steps[0])


def is_answered(step: str) -> bool:
    """Whether the cluster's own state or a log has answered a step, so that nothing is left to do."""
    return step.startswith("Already ")


def tell_support_once(findings: Findings) -> Findings:
    """Return the findings with what vendor support needs in the first of them only, as a report has it once."""
    first = next((f for f in findings if any(map(_is_for_support, f.next))), None)
    outcomes = [o._replace(findings=tuple(_without_support(f, first) for f in o.findings)) for o in findings.outcomes]
    if first is None:
        return findings
    return findings.with_outcomes(outcomes)


def _without_support(finding: Finding, first: Finding | None) -> Finding:
    kept = tuple(step for step in finding.next if not _is_for_support(step))
    return finding if finding is first or kept == finding.next else replace(finding, next=kept)


def _is_for_support(step: str) -> bool:
    return step.startswith(ATTACH)


def is_same_step(step: str, old: str, finding: Finding, first: Finding) -> bool:
    """Whether a step equals that of an earlier finding of the same rule but for the subject's name in its prose.

    Its commands must be the same: one that differs is printed again, so that no reader has to edit a name in it.
    """
    names = {first.subject.name: finding.subject.name}
    return step.split("`")[1::2] == old.split("`")[1::2] and _rename(old, names) == step


def is_alike_step(step: str, old: str, finding: Finding, first: Finding) -> bool:
    """Whether a step equals that of an earlier finding but for names, of the subject and of what the message names."""
    pairs = zip((first.subject, *first.targets), (finding.subject, *finding.targets), strict=False)
    return _rename(old, {other.name: own.name for other, own in pairs}) == step


def _rename(text: str, names: Mapping[str, str]) -> str:
    """Replace names by others, all at once; a name within a longer one stays."""
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![\w.-])(?:{known})(?![\w-]|\.\w)", lambda found: names[found[0]], text)


# --- what was not seen ---------------------------------------------------------------------------------------------


def list_unseen(findings: Findings) -> list[tuple[str, str]]:
    """Return what kept checks from being run: kinds that were not seen with the reason, else the rule with its reason.

    Kinds with the same reason are in one entry.
    """
    found = {entry for outcome in findings.skipped for entry in outcome.gaps}
    rest = [(outcome.rule, outcome.reason) for outcome in findings.skipped if not outcome.gaps]
    return [*group_gaps(entry for entry in findings.coverage.gaps if entry in found), *rest]


def group_gaps(gaps: Iterable[CoverageEntry]) -> list[tuple[str, str]]:
    """Group the lists that were not seen by their reason: ``("Node, Machine", "not allowed: …")``.

    Reasons that differ only in the name of the kind count as one; the first is given. Lists of which something was
    given come first: what is wrong with them is nearest to what the user meant.
    """
    found: dict[str, list[CoverageEntry]] = {}
    for gap in sorted(gaps, key=lambda gap: gap.state is State.NOT_LOOKED_AT):
        found.setdefault(_reason_key(gap), []).append(gap)
    return [(", ".join(dict.fromkeys(map(_list_label, alike))), _shared_reason(alike)) for alike in found.values()]


def _shared_reason(gaps: Sequence[CoverageEntry]) -> str:
    likewise = LIKEWISE if len({gap.reason for gap in gaps}) > 1 else ""
    return describe_gap(gaps[0]) + likewise


def _reason_key(gap: CoverageEntry) -> str:
    """State and reason without the name of the list, in which an API server's messages differ from kind to kind."""
    plural = CATALOGUE[gap.kind].plural if gap.kind in CATALOGUE else gap.kind.removesuffix(f".{gap.group}")
    text = re.sub(r'API group "[^"]*"', "", gap.reason)
    for name in (f"{plural}.{gap.group}", plural, gap.kind):
        text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", "", text)
    text = text.replace(f" of namespace {gap.namespace}", "")
    return f"{gap.state}: {text}"


def summarize_unseen(rows: Iterable[tuple[str, str]]) -> str:
    """Return what was not seen in one line: a few kinds with their reason, and how many more there are."""
    groups = [([*dict.fromkeys(kinds.split(", "))], why) for kinds, why in rows]
    first, why = groups[0] if groups else ([], "no reason given by the source")
    others = {kind for kinds, _ in groups[1:] for kind in kinds} - {*first}
    more = f" and {len(first) - FEW} more" if len(first) > FEW else ""
    rest = f"; and {format_count(len(others), 'other kind')}" if others else ""
    return f"{', '.join(first[:FEW])}{more}: {why if len(why) <= LONG else f'{why[:LONG].rstrip()}…'}{rest}"


def permission_hint(source: Source) -> str:
    """Return how to see more of a source; empty where there is no way."""
    return source_type(source.kind).hint


def describe_place(entry: CoverageEntry) -> str:
    """Return where a list was looked for, in agreement with what the API server says of it."""
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
    """Return why a list was not seen, led by its state; the remark of one that was seen, mostly empty."""
    text = gap_detail(entry)
    lead = LEADS.get(entry.state, "" if text.startswith(TELLING) else "not read completely")
    return text if entry.state.seen or not lead else ": ".join(filter(None, (lead, text)))


def gap_detail(entry: CoverageEntry) -> str:
    """Return the message of the source about a list, to be shown next to its state."""
    return (
        entry.reason.replace(f" a {entry.kind}", f" an {entry.kind}")
        if _starts_with_vowel(entry.kind)
        else entry.reason
    )


def _starts_with_vowel(word: str) -> bool:
    """Whether the word is pronounced with a vowel first; RKE is spelled out."""
    return word.startswith((*"AEIO", "Up", "RKE"))


# --- the field that shows a fault ------------------------------------------------------------------------------------


def fault_evidence(finding: Finding) -> Evidence | None:
    """Return the field that shows the fault; its first evidence where the finding does not declare it."""
    return finding.shows or next(iter(finding.evidence), None)
