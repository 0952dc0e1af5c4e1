"""The explanation of an upgrade that is under way."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import get_text
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules.facts import Facts
from harvdiag.status.answer import name_command
from harvdiag.status.diagnosis import Diagnosis
from harvdiag.status.summary import format_count
from harvdiag.status.upgrade.causes import explain_faults, explain_others
from harvdiag.status.upgrade.node import quote_logs
from harvdiag.status.upgrade.part import (
    Part,
    PartKey,
    format_quote,
    format_since,
    older_kind_part,
    run_part,
    waiting_part,
)
from harvdiag.upgrade.logs import find_job_wait
from harvdiag.upgrade.phases import NODES
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.waiting import current_node, find_wait, is_upgrading
from harvdiag.upgrade.wording import FUTILE, format_done, image_of, upgrade_title

__all__ = ["explain_running"]


def explain_running(diagnosis: Diagnosis, rollout: UpgradeRun) -> Iterator[Part]:
    """Yield where it is; why it is held up, else whose turn it is; warnings and log lines.

    Where it is held up, the place is told in short, so that the root cause is among the first lines that are printed.
    """
    if diagnosis.story:
        yield Part(PartKey.WHERE, _describe_stop(diagnosis, rollout.upgrade))
        yield from explain_faults(diagnosis)
        yield from _explain_stop(diagnosis)
        yield Part(PartKey.PROGRESS, _describe_progress(rollout))
        yield from _explain_company(diagnosis, rollout)
        yield from _explain_deletion(diagnosis, rollout)
    else:
        yield Part(PartKey.WHERE, _describe_state(rollout))
        yield from _explain_company(diagnosis, rollout)
        yield from _explain_waiting(diagnosis, rollout)
    yield from _warn_not_ready(rollout)
    yield from explain_others(diagnosis)
    yield from _quote_log(diagnosis.facts, rollout)


def _explain_company(diagnosis: Diagnosis, rollout: UpgradeRun) -> Iterator[Part]:
    """Another upgrade beside it, or that it could not be seen whether there is one; and its own deletion."""
    plan, gap = diagnosis.facts.upgrades.plan, diagnosis.facts.snapshot.gap("Upgrade")
    if plan and not rollout.upgrade.v2:
        where = f"{upgrade_title(plan)} in phase {plan.state or '(none yet)'}: two at once"
        yield Part(PartKey.ALSO_RUNNING, where)
    if gap and rollout.upgrade.v2:
        yield older_kind_part(gap)
    if deleted := Timestamp(get_text(rollout.upgrade.obj, "metadata.deletionTimestamp")):
        yield Part(
            PartKey.BEING_DELETED,
            f"deletion of this {rollout.upgrade.ref.kind} was requested at {deleted}; a finalizer blocks it",
        )


def _describe_stop(diagnosis: Diagnosis, upgrade: Upgrade) -> str:
    """Where an upgrade is that has findings, in one line: ``Upgrade hvst-… to v1.4.2 is stuck in phase 7 of 8``."""
    word = "is stuck" if diagnosis.is_stalled else "cannot finish; it is" if diagnosis.is_stuck else "is"
    version = upgrade.version or image_of(upgrade)
    return f"{upgrade.ref.kind} {upgrade.ref.name}{f' to {version}' if version else ''} {word} in {_place(upgrade)}"


def _place(upgrade: Upgrade) -> str:
    phase = upgrade.phase
    return f"phase {phase.number} of {upgrade.phases[-1].number}" if phase else f'state "{upgrade.state}"'


def _describe_state(rollout: UpgradeRun) -> str:
    """Where an upgrade is that no finding holds up, with what it does there and how far it is."""
    upgrade, phase = rollout.upgrade, rollout.upgrade.phase
    whole = f"{upgrade_title(upgrade)} is in {_place(upgrade)}"
    if phase is None:
        return whole
    doing = f", which {phase.doing}" if upgrade.state and phase.number > 0 else ""
    rest = doing if phase.place < NODES else f": {_format_share(rollout)}"
    return f"{whole} ({upgrade.state or 'not begun'}){rest}"


def _describe_progress(rollout: UpgradeRun) -> str:
    """How far it is and from where."""
    upgrade, phase = rollout.upgrade, rollout.upgrade.phase
    if phase is None:
        return upgrade_title(upgrade)
    share = f": {_format_share(rollout)}" if phase.place >= NODES else ""
    return f"{upgrade_title(upgrade)}, {upgrade.state or 'not begun'}{share}"


def _format_share(rollout: UpgradeRun) -> str:
    percent = rollout.percent
    shows = f"Harvester shows {percent.nodes} % ({percent.total} % in all)"
    bar = f"{percent.total} % in all" if rollout.upgrade.v2 else shows
    return f"{format_done(percent.done, percent.of)}; {bar}"


def _explain_waiting(diagnosis: Diagnosis, rollout: UpgradeRun) -> Iterator[Part]:
    """Whose turn it is, where no finding holds the upgrade up."""
    waiting = find_wait(rollout)
    turn = current_node(rollout)
    named = turn is not None and any(turn.name in name for name in waiting.names)
    yield waiting_part(diagnosis.facts, waiting, turn.name if turn and not named else "")
    skipped = [o.rule for o in diagnosis.findings.skipped]
    if rollout.upgrade.phase is None:
        yield Part(PartKey.NOT_JUDGED, "harvdiag does not know this state, so a fault may be unseen")
    elif skipped:
        unseen = [kind for kind in ("Node", "Machine", "Secret", "Job") if not diagnosis.facts.snapshot.seen(kind)]
        what = f" ({join_names(unseen)} not seen)" if unseen else ""
        yield Part(
            PartKey.NOT_JUDGED,
            f"{format_count(len(skipped), 'check')} could not be run{what}, so a fault may be unseen",
        )
    else:
        yield _advise_waiting(diagnosis)
    if turn:
        yield run_part(name_command("upgrade", "--node", turn.name))


def _advise_waiting(diagnosis: Diagnosis) -> Part:
    """The next step where no check of the upgrade finds anything: wait, unless nothing tells whether it moves."""
    if diagnosis.movement is None:
        return Part(PartKey.NOT_JUDGED, "no object tells when it last moved, so that a stall may be unseen")
    if diagnosis.other_findings:
        return Part(PartKey.DO, "see the other findings below; no check of the upgrade itself finds anything")
    return Part(PartKey.DO, "none: no check finds anything that blocks it")


def _explain_stop(diagnosis: Diagnosis) -> Iterator[Part]:
    """The last progress, where nothing will resume on its own; else the node that is still in progress."""
    if diagnosis.moving_node:
        yield Part(PartKey.WAITING, f"does not fix it; {diagnosis.moving_node} continues until it is done")
        return
    last = diagnosis.last
    when = format_since(diagnosis.facts, last.time.isoformat()) if last else ""
    where = f" ({last.node})" if last and last.node else ""
    what = f"{last.what}{where}" if last and when else ""
    if diagnosis.is_stuck:
        yield Part(PartKey.STALLED, f"{when}; last movement: {what}; {FUTILE}" if what else FUTILE)
    elif what:
        yield Part(PartKey.LAST_MOVED, f"{when}: {what}")


def _quote_log(facts: Facts, rollout: UpgradeRun) -> Iterator[Part]:
    """A log line about the node that has its turn, else of the Job that is waited for."""
    node, wait = current_node(rollout), find_wait(rollout)
    job = next((job for job in rollout.jobs if not node and job.ref == wait.subject), None)
    if job and (line := find_job_wait(facts.snapshot, job)):
        yield Part(PartKey.LOG, format_quote(line))
    yield from list(quote_logs(facts, node))[:1] if node else ()


def _explain_deletion(diagnosis: Diagnosis, rollout: UpgradeRun) -> Iterator[Part]:
    """Whether Harvester allows the deletion of an Upgrade that does not proceed; docs/objects.md#webhook-delete."""
    if rollout.upgrade.v2:
        yield from _explain_deletion_of_plan(diagnosis, rollout.upgrade)
    elif rollout.upgrade.status("NodesUpgraded") == "Unknown":
        yield Part(
            PartKey.DELETION, "Harvester refuses to delete this Upgrade while its condition NodesUpgraded is Unknown"
        )
    elif diagnosis.is_stuck and not rollout.upgrade.status("NodesUpgraded"):
        yield Part(
            PartKey.DELETION,
            "Harvester lets you delete this Upgrade, as no node has had its turn; charts that it paused stay paused",
        )


