"""harvdiag's objects as HTML for notebooks: no script, no address, readable in light and dark.

Colours are the front end's own (JupyterLab's CSS variables) with fallbacks that inherit; severity is a word and a mark
before it is a colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from harvdiag.access.rights import Access
from harvdiag.core.escape import html
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
from harvdiag.upgrade.run import NodeRollout, Rollout
from harvdiag.upgrade.waiting import wait_of

__all__ = ["access_card", "coverage_card", "finding_card", "findings_card", "standing_card"]

LISTED = {SIGNS[GOOD]: "yes", PARTLY: "partly", SIGNS[ERROR]: "no", SIGNS[UNSEEN]: "not known"}
# Okabe and Ito: vermillion, orange, sky blue. They only tint the edge of a card; no text stands on them.
EDGES = {ERROR: "#d55e00", WARNING: "#e69f00", INFO: "#56b4e9"}
_CARD = (
    "border-left:5px solid {edge};padding:.4em .9em;margin:.6em 0;max-width:62em;line-height:1.45;"
    "overflow-wrap:break-word"
)
_QUIET = "opacity:.85"
LONGEST_NAME = 70
LONGEST_WORD = 20
MOST = 20
"""Nodes of a card that stand open; the rest is folded."""
_WHOLE = "'white-space:nowrap'"
_LONG = "font-weight:normal;overflow-wrap:anywhere;min-width:9em"
_CELL = "text-align:left;vertical-align:top;padding:.15em .9em .15em 0;white-space:normal"


def findings_card(findings: Findings) -> str:
    """What was looked at, the verdict, one card a root cause with what follows from it, and what was not judged."""
    parts = [
        f"<div><b>{html(findings.source.name)}</b><div style='{_QUIET}'>{html(describe_source(findings))}</div>",
        f"<p style='margin:.4em 0'><b>{html(build_verdict(findings))}</b></p>",
        *(finding_card(finding, findings.story(finding)) for finding in findings.roots),
        _skipped(findings),
        "</div>",
    ]
    return "".join(parts)


def finding_card(finding: Finding, consequences: Iterable[Finding] = ()) -> str:
    """One finding: message, why, evidence, next steps, caution."""
    parts = [
        _head(finding),
        f"<div style='margin:.3em 0;font-size:110%'>{html(finding.message)}</div>",
        f"<p style='margin:.4em 0;{_QUIET}'>{html(finding.why)}</p>",
        _evidence(finding),
        _advice(finding),
        _links(finding.links),
        *_consequences(finding, consequences),
    ]
    return f"<div style='{_CARD.format(edge=EDGES[str(finding.severity)])}'>{''.join(parts)}</div>"


def coverage_card(coverage: Coverage) -> str:
    """Gaps first, for they limit every conclusion; then what was seen, folded."""
    gaps = [entry for entry in coverage if not entry.state.seen]
    seen = [entry for entry in coverage if entry.state.seen]
    head = f"<b>{'✓ All' if not gaps else f'{len(seen)} of'} {len(coverage)} lists seen</b>"
    rows = [(e.kind, describe_place(e), str(e.state), e.count, gap_detail(e)) for e in (*gaps, *seen)]
    table = _table(("kind", "namespace", "state", "count", "reason"), rows)
    notes = "".join(f"<div>! {html(note)}</div>" for note in coverage.notes)
    return f"<div>{head}{notes}{table}</div>"


def access_card(access: Access) -> str:
    """Who one is, then what may not be listed before what may."""
    name = f"<b>{html(access.context)}</b> {html(access.server)}"
    known = f", known there as {html(access.known_as)}" if access.known_as else ""
    notes = "".join(f"<div>! {html(note)}</div>" for note in access.notes if note != access.who)
    head = f"<div>{name}</div><div style='{_QUIET}'>{html(access.who)}{known}</div>{notes}"
    ordered = sorted(access.rights, key=lambda right: right.listed is True and not right.is_partial)
    rows = [(r.kind, r.resource, f"{r.mark} {LISTED[r.mark]}", r.verdict) for r in ordered]
    table = _table(("kind", "resource", "may be listed", "where, or why not"), rows) if rows else ""
    return f"<div>{head}{table}{_rest(access) if rows else ''}</div>"


def standing_card(standing: UpgradeStatus) -> str:
    """Where the upgrade stands: the explanation, part by part, then the nodes that are not done."""
    label = f"<th style='{_CELL};white-space:nowrap'>"
    rows = (f"{label}{html(p.label)}</th><td style='{_CELL};{_LONG}'>{_step(p.text)}</td>" for p in standing.parts())
    table = f"<table style='margin:.3em 0'><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"
    rollout = standing.rollout
    inner = f"{_state(standing)}{table}{_left(rollout) if rollout else ''}"
    edge = EDGES[ERROR if rollout and standing.is_stuck else INFO]
    return f"<div style='{_CARD.format(edge=edge)}'>{inner}</div>"


def _state(standing: UpgradeStatus) -> str:
    """The upgrade that is under way, with the verdict as a word; nothing where none is."""
    if standing.rollout is None:
        return ""
    lost = f"{SIGNS[ERROR]} {'CANNOT FINISH' if standing.moving_node else 'STUCK'}"
    word = lost if standing.is_stuck else "… UNDER WAY"
    return f"<div><b>{word}</b> &nbsp;<b>{html(standing.rollout.upgrade.ref)}</b></div>"


def _left(rollout: Rollout) -> str:
    """The nodes that are not done: a long list is folded after its beginning."""
    left = rollout.waiting
    head = f"{len(rollout.nodes) - len(left)} of {len(rollout.nodes)} nodes are done.{' The others:' if left else ''}"
    shown, rest = ([_turn(rollout, node) for node in part] for part in (left[:MOST], left[MOST:]))
    names = ("node", "state", "step", "waits for")
    table = _table(names, shown) if shown else ""
    more = f"<details><summary>{len(rest)} more</summary>{_table(names, rest)}</details>" if rest else ""
    return f"<p style='margin:.4em 0'><b>{head}</b></p>{table}{more}"


def _turn(rollout: Rollout, node: NodeRollout) -> tuple[str, str, str, str]:
    told = wait_of(rollout, node)
    step = node.handshake.step if node.handshake and not node.handshake.idle else ""
    return node.name, node.state or "(not in the list)", step, f"{told.actor}: {told.what}"


def _rest(access: Access) -> str:
    """What the rights come to, what the server said, and what to do."""
    lead, command, caution = access.advice
    parts = [
        f"<p style='margin:.4em 0'>{_step(text)}</p>"
        for text in (access.summary, *access.server_messages, lead)
        if text
    ]
    parts += [f"<div><code>{html(command)}</code></div>"] if command else []
    parts += [f"<p style='margin:.4em 0'><b>⚠ Caution:</b> {html(caution)}</p>"] if caution else []
    return "".join(parts)


def _head(finding: Finding) -> str:
    word = str(finding.severity)
    return (
        f"<div><b>{SIGNS[word]} {word.upper()}</b> &nbsp;<code>{html(finding.rule)}</code> &nbsp;"
        f"<b>{html(finding.subject)}</b></div>"
    )


def _evidence(finding: Finding) -> str:
    rows = [(e.object, e.path, format_evidence(e)) for e in finding.evidence]
    return _table(("object", "field", "value"), rows) if rows else ""


def _advice(finding: Finding) -> str:
    caution = f"<p style='margin:.4em 0'><b>⚠ Caution:</b> {html(finding.caution)}</p>" if finding.caution else ""
    return _next(finding) + caution


def _next(finding: Finding) -> str:
    steps = "".join(f"<li>{_step(step)}</li>" for step in finding.next)
    return f"<div><b>Next</b><ol style='margin:.2em 0'>{steps}</ol></div>" if steps else ""


def _step(step: str) -> str:
    parts = step.split("`")
    return "".join(f"<code>{html(p)}</code>" if n % 2 else html(p) for n, p in enumerate(parts))


def _links(links: Iterable[str]) -> str:
    anchors = [f"<a href='{html(link)}' rel='noreferrer'>{html(_short(link))}</a>" for link in links]
    return f"<div style='{_QUIET}'>More: {', '.join(anchors)}</div>" if anchors else ""


def _short(link: str) -> str:
    return link.removeprefix("https://github.com/").replace("/issues/", "#")


def _consequences(finding: Finding, others: Iterable[Finding]) -> Iterator[str]:
    """What follows, each with what it advises beyond what stands above it."""
    told = [finding]
    for other in others:
        body = f"{_head(other)}<div>{html(other.message)}</div>{_advice(without_repeats(other, told))}"
        yield f"<div style='margin:.6em 0 0 1em'><b>→ leads to</b> {body}</div>"
        told.append(other)


def _skipped(findings: Findings) -> str:
    if not findings.skipped:
        return ""
    names = ", ".join(f"<code>{html(outcome.rule)}</code>" for outcome in findings.skipped)
    more = f"<p>{_step(permission_hint(findings.source))}</p>" if permission_hint(findings.source) else ""
    table = _table(("kind", "why"), list_unseen(findings))
    return f"<p><b>! Not seen</b></p>{table}{more}<p>Therefore not judged: {names}</p>"


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    top = "".join(f"<th style='{_CELL}'>{html(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(_cells(row))}</tr>" for row in rows)
    table = f"<table style='margin:.3em 0'><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div style='overflow-x:auto'>{table}</div>"


def _cells(row: Iterable[object]) -> Iterator[str]:
    """Names and field paths stay whole, for a browser breaks them at any hyphen; the rest wraps, within a word too."""
    for number, cell in enumerate(row):
        text = str(cell)
        if number < 2 and len(text) <= LONGEST_NAME:
            yield f"<td style='{_CELL}'>{' '.join(_whole(word, number == 0) for word in text.split(' '))}</td>"
        else:
            yield f"<td style='{_CELL};{_LONG if len(text) > LONGEST_WORD else ''}'>{html(cell)}</td>"


def _whole(word: str, parts: bool) -> str:
    """A word that is not broken, but for an object's between namespace and name."""
    pieces = re.split("(?<=/)", word) if parts else [word]
    return "<wbr>".join(f"<span style={_WHOLE}>{html(piece)}</span>" for piece in pieces)
