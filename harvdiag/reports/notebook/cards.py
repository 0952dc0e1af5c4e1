"""harvdiag's objects as HTML for notebooks: no script, no address, readable in light and dark.

Colours are those of the front end (JupyterLab's CSS variables), with inherited fallbacks; severity is shown by a word
and a symbol, not by colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from harvdiag.access.rights import Access
from harvdiag.core.escape import escape_html
from harvdiag.core.findings import Findings
from harvdiag.core.marks import ERROR, GOOD, INFO, PARTLY, SIGNS, UNSEEN, WARNING
from harvdiag.core.model import Coverage, Finding
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
from harvdiag.status.upgrade import UpgradeStatus
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.waiting import find_node_wait

__all__ = ["access_card", "coverage_card", "finding_card", "findings_card", "upgrade_card"]

LISTED = {SIGNS[GOOD]: "yes", PARTLY: "partly", SIGNS[ERROR]: "no", SIGNS[UNSEEN]: "unknown"}
# Okabe and Ito: vermillion, orange, sky blue. They only tint the edge of a card; no text is on them.
EDGES = {ERROR: "#d55e00", WARNING: "#e69f00", INFO: "#56b4e9"}
_CARD = (
    "border-left:5px solid {edge};padding:.4em .9em;margin:.6em 0;max-width:62em;line-height:1.45;"
    "overflow-wrap:break-word"
)
_QUIET = "opacity:.85"
LONGEST_NAME = 70
LONGEST_WORD = 20
MOST = 20
"""The most nodes shown unfolded in a card."""
_WHOLE = "'white-space:nowrap'"
_LONG = "font-weight:normal;overflow-wrap:anywhere;min-width:9em"
_CELL = "text-align:left;vertical-align:top;padding:.15em .9em .15em 0;white-space:normal"


def findings_card(findings: Findings) -> str:
    """Return the source, the verdict, one card per root cause with its consequences, and the skipped checks."""
    source = f"<div style='{_QUIET}'>{escape_html(describe_source(findings))}</div>"
    parts = [
        f"<div><b>{escape_html(findings.source.name)}</b>{source}",
        f"<p style='margin:.4em 0'><b>{escape_html(build_verdict(findings))}</b></p>",
        *(finding_card(finding, findings.story(finding)) for finding in findings.roots),
        _unseen_section(findings),
        "</div>",
    ]
    return "".join(parts)


def finding_card(finding: Finding, consequences: Iterable[Finding] = ()) -> str:
    """Return one finding: message, why, evidence, next steps, caution."""
    parts = [
        _finding_heading(finding),
        f"<div style='margin:.3em 0;font-size:110%'>{escape_html(finding.message)}</div>",
        f"<p style='margin:.4em 0;{_QUIET}'>{escape_html(finding.why)}</p>",
        _evidence_table(finding),
        _finding_advice(finding),
        _link_list(finding.links),
        *_consequence_cards(finding, consequences),
    ]
    return f"<div style='{_CARD.format(edge=EDGES[str(finding.severity)])}'>{''.join(parts)}</div>"


def coverage_card(coverage: Coverage) -> str:
    """Return the coverage, gaps first because they limit every conclusion."""
    gaps = [entry for entry in coverage if not entry.state.seen]
    seen = [entry for entry in coverage if entry.state.seen]
    head = f"<b>{'✓ All' if not gaps else f'{len(seen)} of'} {len(coverage)} lists seen</b>"
    rows = [(e.kind, describe_place(e), str(e.state), e.count, gap_detail(e)) for e in (*gaps, *seen)]
    table = _render_table(("kind", "namespace", "state", "count", "reason"), rows)
    notes = "".join(f"<div>! {escape_html(note)}</div>" for note in coverage.notes)
    return f"<div>{head}{notes}{table}</div>"


def access_card(access: Access) -> str:
    """Return the identity, then the kinds, those that may not be listed first."""
    name = f"<b>{escape_html(access.context)}</b> {escape_html(access.server)}"
    known = f", known there as {escape_html(access.known_as)}" if access.known_as else ""
    notes = "".join(f"<div>! {escape_html(note)}</div>" for note in access.notes if note != access.who)
    head = f"<div>{name}</div><div style='{_QUIET}'>{escape_html(access.who)}{known}</div>{notes}"
    ordered = sorted(access.rights, key=lambda right: right.listed is True and not right.is_partial)
    rows = [(r.kind, r.resource, f"{r.mark} {LISTED[r.mark]}", r.verdict) for r in ordered]
    table = _render_table(("kind", "resource", "may be listed", "where, or why not"), rows) if rows else ""
    return f"<div>{head}{table}{_access_advice(access) if rows else ''}</div>"


def upgrade_card(standing: UpgradeStatus) -> str:
    """Return the state of the upgrade: the explanation, part by part, then the nodes that are not done."""
    label = f"<th style='{_CELL};white-space:nowrap'>"
    rows = (
        f"{label}{escape_html(p.label)}</th><td style='{_CELL};{_LONG}'>{_format_step(p.text)}</td>"
        for p in standing.parts()
    )
    table = f"<table style='margin:.3em 0'><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"
    rollout = standing.upgrade_run
    inner = f"{_upgrade_heading(standing)}{table}{_remaining_nodes(rollout) if rollout else ''}"
    edge = EDGES[ERROR if rollout and standing.is_stuck else INFO]
    return f"<div style='{_CARD.format(edge=edge)}'>{inner}</div>"


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
    table = _render_table(names, shown) if shown else ""
    more = f"<details><summary>{len(rest)} more</summary>{_render_table(names, rest)}</details>" if rest else ""
    return f"<p style='margin:.4em 0'><b>{head}</b></p>{table}{more}"


def _node_row(rollout: UpgradeRun, node: NodeUpgrade) -> tuple[str, str, str, str]:
    waiting = find_node_wait(rollout, node)
    step = node.handshake.step if node.handshake and not node.handshake.idle else ""
    return node.name, node.state or "(not in the list)", step, f"{waiting.actor}: {waiting.what}"


def _access_advice(access: Access) -> str:
    """The summary of the permissions, the server's messages, and what to do."""
    lead, command, caution = access.advice
    parts = [
        f"<p style='margin:.4em 0'>{_format_step(text)}</p>"
        for text in (access.summary, *access.server_messages, lead)
        if text
    ]
    parts += [f"<div><code>{escape_html(command)}</code></div>"] if command else []
    parts += [f"<p style='margin:.4em 0'><b>⚠ Caution:</b> {escape_html(caution)}</p>"] if caution else []
    return "".join(parts)