def _explain_deletion_of_plan(diagnosis: Diagnosis, plan: Upgrade) -> Iterator[Part]:
    """The same of an UpgradePlan; docs/objects.md#upgrade-v2."""
    refused = {"ClusterUpgrading": "the cluster is being upgraded", "NodeUpgrading": "nodes are being upgraded"}
    if plan.state in refused:
        what = f"Harvester refuses to delete this UpgradePlan while {refused[plan.state]}"
        yield Part(PartKey.DELETION, what)
    elif diagnosis.is_stuck:
        mark = "management.harvesterhci.io/allow-deletion"
        allowed = isinstance(plan, UpgradePlan) and plan.has_mark("allow-deletion")
        how = ": it has the annotation for that" if allowed else f" only with the annotation {mark}"
        yield Part(PartKey.DELETION, f"Harvester lets you delete this UpgradePlan{how}")


def _warn_not_ready(rollout: UpgradeRun) -> Iterator[Part]:
    """Nodes that are not Ready though it is not their turn: with one more down, etcd may lose its quorum."""
    down = [node.name for node in rollout.nodes if node.exists and node.ready in {"False", "Unknown"}]
    idle = [name for name in down if (node := rollout.node(name)) and not is_upgrading(node)]
    if idle:
        whom = "are not Ready, though it is not their" if len(idle) > 1 else "is not Ready, though it is not its"
        yield Part(PartKey.WARNING, f"{join_names(idle)} {whom} turn: fix that before another node goes down")
