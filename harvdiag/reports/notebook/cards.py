"""harvdiag's objects as HTML for notebooks: no script, no address, readable in light and dark.

Colours are those of the front end (JupyterLab's CSS variables), with inherited fallbacks; severity is shown by a word
and a symbol, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

from harvdiag.access.rights import Access
from harvdiag.core.escape import escape_html
from harvdiag.core.findings import Findings
from harvdiag.core.marks import ERROR, GOOD, INFO, PARTLY, SIGNS, UNSEEN
from harvdiag.core.model import Coverage, CoverageEntry, Evidence, Finding, ObjectRef
from harvdiag.core.notes import Notes
from harvdiag.reports.notebook.glossary import term_line
from harvdiag.reports.notebook.grid import render_text_grid
from harvdiag.reports.notebook.notes import finding_notes, other_notes
from harvdiag.reports.notebook.parts import (
    EDGES,
    QUIET,
    caution,
    finding_heading,
    fold,
    format_step,
    frame,
    labelled,
    noted,
    pair,
    tick,
)
from harvdiag.status.answer import Step, list_steps
from harvdiag.status.notes import summarize_notes
from harvdiag.status.policy import list_remarks, name_ignored_causes
from harvdiag.status.summary import (
    build_verdict,
    describe_place,
    describe_source,
    format_evidence,
    gap_detail,
    list_unseen,
    permission_hint,
    without_repeats,
)
from harvdiag.status.upgrade import NodeState, UpgradeStatus
from harvdiag.status.upgrade.part import PartKey, fill_parts
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.waiting import find_node_wait
from harvdiag.upgrade.wording import format_unlisted

__all__ = [
    "access_card",
    "coverage_card",
    "coverage_line",
    "finding_card",
    "findings_card",
    "node_card",
    "upgrade_card",
]

MOST = 20
"""The most nodes shown unfolded in a card."""
ADVICE = {PartKey.DO, PartKey.CAUTION}
LISTED = {SIGNS[GOOD]: "yes", PARTLY: "partly", SIGNS[ERROR]: "no", SIGNS[UNSEEN]: "unknown"}
_FIELD = "flex:1 1 22em;min-width:0;font-weight:normal;overflow-wrap:anywhere"
_VALUE = "flex:1 1 22em;margin:0;min-width:0;overflow-wrap:anywhere"


def findings_card(findings: Findings) -> str:
    """Return the source, the verdict, one card per root cause with its consequences, and the skipped checks."""
    source = f"<div style='{QUIET}'>{escape_html(describe_source(findings))}</div>"
    parts = [
        f"<div><b>{escape_html(findings.source.name)}</b>{source}",
        f"<p style='margin:.4em 0'><b>{escape_html(build_verdict(findings))}</b></p>",
        noted(summarize_notes(findings)),
        *(finding_card(finding, findings.story(finding), notes=findings.notes) for finding in findings.roots),
        other_notes(findings),
        _policy_section(findings),
        _unseen_section(findings),
        "</div>",
    ]
    return "".join(parts)


def finding_card(
    finding: Finding, consequences: Iterable[Finding] = (), folded: bool = False, notes: Notes | None = None
) -> str:
    """Return one finding: message, why, evidence, next steps, caution, notes; steps and caution can be folded, where
    they were shown before.
    """
    notes = notes or Notes()
    advice = _finding_advice(finding, notes)
    parts = [
        finding_heading(finding, notes),
        f"<div style='margin:.3em 0;font-size:110%'>{escape_html(finding.message)}</div>",
        *_reasons(finding),
        _evidence_list(finding),
        fold("Next steps and caution", advice) if folded and advice else advice,
        _link_list(finding.links),
        term_line(finding),
        finding_notes(notes, finding),
        *_consequence_cards(finding, consequences, folded, notes),
    ]
    return frame(EDGES[str(finding.severity)], "".join(parts))


def _reasons(finding: Finding) -> Iterator[str]:
    """Why it matters, and from what it follows that is ignored."""
    for text in filter(None, (name_ignored_causes(finding), finding.why)):
        yield f"<p style='margin:.4em 0;{QUIET}'>{escape_html(text)}</p>"


def coverage_card(coverage: Coverage) -> str:
    """Return the coverage: in one line if it is complete; else with the gaps, because they limit every conclusion."""
    if not coverage.gaps:
        return coverage_line(coverage)
    seen = [entry for entry in coverage if entry.state.seen]
    rest = fold(f"the {len(seen)} lists that were seen", _coverage_table(seen)) if seen else ""
    head = f"<div><b>{_count_lists(coverage)}</b></div>"
    return f"<div>{head}{_coverage_notes(coverage)}{_coverage_table(coverage.gaps)}{rest}</div>"


def coverage_line(coverage: Coverage) -> str:
    """Return how many lists were seen in one line, which unfolds to the lists, gaps first."""
    ordered = (*coverage.gaps, *(entry for entry in coverage if entry.state.seen))
    return f"<div>{_coverage_notes(coverage)}{fold(_count_lists(coverage), _coverage_table(ordered))}</div>"


def _count_lists(coverage: Coverage) -> str:
    seen = len(coverage) - len(coverage.gaps)
    return f"{f'! {seen} of' if coverage.gaps else '✓ All'} {len(coverage)} lists seen"


def _coverage_notes(coverage: Coverage) -> str:
    return "".join(f"<div>! {escape_html(note)}</div>" for note in coverage.notes)


def _coverage_table(entries: Iterable[CoverageEntry]) -> str:
    rows = [(e.kind, describe_place(e), e.state, e.count, gap_detail(e)) for e in entries]
    return render_text_grid(("kind", "namespace", "state", "count", "reason"), rows)


def access_card(access: Access) -> str:
    """Return the identity, then the kinds, those that may not be listed first."""
    name = f"<b>{escape_html(access.context)}</b> {escape_html(access.server)}"
    known = f", known there as {escape_html(access.known_as)}" if access.known_as else ""
    notes = "".join(f"<div>! {escape_html(note)}</div>" for note in access.notes if note != access.who)
    head = f"<div>{name}</div><div style='{QUIET}'>{escape_html(access.who)}{known}</div>{notes}"
    ordered = sorted(access.rights, key=lambda right: right.listed is True and not right.is_partial)
    rows = [(r.kind, r.resource, f"{r.mark} {LISTED[r.mark]}", r.verdict) for r in ordered]
    table = render_text_grid(("kind", "resource", "may be listed", "where, or why not"), rows) if rows else ""
    return f"<div>{head}{table}{_access_advice(access) if rows else ''}</div>"


def upgrade_card(standing: UpgradeStatus) -> str:
    """Return the state of the upgrade: the explanation, part by part, then the nodes that are not done."""
    parts = fill_parts(standing.parts(), standing.findings.source)
    told = labelled((part.label, part.text) for part in parts)
    rollout = standing.upgrade_run
    inner = f"{_upgrade_heading(standing)}{told}{_remaining_nodes(rollout) if rollout else ''}"
    return frame(EDGES[ERROR if rollout and standing.is_stuck else INFO], inner)


def node_card(state: NodeState) -> str:
    """Return the state of one node in the upgrade, part by part; what to do about it is folded."""
    name = f"<div><b>Node {escape_html(state.node) or '(none was seen)'}</b></div>"
    advice = [(part.label, part.text) for part in state.parts if part.key in ADVICE]
    told = labelled((part.label, part.text) for part in state.parts if part.key not in ADVICE)
    return frame(EDGES[INFO], name + told + (fold("Next step and caution", labelled(advice)) if advice else ""))


def _upgrade_heading(standing: UpgradeStatus) -> str:
    """The upgrade in progress with the verdict as a word; empty if there is none."""
    if standing.upgrade_run is None:
        return ""
    stuck = f"{SIGNS[ERROR]} {'CANNOT FINISH' if standing.moving_node else 'STUCK'}"
    word = stuck if standing.is_stuck else "… IN PROGRESS"
    return f"<div><b>{word}</b> &nbsp;<b>{escape_html(standing.upgrade_run.upgrade.ref)}</b></div>"


def _remaining_nodes(rollout: UpgradeRun) -> str:
    """The nodes that are not done; a long list is partly folded."""
    left = rollout.waiting
    head = f"{len(rollout.nodes) - len(left)} of {len(rollout.nodes)} nodes are done.{' The others:' if left else ''}"
    shown, rest = ([_node_row(rollout, node) for node in part] for part in (left[:MOST], left[MOST:]))
    names = ("node", "state", "step", "waits for")
    table = render_text_grid(names, shown) if shown else ""
    more = fold(f"{len(rest)} more", render_text_grid(names, rest)) if rest else ""
    return f"<p style='margin:.4em 0'><b>{head}</b></p>{table}{more}"


def _node_row(rollout: UpgradeRun, node: NodeUpgrade) -> tuple[str, str, str, str]:
    waiting = find_node_wait(rollout, node)
    step = node.handshake.step if node.handshake and not node.handshake.idle else ""
    return node.name, node.state or f"({format_unlisted(rollout.upgrade)})", step, f"{waiting.actor}: {waiting.what}"


def _access_advice(access: Access) -> str:
    """The summary of the permissions, the server's messages, and what to do."""
    lead, command, warning = access.advice
    parts = [
        f"<p style='margin:.4em 0'>{format_step(text)}</p>"
        for text in (access.summary, *access.server_messages, lead)
        if text
    ]
    parts += [f"<div><code>{escape_html(command)}</code></div>"] if command else []
    return "".join([*parts, caution(warning)])


