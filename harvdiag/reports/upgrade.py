"""Where the upgrade stands, for terminals and programs: the explanation first, then the nodes that are not done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harvdiag.core.conditions import Condition
from harvdiag.core.escape import plain
from harvdiag.core.suggest import listed
from harvdiag.core.wrap import count_cells, fill
from harvdiag.status.summary import format_count
from harvdiag.status.upgrade import Part, UpgradeStatus
from harvdiag.upgrade.phases import DONE, FAILED, PRELOADED, SERVICES
from harvdiag.upgrade.run import NodeRollout, Rollout
from harvdiag.upgrade.timeline import Span
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.waiting import has_turn, wait_of
from harvdiag.upgrade.wording import idle as idle_for
from harvdiag.upgrade.wording import span as spent
from harvdiag.version import __version__

__all__ = ["document", "render", "render_json"]

SCHEMA = 1
WIDEST, NARROW = 34, 40
UNTOLD = "its end is not told"
MOST = 12
"""Lines of nodes; those that wait in the same way share one."""


def render(standing: UpgradeStatus, node: str = "", width: int = 100, timeline: bool = False) -> str:
    """The explanation and the nodes, or one node, with what happened when if asked for; ends in a line break."""
    width = max(width, NARROW)
    lines = [line for part in standing.parts(node) for line in _part(part, width)]
    if not node:
        lines += _nodes(standing, width)
    if timeline:
        lines += ["", *(standing.history.lines or ["Nothing is known of when anything happened."])]
        lines += _durations(standing)
    return "\n".join(lines) + "\n"


def _durations(standing: UpgradeStatus) -> list[str]:
    """How long each phase took, and each step of each node, as far as anything tells."""
    spans = standing.spans
    last = next((span for span in reversed(spans) if not span.node), None)
    now = "stands still" if standing.is_stalled else "goes on" if standing.rollout else UNTOLD
    told = [_took(span, now if span.node or span is last else UNTOLD) for span in spans if span.began]
    return ["", *told] if told else []


def _took(span: Span, now: str) -> str:
    """`now` is what is said of a span that has no end: it may go on, or nobody tells its end."""
    ending = UNTOLD if span.ended else now
    took = ending if span.duration is None else f"took {spent(span.duration)}"
    idle = f", {idle_for(spent(span.gap))}" if span.gap else ""
    return f"{span.began:%Y-%m-%d %H:%M:%S} UTC  {plain(span.node) or '-'}  {plain(span.step)}: {took}{idle}"


def _part(part: Part, width: int) -> list[str]:
    first, *rest = fill(f"{part.label:<18}{plain(part.text)}", width, 18) or [""]
    return [first, *rest]


def _nodes(standing: UpgradeStatus, width: int) -> Iterator[str]:
    rollout = standing.shown
    if rollout is None or not (standing.rollout or rollout.upgrade.failed):
        return
    left = [node for node in rollout.nodes if node.state != DONE or has_turn(node)]
    yield ""
    yield "Nodes that are not done:" if left else f"Done: {format_count(len(rollout.nodes), 'node')}."
    rows: dict[str, list[str]] = {}
    for node in sorted(left, key=lambda node: node.state in {"", PRELOADED}):  # those at work first
        rows.setdefault(_turn(rollout, node), []).append(plain(node.name))
    heads = [listed(of) for of in rows.values()][:MOST]
    wide = min(max(map(count_cells, heads), default=0), WIDEST)
    for head, told in zip(heads, rows, strict=False):
        gap = " " * (wide - count_cells(head))
        yield from (f"  {line}" for line in fill(f"{head}{gap}  {plain(told)}", width - 2, wide + 2))
    if rest := sum(len(of) for of in list(rows.values())[MOST:]):
        yield f"  and {rest} more (--format json has them all)"


def _turn(rollout: Rollout, node: NodeRollout) -> str:
    told, phase = wait_of(rollout, node), rollout.upgrade.phase
    if not rollout.upgrade.running:
        return f"{node.state or '(not in its list)'}{f'; {told.what}' if node.state == FAILED else ''}"
    unlisted = "(not begun)" if phase and phase.number < SERVICES else "(not in the Upgrade's list)"
    return f"{node.state or unlisted}; waits for {told.actor}: {told.what}"


def render_json(standing: UpgradeStatus, node: str = "") -> str:
    """The same as JSON, schema 1; ends in a line break."""
    return json.dumps(document(standing, node), indent=2, ensure_ascii=False) + "\n"


def document(standing: UpgradeStatus, node: str = "") -> dict[str, Any]:
    """Upgrade, nodes, what is waited for, the explanation, and the fingerprints of the findings behind it.

    The keys are always the same; where no upgrade is under way, `nodes` and `upgrade` are those of the last.
    """
    rollout, told = standing.shown, standing.current_wait
    planner = standing.rollout.planner if standing.rollout else ()
    return {
        "schema": SCHEMA,
        "tool": {"name": "harvdiag", "version": __version__},
        "upgrade": _upgrade(standing),
        "plan": _plan(standing.plan) if standing.plan else None,
        "stuck": bool(standing.rollout) and standing.is_stuck,
        "waits_for": told.as_dict() if told else None,
        "nodes": [_node(rollout, n) for n in rollout.nodes if node in ("", n.name)] if rollout else [],
        "planner": [{"message": t.message, "meaning": t.meaning, "since": t.since} for t in planner],
        "explanation": [part.as_dict() for part in standing.parts(node)],
        "findings": [finding.fingerprint for finding in standing.story],
    }


def _plan(plan: UpgradePlan) -> dict[str, Any]:
    """Upgrade V2."""
    return {
        "name": plan.ref.name,
        "version": plan.version,
        "previous_version": plan.previous_version,
        "phase": plan.phase,
        "running": plan.running,
        "nodes": {name: status._asdict() for name, status in plan.statuses.items()},
    }


def _upgrade(standing: UpgradeStatus) -> dict[str, Any] | None:
    last = standing.latest
    if last is None:
        return None
    return {
        "name": last.ref.name,
        "version": last.version,
        "previous_version": last.previous_version,
        "state": last.state,
        "phase": last.phase.number if last.phase else None,
        "running": last.running,
        "conditions": [_condition(found) for found in last.conditions.values()],
        "percent": standing.shown.percent._asdict() if standing.shown else None,
    }


def _condition(found: Condition) -> dict[str, str]:
    return {key: getattr(found, key) for key in ("type", "status", "reason", "message", "since")}


def _node(rollout: Rollout, node: NodeRollout) -> dict[str, Any]:
    told = wait_of(rollout, node)
    return {
        "name": node.name,
        "state": node.state,
        "step": node.handshake.step if node.handshake else None,
        "machine": node.machines[0].name if node.machines else None,
        "kubelet": node.kubelet,
        "os": node.os,
        "ready": node.ready,
        "cordoned": node.cordoned,
        "waits_for": told.as_dict(),
        "jobs": [{"name": job.ref.name, "type": job.type, "state": job.state} for job in node.jobs],
    }
