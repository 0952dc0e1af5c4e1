"""The end of a node's upgrade: its restart into the new operating system, and its return to work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from harvdiag.core.fields import text
from harvdiag.core.model import Severity
from harvdiag.core.timestamps import Timestamp, latest
from harvdiag.graph.pairing import MACHINE_ANNOTATION
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import (
    asked,
    at_nodes,
    cordoned_at,
    pairing_causes,
    ready_since,
    says,
    settled,
    stated,
    worked,
)
from harvdiag.upgrade.jobs import Job
from harvdiag.upgrade.phases import DONE, REBOOT
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

BOOT = timedelta(hours=1)
"""How long a host may be away for its restart: servers with much memory and many disks take half of that."""
PENDING = 'metadata.annotations["harvesterhci.io/pendingOSImage"]'
MAINTENANCE = 'metadata.annotations["harvesterhci.io/maintain-status"]'


class _Stuck(NamedTuple):
    """What shows that waiting does not help, what to do about it, and whether the pairing may explain it."""

    why: str
    next: tuple[str, ...]
    paired: bool = False


@rule(
    "upgrade-waiting-for-reboot",
    needs={"Upgrade", "Node", "Machine", "Secret"},
    links=[
        "harvester/harvester#7457",
        "harvester/harvester#10687",
        "harvester/harvester#11359",
        "https://github.com/harvester/docs/issues/715",
    ],
)
def upgrade_waiting_for_reboot(facts: Facts) -> Iterator[Hit]:
    """A node waits for its restart, and that will not end by itself.

    After the post-drain Job the node restarts into the new operating system. It is not done if it comes back with the
    old one, does not come back at all, or if Harvester cannot find its Machine and plan Secret to note it.
    """
    rollout = at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        if rollout is None or node.state != REBOOT or not node.exists:
            continue
        if stuck := _stuck(facts, rollout, node):
            yield Hit(
                subject=node.ref,
                message=f"Node {node.name} stays at Waiting Reboot: {stuck.why}",
                evidence=(
                    stated(rollout, node),
                    *asked(facts, node.secret, "post-drain", "post-hook"),
                    *worked(facts, _last(node)),
                    *show(facts, node.ref, "status.nodeInfo.osImage", PENDING, MACHINE_ANNOTATION),
                    *says(facts, node.ref, "Ready", "status"),
                ),
                next=stuck.next,
                caution=(
                    "Do not answer the post-drain hook by hand while the node runs the old operating system, and do "
                    f"not restart a second node meanwhile. {advice.QUORUM}"
                ),
                causes=pairing_causes(node) if stuck.paired else (),
                many="stay at Waiting Reboot",
            )


def _last(node: NodeUpgrade) -> Job | None:
    """The Job after which it restarts."""
    return node.job("post-drain") or node.job("single-node-upgrade")


def _stuck(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> _Stuck | None:
    """The first of the signs that waiting does not help."""
    wanted = rollout.upgrade.release.os or node.pending_os
    since = ready_since(facts, node.ref)
    if node.ready != "True":
        return _away(facts, node, since)
    if fault := _not_found(facts, node):
        told = f"Harvester moves it on only through the plan Secret of its Machine, and {fault}"
        return _Stuck(told, (advice.SEE_MACHINES, "Mend that first: its own finding says how."), paired=True)
    if not wanted or not settled(facts, since):
        return None
    if node.os == wanted:
        steps = (
            advice.read_harvester_log(node.name),
            (
                "If it says nothing, let Harvester look again: `kubectl rollout restart deployment harvester -n "
                "harvester-system`; VMs go on meanwhile."
            ),
        )
        return _Stuck(
            f"it runs {node.os} and has been Ready since {Timestamp(since)}, but the state was not moved", steps
        )
    return _old_again(facts, node, wanted, since)


def _not_found(facts: Facts, node: NodeUpgrade) -> str:
    """Why Harvester's way from the Node's annotation to exactly one plan Secret ends; empty where it does not."""
    named = facts.pairing.machine_ref(node.ref)
    if named is None:
        return "the Node names no Machine"
    if named.broken:
        return f"Machine {named.value}, which the Node names, does not exist"
    plans = len(facts.pairing.plans_of(named.target))
    return "" if plans == 1 else f"Machine {named.value} has {plans or 'no'} plan Secrets"


def _away(facts: Facts, node: NodeUpgrade, since: str) -> _Stuck | None:
    """Not Ready for longer than a host needs to restart."""
    age = facts.now.since(Timestamp(since))
    if age is None or age < BOOT:
        return None
    return _Stuck(
        f"it has not been Ready since {Timestamp(since)}, longer than a restart takes",
        (
            (
                f"Look at the console of {node.name}: does the host boot, and does its network come up? After 1.6 to "
                "1.7 names of network cards may differ (harvester/harvester#11359)."
            ),
            "When it is back, collect again: Harvester goes on by itself.",
        ),
    )


def _old_again(facts: Facts, node: NodeUpgrade, wanted: str, since: str) -> _Stuck | None:
    """Ready again after the Job, so it has restarted, and yet with the old system; or it never went down."""
    job, back = _last(node), Timestamp(since)
    age = back.since(Timestamp(job.ended)) if job else None
    if job is None or age is None:
        return None
    if age <= timedelta(0):
        return _never_down(facts, node, job)
    return _Stuck(
        f"it has restarted (Ready since {back}) and still runs {node.os}, not {wanted}",
        (
            (
                f"On {node.name}: `journalctl -b` and `cat /etc/os-release` tell what was booted; `df -h` shows a "
                "system partition that is too full for the new image (harvester/harvester#7457)."
            ),
            f"Read the log of the Job {job.ref.name}: the new image may never have been written.",
            "Ask vendor support how to write the system image again; the drain stays as it is until then.",
        ),
    )


def _never_down(facts: Facts, node: NodeUpgrade, job: Job) -> _Stuck | None:
    """Ready all the time since before the Job's end, for longer than a host needs to go down."""
    age = facts.now.since(Timestamp(job.ended))
    if age is None or age <= BOOT:
        return None
    return _Stuck(
        f"it has not restarted since its {job.type} Job ended at {Timestamp(job.ended)}, and still runs {node.os}",
        (
            (
                f"Look on the host {node.name}: `journalctl -n 500` and `systemctl list-jobs` tell what holds its "
                "shutdown back, and /run/systemd/shutdown/scheduled whether one is still pending."
            ),
            f"Read the log of the Job {job.ref.name}: it orders the restart as its last step.",
            "Do not restart the host by hand before you know that the new image was written: ask vendor support.",
        ),
    )