def _finding_heading(finding: Finding) -> str:
    word = str(finding.severity)
    return (
        f"<div><b>{SIGNS[word]} {word.upper()}</b> &nbsp;<code>{escape_html(finding.rule)}</code> &nbsp;"
        f"<b>{escape_html(finding.subject)}</b></div>"
    )


def _evidence_table(finding: Finding) -> str:
    rows = [(e.object, e.path, format_evidence(e)) for e in finding.evidence]
    return _render_table(("object", "field", "value"), rows) if rows else ""


def _finding_advice(finding: Finding) -> str:
    caution = (
        f"<p style='margin:.4em 0'><b>⚠ Caution:</b> {escape_html(finding.caution)}</p>" if finding.caution else ""
    )
    return _next_steps(finding) + caution


def _next_steps(finding: Finding) -> str:
    steps = "".join(f"<li>{_format_step(step)}</li>" for step in finding.next)
    return f"<div><b>Next</b><ol style='margin:.2em 0'>{steps}</ol></div>" if steps else ""


def _format_step(step: str) -> str:
    parts = step.split("`")
    return "".join(f"<code>{escape_html(p)}</code>" if n % 2 else escape_html(p) for n, p in enumerate(parts))


def _link_list(links: Iterable[str]) -> str:
    anchors = [
        f"<a href='{escape_html(link)}' rel='noreferrer'>{escape_html(_shorten_link(link))}</a>" for link in links
    ]
    return f"<div style='{_QUIET}'>More: {', '.join(anchors)}</div>" if anchors else ""


def _shorten_link(link: str) -> str:
    return link.removeprefix("https://github.com/").replace("/issues/", "#")


def _consequence_cards(finding: Finding, others: Iterable[Finding]) -> Iterator[str]:
    """The consequences, each with its advice beyond what was shown before."""
    shown = [finding]
    for other in others:
        further = _finding_advice(without_repeats(other, shown))
        body = f"{_finding_heading(other)}<div>{escape_html(other.message)}</div>{further}"
        yield f"<div style='margin:.6em 0 0 1em'><b>→ leads to</b> {body}</div>"
        shown.append(other)


def _unseen_section(findings: Findings) -> str:
    if not findings.skipped:
        return ""
    names = ", ".join(f"<code>{escape_html(outcome.rule)}</code>" for outcome in findings.skipped)
    more = f"<p>{_format_step(permission_hint(findings.source))}</p>" if permission_hint(findings.source) else ""
    table = _render_table(("kind", "why"), list_unseen(findings))
    return f"<p><b>! Not seen</b></p>{table}{more}<p>Therefore skipped: {names}</p>"


def _render_table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    top = "".join(f"<th style='{_CELL}'>{escape_html(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(_render_cells(row))}</tr>" for row in rows)
    table = f"<table style='margin:.3em 0'><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div style='overflow-x:auto'>{table}</div>"


def _render_cells(row: Iterable[object]) -> Iterator[str]:
    """Names and field paths are kept whole, because browsers break at hyphens; other text wraps, also inside words."""
    for number, cell in enumerate(row):
        text = str(cell)
        if number < 2 and len(text) <= LONGEST_NAME:
            yield f"<td style='{_CELL}'>{' '.join(_unbroken_word(word, number == 0) for word in text.split(' '))}</td>"
        else:
            yield f"<td style='{_CELL};{_LONG if len(text) > LONGEST_WORD else ''}'>{escape_html(cell)}</td>"


def _unbroken_word(word: str, parts: bool) -> str:
    """A word that is not broken, except between namespace and name of an object."""
    pieces = re.split("(?<=/)", word) if parts else [word]
    return "<wbr>".join(f"<span style={_WHOLE}>{escape_html(piece)}</span>" for piece in pieces)
