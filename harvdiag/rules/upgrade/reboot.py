"""The end of a node's upgrade: its restart into the new operating system, and its return to work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from harvdiag.core.fields import get_text
from harvdiag.core.model import Evidence, Severity
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.graph.pairing import MACHINE_ANNOTATION
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.thresholds import RESTART
from harvdiag.rules.upgrade_evidence import (
    condition_evidence,
    cordoned_at,
    has_settled,
    job_evidence,
    pairing_causes,
    plan_secret_evidence,
    ready_since,
    rollout_at_nodes,
    state_evidence,
)
from harvdiag.upgrade.jobs import Job
from harvdiag.upgrade.phases import DONE, REBOOT
from harvdiag.upgrade.run import PENDING, NodeUpgrade, UpgradeRun

MAINTENANCE = 'metadata.annotations["harvesterhci.io/maintain-status"]'


class _Stuck(NamedTuple):
    """Why the node will not recover on its own, the next steps, and whether the pairing may be the cause."""

    why: str
    next: tuple[str, ...]
    paired: bool = False


@rule(
    "upgrade-waiting-for-reboot",
    needs={"Upgrade", "Node", "Machine", "Secret", "Job", "UpgradePlan"},
    links=[
        "harvester/harvester#7457",
        "harvester/harvester#10687",
        "harvester/harvester#11359",
        "https://github.com/harvester/docs/issues/715",
    ],
)
def upgrade_waiting_for_reboot(facts: Facts) -> Iterator[Hit]:
    """A node waits for its restart and will not recover on its own.

    After the post-drain Job the node restarts into the new operating system. It does not finish if it comes back with
    the old one, does not come back at all, or if Harvester cannot find its Machine and plan Secret to record it.
    """
    rollout = rollout_at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        if rollout is None or node.place != REBOOT or not node.exists:
            continue
        if stuck := _find_stuck(facts, rollout, node):
            yield Hit(
                subject=node.ref,
                message=f"Node {node.name} stays at {node.state}: {stuck.why}",
                evidence=(
                    state_evidence(rollout, node),
                    *plan_secret_evidence(facts, node.secret, "post-drain", "post-hook"),
                    *job_evidence(facts, _restart_job(node)),
                    *field_evidence(
                        facts, node.ref, "status.nodeInfo.osImage", PENDING[rollout.upgrade.v2], MACHINE_ANNOTATION
                    ),
                    *condition_evidence(facts, node.ref, "Ready", "status"),
                ),
                next=stuck.next,
                caution=(
                    "Do not answer the post-drain hook by hand while the node runs the old operating system, and do "
                    f"not restart a second node meanwhile. {advice.QUORUM}"
                ),
                causes=pairing_causes(node) if stuck.paired else (),
                many=f"stay at {node.state}",
            )


def _restart_job(node: NodeUpgrade) -> Job | None:
    """Return the Job after which the node restarts, or None."""
    return node.job("post-drain") or node.job("single-node-upgrade")


def _find_stuck(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> _Stuck | None:
    """Return the first fault because of which the node will not recover on its own, or None."""
    wanted = rollout.upgrade.release.os or node.pending_os
    since = ready_since(facts, node.ref)
    # This comes first: as long as the host is away, its system and its Machine say nothing about the restart.
    if node.ready != "True":
        return _stuck_not_ready(facts, node, since)
    v2 = rollout.upgrade.v2  # its manager looks again at every reconcile
    if not v2 and (fault := _lookup_failure(facts, node)):
        why = f"Harvester updates its state only through the plan Secret of its Machine, and {fault}"
        return _Stuck(why, (advice.LIST_MACHINES, "Fix that first, as described in its own finding."), paired=True)
    if not wanted or not has_settled(facts, since):
        return None
    if node.os == wanted:
        if v2:
            return None
        steps = (
            advice.read_harvester_log(node.name),
            (
                "If it shows nothing, restart Harvester so that it checks again: `kubectl rollout restart deployment "
                "harvester -n harvester-system`; VMs keep running."
            ),
        )
        return _Stuck(
            f"it runs {node.os} and has been Ready since {Timestamp(since)}, but the state was not updated", steps
        )
    return _stuck_on_old_os(facts, node, wanted, since)


def _lookup_failure(facts: Facts, node: NodeUpgrade) -> str:
    """Return why Harvester does not find exactly one plan Secret by the Node's annotation; empty if it does."""
    named = facts.pairing.machine_ref(node.ref)
    if named is None:
        return "the Node references no Machine"
    if named.broken:
        return f"Machine {named.value}, which the Node references, does not exist"
    plans = len(facts.pairing.plans_of(named.target))
    return "" if plans == 1 else f"Machine {named.value} has {plans or 'no'} plan Secrets"


def _stuck_not_ready(facts: Facts, node: NodeUpgrade, since: str) -> _Stuck | None:
    """Return the fault of a node that is not Ready for longer than a restart takes, or None."""
    age = facts.now.since(Timestamp(since))
    if age is None or age < facts.span(RESTART):
        return None
    return _Stuck(
        f"it has not been Ready since {Timestamp(since)}, longer than a restart takes",
        (
            (
                f"Look at the console of {node.name}: does the host boot, and does its network come up? From 1.6 to "
                "1.7 names of network interfaces may change (harvester/harvester#11359)."
            ),
            "When it is back, collect again: Harvester continues by itself.",
        ),
    )


