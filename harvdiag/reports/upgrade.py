"""The state of the upgrade for terminals and programs: the explanation, then the nodes that are not done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harvdiag.core.conditions import Condition
from harvdiag.core.escape import escape_text
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import normalise_time
from harvdiag.core.window import Window
from harvdiag.core.wrap import count_cells, pad_text, wrap_commands, wrap_text
from harvdiag.reports.explanation import explanation_lines
from harvdiag.reports.paint import Paint
from harvdiag.status.summary import format_count
from harvdiag.status.upgrade import UpgradeStatus
from harvdiag.status.upgrade.history import History
from harvdiag.status.upgrade.part import fill_parts
from harvdiag.upgrade.handshake import step_entries
from harvdiag.upgrade.phases import DONE, FAILED, PRELOADED
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.timeline import Span
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.waiting import find_node_wait, is_upgrading
from harvdiag.upgrade.wording import format_duration as spent
from harvdiag.upgrade.wording import format_idle as idle_for
from harvdiag.upgrade.wording import format_unlisted
from harvdiag.version import __version__

__all__ = ["build_document", "render", "render_json"]

SCHEMA = 1
WIDEST, NARROW = 34, 40
UNKNOWN_END = "end unknown"
SOURCE = " " * 25
"""Before what of an entry of the timeline has no room in its line: as wide as its time."""
MOST = 12
"""The most lines of nodes; nodes with the same state share one."""


def render(
    standing: UpgradeStatus, node: str = "", width: int = 100, timeline: Window | None = None, colour: bool = False
) -> str:
    """Return the explanation with all steps, and the nodes, or one node; with what happened in a window of time if
    there is one, with ANSI colours if `colour`. Ends with a newline.
    """
    width = max(width, NARROW)
    parts = fill_parts(standing.parts(node), standing.findings.source)
    lines = list(explanation_lines(parts, width, Paint(colour)))
    if not node:
        lines += _node_lines(standing, width)
    if timeline is not None:
        lines += _timeline_lines(standing, timeline, width)
    return "\n".join(lines) + "\n"


def _timeline_lines(standing: UpgradeStatus, window: Window, width: int) -> list[str]:
    """What happened in the window, then how long each phase and each step took, each below its heading."""
    entries = _history_lines(standing.history, window, width)
    nothing = f"No entry {window}." if window else "No times are known."
    return ["", *(entries or [nothing]), *_duration_lines(standing, window, width)]


def _history_lines(history: History, window: Window, width: int) -> list[str]:
    """The timeline below its heading; where the objects and fields have no room beside the entries, they follow."""
    entries = history.lines_within(window)
    if not entries:
        return []
    if all(count_cells(line) <= width for line in entries):
        return ["What happened when, and the object and field that tell it:", *entries]
    bare = [line.rpartition("  [")[0] or line for line in entries]
    lines = ["What happened when:", *(part for line in bare for part in wrap_text(line, width, SOURCE))]
    sources = (wrap_text(f"  {each}", width, "    ", hyphens=True) for each in history.sources_within(window))
    return [*lines, "", "The objects and fields that tell it:", *(part for each in sources for part in each)]


def _duration_lines(standing: UpgradeStatus, window: Window, width: int) -> list[str]:
    """How long each phase and each step of each node took that has a part in the window, if known; in order of time."""
    spans = standing.spans
    last = next((span for span in reversed(spans) if not span.node), None)
    now = "stalled" if standing.is_stalled else "in progress" if standing.upgrade_run else UNKNOWN_END
    wide = max((count_cells(escape_text(span.node)) for span in spans), default=1)
    shown = [span for span in spans if span.began and window.touches(span.began, span.ended)]
    rows = (
        _format_span(span, now if span.node or span is last else UNKNOWN_END, wide)
        for span in sorted(shown, key=lambda span: str(span.began))
    )
    lines = [part for row in rows for part in wrap_text(row, width, SOURCE)]
    return ["", "How long each phase and each step of a node took, in order of time:", *lines] if lines else []


def _format_span(span: Span, now: str, wide: int) -> str:
    """`now` is the text for a span without an end: it may be in progress, or its end may be unknown. `wide` are the
    cells of the nodes' names.
    """
    ending = UNKNOWN_END if span.ended else now
    took = ending if span.duration is None else f"took {spent(span.duration)}"
    idle = f", {idle_for(spent(span.gap))}" if span.gap else ""
    node = pad_text(escape_text(span.node) or "-", max(wide, 1))
    return f"{span.began:%Y-%m-%d %H:%M:%S} UTC  {node}  {escape_text(span.step)}: {took}{idle}"


def _node_lines(standing: UpgradeStatus, width: int) -> Iterator[str]:
    rollout = standing.shown
    if rollout is None or not rollout.nodes or not (standing.upgrade_run or rollout.upgrade.failed):
        return
    left = [node for node in rollout.nodes if node.place != DONE or is_upgrading(node)]
    yield ""
    yield "Nodes that are not done:" if left else f"Done: {format_count(len(rollout.nodes), 'node')}."
    rows: dict[str, list[str]] = {}
    for node in sorted(left, key=lambda node: node.place in {"", PRELOADED}):  # active ones first
        rows.setdefault(_format_node_state(rollout, node), []).append(escape_text(node.name))
    heads = [join_names(names) for names in rows.values()][:MOST]
    wide = min(max(map(count_cells, heads), default=0), WIDEST)
    for head, text in zip(heads, rows, strict=False):
        gap = " " * (wide - count_cells(head))
        yield from (f"  {line}" for line in wrap_commands(f"{head}{gap}  {escape_text(text)}", width - 2, wide + 2))
    if rest := sum(map(len, list(rows.values())[MOST:])):
        yield f"  and {rest} more (--format json has them all)"


def _format_node_state(rollout: UpgradeRun, node: NodeUpgrade) -> str:
    waiting = find_node_wait(rollout, node)
    if not rollout.upgrade.running:
        return f"{node.state or '(not in its list)'}{f'; {waiting.what}' if node.place == FAILED else ''}"
    return f"{node.state or f'({format_unlisted(rollout.upgrade)})'}; waits for {waiting.actor}: {waiting.what}"


def render_json(standing: UpgradeStatus, node: str = "") -> str:
    """Return the same as JSON, schema 1; ends with a newline."""
    return json.dumps(build_document(standing, node), indent=2, ensure_ascii=False) + "\n"


def build_document(standing: UpgradeStatus, node: str = "") -> dict[str, Any]:
    """Build the document: upgrade, nodes, what it waits for, the explanation, its findings' fingerprints, coverage.

    The keys are always the same; if no upgrade is in progress, `nodes` and `upgrade` are those of the last one.
    """
    rollout, waiting = standing.shown, standing.current_wait
    planner = standing.upgrade_run.planner if standing.upgrade_run else ()
    return {
        "schema": SCHEMA,
        "tool": {"name": "harvdiag", "version": __version__},
        "upgrade": _upgrade_document(standing),
        "plan": _plan_document(standing, standing.plan) if standing.plan else None,
        "stuck": bool(standing.upgrade_run) and standing.is_stuck,
        "waits_for": waiting.as_dict() if waiting else None,
        "nodes": [_node_document(rollout, n) for n in rollout.nodes if node in ("", n.name)] if rollout else [],
        "planner": [{"message": t.message, "meaning": t.meaning, "since": normalise_time(t.since)} for t in planner],
        "explanation": [part.as_dict() for part in standing.parts(node)],
        "findings": [finding.fingerprint for finding in standing.story],
        "coverage": [entry.as_dict() for entry in standing.findings.coverage],
    }


def _plan_document(standing: UpgradeStatus, plan: UpgradePlan) -> dict[str, Any]:
    """Upgrade V2."""
    shown = standing.shown if standing.shown and standing.shown.upgrade.ref == plan.ref else None
    return {
        "name": plan.ref.name,
        "version": plan.version,
        "previous_version": plan.previous_version,
        "image": plan.image or None,
        "phase": plan.state,
        "running": plan.running,
        "phases": [{"phase": phase, "began": normalise_time(at)} for phase, at in plan.times.items()],
        "conditions": [_condition_document(condition) for condition in plan.conditions.values()],
        "percent": shown.percent._asdict() if shown else None,
        "nodes": {name: status._asdict() for name, status in plan.statuses.items()},
    }


def _upgrade_document(standing: UpgradeStatus) -> dict[str, Any] | None:
    last = standing.latest
    if last is None:
        return None
    shown = standing.shown if standing.shown and standing.shown.upgrade.ref == last.ref else None
    return {
        "name": last.ref.name,
        "version": last.version,
        "previous_version": last.previous_version,
        "state": last.state,
        "phase": last.phase.number if last.phase else None,
        "running": last.running,
        "conditions": [_condition_document(condition) for condition in last.conditions.values()],
        "percent": shown.percent._asdict() if shown else None,
    }


def _condition_document(condition: Condition) -> dict[str, str]:
    texts = {key: getattr(condition, key) for key in ("type", "status", "reason", "message")}
    return {**texts, "since": normalise_time(condition.since)}


def _node_document(rollout: UpgradeRun, node: NodeUpgrade) -> dict[str, Any]:
    return {
        "name": node.name,
        "state": node.state,
        **step_entries(node.handshake.step if node.handshake else None),
        "machine": node.machines[0].name if node.machines else None,
        "kubelet": node.kubelet,
        "os": node.os,
        "ready": node.ready,
        "cordoned": node.cordoned,
        "waits_for": find_node_wait(rollout, node).as_dict(),
        "jobs": [{"name": job.ref.name, "type": job.type, "state": job.state} for job in node.jobs],
    }