def _evidence_list(finding: Finding) -> str:
    """Object by object its fields and their values, one below the other where there is no room for both."""
    groups = (_object_evidence(about, list(fields)) for about, fields in groupby(finding.evidence, lambda e: e.object))
    return f"<div style='margin:.4em 0'>{''.join(groups)}</div>" if finding.evidence else ""


def _object_evidence(about: ObjectRef, known: Collection[Evidence]) -> str:
    """One object: what is known of it as a whole beside its name, then its fields; a single field in the same line."""
    if len(known) == 1 and (only := next(iter(known))).path:
        name = f"<b>{escape_html(about)}</b> <code>{escape_html(only.path)}</code>"
        return pair(name, escape_html(format_evidence(only)), _FIELD, _VALUE)
    whole = "".join(f": {escape_html(format_evidence(e))}" for e in known if not e.path)
    fields = (
        pair(f"<code>{escape_html(e.path)}</code>", escape_html(format_evidence(e)), _FIELD, _VALUE, "1em")
        for e in known
        if e.path
    )
    return f"<div><b>{escape_html(about)}</b>{whole}</div>{''.join(fields)}"


def _finding_advice(finding: Finding, notes: Notes, whole: Finding | None = None) -> str:
    return _next_steps(finding, notes, whole) + caution(finding.caution)