def _stuck_on_old_os(facts: Facts, node: NodeUpgrade, wanted: str, since: str) -> _Stuck | None:
    """Return the fault of a node that is Ready with the old system: restarted into it, or not restarted; or None."""
    job, back = _restart_job(node), Timestamp(since)
    age = back.since(Timestamp(job.ended)) if job else None
    if job is None or age is None:
        return None
    if age <= timedelta(0):
        return _stuck_before_restart(facts, node, job)
    return _Stuck(
        f"it has restarted (Ready since {back}) and still runs {node.os}, not {wanted}",
        (
            (
                f"On {node.name}: `journalctl -b` and `cat /etc/os-release` show what was booted; `df -h` shows a "
                "system partition that is too full for the new image (harvester/harvester#7457)."
            ),
            f"Read {_log_of(job)}: the new image may never have been written.",
            "Ask vendor support how to write the system image again; the drain does not continue until then.",
        ),
    )


def _log_of(job: Job) -> str:
    return f"`kubectl logs -n harvester-system {actions.quote_argument(f'job/{job.ref.name}')} --tail=50`"


def _stuck_before_restart(facts: Facts, node: NodeUpgrade, job: Job) -> _Stuck | None:
    """Return the fault of a node that stayed Ready since before the Job's end for longer than a shutdown takes."""
    age = facts.now.since(Timestamp(job.ended))
    if age is None or age <= facts.span(RESTART):
        return None
    return _Stuck(
        f"it has not restarted since its {job.type} Job ended at {Timestamp(job.ended)}, and still runs {node.os}",
        (
            (
                f"Check on the host {node.name}: `journalctl -n 500` and `systemctl list-jobs` show what blocks its "
                "shutdown, and /run/systemd/shutdown/scheduled whether one is still pending."
            ),
            f"Read {_log_of(job)}: it requests the restart as its last step.",
            "Do not restart the host by hand before you know that the new image was written: ask vendor support.",
        ),
    )


@rule(
    "node-cordoned-after-upgrade",
    short="cordoned after upgrade",
    severity=Severity.WARNING,
    needs={"Upgrade", "Node", "Machine", "Secret", "Job"},
    links=["harvester/harvester#7065", "harvester/harvester#8454", "harvester/harvester#3216"],
)
def node_cordoned_after_upgrade(facts: Facts) -> Iterator[Hit]:
    """A node is upgraded but still cordoned.

    Rancher uncordons a node when its drain ends. A node that stays cordoned accepts neither VMs nor replicas, so the
    next drain may find no place for them.
    """
    upgrade = next(iter(facts.upgrades.all), None)
    rollout = facts.upgrade_run or (UpgradeRun(upgrade, facts.snapshot, facts.pairing) if upgrade else None)
    for node in rollout.nodes if rollout else ():
        if rollout and node.cordoned and node.state == DONE and _left_cordoned(facts, rollout, node):
            since = cordoned_at(facts, node.ref)
            yield Hit(
                subject=node.ref,
                message=(
                    f"Node {node.name} is upgraded but still cordoned{f' since {Timestamp(since)}' if since else ''}, "
                    "and no drain of it is in progress: it will not be uncordoned by itself"
                ),
                evidence=_cordon_evidence(facts, rollout, node),
                next=_uncordon_steps(node.name),
                caution=(
                    f"Do not uncordon {node.name} while its plan Secret has rke.cattle.io/pre-drain or post-drain: "
                    f"then a drain of {node.name} is in progress."
                ),
                causes=(
                    Cause("node-with-several-machines", node.ref),
                    *(Cause("machine-stuck-deleting", machine) for machine in node.machines),
                ),
            )


def _cordon_evidence(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> tuple[Evidence, ...]:
    """Return that the node is done and cordoned, and that neither a drain nor a maintenance explains it."""
    return (
        state_evidence(rollout, node),
        *plan_secret_evidence(facts, node.secret, "pre-drain", "post-drain"),
        *field_evidence(facts, node.ref, "spec.unschedulable", MAINTENANCE),
    )


def _uncordon_steps(node: str) -> tuple[str, ...]:
    return (
        f"Find out whether {node} was cordoned on purpose.",
        (
            f"If it was not: `kubectl uncordon {actions.quote_argument(node)}`. If it is cordoned "
            "again at once, a second Machine references this Node (harvester/harvester#7065)."
        ),
    )


def _left_cordoned(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> bool:
    """Return whether the cordon is left over: not for maintenance, not of a drain in progress.

    After the upgrade's end the cordon must also be older than the end of the last Job: a later one is someone's own.
    """
    obj = facts.links.objects.get(node.ref)
    if get_text(obj, MAINTENANCE) or any(not shaken.idle for _, shaken in node.secrets):
        return False
    job, cordoned = node.job("post-drain"), cordoned_at(facts, node.ref)
    ended = job.ended if job else ""
    if not has_settled(facts, latest_time(ended, ready_since(facts, node.ref)), cordoned):
        return False
    age = Timestamp(ended).since(Timestamp(cordoned))
    return rollout.upgrade.running or (age is not None and age >= timedelta(0))
