"""The explanation of one node of an upgrade that is under way."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import format_value
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.rules.facts import Facts
from harvdiag.status.answer import name_command
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.upgrade.part import Part, PartKey, format_quote, notes_parts, run_part, steps_part, waiting_part
from harvdiag.upgrade.logs import find_job_wait, find_join_failure, read_agent_story
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.waiting import find_node_wait, is_upgrading

__all__ = ["explain_node", "quote_logs"]

LONG = 600


def explain_node(diagnosis: Diagnosis, rollout: UpgradeRun, name: str) -> Iterator[Part]:
    """Yield its state, whom it waits for, findings about it with all steps, and log lines.

    Raises UsageError for an unknown node.
    """
    node = rollout.node(name)
    if node is None:
        hint = did_you_mean(suggest_names(name, {n.name for n in rollout.nodes}))
        raise UsageError(f"no node {name!r} in this upgrade{hint}")
    waiting = find_node_wait(rollout, node)
    blocked = waiting.never
    busy = any(job.pending for job in node.jobs)
    yield Part(
        PartKey.WHERE, _describe_node(node, diagnosis.facts.snapshot.seen("Node"), doing=not blocked and not busy)
    )
    if blocked:
        yield Part(PartKey.WHY, waiting.what)
    else:
        yield waiting_part(diagnosis.facts, waiting)
    if node.exists and node.ready in {"False", "Unknown"}:
        yield Part(PartKey.WARNING, f"the Node is not Ready (its condition is {node.ready})")
    quoted = list(quote_logs(diagnosis.facts, node))
    yield from (part for part in quoted if part.key is PartKey.FAILED_AT)
    yield from _explain_findings(diagnosis, node)
    yield from (part for part in quoted if part.key is not PartKey.FAILED_AT)


def _describe_node(node: NodeUpgrade, seen: bool, doing: bool) -> str:
    does = f": it {node.doing}" if doing and node.doing and node.place != DONE else ""
    absent = "it is not a Node of the cluster" if seen else "Nodes were not seen"
    runs = f"it runs {node.kubelet or '?'} on {node.os or '?'}" if node.exists else absent
    return f'{node.name} is "{node.state}"{does}; {runs}' if node.state else f"{node.name} has no state yet; {runs}"


def _explain_findings(diagnosis: Diagnosis, node: NodeUpgrade) -> Iterator[Part]:
    about = [f for f in diagnosis.findings if any(e.object == node.ref for e in f.evidence)]
    own = [*(f for f in diagnosis.findings if f.subject == node.ref), *(f for f in about if node.place != DONE)]
    for finding in own[:1]:
        yield Part(PartKey.FOUND, format_value(finding.message, LONG))
        root = diagnosis.root_cause(finding)
        if root is not finding:
            yield Part(PartKey.ROOT_CAUSE, format_value(root.message, LONG), findings=(root,))
        if steps := steps_part(root, diagnosis.findings.notes):
            yield steps
        if caution := root.caution or finding.caution:
            yield Part(PartKey.CAUTION, caution)
        yield from notes_parts(diagnosis.findings.notes, finding, root)
    held = "" if any(f in diagnosis.story for f in own) else _describe_hold(diagnosis, node)
    if held or own:
        yield run_part(name_command("upgrade" if held else "check"))
    if held:
        yield Part(PartKey.NOTE, f"{held}: run harvdiag without --node for the reason")


def _describe_hold(diagnosis: Diagnosis, node: NodeUpgrade) -> str:
    """Say that the upgrade does not come to this node because of findings about others; empty where that is not so."""
    if node.place == DONE:
        return ""
    if diagnosis.is_stuck:
        return "the upgrade is stuck before it comes to this node"
    waits = bool(diagnosis.story) and not is_upgrading(node)
    return "the upgrade is held up before it comes to this node" if waits else ""


def quote_logs(facts: Facts, node: NodeUpgrade) -> Iterator[Part]:
    """Quote the logs of a bundle about a node: where its join failed, or what its Job or its agent reports."""
    snapshot = facts.snapshot
    if node.exists and not node.machines and snapshot.seen("Machine"):
        story = find_join_failure(snapshot, node.name)
        yield Part(PartKey.FAILED_AT, story.text)
        yield from (Part(PartKey.LOG, format_quote(quote)) for quote in story.quotes[:2])
        return
    job = next((job for job in reversed(node.jobs) if job.pending), None)
    if job and (job_line := find_job_wait(snapshot, job)):
        yield Part(PartKey.LOG, format_quote(job_line))
    agent_log = read_agent_story(snapshot, node.name) if node.place != DONE else None
    if agent_log and agent_log.error and not agent_log.recovered:
        yield Part(PartKey.LOG, format_quote(agent_log.error))