def _next_steps(finding: Finding, notes: Notes, whole: Finding | None) -> str:
    told = list_steps(finding, notes, whole)
    steps = "".join(_step_item(step, place) for place, step in enumerate(told, 1))
    return f"<div><b>Next</b><ol style='margin:.2em 0'>{steps}</ol></div>" if steps else ""


def _step_item(step: Step, place: int) -> str:
    """A step of a list; its number is told where it is not its place: steps before it are left out."""
    value = f" value='{step.number}'" if step.number != place else ""
    return f"<li{value}>{tick(step.ticked)}{format_step(step.text)}</li>"


def _link_list(links: Iterable[str]) -> str:
    anchors = [
        f"<a href='{escape_html(link)}' rel='noreferrer'>{escape_html(_shorten_link(link))}</a>" for link in links
    ]
    return f"<div style='{QUIET}'>More: {', '.join(anchors)}</div>" if anchors else ""


def _shorten_link(link: str) -> str:
    return link.removeprefix("https://github.com/").replace("/issues/", "#").removeprefix("https://")


def _consequence_cards(
    finding: Finding, others: Iterable[Finding], folded: bool = False, notes: Notes | None = None
) -> Iterator[str]:
    """The consequences, each with its advice beyond what was shown before."""
    shown, notes = [finding], notes or Notes()
    for other in others:
        further = _finding_advice(without_repeats(other, shown), notes, other)
        further = fold("Its own steps and caution", further) if folded and further else further
        told = f"<div>{escape_html(other.message)}</div>{further}{finding_notes(notes, other)}"
        body = f"{finding_heading(other, notes)}{told}"
        yield f"<div style='margin:.6em 0 0 1em'><b>→ leads to</b> {body}</div>"
        shown.append(other)


def _policy_section(findings: Findings) -> str:
    """What the settings of the person changed."""
    remarks = list_remarks(findings)
    if not remarks:
        return ""
    head = f"<p><b>i Settings ({escape_html(findings.policy.file)})</b></p>"
    return head + render_text_grid(("what", "which"), remarks)


def _unseen_section(findings: Findings) -> str:
    if not findings.skipped:
        return ""
    names = ", ".join(f"<code>{escape_html(outcome.rule)}</code>" for outcome in findings.skipped)
    more = f"<p>{format_step(permission_hint(findings.source))}</p>" if permission_hint(findings.source) else ""
    table = render_text_grid(("kind", "why"), list_unseen(findings))
    return f"<p><b>! Not seen</b></p>{table}{more}<p>Therefore skipped: {names}</p>"