@rule(
    "node-cordoned-after-upgrade",
    short="cordoned after upgrade",
    severity=Severity.WARNING,
    needs={"Upgrade", "Node", "Machine", "Secret"},
    links=["harvester/harvester#7065", "harvester/harvester#8454", "harvester/harvester#3216"],
)
def node_cordoned_after_upgrade(facts: Facts) -> Iterator[Hit]:
    """A node is upgraded but still cordoned.

    Rancher uncordons a node when its cycle ends. A node that stays cordoned takes neither VMs nor replicas, so the next
    drain may find no place for them.
    """
    upgrade = next(iter(facts.upgrades.all), None)
    rollout = facts.upgrade_run or (UpgradeRun(upgrade, facts.snapshot, facts.pairing) if upgrade else None)
    for node in rollout.nodes if rollout else ():
        if rollout and node.cordoned and node.state == DONE and _left_cordoned(facts, rollout, node):
            at = cordoned_at(facts, node.ref)
            yield Hit(
                subject=node.ref,
                message=(
                    f"Node {node.name} is upgraded but still cordoned{f' since {Timestamp(at)}' if at else ''}, and no "
                    "drain of it is under way: nobody will uncordon it"
                ),
                evidence=(
                    stated(rollout, node),
                    *asked(facts, node.secret, "pre-drain", "post-drain"),
                    *show(facts, node.ref, "spec.unschedulable", MAINTENANCE),
                ),
                next=(
                    f"Ask whether somebody cordoned {node.name} on purpose.",
                    (
                        f"If nobody did: `kubectl uncordon {advice.arg(node.name)}`. If it is cordoned again at once, "
                        "a second Machine names this Node (harvester/harvester#7065)."
                    ),
                ),
                caution=(
                    f"Do not uncordon {node.name} while its plan Secret has rke.cattle.io/pre-drain or post-drain: "
                    f"then a drain of {node.name} is under way."
                ),
                causes=(
                    Cause("node-with-several-machines", node.ref),
                    *(Cause("machine-stuck-deleting", machine) for machine in node.machines),
                ),
            )


def _left_cordoned(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> bool:
    """Not for maintenance, not in a cycle; after the upgrade's end only where the cordon is older than the last Job."""
    obj = facts.links.objects.get(node.ref)
    if text(obj, MAINTENANCE) or any(not shaken.idle for _, shaken in node.secrets):
        return False
    job, at = node.job("post-drain"), cordoned_at(facts, node.ref)
    ended = job.ended if job else ""
    if not settled(facts, latest(ended, ready_since(facts, node.ref)), at):
        return False
    age = Timestamp(ended).since(Timestamp(at))
    return rollout.upgrade.running or (age is not None and age >= timedelta(0))
